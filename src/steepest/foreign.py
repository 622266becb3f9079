"""Arrays of other libraries at the border: a torch tensor or a JAX array comes in, is a NumPy vector inside, and goes
back; gradients are the library's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Primitive = Callable[[np.ndarray], tuple[float, np.ndarray]]


class Torch:
    """torch: tensors on the device of `like`.

    Parameters
    ----------
    like : torch.Tensor
    """

    name = "torch"

    def __init__(self, like: Any):
        self.device = like.device

    def numpy(self, array: Any) -> np.ndarray:
        """A tensor as an array."""
        return array.detach().cpu().numpy()

    def array(self, x: np.ndarray) -> Any:
        """An array as a tensor of the same precision, with memory of its own."""
        import torch

        return torch.tensor(x, device=self.device)

    def differentiate(self, function: Callable[[Any], Any]) -> Primitive:
        """x -> (value, gradient) by torch.autograd."""

        def primitive(x: np.ndarray) -> tuple[float, np.ndarray]:
            import torch

            leaf = self.array(x).requires_grad_()
            value = function(leaf)
            (g,) = torch.autograd.grad(value, leaf)
            return float(value.detach()), self.numpy(g)

        return primitive


class Jax:
    """JAX: arrays of its default device.

    Parameters
    ----------
    like : jax.Array
    """

    name = "jax"

    def __init__(self, like: Any):
        self.precision = like.dtype

    def numpy(self, array: Any) -> np.ndarray:
        """A JAX array as a NumPy array."""
        return np.array(array)

    def array(self, x: np.ndarray) -> Any:
        """A NumPy array as a JAX array."""
        import jax.numpy

        return jax.numpy.asarray(x)

    def differentiate(self, function: Callable[[Any], Any]) -> Primitive:
        """x -> (value, gradient) by jax.value_and_grad."""
        import jax

        both = jax.value_and_grad(lambda x: function(x).reshape(()))

        def primitive(x: np.ndarray) -> tuple[float, np.ndarray]:
            value, g = both(self.array(x))
            return float(value), np.array(g)

        return primitive


# By the module that an array's class comes from.
LIBRARIES: dict[str, type[Torch] | type[Jax]] = {"torch": Torch, "jax": Jax, "jaxlib": Jax}


def library_of(array: Any) -> Torch | Jax | None:
    """The library that an array belongs to; None for NumPy and plain numbers."""
    kind = LIBRARIES.get(type(array).__module__.partition(".")[0])
    return kind(array) if kind is not None and hasattr(array, "dtype") else None
