"""Kinks, jumps, treads, chance, edges, overflow, wrong gradients, and what ends a run from outside."""

from __future__ import annotations

import math

import autograd.numpy as np
import numpy
from autograd import grad
from scipy.optimize import minimize_scalar

import steepest as st

from .. import Trial
from .problems import (
    CONVEX,
    adaptive,
    gradient,
    problem,
    steps,
    units,
)

KINK = ("stalled.kink", "converged.kink")


def corners(rng, n):
    """Convex, with kinks at the minimum: value, minimum."""
    X = rng.standard_normal((2 * n + 5, n))
    w, a = rng.uniform(-2, 2, n), rng.uniform(0.5, 2, n)
    peaks = rng.uniform(0.5, 2, n)
    shapes = (
        lambda u: np.sum(np.abs(np.dot(X, u - w))),
        lambda u: np.max(np.abs(a * (u - w))) + 0.1 * np.sum(np.abs(u - w)),
        lambda u: np.sum(np.maximum(peaks * (u - w), -0.5 * (u - w))) + np.sum((u - w) ** 2) / 5,
        lambda u: np.sqrt(np.sum((a * (u - w)) ** 2)),
        lambda u: np.sum(np.abs(u - w) * (1 + np.abs(u - w))),
    )
    return shapes[rng.integers(5)], w


def corner(rng, family, **call):
    n, (scale, unit) = int(rng.integers(1, 5)), units(rng)
    value, w = corners(rng, n)
    f = lambda x: scale * value(x / unit)
    x0 = unit * (w + rng.uniform(0.5, 3, n) * rng.choice([-1, 1], n))
    slope = float(numpy.linalg.norm(grad(f)(x0)))
    reach = float(numpy.linalg.norm(x0 - unit * w)) / slope  # a rate that leads all the way in a step
    call = {name: made(reach) for name, made in call.items()} | gradient(rng, None, ("auto", "auto", "fd"))
    return Trial(f, x0, KINK, 0.0, call, tolerance=2e-2)


def corner_by_a_rate(rng, family):
    share = 10.0 ** rng.uniform(-2.3, -1.5)
    return corner(rng, family, method=lambda reach: st.GD(lr=share * reach), maxiter=lambda _: 2000)


def corner_by_a_heavy_ball(rng, family):
    return corner(rng, family, method=lambda reach: st.Momentum(lr=1e-3 * reach), maxiter=lambda _: 2000)


def corner_by_searches(rng, family):
    name = (None, None, "lbfgs", "conjugategradient")[rng.integers(4)]
    return corner(rng, family, method=lambda _: name)


def fee(rng, family):
    """Something that costs once it is used at all, and falls towards that."""
    n, (scale, unit) = int(rng.integers(1, 5)), units(rng)
    height, slope = rng.uniform(1, 4), rng.uniform(0.5, 2)
    value = lambda u: np.where(u[0] > 0, 0.0, height) + slope * np.abs(u[0]) + u[0] ** 2 + np.sum(u[1:] ** 2)
    flipped = lambda u: np.where(u[0] > 0, height + u[0] * slope, -u[0] * slope / 3) + np.sum(u**2)
    shape = (value, flipped)[rng.integers(2)]
    f = lambda x: scale * shape(x / unit)
    x0 = unit * rng.uniform(1, 2, n)
    call = {"method": st.GD(lr=rng.uniform(0.05, 0.15) * unit**2 / scale), "maxiter": 400}
    call |= gradient(rng, None, ("auto", "fd"))
    return Trial(f, x0, ("stalled.jump",), call=call, fixable=False)


def treads(rng, family):
    n, (scale, unit) = int(rng.integers(1, 5)), units(rng)
    w = rng.uniform(-2, 2, n)
    shapes = (
        lambda u: np.sum(np.round(u - w, 1) ** 2),
        lambda u: float(int(50 * np.sum((u - w) ** 2))),
        lambda u: float(np.sum(np.abs(np.rint(3 * (u - w))))),
    )
    shape = shapes[rng.integers(3)]
    f = lambda x: scale * shape(x / unit)
    x0 = unit * (w + rng.uniform(1, 3, n))
    method = st.GD(lr=0.1 * unit**2 / scale) if rng.random() < 0.5 else None
    return Trial(f, x0, ("stalled.steps",), call={"method": method}, fixable=False)


def ignored(rng, family):
    value = 10.0 ** rng.uniform(-5, 5)
    f = (lambda x: value, lambda x: value * len(x), lambda x: value * np.ones_like(x).sum())[rng.integers(3)]
    method = adaptive(rng, 0.1) if rng.random() < 0.5 else None
    x0 = rng.uniform(-2, 2, int(rng.integers(1, 6)))
    return Trial(f, x0, ("stalled.constant",), call={"method": method}, fixable=False)


def unused(rng, family):
    f = problem(rng, CONVEX, n=int(rng.integers(1, 5)), condition=(1, 10))
    i = int(rng.integers(f.n + 1))
    used = numpy.arange(f.n + 1) != i
    g = lambda x: f(x[used])
    x0 = numpy.full(f.n + 1, rng.uniform(1, 2))
    x0[used] = f.x0
    method = st.Nesterov(lr=0.2 / f.largest) if rng.random() < 0.5 else None
    said = (f"f does not depend on x[{i}]",)
    return Trial(g, x0, ("converged.",), f.lowest, {"method": method}, said, "idle", fixable=False)


def blurred(rng, family):
    """Differences of values with an error that grows with them, or of another shape."""
    f = problem(rng, CONVEX, n=int(rng.integers(1, 5)), condition=(1, 20))
    noise = numpy.random.default_rng(rng.integers(1 << 30))
    sigma = 10.0 ** rng.uniform(-4, -2) * (float(f(f.x0)) - f.lowest)
    draw = (lambda: noise.laplace() / 1.41, lambda: noise.choice([-1.0, 1.0]))[rng.integers(2)]
    blurry = lambda x: f(x) + sigma * draw()
    call = {"method": st.Momentum(lr=0.1 / f.largest, beta=0.5), "maxiter": 200, "jac": "fd"}
    codes = ("stalled.noise", "converged.noise", "budget.noise")
    return Trial(blurry, f.x0, codes, f.lowest, call, slack=20 * sigma, clean=f, words=("random",))


def left_of_the_edge(rng, family):
    n, scale = int(rng.integers(1, 5)), 10.0 ** rng.uniform(-4, 4)
    i, edge = int(rng.integers(n)), float(rng.integers(-3, 4))
    walls = (
        (lambda y: y - 2 * np.sqrt(y), -1.0),
        (lambda y: 1 / y + y if y > 0 else np.nan, 2.0),
        (lambda y: np.log(y) ** 2 + 0 * y, 0.0),
    )
    wall, lowest = walls[rng.integers(3)]
    rest = numpy.arange(n) != i
    f = lambda x: scale * (wall(x[i] - edge) + np.sum(rest * x**2))
    x0 = rng.uniform(-0.5, 0.5, n)
    x0[i] = edge + rng.uniform(2, 3)
    said = (f"x[{i}] < {edge:g}" if n > 1 else f"x < {edge:g}",)
    call = gradient(rng, None, ("auto", "fd")) | {"method": st.GD(lr=rng.uniform(12, 30) / scale)}
    return Trial(f, x0, ("nonfinite.domain",), scale * lowest, call, said)


def left_of_a_region(rng, family):
    n, scale = int(rng.integers(2, 5)), 10.0 ** rng.uniform(-4, 4)
    d = numpy.abs(rng.standard_normal(n)) + 0.2
    f = lambda x: scale * (np.sum(x**2) - np.log(np.sum(d * x) - 1))
    x0 = rng.uniform(2, 3, n)
    s = d @ d  # x = t d: 2 t = 1/(t s - 1)
    t = (1 + math.sqrt(1 + 2 * s)) / (2 * s)
    lowest = scale * (t * t * s - math.log(t * s - 1))
    return Trial(f, x0, ("nonfinite.domain",), lowest, {"method": st.GD(lr=rng.uniform(1.5, 4) / scale)})


def burst(rng, family):
    n, scale = int(rng.integers(1, 5)), 10.0 ** rng.uniform(-2, 2)
    shape = (lambda u: np.cosh(u) ** 2, lambda u: np.exp(u) + np.exp(-3 * u), lambda u: np.exp(u**2))[rng.integers(3)]
    f = lambda x: scale * np.sum(shape(x))
    least = float(optimum(shape))
    x0 = rng.uniform(1, 2.5, n) * rng.choice([-1, 1], n)
    call = gradient(rng, None, ("auto", "fd")) | {"method": st.GD(lr=10.0 ** rng.uniform(1.5, 4) / scale)}
    return Trial(f, x0, ("nonfinite.overflow", "diverged.rate"), scale * n * least, call)


def optimum(shape):
    """The least value of a convex function of one number."""
    return minimize_scalar(shape, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10}).fun


def fault(name, make, words=("Your gradient is wrong",)):
    """A gradient that is not that of f."""

    def generate(rng, family):
        f = problem(rng, CONVEX, n=int(rng.integers(2, 7)), condition=(1, 30))
        i = int(rng.integers(f.n))
        method = st.Nesterov(lr=0.2 / f.largest) if rng.random() < 0.5 else None
        said = tuple(word.format(i=i) for word in words)
        return Trial(
            f, f.x0, ("converged.",), call={"method": method, "jac": make(f, i)}, words=said, evidence="gradient",
            fixable=False,
        )  # fmt: skip

    generate.__name__ = f"fault_{name}"
    return generate


FAULTS = [
    fault("half", lambda f, i: lambda x: f.slope(x) / 2, ("Your gradient is wrong", "(0.5) times")),
    fault("sum_for_mean", lambda f, i: lambda x: 30 * f.slope(x), ("Your gradient is wrong", "30 times")),
    fault("turned_sign", lambda f, i: lambda x: f.slope(x) * numpy.where(numpy.arange(f.n) == i, -1, 1),
          ("Your gradient is wrong", "x[{i}]")),
    fault("zero", lambda f, i: lambda x: f.slope(x) * (numpy.arange(f.n) != i), ("Your gradient is wrong", "x[{i}]")),
    fault("rolled", lambda f, i: lambda x: numpy.roll(f.slope(x), 1)),
]  # fmt: skip


def branch(rng, family):
    """A gradient that forgets a branch of f."""
    n, (scale, unit) = int(rng.integers(1, 5)), units(rng)
    w = rng.uniform(0.5, 2, n)
    f = lambda x: (
        scale * np.sum(w * np.where(x / unit > 1, (x / unit) ** 2, 2 * (x / unit) - 1 + (x / unit - 1) ** 2 / 2))
    )
    jac = lambda x: 2 * scale * w * x / unit**2  # below 1 it would be w (1 + x/unit)
    best = -numpy.ones(n) * unit
    call = {"method": st.GD(lr=0.2 * unit**2 / scale), "jac": jac, "maxiter": 300}
    return Trial(f, unit * rng.uniform(2, 4, n), ("stalled.gradient",), float(f(best)), call)


def ended(code):
    """From outside."""

    def generate(rng, family):
        f = problem(rng, n=4)
        calls, last = [], int(rng.integers(15, 40))

        def counted(x):
            calls.append(1)
            if len(calls) == last and code != "callback":
                raise KeyboardInterrupt if code == "interrupted" else RuntimeError("no licence")
            return f(x)

        extra = {"callback": lambda intermediate_result: len(calls) > last} if code == "callback" else {}
        call = {"method": steps(rng, f.largest, 0.01), "jac": f.slope, "on_error": "stop", **extra}
        return Trial(counted, f.x0, (code,), f.lowest, call, fixable=False, clean=f)

    generate.__name__ = f"ended_by_{code}"
    return generate


CAUSES = [
    corner_by_a_rate,
    corner_by_a_heavy_ball,
    corner_by_searches,
    fee,
    treads,
    ignored,
    unused,
    blurred,
    left_of_the_edge,
    left_of_a_region,
    burst,
    branch,
    *FAULTS,
    *map(ended, ("callback", "error", "interrupted")),
]
