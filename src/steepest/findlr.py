"""A learning rate for any function and method, from its curvature and from short runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import ArgumentError, counted
from .methods.lift import Rule
from .methods.method import Method
from .methods.registry import find
from .methods.rules import GD
from .methods.stability import stability
from .minimize import descend_from
from .objective.point import Point, norm
from .stablerate import by_curvature, curve

ESCAPED = 8.0  # where f falls so many times as far by each rate half a decade larger, it has no minimum
SPREAD = np.logspace(-3, 1.5, 10)  # of the curve around a rate by curvature: two a decade
ENOUGH = 0.01  # of the best decrease may be missed for a smaller rate: large ones jump about, and end low by chance
WIDTHS = np.logspace(-4, 1, 11)  # of the curve for methods whose rate is a length, relative to x


@dataclass(frozen=True, eq=False)
class LearningRate:
    """A suggested rate with its evidence; ``float(rate)`` is the number.

    Attributes
    ----------
    suggestion : float
        The rate to begin with.
    limit : float
        The largest rate at which the method is stable for the curvature that was met; NaN where there is no
        formula for the method, f has a kink, or falls without limit.
    curvature : float
        The largest curvature met, at the start and along the short runs; infinite at a kink.
    rates, values : ndarray, shape (k,)
        The curve: rates, and the value that `steps` steps from x0 lead to.
    stable : ndarray of bool, shape (k,)
        Whether that run stayed finite and did not end above its start.
    steps : int
        Steps of each short run.
    kink : array or None
        A place where the gradient jumps, flat.
    method : str
    nfev, njev : int
        What it cost.
    interrupted : bool
        Whether Ctrl-C ended it: then the rest is what was known by then, and the curve has fewer rates.
    unbounded : bool
        Whether f fell the farther the larger the rate: then no rate converges, and there is no limit.
    """

    suggestion: float
    limit: float
    curvature: float
    rates: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)
    stable: np.ndarray = field(repr=False)
    steps: int
    kink: np.ndarray | None
    method: str
    nfev: int
    njev: int
    interrupted: bool = False
    unbounded: bool = False

    def __float__(self) -> float:
        return self.suggestion

    def plot(self, *, axes: Any = None, theme: str | None = None) -> Any:
        """Draw the curve with the suggestion and the limit; see `steepest.plots.learning_rate`."""
        from .plots import learning_rate

        return learning_rate(self, axes=axes, theme=theme)

    def __repr__(self) -> str:
        lines = [f"lr = {self.suggestion:.4g} for {self.method}"]
        if self.kink is not None:
            lines.append(
                f"f has a kink at x = {self.kink}: no constant rate converges there; this one is the smallest "
                f"that leads as low as any of {self.rates.size} in {counted(self.steps, 'step')}. Let it decay, or "
                "smooth f."
            )
        else:
            lines.append(f"largest curvature met: L = {self.curvature:.4g}")
            if math.isfinite(self.limit):
                lines.append(f"stable for lr < {self.limit:.4g} where the curvature is no larger")
            if self.unbounded:
                lines.append("the larger the rate, the farther f falls: it has no minimum there, and no rate converges")
            lines.append(f"seen from x0 in runs of {counted(self.steps, 'step')}: elsewhere f may be more curved")
        if self.interrupted:
            lines.append(
                f"interrupted after {counted(self.rates.size, 'short run')} of the curve: what is said rests on them"
            )
        lines.append(f"cost: {counted(self.nfev, 'evaluation')}, {counted(self.njev, 'gradient')}")
        return "\n".join(lines)


def find_lr(
    f: Callable[..., Any],
    x0: Any,
    method: str | Method | type[Method] | None = None,
    args: tuple[Any, ...] = (),
    jac: Any = None,
    *,
    steps: int = 50,
    rng: Any = None,
) -> LearningRate:
    """Find a learning rate: a number to begin with, the limit above which a run diverges, and the curve.

    A rate that multiplies gradients is 1/L, with L the largest curvature at x0, along a run with that very rate
    and at its end (Lanczos on differences of gradients); a run that rises makes it smaller. A rate that is a
    length, as of Adam, is the smallest that in `steps` steps leads as low as any, but for 1 %. Ctrl-C ends it with
    what is known, once there is a rate to suggest.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float``, deterministic.
    x0 : float, array_like, or dict / list / tuple of arrays
        Where every run begins; never changed.
    method : Method, name, or None
        A rule with a learning rate; None: gradient descent.
    args, jac, rng
        As for `minimize`.
    steps : int
        Steps of each short run.

    Returns
    -------
    LearningRate

    Raises
    ------
    ArgumentError
        When the method has no learning rate, or f is flat at x0.

    Examples
    --------
    >>> rate = find_lr(lambda x: x[0] ** 2 + 10 * x[1] ** 2, [3.0, 2.0])
    >>> round(float(rate), 6), round(rate.limit, 6)
    (0.05, 0.1)
    >>> find_lr(lambda x: abs(x[0] - 1), [3.0]).kink.round(3)
    array([1.])
    """
    rule = _rule(method, steps)
    start = next(descend_from(f, x0, rule, args, jac, rng=rng)).point
    oracle = start.oracle
    assert oracle is not None
    if not math.isfinite(start.f):
        raise ArgumentError(f"f at x0 is {start.f}: no rate can be found there.")
    if not 0 < norm(start.g) < math.inf:
        raise ArgumentError(f"The gradient at x0 has norm {norm(start.g)}: no rate can be found there.")
    multiplies = _multiplies(rule, start)
    lr, curvature, kink, complete = by_curvature(rule if multiplies else GD(), start, oracle, steps)
    length = max(norm(start.x) / math.sqrt(start.x.size), lr * float(np.abs(start.g).max()))
    planned = lr * SPREAD if multiplies else length * WIDTHS
    trials = curve(rule, start, oracle, planned, steps) if complete else []
    interrupted, rates = len(trials) < planned.size, planned[: len(trials)]
    values = np.array([trial.value for trial in trials])
    stable = np.array([trial.stable for trial in trials], bool)
    if interrupted and not multiplies and not stable.any():
        raise KeyboardInterrupt  # there is nothing to suggest
    if (kink is not None or not multiplies) and stable.any():
        enough = values[stable].min() + ENOUGH * (start.f - values[stable].min())
        lr = float(rates[stable & (values <= enough)][0])
    unbounded = _unbounded(start.f, values, stable)
    return LearningRate(
        suggestion=lr,
        limit=math.nan if unbounded or kink is not None else _limit(rule, curvature),
        curvature=curvature,
        rates=rates,
        values=values,
        stable=stable,
        steps=steps,
        kink=kink,
        method=rule.name + "".join(f", {key} = {value!r}" for key, value in rule.hyper.items() if key != "lr"),
        nfev=oracle.nfev,
        njev=oracle.njev,
        interrupted=interrupted,
        unbounded=unbounded,
    )


def _rule(method: str | Method | type[Method] | None, steps: int) -> Rule:
    """The rule that a caller means, at the rate 1.

    Raises
    ------
    ArgumentError
        When it has no learning rate, or `steps` is no number of steps.
    """
    rule = find(GD if method is None else method, 1)
    if not isinstance(rule, Rule) or "lr" not in rule.hyper:
        raise ArgumentError(f"method={rule!r} has no learning rate to find: expected a rule alone, as GD() or Adam().")
    if not (isinstance(steps, int) and steps >= 1):
        raise ArgumentError(f"steps={steps!r}: expected a whole number, at least 1.")
    return rule.with_hyper(lr=1.0)


def _limit(rule: Rule, curvature: float) -> float:
    """The largest stable rate; NaN where there is no formula for the rule."""
    factor = stability(type(rule)).limit(rule.at(1.0).get("beta", 0.0))
    return factor / curvature if curvature > 0 else factor * math.inf


def _unbounded(f0: float, values: np.ndarray, stable: np.ndarray) -> bool:
    """Whether by the three largest rates f falls ever farther, with no end in sight."""
    falls = f0 - values[-3:]
    return falls.size == 3 and bool(stable[-3:].all() and (falls[1:] > ESCAPED * falls[:-1]).all())


def _multiplies(rule: Rule, point: Point) -> bool:
    """Whether the rate multiplies gradients: a gradient twice as long makes the first step twice as long."""
    slots = tuple(np.zeros_like(point.x) for _ in rule.slots)
    once, twice = (rule.move(point.x, scale * point.g, slots, 1.0)[0] for scale in (1, 2))
    return norm(twice) > 1.5 * norm(once)
