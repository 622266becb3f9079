"""Arrays of other libraries: what is asked of torch, of JAX and of the array API, and nowhere else in the package."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Primitive = Callable[[np.ndarray], tuple[float, np.ndarray]]


class Library:
    """What they do alike, in the words of NumPy.

    Attributes
    ----------
    name : str
    place : object
        The device.
    differentiates : bool
        Whether it tells gradients.
    OTHER : dict
        The functions that the library calls otherwise than NumPy.
    """

    name: str
    place: Any
    differentiates = True
    OTHER: dict[str, str] = {}  # noqa: RUF012 (never changed)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.functions() is other.functions()

    def __hash__(self) -> int:
        return hash(self.name)

    def functions(self) -> Any:
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

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of arrays whose gradient nobody will ask for, as quick as the library makes it."""
        return function

    def differentiate(self, function: Callable[[Any], Any]) -> Primitive:
        """x -> (value, gradient), with arrays of NumPy outside."""
        both = self.together(function)

        def primitive(x: np.ndarray) -> tuple[float, np.ndarray]:
            value, g = both(self.array(x))
            return float(value), self.numpy(g)

        return primitive

    def over_batches(self, objective: Any) -> Primitive:
        """The same for an `Objective` whose further arguments change from call to call."""
        return self.differentiate(objective.raw)

    def reshape(self, x: Any, shape: tuple[int, ...]) -> Any:
        """The same numbers in another shape."""
        return self.functions().reshape(x, shape)

    def norm(self, v: Any) -> float:
        """The Euclidean norm, also where the squares would overflow or vanish."""
        space = self.functions()
        largest = float(space.max(abs(v)))
        if largest == 0 or not math.isfinite(largest):
            return largest
        scaled = v / largest
        return largest * math.sqrt(float(space.sum(scaled * scaled)))

    def function(self, ufunc: Callable[..., Any]) -> Callable[..., Any] | None:
        """What NumPy calls so; None if the library has no such function."""
        return getattr(self.functions(), self.OTHER.get(ufunc.__name__, ufunc.__name__), None)


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

    def functions(self) -> Any:
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

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self.functions().no_grad()(function)


class Jax(Library):
    """JAX: arrays of its default device.

    Parameters
    ----------
    like : jax.Array
    """

    name = "jax"

    def __init__(self, like: Any):
        self.place = next(iter(like.devices()))

    def functions(self) -> Any:
        import jax.numpy

        return jax.numpy

    def numpy(self, array: Any) -> np.ndarray:
        return np.array(array)

    def array(self, x: Any) -> Any:
        import jax

        return jax.device_put(x, self.place)

    def together(self, function: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, Any]]:
        import jax

        return jax.value_and_grad(lambda x: self.reshape(function(x), ()))

    def over_batches(self, objective: Any) -> Primitive:
        """Compiled once for each shape of a batch; as written where a loss asks its numbers as it is traced."""
        import jax

        def loss(x: Any, *batch: Any) -> Any:
            return self.reshape(objective.fun(objective.restore(x), *batch), ())

        both, plain = jax.jit(jax.value_and_grad(loss)), super().over_batches(objective)
        traced = True

        def primitive(x: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal traced
            if traced:
                try:
                    value, g = both(self.array(x), *objective.args)
                except (jax.errors.JAXTypeError, jax.errors.JAXIndexError, TypeError):
                    traced = False
                else:
                    objective.nfev += 1
                    return float(value), self.numpy(g)
            return plain(x)

        return primitive

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        import jax

        return jax.jit(function)


class Standard(Library):
    """Any other library of the array API standard (https://data-apis.org/array-api, 2023.12), by its own namespace.

    Parameters
    ----------
    like : array
        With the standard's method ``__array_namespace__``.
    """

    differentiates = False  # the standard has no gradients: the caller's own, or differences
    OTHER = {  # noqa: RUF012
        "absolute": "abs", "power": "pow", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2"
    }  # fmt: skip

    def __init__(self, like: Any):
        self._space, self.place = like.__array_namespace__(), like.device
        self.name = self._space.__name__.partition(".")[0]

    def functions(self) -> Any:
        return self._space

    def numpy(self, array: Any) -> np.ndarray:
        return np.array(np.from_dlpack(array, device="cpu"))

    def array(self, x: Any) -> Any:
        return self._space.asarray(x.copy(), device=self.place)


# By the module that an array's class comes from.
LIBRARIES: dict[str, type[Library]] = {"torch": Torch, "jax": Jax, "jaxlib": Jax}


def library_of(array: Any) -> Any:
    """The `Library` that an array belongs to; None for NumPy and plain numbers."""
    kind = LIBRARIES.get(type(array).__module__.partition(".")[0])
    if kind is None and hasattr(array, "__array_namespace__") and not isinstance(array, np.ndarray | np.generic):
        kind = Standard
    return kind(array) if kind is not None and hasattr(array, "dtype") else None  # type: ignore[call-arg]
