"""No minimum: saddles, a top, plateaus, a lower one elsewhere, none at all."""

from __future__ import annotations

import autograd.numpy as np
import numpy

import steepest as st

from .. import Trial
from .problems import (
    gradient,
    units,
)


def factors(rng, family):
    """A matrix as a product of two columns: 0 is a saddle, where they begin or where a symmetry leads."""
    n, (scale, unit) = int(rng.integers(1, 4)), units(rng)
    u, v = rng.uniform(0.5, 1.5, n), rng.uniform(0.5, 1.5, n)
    value = lambda w: np.sum((np.outer(w[:n], w[n:]) - np.outer(u, v)) ** 2)
    f = lambda x: scale * value(x / unit)
    start = numpy.zeros(2 * n)
    if rng.random() < 0.5:  # down the side of the saddle: along (a, -b) with a'u = b'v = 1 to 2 times less
        start = numpy.concatenate([u, -v * (u @ u) ** 0.5 / (v @ v) ** 0.5]) * rng.uniform(0.2, 0.8)
    method = st.GD(lr=0.02 * unit**2 / scale / n) if rng.random() < 0.6 else None
    return Trial(f, unit * start, ("stalled.saddle",), 0.0, {"method": method})


def monkey(rng, family):
    """A saddle of the third order: slope and curvature are both zero."""
    scale, unit = units(rng)
    value = lambda u: u[0] ** 3 - 3 * u[0] * u[1] ** 2 + (u[0] ** 2 + u[1] ** 2) ** 2
    f = lambda x: scale * value(x / unit)
    codes = ("stalled.saddle", "stalled.plateau", "stalled.slope")
    call = {"method": st.GD(lr=0.05 * unit**2 / scale) if rng.random() < 0.5 else None}
    return Trial(f, numpy.zeros(2), codes, scale * -0.10546875, call)  # r^4 - r^3, r = 3/4


def on_the_top(rng, family):
    n, (scale, unit) = int(rng.integers(1, 6)), units(rng)
    w = rng.uniform(0.5, 2, n)
    tops = (
        (lambda u: np.sum(np.cos(w * u)), -float(n)),
        (lambda u: np.exp(-np.sum(w * u**2)) + np.sum(u**2) * 1e-3, None),
    )
    value, lowest = tops[rng.integers(2)]
    if lowest is None:  # along the axis of the largest w: w exp(-w r) = 1e-3
        r = numpy.log(w.max() / 1e-3) / w.max()
        lowest = float(numpy.exp(-w.max() * r) + 1e-3 * r)
    f = lambda x: scale * value(x / unit)
    method = st.GD(lr=0.1 * unit**2 / scale) if rng.random() < 0.5 else None
    return Trial(f, numpy.zeros(n), ("stalled.maximum",), scale * lowest, {"method": method}, tolerance=1e-2)


def asleep(rng, family):
    """Far out on what levels off outwards."""
    n, (scale, unit) = int(rng.integers(1, 5)), units(rng)
    shapes = (
        (lambda r: -1 / np.sqrt(1 + r), 3e3),
        (lambda r: np.arctan(r), 1e2),
        (lambda r: 1 - np.exp(-r), 5.0),
        (lambda r: np.tanh(np.sqrt(1 + r)), 9.0),
    )
    shape, far = shapes[rng.integers(4)]
    f = lambda x: scale * shape(np.sum((x / unit) ** 2))
    d = rng.standard_normal(n)
    x0 = unit * far * rng.uniform(0.9, 1.1) * d / numpy.linalg.norm(d)
    method = st.GD(lr=0.3 * unit**2 / scale) if rng.random() < 0.6 else None
    call = {"method": method, "maxiter": 150}
    return Trial(f, x0, ("stalled.plateau",), float(f(numpy.zeros(n))), call, tolerance=1e-2)


def dead_units(rng, family):
    """A rectifier that is off for all the data: its slope is exactly zero."""
    t = rng.uniform(0, 1, 20)
    y = 2 * t + 0.3
    f = lambda w: np.mean((w[2] * np.maximum(w[0] * t + w[1], 0.0) - y) ** 2)
    x0 = numpy.array([-rng.uniform(0.5, 1), -rng.uniform(0.2, 0.6), rng.uniform(0.5, 1)])
    call = {"method": st.GD(lr=0.05) if rng.random() < 0.5 else None}
    return Trial(f, x0, ("stalled.plateau",), 0.0, call, tolerance=0.2)


class Ripples:
    """A wave on a parabola, whose minima are known."""

    def __init__(self, rng, n):
        self.scale, self.unit = units(rng)
        self.minimum, self.minima, self.n = 0.0, [numpy.zeros(n)], n

    def __call__(self, x):
        u = x / self.unit
        return self.scale * np.sum(1 - np.cos(2 * u) + 0.05 * u**2)


def beside_a_lower_one(rng, family):
    n = int(rng.integers(1, 5))
    f = Ripples(rng, n)
    x0 = f.unit * numpy.pi * rng.integers(1, 3, n) * rng.choice([-1, 1], n) * rng.uniform(0.93, 1.07, n)
    method = st.GD(lr=0.1 * f.unit**2 / f.scale) if rng.random() < 0.5 else None
    return Trial(f, x0, ("converged.local",), 0.0, {"method": method})


def endless(rng, family):
    scale, n = 10.0 ** rng.uniform(-3, 3), int(rng.integers(2, 6))
    d = rng.standard_normal(n)
    shapes = (
        lambda x: x[0] * x[1] + np.sum(x[2:] ** 2),
        lambda x: -np.log1p(np.sum(x**2)),
        lambda x: np.dot(d, x) + np.log(np.sum(np.exp(0.1 * d * x))) * 0.1,
        lambda x: np.sum(x[1:] ** 2) / 2 - np.sqrt(1 + x[0] ** 2) - x[0],
        lambda x: x[0] ** 3 / 3 - x[0] + np.sum(x[1:] ** 2),
    )
    which = int(rng.integers(5))
    x0 = rng.uniform(0.5, 2, n)
    if which in (0, 4):
        x0[0] = -rng.uniform(1.5, 2.5)
    f = lambda x: scale * shapes[which](x)
    method = st.GD(lr=0.1 / scale) if rng.random() < 0.6 else None
    call = gradient(rng, None, ("auto", "fd")) | {"method": method, "maxiter": int(rng.integers(100, 1000))}
    return Trial(f, x0, ("unbounded",), call=call, fixable=False)


def separable(rng, family):
    """A logistic regression that separates the data: the loss falls to 0 and the weights grow for ever."""
    X = rng.standard_normal((30, 2))
    y = numpy.sign(X @ [1.0, 0.5])
    X = X + 0.3 * y[:, None] * [1.0, 0.5]
    f = lambda w: np.sum(np.log1p(np.exp(-y * np.dot(X, w))))
    call = {"method": st.GD(lr=rng.uniform(0.2, 1)), "maxiter": 6000}
    return Trial(f, rng.uniform(-0.5, 0.5, 2), ("stalled.levelling",), call=call, fixable=False)


def levels_off(rng, family):
    scale, unit = units(rng)
    shape = (lambda u: 1 / (1 + np.exp(u)), lambda u: -np.tanh(u), lambda u: np.exp(-u) + u * 0)[rng.integers(3)]
    f = lambda x: scale * shape(x[0] / unit) + scale * (x[1] / unit) ** 2
    call = {"method": st.GD(lr=0.4 * unit**2 / scale), "maxiter": 3000}
    return Trial(f, unit * rng.uniform(-1, 1, 2), ("stalled.levelling",), call=call, fixable=False)


CAUSES = [factors, monkey, on_the_top, asleep, dead_units, beside_a_lower_one, endless, separable, levels_off]
