"""Arrays of other libraries: what is asked of torch and of JAX, and nowhere else in the package."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Primitive = Callable[[np.ndarray], tuple[float, np.ndarray]]


class Library:
    """What both do alike, in the words of NumPy.

    Attributes
    ----------
    name : str
    place : object
        The device.
    OTHER : dict
        The functions that the library calls otherwise than NumPy.
    """

    name: str
    place: Any
    OTHER: dict[str, str] = {}  # noqa: RUF012 (never changed)

    @staticmethod
    def functions() -> Any:
        """The module with the functions of arrays."""
        raise NotImplementedError

    def numpy(self, array: Any) -> np.ndarray:
        """An array of the library as one of NumPy."""
        raise NotImplementedError

    def array(self, x: Any) -> Any:
        """An array of NumPy as one of the library, with memory of its own."""
        raise NotImplementedError

    def together(self, function: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
        """x -> (value, gradient), all of them arrays of the library, by its automatic differentiation."""
        raise NotImplementedError

    @classmethod
    def compiled(cls, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of arrays whose gradient nobody will ask for, as quick as the library makes it."""
        raise NotImplementedError

    def differentiate(self, function: Callable[[Any], Any]) -> Primitive:
        """x -> (value, gradient), with arrays of NumPy outside."""
        both = self.together(function)

        def primitive(x: np.ndarray) -> tuple[float, np.ndarray]:
            value, g = both(self.array(x))
            return float(value), self.numpy(g)

        return primitive

    @staticmethod
    def norm(v: Any) -> float:
        """The Euclidean norm, also where the squares would overflow or vanish."""
        largest = float(abs(v).max())
        if largest == 0 or not math.isfinite(largest):
            return largest
        scaled = v / largest
        return largest * math.sqrt(float((scaled * scaled).sum()))

    @classmethod
    def function(cls, ufunc: Callable[..., Any]) -> Callable[..., Any] | None:
        """What NumPy calls so; None if the library has no such function."""
        return getattr(cls.functions(), cls.OTHER.get(ufunc.__name__, ufunc.__name__), None)


class Torch(Library):
    """torch: tensors on the device of `like`.

    Parameters
    ----------
    like : torch.Tensor
    """

    name = "torch"
    OTHER = {"equal": "eq", "power": "pow"}  # noqa: RUF012

    def __init__(self, like: Any):
        self.place = like.device

    @staticmethod
    def functions() -> Any:
        import torch

        return torch

    def numpy(self, array: Any) -> np.ndarray:
        return array.detach().cpu().numpy()

    def array(self, x: Any) -> Any:
        return self.functions().tensor(x, device=self.place)

    def together(self, function: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
        def both(x: Any) -> tuple[Any, Any]:
            leaf = x.detach().clone().requires_grad_()
            value = function(leaf)
            (g,) = self.functions().autograd.grad(value, leaf)
            return value.detach(), g

        return both

    @classmethod
    def compiled(cls, function: Callable[..., Any]) -> Callable[..., Any]:
        return cls.functions().no_grad()(function)


class Jax(Library):
    """JAX: arrays of its default device.

    Parameters
    ----------
    like : jax.Array
    """

    name = "jax"

    def __init__(self, like: Any):
        self.place = next(iter(like.devices()))

    @staticmethod
    def functions() -> Any:
        import jax.numpy

        return jax.numpy

    def numpy(self, array: Any) -> np.ndarray:
        return np.array(array)

    def array(self, x: Any) -> Any:
        import jax

        return jax.device_put(x, self.place)

    def together(self, function: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
        import jax

        return jax.value_and_grad(lambda x: function(x).reshape(()))

    @classmethod
    def compiled(cls, function: Callable[..., Any]) -> Callable[..., Any]:
        import jax

        return jax.jit(function)


# By the module that an array's class comes from.
LIBRARIES: dict[str, type[Torch] | type[Jax]] = {"torch": Torch, "jax": Jax, "jaxlib": Jax}


def library_of(array: Any) -> Torch | Jax | None:
    """The library that an array belongs to; None for NumPy and plain numbers."""
    kind = LIBRARIES.get(type(array).__module__.partition(".")[0])
    return kind(array) if kind is not None and hasattr(array, "dtype") else None
