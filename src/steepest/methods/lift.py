"""Lift a formula of scalars to a method: the same code on Python floats (tiny problems) and on NumPy arrays."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from itertools import repeat
from types import FunctionType
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np

from ..engine.alphabet import ARRAYS, FLOATS, speak
from ..engine.kernels import alike, kernel_when_worthwhile
from ..errors import ArgumentError
from ..hints import hyperparameter
from ..objective.oracle import Oracle
from ..objective.point import Point
from .hyper import checked, scheduled
from .method import Method
from .spectral import BarzilaiBorwein

# Python floats beat NumPy's call overhead up to about ten numbers (measured: benchmarks/overhead.py).
TINY = 8
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def preset(formula: Any, values: Iterable[float]) -> FunctionType:
    """The same code, with these values as its defaults: to pass them costs nothing then."""
    return FunctionType(formula.__code__, formula.__globals__, formula.__name__, tuple(values), formula.__closure__)


class Rule(Method):
    """A method that is a formula of scalars, applied to each coordinate alike; made by `rule`.

    Each hyperparameter is a number or a schedule ``t -> number``; `lr` may also be a length policy
    (`BarzilaiBorwein`, which is also called "auto", `Armijo`, ...), which then looks at points and scales the
    step that the formula makes with ``lr = 1``.

    Attributes
    ----------
    hyper : dict
        The hyperparameters, by name.
    """

    formula: ClassVar[FunctionType]
    takes_x: ClassVar[bool]
    takes_t: ClassVar[bool]
    _scalar: ClassVar[FunctionType]
    _array: ClassVar[FunctionType]
    slots: ClassVar[tuple[str, ...]]  # what it carries from step to step; starts at zero
    defaults: ClassVar[dict[str, Any]]

    def __init__(self, *args: Any, **kwargs: Any):
        for name in kwargs:
            if name not in self.defaults:
                hint = hyperparameter(name, self.defaults)
                raise ArgumentError(f"{self.name} has no {name!r}; it has {_listed(self.defaults)}. {hint}".rstrip())
        if len(args) > len(self.defaults):
            raise ArgumentError(f"{self.name} takes {len(self.defaults)} hyperparameters, not {len(args)}: "
                                f"{_listed(self.defaults)}.")  # fmt: skip
        given = dict(zip(self.defaults, args, strict=False))
        if twice := given.keys() & kwargs.keys():
            raise ArgumentError(f"{self.name} got {twice.pop()!r} twice, by position and by name.")
        self.hyper = {**self.defaults, **given, **kwargs}
        if isinstance(self.hyper.get("lr"), str) and self.hyper["lr"] == "auto":
            self.hyper["lr"] = BarzilaiBorwein()
        for name, value in self.hyper.items():
            if isinstance(value, type) or not (callable(value) or (name == "lr" and hasattr(value, "advance"))):
                self.hyper[name] = checked(self.name, name, value)
        policy = self.hyper.get("lr")
        self._length = policy if hasattr(policy, "advance") else None
        # Under a length policy the formula makes the step for lr = 1, which is then scaled.
        self._values = {**self.hyper, "lr": 1.0} if self._length else self.hyper
        self.schedules = {name: value for name, value in self._values.items() if callable(value)}
        self._lifted = None if self.schedules else self._lift(self._values)

    def __reduce__(self) -> Any:
        return partial(type(self), **self.hyper), ()

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.hyper.items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.hyper == other.hyper

    __hash__ = None  # type: ignore[assignment]

    def with_hyper(self, **changes: Any) -> Rule:
        """The same rule with some hyperparameters changed."""
        return type(self)(**{**self.hyper, **changes})

    def at(self, t: float) -> dict[str, float]:
        """The hyperparameters at step `t`: schedules become numbers, a length policy 1.0."""
        numbers = {name: scheduled(self.name, name, schedule, t) for name, schedule in self.schedules.items()}
        return {**self._values, **numbers}

    def init(self, point: Point) -> tuple[Any, Any]:
        """The slots, all zero, and the state of the length policy."""
        if several := [name for name, value in self.hyper.items() if isinstance(value, np.ndarray)]:
            raise ArgumentError(f"{self.name} has several values of {_listed(several)}: one run takes one; see sweep.")
        length = self._length.init(point.bare, point.bare.oracle) if self._length else None
        return tuple(np.zeros_like(point.x) for _ in self.slots), length

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        slots, length = memory
        if self._length is None:
            x, slots, lr = self.land(point.x, point.g, slots, t)
            return oracle(x), (slots, None), lr
        step, slots, lr = self.move(point.x, point.g, slots, t)
        # wrappers change gradients for the direction alone: a length is told by true ones
        point, lr, length = self._length.advance(point.bare, step, length, t, oracle.bare)
        return oracle.dress(point), (slots, length), lr

    def land(
        self, x: np.ndarray, g: np.ndarray, slots: tuple[Any, ...], t: float
    ) -> tuple[np.ndarray, tuple[Any, ...], float]:
        """Where the step from `x` leads, the new slots, and the learning rate; in machine code once that pays."""
        kernel = kernel_when_worthwhile(type(self), x.dtype, x.size, t) if _large(x) else None
        if kernel is None or not alike(x, g, *slots):
            step, slots, lr = self.move(x, g, slots, t)
            return x + step, slots, lr
        numbers, lr = self._numbers or self._numbered(self.at(t))
        new = [np.empty_like(x) for _ in (x, *slots)]
        kernel(t, t, numbers, x, g, *slots, *new)
        return new[0], tuple(new[1:]), lr

    def move(
        self, x: np.ndarray, g: np.ndarray, slots: tuple[Any, ...], t: float
    ) -> tuple[np.ndarray, tuple[Any, ...], float]:
        """The step from `x`, the new slots, and the learning rate, by the engine that suits the size."""
        scalar, array, lr = self._lifted or self._lift(self.at(t))
        if x.size <= TINY and x.dtype is FLOAT64:
            try:
                step, slots = self._on_floats(scalar, x, g, slots, t)
                return step, slots, lr
            except (ArithmeticError, ValueError):
                pass  # overflow, 0/0, sqrt(-1): Python raises where IEEE answers inf or nan; let NumPy
        step, slots = self._on_arrays(array, x, g, slots, t)
        return step, slots, lr

    def prepare(self, x: np.ndarray, steps: float) -> None:
        """Compile now what a run of so many steps from a point like `x` would compile on its way."""
        if self.free and _large(x) and math.isfinite(steps):
            kernel_when_worthwhile(type(self), x.dtype, x.size, steps)

    @property
    def free(self) -> bool:
        """Whether its steps depend on gradients alone, not on a length policy that looks at points."""
        return self._length is None

    @property
    def plain(self) -> bool:
        """Whether all hyperparameters are single numbers."""
        return self.free and not self.schedules and not any(map(np.ndim, self.hyper.values()))

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        body = cast(ast.FunctionDef, ast.parse(textwrap.dedent(inspect.getsource(cls.formula))).body[0]).body
        lines = [
            (ast.unparse(node.targets[0]), ast.unparse(node.value)) for node in body if isinstance(node, ast.Assign)
        ]
        (result,) = [node.value for node in body if isinstance(node, ast.Return)]
        parts = result.elts if isinstance(result, ast.Tuple) else [cast(ast.expr, result)]
        step, *slots = map(ast.unparse, parts)
        new = [(slot, value) for slot, value in zip(cls.slots, slots, strict=True) if slot != value]
        return [*lines, ("step", step), *new]

    def engine(self, x: np.ndarray) -> str:
        if x.size <= TINY and x.dtype is FLOAT64:
            return "Python floats"
        fused = self._length is None and _large(x) and kernel_when_worthwhile(type(self), x.dtype, x.size, 0)
        return "kernel" if fused else "NumPy"

    @cached_property
    def _numbers(self) -> tuple[np.ndarray, float] | None:
        return None if self.schedules else self._numbered(self._values)

    def _numbered(self, hyper: dict[str, float]) -> tuple[np.ndarray, float]:
        """The hyperparameters as kernels take them, and the learning rate."""
        return np.array([*hyper.values()], float), hyper.get("lr", math.nan)

    def _lift(self, hyper: dict[str, float]) -> Lifted:
        lr = hyper.get("lr", math.nan)
        return Lifted(preset(self._scalar, hyper.values()), preset(self._array, hyper.values()), lr)

    def _on_floats(self, formula, x, g, slots, t):
        if slots and type(slots[0]) is not tuple:
            slots = [slot.tolist() for slot in slots]
        arrays = (x.tolist(), g.tolist(), *slots) if self.takes_x else (g.tolist(), *slots)
        out = map(formula, *arrays, repeat(t)) if self.takes_t else map(formula, *arrays)
        if not self.slots:
            return np.array([*out]), ()
        step, *slots = zip(*out)  # noqa: B905 (a map gives rows of equal length; to check costs time)
        return np.array(step), tuple(slots)

    def _on_arrays(self, formula, x, g, slots, t):
        arrays = [np.asarray(a) for a in ((x, g, *slots) if self.takes_x else (g, *slots))]
        with np.errstate(all="ignore"):
            out = formula(*arrays, t) if self.takes_t else formula(*arrays)
        return (out[0], tuple(out[1:])) if self.slots else (out, ())


class Lifted(NamedTuple):
    """A formula with its hyperparameters set, for floats and for arrays, and its learning rate."""

    scalar: FunctionType
    array: FunctionType
    lr: float


def _large(x: np.ndarray) -> bool:
    """Whether there are kernels for an array of this kind, and it is not too small for them to pay."""
    return x.size > TINY and (x.dtype is FLOAT64 or x.dtype is FLOAT32)


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"


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
    >>> st.minimize(lambda x: (x[0] - 1) ** 2 + x[1] ** 2, [3.0, 2.0], method=RawAdam(), maxiter=500).x.round(4) + 0.0
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
        "takes_x": "x" in leading,
        "takes_t": "t" in leading,
        "slots": tuple(slots),
        "defaults": hyper,
        "_scalar": staticmethod(speak(formula, FLOATS)),
        "_array": staticmethod(speak(formula, ARRAYS)),
    }
    return type(formula.__name__, (Rule,), members)
