"""Failures of the steps: too long, too short, too many needed, too few allowed, or fooled by a loose test."""

from __future__ import annotations

import time

import numpy as np

import steepest as st

from . import Trial
from .landscapes import call, landscape

# the largest stable rate times L: Polyak's and Nesterov's methods with beta = 0.9
LIMITS = {"GD": 2.0, "Momentum": 3.8, "Nesterov": 3.8 / 2.8}
TOO_LARGE = ("diverged.rate", "stalled.cycle", "stalled.oscillates")
DIFFERENCES = ("fd", "2-point", "3-point")


def rated(name, share, L):
    """A method whose rate is `share` of its limit at the curvature L."""
    return getattr(st, name)(lr=share * LIMITS[name] / L)


def at_the_limit(rng, family):
    b = landscape(rng, family, outwards=("same",))
    method = rated(str(rng.choice(list(LIMITS))), 1.0, b.L)
    return Trial(
        b,
        b.x0,
        ("stalled.cycle",),
        b.lowest,
        call(rng, b, ("auto", "own"), method=method, maxiter=int(rng.integers(150, 400))),
    )


def near_the_limit(rng, family):
    b = landscape(rng, family, condition=3.0, outwards=("same",))
    method = rated("GD", rng.uniform(0.985, 0.999), b.L)
    return Trial(b, b.x0, ("stalled.oscillates",), b.lowest, call(rng, b, method=method, maxiter=200))


def bouncing(rng, family):
    """Steps whose length does not depend on the gradient can't settle."""
    b = landscape(rng, family, condition=3.0, n=int(rng.integers(1, 6)))
    lr = b.unit * 10 ** rng.uniform(-1.3, -0.3)
    method = st.SignSGD(lr=lr) if rng.random() < 0.5 else st.RMSProp(lr=lr)
    return Trial(b, b.x0, ("stalled.oscillates", "stalled.cycle"), b.lowest, call(rng, b, method=method, maxiter=400))


def diverging(name):
    def generate(rng, family):
        b = landscape(rng, family)
        # where the curvature falls outwards the steps get caught, in a cycle or in none
        codes = TOO_LARGE if b.outwards == "less" else ("diverged.rate",)
        share = 10 ** rng.uniform(0.1, 1.5) * (10 if b.outwards == "less" else 1)
        return Trial(b, b.x0, codes, b.lowest, call(rng, b, method=rated(name, share, b.L), maxiter=500))

    generate.__name__ = f"diverging_{name}"
    return generate


def too_small(rng, family):
    b = landscape(rng, family, condition=10 ** rng.uniform(0, 1))
    method = rated(str(rng.choice(list(LIMITS))), 10 ** rng.uniform(-7, -3.5), b.largest)
    return Trial(
        b,
        b.x0,
        ("budget.rate",),
        b.lowest,
        call(rng, b, method=method, maxiter=int(rng.integers(20, 300))),
    )


def crawling(rng, family):
    """Adaptive methods take steps of the length lr, however far it is."""
    b = landscape(rng, family, condition=5.0)
    lr = b.unit * 10 ** rng.uniform(-6, -3)
    method = (st.Adam, st.RMSProp, st.AdaGrad)[rng.integers(3)](lr=lr)
    return Trial(b, b.x0, ("budget.rate",), b.lowest, call(rng, b, method=method, maxiter=100))


def fooled_by_short_steps(rng, family):
    b = landscape(rng, family, condition=3.0)
    method = rated("GD", 10 ** rng.uniform(-7, -5), b.largest)
    return Trial(b, b.x0, ("stalled.rate",), b.lowest, call(rng, b, method=method, xtol=1e-3 * b.unit))


def fooled_by_a_loose_test(rng, family):
    b = landscape(rng, family, condition=10.0)
    gtol = float(np.linalg.norm(b.slope(b.x0))) * rng.uniform(1.1, 3)
    method = rated(str(rng.choice(list(LIMITS))), 0.2, b.largest)
    return Trial(b, b.x0, ("stalled.tolerance",), b.lowest, call(rng, b, method=method, gtol=gtol))


def ill_conditioned(rng, family):
    b = landscape(rng, family, n=int(rng.choice([2, 3, 5, 10, 25])), condition=10 ** rng.uniform(4, 6))
    name = str(rng.choice(["GD", "GD", "Nesterov"]))
    return Trial(
        b,
        b.x0,
        ("budget.conditioning",),
        b.lowest,
        call(rng, b, ("auto", "own"), method=rated(name, 0.4, b.largest), maxiter=int(rng.integers(200, 800))),
    )


def ill_conditioned_by_differences(rng, family):
    b = landscape(rng, family, n=int(rng.choice([2, 3, 5, 8, 12])), condition=10 ** rng.uniform(4, 5.5))
    return Trial(
        b,
        b.x0,
        ("budget.conditioning",),
        b.lowest,
        call(rng, b, DIFFERENCES, method=rated("GD", 0.4, b.largest), maxiter=int(rng.integers(200, 350))),
    )


def ill_conditioned_and_large(rng, family):
    b = landscape(rng, family, n=int(rng.integers(55, 90)), condition=10 ** rng.uniform(4.5, 5.5))
    return Trial(
        b,
        b.x0,
        ("budget.conditioning",),
        b.lowest,
        {"method": rated("GD", 0.4, b.largest), "jac": b.slope, "maxiter": 400},
    )


def slow(rng, family):
    """A run that needs some hundred steps at its good rate."""
    b = landscape(rng, family, condition=10 ** rng.uniform(1.3, 2.5), n=int(rng.choice([2, 3, 6])))
    return b, rated("GD", 0.4, b.largest)


def too_few_steps(rng, family):
    b, method = slow(rng, family)
    return Trial(
        b,
        b.x0,
        ("budget.steps",),
        b.lowest,
        call(rng, b, method=method, maxiter=int(rng.integers(8, 20))),
    )


def too_few_evaluations(rng, family):
    b, method = slow(rng, family)
    maxfun = int(rng.integers(60, 100)) * (1 if b.n < 6 else 2)
    return Trial(
        b,
        b.x0,
        ("budget.evaluations",),
        b.lowest,
        call(rng, b, ("fd", "3-point"), method=method, maxfun=maxfun),
    )


def too_little_time(rng, family):
    b, method = slow(rng, family)

    def f(x):
        time.sleep(1e-3)
        return b(x)

    return Trial(f, b.x0, ("budget.time",), b.lowest, {"method": method, "jac": b.slope, "maxtime": 0.03}, clean=b)


CAUSES = [
    at_the_limit,
    near_the_limit,
    bouncing,
    *map(diverging, LIMITS),
    too_small,
    crawling,
    fooled_by_short_steps,
    fooled_by_a_loose_test,
    ill_conditioned,
    ill_conditioned_by_differences,
    ill_conditioned_and_large,
    too_few_steps,
    too_few_evaluations,
    too_little_time,
]
