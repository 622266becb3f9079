"""Runs that are all right: any alarm there is false."""

from __future__ import annotations

import autograd.numpy as np
import numpy
from scipy.optimize import minimize

import steepest as st

from .. import SUCCESS, Trial
from .problems import (
    CONVEX,
    adaptive,
    gradient,
    membrane,
    problem,
    spring,
    steps,
    trial,
    units,
)
from .steps import monomials


def rate_in_range(rng, family):
    f = problem(rng, condition=(1, 30))
    return trial(rng, f, SUCCESS, method=steps(rng, f.largest, rng.uniform(0.1, 0.5)), maxiter=20000)


def untold(rng, family):
    f = problem(rng)
    return trial(rng, f, SUCCESS)


def chain(rng, family):
    f = problem(rng, (membrane, spring), n=int(rng.integers(20, 120)))
    name = (None, "lbfgs", "conjugategradient", "hagerzhang")[rng.integers(4)]
    return trial(rng, f, SUCCESS, ("auto", "own"), method=name)


def decaying(rng, family):
    f = problem(rng, CONVEX, condition=(1, 30))
    method = adaptive(rng, st.schedules.Cosine(f.far / 20, 3000))
    return trial(rng, f, SUCCESS, ("auto", "own"), method=method, maxiter=3000)


def rates_by_sign(rng, family):
    f = problem(rng, CONVEX, condition=(1, 30))
    return trial(
        rng,
        f,
        SUCCESS,
        ("auto", "own"),
        method=st.Rprop(lr=f.far / 50, least=1e-10 * f.far, most=f.far),
        maxiter=5000,
    )


def length_by_policy(rng, family):
    f = problem(rng, condition=(1, 100))
    return trial(rng, f, SUCCESS, method="gd", lr=("auto", st.AdGD())[rng.integers(2)], maxiter=20000)


def powers(rng, family):
    """Curvature that vanishes, or has no bound, at the minimum."""
    n, (scale, unit) = int(rng.integers(1, 5)), units(rng)
    w, a = rng.uniform(-2, 2, n), rng.uniform(0.5, 2, n)
    shape = (
        lambda u: np.abs(u) ** 1.5,
        lambda u: u**4,
        lambda u: np.where(np.abs(u) < 1, u**2 / 2, np.abs(u) - 0.5),
    )
    shape = shape[rng.integers(3)]
    f = lambda x: scale * np.sum(a * shape(x / unit - w))
    x0 = unit * (w + rng.uniform(0.5, 3, n))
    return Trial(f, x0, SUCCESS, 0.0, gradient(rng, None, ("auto", "auto", "fd")), tolerance=1e-3)


def single(rng, family):
    f = problem(rng, condition=(1, 30))
    method = st.Nesterov(lr=0.2 / f.largest) if rng.random() < 0.5 else None
    return Trial(
        f,
        f.x0.astype("f4"),
        SUCCESS,
        f.lowest,
        {"method": method, "jac": f.slope, "maxiter": 5000},
        tolerance=1e-3,
    )


def little_noise(rng, family):
    f = problem(rng, CONVEX, n=int(rng.integers(1, 6)), condition=(1, 50))
    noise = numpy.random.default_rng(rng.integers(1 << 30))
    sigma = 10.0 ** rng.uniform(-8, -4) * (float(f(f.x0)) - f.lowest)
    blurry = lambda x: f(x) + sigma * noise.uniform(-1.7, 1.7)
    return Trial(blurry, f.x0, SUCCESS, f.lowest, {}, slack=30 * sigma, clean=f)


def samples(rng, family):
    """A stochastic logistic regression."""
    n = int(rng.integers(1, 6))
    X, w = rng.standard_normal((600, n)), rng.standard_normal(n)
    y = numpy.where(X @ w + rng.standard_normal(600) > 0, 1.0, -1.0)
    pick = numpy.random.default_rng(rng.integers(1 << 30))

    def loss(u, X, y):
        s = y * (X @ u)
        return numpy.mean(numpy.logaddexp(0, -s)) + 0.05 * u @ u, -X.T @ (y / (1 + numpy.exp(s))) / len(y) + 0.1 * u

    def f(u):
        some = pick.integers(0, 600, 24)
        return loss(u, X[some], y[some])

    clean = lambda u: loss(numpy.asarray(u, float), X, y)[0]
    best = float(minimize(clean, w).fun)
    call = {"jac": True, "stochastic": True, "maxiter": 2000}
    return Trial(f, w + rng.uniform(-3, 3, n), SUCCESS, best, call, tolerance=3e-2, clean=clean)


def solved_before(rng, family):
    f = problem(rng)
    method = steps(rng, f.largest, 0.3) if rng.random() < 0.5 else None
    return Trial(f, f.centre, SUCCESS, f.lowest, {"method": method}, slack=1e-9 * f.scale)


def in_a_box(rng, family):
    """Bounds, some of which the minimum of a separable function meets."""
    n, (scale, unit) = int(rng.integers(2, 7)), units(rng)
    w, a = rng.uniform(-2, 2, n), rng.uniform(0.5, 2, n)
    shape = (lambda u: np.cosh(u), lambda u: u**2 + u**4 / 4)[rng.integers(2)]
    f = lambda x: scale * np.sum(a * shape(x / unit - w))
    low, high = numpy.full(n, -1.0) * unit, numpy.full(n, 1.0) * unit
    best = numpy.clip(w * unit, low, high)
    call = gradient(rng, None, ("auto", "fd")) | {"bounds": list(zip(low, high, strict=True))}
    return Trial(f, unit * rng.uniform(-0.9, 0.9, n), SUCCESS, float(f(best)), call)


def growth(rng, family):
    """Two-parameter models by least squares, whose valleys are curved."""
    t = numpy.linspace(0, 3, 25)
    a, k = rng.uniform(1, 5), rng.uniform(0.3, 1.5)
    models = (
        (lambda u: u[0] * np.exp(-u[1] * t), (a, k), (a * rng.uniform(0.5, 2), k * rng.uniform(0.5, 1.8))),
        (lambda u: u[0] * t / (u[1] + t), (a, k), (a * rng.uniform(0.6, 1.5), k * rng.uniform(0.5, 2))),
        (
            lambda u: u[0] * (1 - np.exp(-u[1] * t)),
            (a, k),
            (a * rng.uniform(0.6, 1.6), k * rng.uniform(0.5, 2)),
        ),
    )
    model, true, start = models[rng.integers(3)]
    scale = 10.0 ** rng.uniform(-6, 6)
    y = model(numpy.array(true))
    f = lambda u: scale * np.sum((model(u) - y) ** 2)
    return Trial(f, numpy.array(start), SUCCESS, 0.0, gradient(rng, None, ("auto", "auto", "fd")))


def monomials_by_default(rng, family):
    hard = monomials(rng, family)
    return Trial(hard.fun, hard.x0, SUCCESS, hard.lowest, {})


HEALTHY = [
    rate_in_range, untold, chain, decaying, rates_by_sign, length_by_policy, powers, single, little_noise, samples,
    solved_before, in_a_box, growth, monomials_by_default,
]  # fmt: skip
