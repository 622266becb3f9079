"""A learning rate for any function and method, from its curvature and from short runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from .errors import ArgumentError, counted
from .loops.loop import descend
from .methods.lift import Rule
from .methods.method import Method
from .methods.registry import find
from .methods.rules import GD, Momentum, Nesterov
from .minimize import descend_from
from .objective.oracle import Oracle
from .objective.point import Point, norm

# The stable rates times the largest curvature L of a quadratic: where the recursion of the step in the direction
# of L has a root at -1 (Polyak 1964 for the heavy ball).
LIMITS: dict[type[Method], Callable[[dict[str, Any]], float]] = {
    GD: lambda hyper: 2.0,
    Momentum: lambda hyper: 2 * (1 + hyper["beta"]),
    Nesterov: lambda hyper: 2 * (1 + hyper["beta"]) / (1 + 2 * hyper["beta"]),
}
PROBES = 8  # Hessian-vector products at a point: at most 3 % low on 5 kinds of spectra with n = 100 and 1000
NEAR = 1e-6  # step of a gradient difference relative to x; for gradients that are differences themselves:
WIDE = 1e-3
TRIES = 50  # each doubles the curvature at least, or goes farther
FARTHER = 10.0
SUSPICIOUS = 4  # corrections of L after which one more is looked at as a kink: smooth functions need 2 or 3
HALVINGS = 12  # of a segment with a kink: to 1/4096, longer than the steps of differences
ESCAPED = 100.0
ESCAPED = 8.0  # where f falls so many times as far by each rate half a decade larger, it has no minimum
KINK = 0.2  # share of the jump of the gradient that remains then; where f is smooth it is about 1/4096
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
    rule = find(GD if method is None else method, 1)
    if not isinstance(rule, Rule) or "lr" not in rule.hyper:
        raise ArgumentError(f"method={rule!r} has no learning rate to find: expected a rule alone, as GD() or Adam().")
    if not (isinstance(steps, int) and steps >= 1):
        raise ArgumentError(f"steps={steps!r}: expected a whole number, at least 1.")
    rule = rule.with_hyper(lr=1.0)
    start = next(descend_from(f, x0, rule, args, jac, rng=rng)).point
    oracle = start.oracle
    assert oracle is not None
    if not math.isfinite(start.f):
        raise ArgumentError(f"f at x0 is {start.f}: no rate can be found there.")
    if not 0 < norm(start.g) < math.inf:
        raise ArgumentError(f"The gradient at x0 has norm {norm(start.g)}: no rate can be found there.")
    multiplies = _multiplies(rule, start)
    lr, curvature, kink, known = _by_curvature(rule if multiplies else GD(), start, oracle, steps)
    limit = math.nan
    if type(rule) in LIMITS and kink is None:
        limit = LIMITS[type(rule)](rule.at(1.0)) / curvature if curvature > 0 else math.inf
    length = max(norm(start.x) / math.sqrt(start.x.size), lr * float(np.abs(start.g).max()))
    rates = lr * SPREAD if multiplies else length * WIDTHS
    trials: list[Trial] = []
    with suppress(KeyboardInterrupt):
        for rate in rates[: None if known else 0]:
            trials.append(_run(rule.with_hyper(lr=float(rate)), start, oracle, steps))
    interrupted, rates = len(trials) < rates.size, rates[: len(trials)]
    values = np.array([trial.value for trial in trials])
    stable = np.array([trial.stable for trial in trials], bool)
    if interrupted and not multiplies and not stable.any():
        raise KeyboardInterrupt  # there is nothing to suggest
    if (kink is not None or not multiplies) and stable.any():
        enough = values[stable].min() + ENOUGH * (start.f - values[stable].min())
        lr = float(rates[stable & (values <= enough)][0])
    falls = start.f - values[-3:]
    unbounded = bool(stable[-3:].all() and falls.size == 3 and (falls[1:] > ESCAPED * falls[:-1]).all())
    limit = math.nan if unbounded else limit
    name = rule.name + "".join(f", {key} = {value!r}" for key, value in rule.hyper.items() if key != "lr")
    nfev, njev = oracle.nfev, oracle.njev
    seen = rates, values, stable, steps, kink, name, nfev, njev, interrupted, unbounded
    return LearningRate(lr, limit, curvature, *seen)


def _multiplies(rule: Rule, point: Point) -> bool:
    """Whether the rate multiplies gradients: a gradient twice as long makes the first step twice as long."""
    slots = tuple(np.zeros_like(point.x) for _ in rule.slots)
    once, twice = (rule.move(point.x, scale * point.g, slots, 1.0)[0] for scale in (1, 2))
    return norm(twice) > 1.5 * norm(once)


class Trial(NamedTuple):
    """A short run: the value at its end, whether it was stable, its last point, and its most curved step."""

    value: float
    stable: bool
    last: Point
    curvature: float
    steepest: tuple[Point, Point] | None


def _run(rule: Rule, start: Point, oracle: Oracle, steps: int, monotone: bool = False) -> Trial:
    """Step from the start; a `monotone` run ends as soon as f rises, any run where f is not finite."""
    slack = 2 * oracle.derivative.noise(start.f)
    before, curvature, steepest = start, 0.0, None
    with np.errstate(all="ignore"):
        for now in islice(descend(oracle, start, rule), 1, steps + 1):
            point = now.point
            if not (math.isfinite(point.f) and np.isfinite(point.g).all()):
                return Trial(math.inf, False, before, curvature, steepest)
            moved = norm(point.x - before.x)
            far = _near(start) * norm(point.x)  # a shorter step shows rounding, not curvature
            if moved > far and norm(point.g - before.g) > curvature * moved:
                curvature, steepest = norm(point.g - before.g) / moved, (before, point)
            if monotone and point.f > before.f + slack:
                return Trial(point.f, False, before, curvature, steepest)
            before = point
    return Trial(before.f, before.f <= start.f + slack, before, curvature, steepest)


def _by_curvature(rule: Rule, start: Point, oracle: Oracle, steps: int) -> tuple[float, float, np.ndarray | None, bool]:
    """A rate 1/L such that a run with it meets no curvature above L; L itself; a kink, if one was met; and whether
    that is so, since Ctrl-C may have come between."""
    scale = reach = norm(start.x) or 1.0
    lr = plain = scale / norm(start.g)
    curvature, corrections = largest_curvature(start, oracle, scale), 0
    try:
        for _ in range(TRIES):
            # no farther at first than what has been explored: where x0 is nearly flat, 1/L leads anywhere
            lr = min(1 / curvature if curvature > 0 else math.inf, reach / norm(start.g))
            trial = _run(rule.with_hyper(lr=lr), start, oracle, steps, monotone=isinstance(rule, GD))
            if corrections >= SUSPICIOUS and trial.steepest and trial.curvature > 1.5 * curvature:
                kink = find_kink(*trial.steepest, oracle)
                if kink is not None:
                    return plain, math.inf, kink, True
            met = max(trial.curvature, largest_curvature(trial.last, oracle, scale))
            if trial.stable and met <= 1.01 * curvature:
                if lr * curvature > 0.99 or curvature == 0:  # 0: a straight line
                    break
                reach *= FARTHER
            else:
                curvature = max(met, curvature if trial.stable else 2 / lr)
                corrections += 1
    except KeyboardInterrupt:
        return lr, curvature, None, False
    return lr, curvature, None, True


def _doubt(point: Point) -> float:
    """The length of the error of a gradient."""
    return 0.0 if point.error is None else norm(point.error)


def _near(point: Point) -> float:
    """The step of a gradient difference, relative to x."""
    return NEAR if point.error is None and point.x.dtype == np.float64 else WIDE


def largest_curvature(point: Point, oracle: Oracle, scale: float) -> float:
    """The largest absolute eigenvalue of the Hessian, from below: Lanczos (1950) on differences of gradients; 0
    where it is lost in their rounding. `scale` is the length of the start: x itself may be next to nothing."""
    x, g = point.x.astype(float), point.g.astype(float)
    t = _near(point) * max(norm(x), scale)
    blur = float(np.finfo(point.x.dtype).eps) * norm(g) + _doubt(point)
    v = g / (norm(g) or 1.0) + np.random.default_rng(0).standard_normal(x.size) / math.sqrt(x.size)
    basis: list[np.ndarray] = []
    products: list[np.ndarray] = []
    while len(basis) < min(PROBES, x.size):
        for _ in range(2):  # once leaves errors where v nearly lies in what is there, twice does not
            v = v - sum((u * u.dot(v) for u in basis), np.zeros_like(v))
        if norm(v) <= 1e-8 * (norm(products[-1]) if products else 0.0) or not np.isfinite(v).all():
            break
        basis.append(v / norm(v))
        near = oracle((x + t * basis[-1]).astype(point.x.dtype))
        v, blur = (near.g - g) / t, max(blur, _doubt(near))
        products.append(v)
    V, W = np.array(basis), np.array(products)
    T = V @ W.T
    largest = float(np.abs(np.linalg.eigvalsh((T + T.T) / 2)).max()) if np.isfinite(T).all() else 0.0
    return largest if largest > 10 * blur / t else 0.0


def find_kink(a: Point, b: Point, oracle: Oracle) -> np.ndarray | None:
    """Where between two points the gradient jumps: halving towards the greater change; None where it is smooth."""
    jump = norm(b.g - a.g)
    for _ in range(HALVINGS):
        middle = oracle((a.x + b.x) / 2)
        first, second = norm(middle.g - a.g), norm(b.g - middle.g)
        a, b = (a, middle) if first >= second else (middle, b)
    return (a.x + b.x) / 2 if norm(b.g - a.g) > KINK * jump else None
