"""Failures of the place: no minimum, though the slope is zero or next to it; or none to arrive at."""

from __future__ import annotations

import autograd.numpy as np
import numpy

import steepest as st

from . import Trial, rotation
from .landscapes import call, landscape

LOWEST_COSH = 0.3265238874269238  # -min(y^2/4 - log cosh y), by Newton
WELLS = {  # two minima of value 0, and a maximum between them
    "tune": (lambda y: (y**2 - 1) ** 2 / 4, lambda y: y**2 / 4 - np.log(np.cosh(y)) + LOWEST_COSH),
    "judge": (lambda y: 1 + np.cos(y), lambda y: np.log1p((y**2 - 1) ** 2 / 2)),
}


class Wells:
    """Wells along some directions, parabolas along the others: a saddle at the centre, or a maximum."""

    def __init__(self, rng, family, n, down):
        self.scale, self.unit = 10.0 ** rng.uniform(-4, 4), 10.0 ** rng.uniform(-2, 2)
        self.centre = self.unit * rng.uniform(-2, 2, n)
        self.a, self.down = rng.uniform(0.5, 2, n), numpy.arange(n) < down
        self.well = WELLS[family][rng.integers(2)]
        self.R = numpy.eye(n)

    def __call__(self, x):
        y = np.dot(self.R, (x - self.centre) / self.unit)
        return self.scale * np.sum(self.a * np.where(self.down, self.well(y), y**2 / 2))

    def rate(self, share):
        return st.GD(lr=share * self.unit**2 / self.scale)


def saddle(rng, family):
    n = int(rng.integers(2, 8))
    w = Wells(rng, family, n, int(rng.integers(1, n)))
    x0 = w.centre + w.unit * numpy.where(w.down, 0.0, rng.uniform(1, 3, n))
    return Trial(w, x0, ("stalled.saddle",), 0.0, {"method": w.rate(0.2) if rng.random() < 0.6 else None})


def saddle_of_a_symmetry(rng, family):
    """Two parameters that stay equal for ever, as two hidden units that start alike."""
    well = WELLS[family][rng.integers(2)]
    scale, shift, m = 10.0 ** rng.uniform(-4, 4), rng.uniform(-1, 1), int(rng.integers(1, 4))

    def f(x):
        rest = np.sum((x[2:] - 1) ** 2) if m > 1 else 0.0
        return scale * ((x[0] + x[1] - shift) ** 2 + 2 * well(x[0] - x[1]) + rest)

    x0 = numpy.concatenate([[1.5, 1.5], rng.uniform(2, 3, m - 1)]) + rng.uniform(0, 1)
    method = st.GD(lr=0.1 / scale) if rng.random() < 0.5 else None
    return Trial(f, x0, ("stalled.saddle",), 0.0, {"method": method})


def start_at_a_saddle(rng, family):
    n = int(rng.integers(2, 8))
    w = Wells(rng, family, n, int(rng.integers(1, n)))
    w.R = rotation(rng, n)
    return Trial(w, w.centre, ("stalled.saddle",), 0.0, {"method": w.rate(0.2) if rng.random() < 0.6 else None})


def maximum(rng, family):
    n = int(rng.integers(1, 6))
    w = Wells(rng, family, n, n)
    w.R = rotation(rng, n)
    return Trial(w, w.centre, ("stalled.maximum",), 0.0, {"method": w.rate(0.1) if rng.random() < 0.6 else None})


PLATEAUS = {  # of the squared distance: lowest at 0, flat far away; and a distance that is far
    "tune": ((lambda r: -np.exp(-r / 2), 6.0), (lambda r: np.tanh(r / 6), 8.0)),
    "judge": ((lambda r: r / (1 + r) - 1e-3 / (1 + r) ** 2, 3e4), (lambda r: -1 / np.cosh(r / 3), 7.0)),
}


def plateau(rng, family):
    n = int(rng.integers(1, 6))
    scale, unit, R = 10.0 ** rng.uniform(-4, 4), 10.0 ** rng.uniform(-2, 2), rotation(rng, n)
    shape, far = PLATEAUS[family][rng.integers(2)]
    centre = unit * rng.uniform(-2, 2, n)
    f = lambda x: scale * shape(np.sum(((x - centre) / unit) ** 2))
    x0 = centre + unit * far * rng.uniform(0.85, 1.15) * R[0]
    method = st.GD(lr=0.5 * unit**2 / scale) if rng.random() < 0.7 else None
    return Trial(f, x0, ("stalled.plateau",), float(f(centre)), {"method": method, "maxiter": 200})


def vanishing_gradient(rng, family):
    """A chain of layers that starts saturated: its slope is a product of factors that are next to 0."""
    depth = int(rng.integers(2, 5))
    squash = {"tune": lambda y: 1 / (1 + np.exp(-y)), "judge": np.tanh}[family]
    inputs, target = np.linspace(0.5, 1.5, 7), rng.uniform(0.2, 0.6)

    def f(w):
        y = inputs
        for k in range(depth):
            y = squash(w[k] * y)
        return np.mean((y - target) ** 2)

    x0 = rng.uniform(11, 15, depth)
    lowest = 0.0  # nearly: a chain of few weights can't be constant in its input, but far below the start
    method = st.GD(lr=rng.uniform(0.1, 1)) if rng.random() < 0.7 else None
    call_ = {"method": method, "maxiter": 300}
    return Trial(f, x0, ("stalled.plateau",), lowest, call_, tolerance=0.2)


class Tilted:
    """A double well whose other side is lower, and known to be."""

    def __init__(self, rng, family, n):
        self.scale, self.R = 10.0 ** rng.uniform(-4, 4), rotation(rng, n)
        self.centre, self.tilt = rng.uniform(-2, 2, n), rng.uniform(0.05, 0.2)
        self.well = WELLS[family][0]
        grid = numpy.linspace(-5, 0, 2_000_001) if family == "judge" else numpy.linspace(-2, 0, 2_000_001)
        values = self._along(grid)
        low = grid[int(values.argmin())]
        self.minimum, self.minima = self.scale * float(values.min()), [self._at(low, n)]
        other = -low - (0.2 if family == "judge" else 0.1)
        self.start = self._at(other, n)

    def _along(self, y):
        return self.well(y) + self.tilt * y + 0.01 * y**4

    def _at(self, y, n):
        return self.centre + y * self.R[0]

    def __call__(self, x):
        y = np.dot(self.R, x - self.centre)
        return self.scale * (self._along(y[0]) + np.sum(y[1:] ** 2))


def local_minimum(rng, family):
    n = int(rng.integers(1, 5))
    f = Tilted(rng, family, n)
    method = st.GD(lr=0.1 / f.scale) if rng.random() < 0.5 else None
    return Trial(f, f.start, ("converged.local",), f.minimum, {"method": method})


def unbounded(rng, family):
    n = int(rng.integers(1, 6))
    d, scale = rng.standard_normal(n), 10.0 ** rng.uniform(-3, 3)
    shapes = {
        "tune": (
            lambda x: np.dot(d, x),
            lambda x: -np.sum((x - 1) ** 2),
            lambda x: -np.sqrt(1 + np.dot(d, x) ** 2),
        ),
        "judge": (
            lambda x: np.log(1 + np.exp(np.dot(d, x))) - 2 * np.dot(d, x),
            lambda x: np.sum(x**2) / 2 - np.dot(d, x) ** 2 / np.dot(d, d),
            lambda x: -np.sum(np.abs(x)) - np.dot(d, x) / 9,
            lambda x: np.sum(x**2) / 2 - np.sum(x**3) / 3,
        ),
    }[family]
    shape = shapes[rng.integers(len(shapes))]
    f = lambda x: scale * shape(x)
    kind = {} if rng.random() < 0.7 else {"jac": "fd"}
    method = st.GD(lr=0.1 / scale) if rng.random() < 0.7 else None
    call_ = {"method": method, "maxiter": int(rng.integers(50, 2000))} | kind
    return Trial(f, rng.uniform(1.5, 3, n), ("unbounded",), call=call_, fixable=False)


def levelling(rng, family):
    scale, a = 10.0 ** rng.uniform(-4, 4), rng.uniform(0.5, 2)
    shapes = {
        "tune": (lambda y: np.exp(-y), lambda y: np.log(1 + np.exp(-y))),
        "judge": (lambda y: -np.arctan(y), lambda y: -y / np.sqrt(1 + y**2)),
    }[family]
    shape = shapes[rng.integers(2)]
    f = lambda x: scale * (shape(a * x[0]) + (x[1] - 1) ** 2)
    call_ = {"method": st.GD(lr=0.5 / scale), "maxiter": 4000}
    return Trial(f, rng.uniform(-1, 1, 2), ("stalled.levelling",), call=call_, fixable=False)


def last_digit(rng, family):
    """Nothing is left to gain that f could show; no test was met, since none was allowed."""
    b = landscape(rng, family, condition=3.0)
    offset = b.scale * 10.0 ** rng.uniform(0, 4)
    f = lambda x: b(x) + offset
    f.slope = b.slope
    method = st.GD(lr=0.8 / b.largest)
    codes = ("converged.precision", "converged.floor", "converged.noise")
    call_ = call(rng, f, ("auto", "own", "fd"), method=method, gtol=0.0, maxiter=400)
    return Trial(f, b.x0, codes, b.lowest + offset, call_, fixable=False, slack=1e-12 * offset)


CAUSES = [
    saddle,
    saddle_of_a_symmetry,
    start_at_a_saddle,
    maximum,
    plateau,
    vanishing_gradient,
    local_minimum,
    unbounded,
    levelling,
    last_digit,
]
