"""Lift a formula of scalars to a method: the same code on Python floats (tiny problems) and on NumPy arrays."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from difflib import get_close_matches
from itertools import repeat
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from .errors import ArgumentError
from .method import Method
from .oracle import Oracle
from .point import Point

# What a formula may call. Its free names are bound to one of these, so that the same code object runs on both.
NUMPY: dict[str, Callable[..., Any]] = {
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "where": np.where,
}
FLOATS: dict[str, Callable[..., Any]] = {
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda a: (a > 0) - (a < 0) + 0.0 * a,  # 0.0 * a keeps NaN a NaN, and the type a float
    "minimum": lambda a, b: a if a < b or a != a else b,
    "maximum": lambda a, b: a if a > b or a != a else b,
    "where": lambda condition, a, b: a if condition else b,
}

# Python floats beat NumPy's call overhead up to about ten numbers (measured: benchmarks/overhead.py).
TINY = 8

# Where a hyperparameter of this name may lie: least, excluded below?, greatest (excluded), and in words.
_UNIT = (0.0, 1.0, "in [0, 1)")
_POSITIVE = (math.ulp(0.0), math.inf, "positive and finite")
_NONNEGATIVE = (0.0, math.inf, "at least 0 and finite")
RANGES = {
    "lr": _POSITIVE,
    "beta": _UNIT,
    "beta1": _UNIT,
    "beta2": _UNIT,
    "beta3": _UNIT,
    "rho": _UNIT,
    "eps": _NONNEGATIVE,
    "decay": _NONNEGATIVE,
}
_ANY = (-math.inf, math.inf, "a finite number")


def speak(formula: Callable[..., Any], alphabet: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    """The same code, with the names of the alphabet bound to another library's functions."""
    assert isinstance(formula, FunctionType)
    scope = {**formula.__globals__, **alphabet}
    return FunctionType(formula.__code__, scope, formula.__name__, formula.__defaults__, formula.__closure__)


class Rule(Method):
    """A method that is a formula of scalars, applied to each coordinate alike; made by `rule`.

    Each hyperparameter is a number or a schedule ``t -> number``; `lr` may also be a length policy
    (`BarzilaiBorwein`, `Armijo`, ...), which then looks at points and scales the step that the formula
    makes with ``lr = 1``.

    Attributes
    ----------
    hyper : dict
        The hyperparameters, by name.
    """

    formula: ClassVar[FunctionType]
    inputs: ClassVar[tuple[str, ...]]  # the leading arguments of the formula, of x, g and t those it takes
    slots: ClassVar[tuple[str, ...]]  # what it carries from step to step; starts at zero
    defaults: ClassVar[dict[str, Any]]

    def __init__(self, *args: Any, **kwargs: Any):
        for name in kwargs:
            if name not in self.defaults:
                near = get_close_matches(name, self.defaults, 1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise ArgumentError(f"{self.name} has no {name!r}; it has {_listed(self.defaults)}.{hint}")
        if len(args) > len(self.defaults):
            raise ArgumentError(f"{self.name} takes {len(self.defaults)} hyperparameters, not {len(args)}: "
                                f"{_listed(self.defaults)}.")  # fmt: skip
        given = dict(zip(self.defaults, args, strict=False))
        if twice := given.keys() & kwargs.keys():
            raise ArgumentError(f"{self.name} got {twice.pop()!r} twice, by position and by name.")
        self.hyper = {**self.defaults, **given, **kwargs}
        for name, value in self.hyper.items():
            if not callable(value) and not hasattr(value, "advance"):
                self.hyper[name] = checked(self.name, name, value)
        policy = self.hyper.get("lr")
        self._length = policy if hasattr(policy, "advance") else None
        self._schedules = {n: v for n, v in self.hyper.items() if callable(v) and v is not self._length}
        self._values = {**self.hyper, **({"lr": 1.0} if self._length else {})}

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.hyper.items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.hyper == other.hyper  # type: ignore[attr-defined]

    __hash__ = None  # type: ignore[assignment]

    def with_hyper(self, **changes: Any) -> Rule:
        """The same rule with some hyperparameters changed."""
        return type(self)(**{**self.hyper, **changes})

    def at(self, t: float) -> dict[str, float]:
        """The hyperparameters at step `t`: schedules become numbers."""
        if not self._schedules:
            return self._values
        return {**self._values, **{name: float(value(t)) for name, value in self._schedules.items()}}

    def init(self, point: Point) -> tuple[Any, Any]:
        """The slots, all zero, and the state of the length policy."""
        length = self._length.init(point, point.oracle) if self._length else None
        return tuple(np.zeros_like(point.x) for _ in self.slots), length

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        slots, length = memory
        hyper = self.at(t)
        step, slots = self.move(point.x, point.g, slots, t, hyper)
        if self._length is None:
            return oracle(point.x + step), (slots, None), hyper.get("lr", math.nan)
        point, lr, length = self._length.advance(point, step, length, t, oracle)
        return point, (slots, length), lr

    def engine(self, x: np.ndarray) -> str:
        return "Python floats" if _is_tiny(x) else "NumPy"

    @classmethod
    def move(
        cls, x: np.ndarray, g: np.ndarray, slots: tuple[Any, ...], t: float, hyper: dict[str, float]
    ) -> tuple[np.ndarray, tuple[Any, ...]]:
        """The step from `x` and the new slots, by the engine that suits the size."""
        if _is_tiny(x):
            try:
                return cls._on_floats(x, g, slots, t, hyper)
            except ArithmeticError:
                pass  # an overflow or 0/0, which Python raises and IEEE answers with inf or nan: let NumPy
        return cls._on_numpy(x, g, tuple(np.asarray(slot) for slot in slots), t, hyper)

    @classmethod
    def _on_floats(cls, x, g, slots, t, hyper):  # type: ignore[no-untyped-def]
        given = {"x": x.tolist, "g": g.tolist, "t": lambda: repeat(t)}
        leading = [given[name]() for name in cls.inputs if name != "t"]
        trailing = [repeat(t)] if "t" in cls.inputs else []
        out = map(cls._scalar, *leading, *slots, *trailing, *map(repeat, hyper.values()))
        if not cls.slots:
            return np.array([*out]), ()
        step, *slots = zip(*out, strict=True)
        return np.array(step), tuple(slots)

    @classmethod
    def _on_numpy(cls, x, g, slots, t, hyper):  # type: ignore[no-untyped-def]
        leading = [{"x": x, "g": g}[name] for name in cls.inputs if name != "t"]
        trailing = [t] if "t" in cls.inputs else []
        with np.errstate(all="ignore"):
            out = cls._array(*leading, *slots, *trailing, *hyper.values())
        return (out[0], tuple(out[1:])) if cls.slots else (out, ())


def _is_tiny(x: np.ndarray) -> bool:
    return x.size <= TINY and x.dtype == np.float64


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"


def checked(owner: str, name: str, value: Any) -> float:
    """A hyperparameter as a float within the range that its name implies, or an error that names it."""
    least, greatest, words = RANGES.get(name, _ANY)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not (least <= number < greatest) or math.isinf(number):
        raise ArgumentError(f"{owner}: {name}={value!r} is impossible; expected {words}, or a schedule t -> value.")
    return number


def rule(formula: Callable[..., Any]) -> type[Rule]:
    """Make an optimiser of its formula.

    Parameters
    ----------
    formula : callable
        A function of scalars that returns **the step** (what is added to x), then its slots in their order.
        Its signature declares the optimiser: `x` (only where the formula needs it) and `g`, the gradient;
        slots, without default, zero before the first step; `t` (1.0, 2.0, ...) where needed; then
        hyperparameters with defaults. It may call ``sqrt abs sign minimum maximum where`` (import them from
        numpy) and nothing with a branch: it is run on floats and on arrays alike.

    Returns
    -------
    type
        A class: call it with hyperparameters, pass that as `method`.

    Raises
    ------
    ArgumentError
        When the signature is not of that form.

    Examples
    --------
    A rule of your own, Adam without bias correction:

    >>> import steepest as st
    >>> from numpy import sqrt
    >>> @st.rule
    ... def RawAdam(g, m, v, lr=0.1, beta1=0.9, beta2=0.99, eps=1e-8):
    ...     m = beta1 * m + (1 - beta1) * g
    ...     v = beta2 * v + (1 - beta2) * g**2
    ...     return -lr * m / (sqrt(v) + eps), m, v
    >>> RawAdam(lr=0.5)
    RawAdam(lr=0.5, beta1=0.9, beta2=0.99, eps=1e-08)
    >>> st.minimize(lambda x: (x[0] - 1) ** 2 + x[1] ** 2, [3.0, 2.0], method=RawAdam(), maxiter=500).x.round(4)
    array([1., 0.])
    """
    if not isinstance(formula, FunctionType):
        raise ArgumentError(f"rule({formula!r}): expected a plain function, the formula of the optimiser.")
    parameters = inspect.signature(formula).parameters
    hyper = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
    leading = [name for name in parameters if name not in hyper]
    slots = [name for name in leading if name not in ("x", "g", "t")]
    declared = [name for name in ("x", "g") if name in leading] + slots + ["t"] * ("t" in leading)
    if "g" not in leading or leading != declared:
        raise ArgumentError(
            f"rule({formula.__name__}) has the arguments ({', '.join(parameters)}): expected x (if needed), g, "
            "slots without default, t (if needed), then hyperparameters with defaults."
        )
    members = {
        "__doc__": formula.__doc__,
        "__module__": formula.__module__,
        "__qualname__": formula.__qualname__,
        "__signature__": inspect.Signature([p for p in parameters.values() if p.name in hyper]),
        "name": formula.__name__,
        "formula": staticmethod(formula),
        "inputs": tuple(name for name in leading if name not in slots),
        "slots": tuple(slots),
        "defaults": hyper,
        "_scalar": staticmethod(speak(formula, FLOATS)),
        "_array": staticmethod(speak(formula, NUMPY)),
    }
    return type(formula.__name__, (Rule,), members)
