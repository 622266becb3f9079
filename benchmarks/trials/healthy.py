"""Runs that are all right: any alarm there is false."""

from __future__ import annotations

import autograd.numpy as np
import numpy

import steepest as st

from . import SUCCESS, Trial, rotation
from .landscapes import call, landscape, random_rows
from .steps import LIMITS, rated


def by_rate(rng, family):
    b = landscape(rng, family)
    method = rated(str(rng.choice(list(LIMITS))), rng.uniform(0.1, 0.5), b.largest)
    return Trial(b, b.x0, SUCCESS, b.lowest, call(rng, b, method=method))


def by_search(rng, family):
    b = landscape(rng, family, n=int(rng.integers(1, 50)), condition=10 ** rng.uniform(0, 2.5))
    method = str(rng.choice(["bfgs", "lbfgs", "conjugategradient", "hagerzhang"]))
    return Trial(b, b.x0, SUCCESS, b.lowest, call(rng, b, method=method))


def by_default(rng, family):
    b = landscape(rng, family, n=int(rng.integers(1, 12)))
    return Trial(b, b.x0, SUCCESS, b.lowest, call(rng, b))


def ill_conditioned_by_default(rng, family):
    b = landscape(rng, family, n=int(rng.integers(2, 40)), condition=10 ** rng.uniform(3, 6))
    return Trial(b, b.x0, SUCCESS, b.lowest, call(rng, b))


def automatic_length(rng, family):
    b = landscape(rng, family, n=int(rng.integers(1, 20)))
    return Trial(b, b.x0, SUCCESS, b.lowest, call(rng, b, method="gd", lr="auto"))


def by_tolerance(rng, family):
    b = landscape(rng, family, condition=10.0)
    gtol = 10 ** rng.uniform(-7, -4) * float(numpy.linalg.norm(b.slope(b.x0)))
    return Trial(b, b.x0, SUCCESS, b.lowest, call(rng, b, method=rated("GD", 0.4, b.largest), gtol=gtol))


def without_tests(rng, family):
    b = landscape(rng, family, condition=4.0)
    return Trial(b, b.x0, SUCCESS, b.lowest, call(rng, b, method=rated("GD", 0.4, b.largest), gtol=0.0, maxiter=600))


def single(rng, family):
    """x in float32, f in float64."""
    b = landscape(rng, family, condition=10.0)
    method = rated("GD", 0.4, b.largest) if rng.random() < 0.5 else None
    return Trial(b, b.x0.astype("f4"), SUCCESS, b.lowest, {"method": method, "jac": b.slope}, tolerance=1e-3)


def single_throughout(rng, family):
    b = landscape(rng, family, condition=10.0)
    M, centre, u0, scale = (numpy.float32(v) for v in (b.M, b.centre, b.u0, b.scale))
    f = lambda x: scale * b.value(u0 + np.dot(M, x - centre))
    lowest = float(f(centre))
    method = rated("GD", 0.4, b.largest) if rng.random() < 0.5 else None
    return Trial(f, b.x0.astype("f4"), SUCCESS, lowest, {"method": method}, tolerance=1e-3, slack=1e-5 * abs(lowest))


def under_noise(rng, family):
    b = landscape(rng, family, condition=10.0, n=int(rng.integers(1, 6)))
    noise = numpy.random.default_rng(rng.integers(1 << 30))
    sigma = 10 ** rng.uniform(-8, -4) * (float(b(b.x0)) - b.lowest)
    f = lambda x: b(x) + sigma * noise.standard_normal()
    return Trial(f, b.x0, SUCCESS, b.lowest, {"jac": "fd"}, slack=30 * sigma, clean=b)


def stochastic(rng, family):
    """Gradients of random rows, by the method that is made for them."""
    n, rows = int(rng.integers(1, 8)), 500
    X = rng.standard_normal((rows, n)) if family == "tune" else rng.choice([-1.0, 0.5, 1.5], (rows, n))
    w = rng.standard_normal(n)
    f, clean, best = random_rows(rng, X, w, rng.uniform(0.1, 0.5), 32)
    call_ = {"jac": True, "stochastic": True, "maxiter": 2000}
    return Trial(f, w + rng.uniform(-3, 3, n), SUCCESS, best, call_, tolerance=2e-2, clean=clean)


def at_the_minimum(rng, family):
    b = landscape(rng, family)
    method = rated("GD", 0.2, b.largest) if rng.random() < 0.5 else None
    return Trial(b, b.centre, SUCCESS, b.lowest, {"method": method}, slack=1e-9 * b.scale)


def at_a_bound(rng, family):
    """The minimum of a parabola with a wall: each coordinate has its own, since they don't interact."""
    n, scale = int(rng.integers(2, 6)), 10.0 ** rng.uniform(-4, 4)
    a, centre = rng.uniform(0.2, 1, n), rng.uniform(-3, 3, n)
    shape = {"tune": lambda y: y**2 / 2, "judge": lambda y: np.sqrt(1 + y**2)}[family]
    f = lambda x: scale * np.sum(a * shape(x - centre))
    x0 = centre + rng.uniform(1, 3, n)
    low = centre[0] + 0.5
    bounds = [(low, None), *[(None, None)] * (n - 1)]
    best = centre.copy()
    best[0] = low
    method = st.GD(lr=1 / scale) if rng.random() < 0.5 else None
    return Trial(f, x0, SUCCESS, float(f(best)), call(rng, f, ("auto", "fd"), method=method, bounds=bounds))


def curved_valley(rng, family):
    """Valleys that are not straight: turned, and in other units."""
    n = int(rng.integers(2, 4))  # from 4 on the chain has two minima
    R, scale, unit = rotation(rng, n), 10.0 ** rng.uniform(-4, 4), 10.0 ** rng.uniform(-2, 2)
    banana = {
        "tune": lambda y: np.sum(100 * (y[1:] - y[:-1] ** 2) ** 2 + (1 - y[:-1]) ** 2),
        "judge": lambda y: np.sum(30 * (y[1:] - np.exp(y[:-1]) + np.exp(1.0) - 1) ** 2 + (1 - y[:-1]) ** 2),
    }[family]
    f = lambda x: scale * banana(np.dot(R, x) / unit)
    y0 = rng.uniform(0, 2, n)
    return Trial(f, unit * R.T @ y0, SUCCESS, 0.0, call(rng, f, ("auto", "auto", "fd")))


HEALTHY = [
    by_rate,
    by_search,
    by_default,
    ill_conditioned_by_default,
    automatic_length,
    by_tolerance,
    without_tests,
    single,
    single_throughout,
    under_noise,
    stochastic,
    at_the_minimum,
    at_a_bound,
    curved_valley,
]
