"""Functions that Numba has compiled, with their gradients, as one address that machine code can call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Native:
    """A function and its gradient, both compiled by ``numba.njit``, of a float64 vector.

    Attributes
    ----------
    fun, jac : numba dispatcher
        ``fun(x) -> float`` and ``jac(x) -> array`` for x of shape (n,).
    """

    fun: Any
    jac: Any
    _kept: list[Any] = field(default_factory=list, compare=False)  # the code lives as long as this

    @classmethod
    def of(cls, fun: Any, jac: Any) -> Native | None:
        """The pair, or None where one of them is not Numba's."""
        return cls(fun, jac) if _compiled(fun) and _compiled(jac) else None

    def address(self) -> int:
        """Of ``void (x, x again, value, gradient, n)``; the value is NaN where either function raises.

        Raises
        ------
        numba.core.errors.NumbaError
            When they can't take a vector, or do not give back a number and a vector.
        """
        code = _joined(self.fun, self.jac)
        self._kept.append(code)
        return int(code.address)


def _compiled(function: Any) -> bool:
    return type(function).__module__.startswith("numba.") and hasattr(function, "py_func")


def _joined(fun: Callable[..., Any], jac: Callable[..., Any]) -> Any:
    import numba
    from numba import types

    numbers = types.CPointer(types.float64)

    @numba.cfunc(types.void(numbers, numbers, numbers, numbers, types.int64))
    def joined(x: Any, again: Any, value: Any, gradient: Any, n: Any) -> None:
        try:
            # each has an x of its own, since it may change it
            value[0] = fun(numba.carray(x, (n,)))
            numba.carray(gradient, (n,))[:] = jac(numba.carray(again, (n,)))
        except Exception:
            value[0] = float("nan")

    return joined
