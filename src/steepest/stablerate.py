"""The rate that the curvature along a run allows, from short runs and differences of gradients."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

import numpy as np

from .loops.loop import descend
from .methods.lift import Rule
from .methods.rules import GD
from .objective.oracle import Oracle
from .objective.point import Point, norm

PROBES = 8  # Hessian-vector products at a point: at most 3 % low on 5 kinds of spectra with n = 100 and 1000
NEAR = 1e-6  # step of a gradient difference relative to x; for gradients that are differences themselves:
WIDE = 1e-3
TRIES = 50  # each doubles the curvature at least, or goes farther
FARTHER = 10.0
SUSPICIOUS = 4  # corrections of L after which one more is looked at as a kink: smooth functions need 2 or 3
HALVINGS = 12  # of a segment with a kink: to 1/4096, longer than the steps of differences
KINK = 0.2  # share of the jump of the gradient that remains then; where f is smooth it is about 1/4096


class Trial(NamedTuple):
    """A short run: the value at its end, whether it was stable, its last point, and its most curved step."""

    value: float
    stable: bool
    last: Point
    curvature: float
    steepest: tuple[Point, Point] | None


def short_run(rule: Rule, start: Point, oracle: Oracle, steps: int, monotone: bool = False) -> Trial:
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


def curve(rule: Rule, start: Point, oracle: Oracle, rates: np.ndarray, steps: int) -> list[Trial]:
    """Short runs with these rates, as many as Ctrl-C leaves time for."""
    trials: list[Trial] = []
    with suppress(KeyboardInterrupt):
        for rate in rates.tolist():
            trials.append(short_run(rule.with_hyper(lr=rate), start, oracle, steps))
    return trials


def by_curvature(rule: Rule, start: Point, oracle: Oracle, steps: int) -> tuple[float, float, np.ndarray | None, bool]:
    """A rate 1/L such that a run with it meets no curvature above L; L itself; a kink, if one was met; and whether the
    search was completed, not ended by Ctrl-C."""
    scale = reach = norm(start.x) or 1.0
    lr = plain = scale / norm(start.g)
    curvature, corrections = largest_curvature(start, oracle, scale), 0
    try:
        for _ in range(TRIES):
            # no farther at first than what has been explored: where x0 is nearly flat, 1/L leads anywhere
            lr = min(1 / curvature if curvature > 0 else math.inf, reach / norm(start.g))
            trial = short_run(rule.with_hyper(lr=lr), start, oracle, steps, monotone=isinstance(rule, GD))
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


def _error(point: Point) -> float:
    """The norm of the error of a gradient."""
    return 0.0 if point.error is None else norm(point.error)


def _near(point: Point) -> float:
    """The step of a gradient difference, relative to x."""
    return NEAR if point.error is None and point.x.dtype == np.float64 else WIDE


def largest_curvature(point: Point, oracle: Oracle, scale: float) -> float:
    """The largest absolute eigenvalue of the Hessian, from below: Lanczos (1950) on differences of gradients; 0
    where it is lost in their rounding. `scale` is the length of the start: x itself may be next to nothing."""
    x, g = point.x.astype(float), point.g.astype(float)
    t = _near(point) * max(norm(x), scale)
    error = float(np.finfo(point.x.dtype).eps) * norm(g) + _error(point)
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
        v, error = (near.g - g) / t, max(error, _error(near))
        products.append(v)
    V, W = np.array(basis), np.array(products)
    T = V @ W.T
    largest = float(np.abs(np.linalg.eigvalsh((T + T.T) / 2)).max()) if np.isfinite(T).all() else 0.0
    return largest if largest > 10 * error / t else 0.0


def find_kink(a: Point, b: Point, oracle: Oracle) -> np.ndarray | None:
    """Where between two points the gradient jumps: halving towards the greater change; None where it is smooth."""
    jump = norm(b.g - a.g)
    for _ in range(HALVINGS):
        middle = oracle((a.x + b.x) / 2)
        first, second = norm(middle.g - a.g), norm(b.g - middle.g)
        a, b = (a, middle) if first >= second else (middle, b)
    return (a.x + b.x) / 2 if norm(b.g - a.g) > KINK * jump else None
