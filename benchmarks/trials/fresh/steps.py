"""Steps too long, too short, too many needed, too few allowed; tests too loose."""

from __future__ import annotations

import time

import autograd.numpy as np
import numpy

import steepest as st

from .. import Trial
from .problems import (
    CONVEX,
    adaptive,
    gradient,
    membrane,
    posynomial,
    problem,
    regression,
    spring,
    steps,
    student,
    table,
    trial,
    units,
)

LARGE = ("diverged.rate", "stalled.cycle", "stalled.oscillates")


def limit_reached(rng, family):
    f = problem(rng, (membrane, regression), condition=(1, 300))
    return trial(rng, f, ("stalled.cycle",), method=steps(rng, f.largest, 1.0), maxiter=300)


def limit_exceeded(rng, family):
    f = problem(rng, (membrane, regression, spring))
    method = steps(rng, f.largest, rng.uniform(1.2, 30))
    return trial(rng, f, ("diverged.rate", "nonfinite.overflow"), method=method)


def far_too_long(rng, family):
    f = problem(rng)
    return trial(rng, f, (*LARGE, "nonfinite.overflow"), method=steps(rng, f.largest, rng.uniform(10, 100)))


def never_settles(rng, family):
    f = problem(rng, CONVEX)
    lr = f.far * rng.uniform(0.3, 2)
    method = st.Lion(lr=lr) if rng.random() < 0.3 else st.SignSGD(lr=lr)
    return trial(rng, f, ("stalled.oscillates", "stalled.cycle"), ("auto", "own"), method=method, maxiter=300)


def far_too_short(rng, family):
    f = problem(rng)
    method = steps(rng, f.largest, 10.0 ** rng.uniform(-8, -4))
    return trial(rng, f, ("budget.rate",), method=method, maxiter=int(rng.integers(50, 400)))


def short_from_a_concave_place(rng, family):
    """Where the start bends down: the curvature that limits the rate is met later."""
    n, (scale, unit) = int(rng.integers(1, 5)), units(rng)
    bowl = (lambda u: np.sum(np.log1p(u**2)), lambda u: np.sum(u**2 / (1 + u**2) + u**2 / 30))[rng.integers(2)]
    f = lambda x: scale * bowl(x / unit)
    x0 = unit * rng.uniform(1.5, 4, n) * rng.choice([-1, 1], n)
    method = st.GD(lr=10.0 ** rng.uniform(-7, -4) * unit**2 / scale)
    return Trial(f, x0, ("budget.rate",), 0.0, {"method": method, "maxiter": int(rng.integers(50, 200))})


def adaptive_but_short(rng, family):
    f = problem(rng, CONVEX)
    lr = f.far * 10.0 ** rng.uniform(-7, -4)
    return trial(rng, f, ("budget.rate",), method=adaptive(rng, lr), maxiter=int(rng.integers(50, 200)))


def short_by_ftol(rng, family):
    f = problem(rng, CONVEX, condition=(1, 100))
    method = steps(rng, f.largest, 10.0 ** rng.uniform(-8, -5))
    return trial(rng, f, ("stalled.rate",), ("auto", "own"), method=method, ftol=1e-3)


def test_too_loose(rng, family):
    f = problem(rng, CONVEX, condition=(1, 50))
    first = float(numpy.linalg.norm(f.slope(f.x0)))
    call = ({"gtol": first * rng.uniform(0.7, 2)}, {"ftol": rng.uniform(0.95, 1.0)})[rng.integers(2)]
    method = steps(rng, f.largest, 0.05) if rng.random() < 0.5 else None
    return trial(rng, f, ("stalled.tolerance",), ("auto", "own"), method=method, **call)


def monomials(rng, family):
    """A polynomial fitted in monomials, or columns in units of their own."""
    n = int(rng.integers(4, 7))
    t, y = numpy.linspace(0, 1, 30), rng.standard_normal(30)
    X = numpy.vander(t, n) if rng.random() < 0.5 else table(rng, n, 30) * 10.0 ** rng.uniform(0, 3, n)
    w = numpy.linalg.lstsq(X, y)[0]
    f = lambda u: np.mean((np.dot(X, u) - y) ** 2)
    f.slope = lambda u: 2 * X.T @ (X @ u - y) / 30
    H = numpy.linalg.eigvalsh(2 * X.T @ X / 30)
    if H[-1] < 3e3 * H[0]:
        return monomials(rng, family)
    x0 = w + numpy.linalg.eigh(X.T @ X)[1] @ rng.choice([-1.0, 1.0], n)
    call = gradient(rng, f, ("auto", "own")) | {"method": st.GD(lr=1 / H[-1]), "maxiter": 500}
    return Trial(f, x0, ("budget.conditioning",), float(f(w)), call)


def long_membrane(rng, family):
    n = int(rng.integers(60, 120))
    f = problem(rng, (membrane,), n=n)
    f.start = numpy.zeros(n)  # sagging as a whole
    call = {"method": steps(rng, f.largest, 0.3), "maxiter": 300}
    return trial(rng, f, ("budget.conditioning",), ("own",), **call)


def stopped_early(rng, family):
    f = problem(rng, condition=(20, 80))
    method = st.GD(lr=1 / f.largest)
    return trial(rng, f, ("budget.steps",), method=method, maxiter=int(rng.integers(6, 15)))


def few_calls_for_the_default(rng, family):
    f = problem(rng, (posynomial, spring, student), n=int(rng.integers(6, 12)))
    return trial(rng, f, ("budget.evaluations",), ("fd",), maxfun=int(rng.integers(3, 5)) * f.n)


def little_time(rng, family):
    f = problem(rng, condition=(20, 100))

    def slow(x):
        time.sleep(2e-3)
        return f(x)

    call = {"method": st.GD(lr=0.5 / f.largest), "jac": f.slope, "maxtime": 0.05}
    return Trial(slow, f.x0, ("budget.time",), f.lowest, call, clean=f)


CAUSES = [
    limit_reached,
    limit_exceeded,
    far_too_long,
    never_settles,
    far_too_short,
    short_from_a_concave_place,
    adaptive_but_short,
    short_by_ftol,
    test_too_loose,
    monomials,
    long_membrane,
    stopped_early,
    few_calls_for_the_default,
    little_time,
]
