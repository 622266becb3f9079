"""Verdicts on trial: generated failures of every cause and healthy runs; named right, false alarms, advice that works.

Run it as ``python benchmarks/verdicts.py [tune|check|judge] [repeats] [cause ...]``. Thresholds were set on "tune",
faults found on "check"; "judge" has other functions and other seeds, and is what counts.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, ClassVar

import autograd.numpy as np
import numpy

import steepest as st


@dataclass
class Trial:
    """A run whose outcome is known beforehand: which codes are right, and when a point is solved."""

    fun: Any
    x0: Any
    codes: tuple[str, ...]
    lowest: float = -math.inf  # the value of the minimum
    fixable: bool = True  # whether a call of minimize can solve it
    tolerance: float = 1e-4  # share of f(x0) - lowest that may be left
    slack: float = 0.0  # what the noise hides
    call: dict = field(default_factory=dict)
    clean: Any = None  # fun without noise

    def solved(self, x) -> bool:
        f = self.clean or self.fun
        gap, first = float(f(x)) - self.lowest, float(f(numpy.asarray(self.x0, float))) - self.lowest
        # a start that is solved already is solved by what rounding leaves
        return gap <= max(self.tolerance * first, self.slack, 1e-12 * abs(self.lowest))


def rotation(rng, n):
    return numpy.linalg.qr(rng.standard_normal((n, n)))[0]


class Bowl:
    """A smooth convex function of y = R (x - centre): sum_i a_i shape(y_i), times a scale; curvature a_i at "
    "y = 0."""

    SHAPES: ClassVar = {
        "square": (lambda y: y**2 / 2, 1.0),
        "square and quartic": (lambda y: y**2 / 2 + y**4 / 40, 10.0),
        "log cosh": (lambda y: y**2 / 8 + 0.75 * np.logaddexp(2 * y, 0) - 0.75 * y, 1.0),
        "exponential": (lambda y: np.exp(y / 2) * 4 - 2 * y, 6.0),
        "soft": (lambda y: y**2 / 8 + 0.375 * y * np.arctan(y) * 2 - 0.375 * np.log(1 + y**2), 1.0),
        "cosh": (lambda y: np.cosh(y / 2) * 4, 4.0),
        "valley": (lambda y: y**2 / 2 + 0.3 * np.cos(y), 1.0),
        "root": (lambda y: y**2 / 4 + np.sqrt(1 + y**2) / 2, 1.0),
    }

    def __init__(self, rng, shape, n, condition):
        self.n, self.scale = n, 10.0 ** rng.uniform(-4, 4)
        self.a = condition ** -numpy.linspace(0, 1, n) if n > 1 else numpy.ones(1)
        self.R, self.centre = rotation(rng, n), rng.uniform(-3, 3, n)
        self.shape, self.spread = self.SHAPES[shape]
        self.y0 = rng.uniform(1, 3, n) * rng.choice([-1, 1], n)
        self.x0 = self.centre + self.R.T @ self.y0
        self.lowest = self(self.centre)
        self.L = self.scale * self.largest()

    def __call__(self, x):
        return self.scale * np.sum(self.a * self.shape(np.dot(self.R, x - self.centre)))

    def largest(self):
        """The largest curvature between the start and the centre, with some room."""
        y = numpy.linspace(-4, 4, 801)
        h = 1e-3
        bend = (self.shape(y + h) - 2 * self.shape(y) + self.shape(y - h)) / h**2
        return float(bend[numpy.abs(y) <= numpy.abs(self.y0).max() + 0.1].max()) * self.a.max()


FAMILIES = {
    "tune": ("square", "square and quartic"),
    "check": ("square", "log cosh", "exponential", "root"),
    "judge": ("square", "soft", "cosh", "valley"),
}
DIFFERENTIATE = (None, None, "own", "fd")


def bowl(rng, which, n=None, condition=None):
    n = n or int(rng.choice([1, 2, 2, 3, 5, 8, 12]))
    return Bowl(rng, str(rng.choice(FAMILIES[which])), n, condition or 10 ** rng.uniform(0, 1.5))


def own(f):
    from autograd import grad

    return grad(f)


def call(rng, f, **keywords):
    """The arguments of a call, with a gradient of one of the kinds there are."""
    kind = DIFFERENTIATE[rng.integers(len(DIFFERENTIATE))]
    return keywords | ({} if kind is None else {"jac": own(f) if kind == "own" else kind})


def rated(rng, which, share, **keywords):
    """A bowl and a method with a rate that is `share` of its limit."""
    b = bowl(rng, which, **keywords)
    name = rng.choice(["GD", "GD", "Momentum", "Nesterov"])
    factor = {"GD": 2.0, "Momentum": 3.8, "Nesterov": 3.8 / 2.8}[name]
    return b, getattr(st, name)(lr=share * factor / b.L)


# --- failures: one generator for each cause -------------------------------------------------------------------


def at_the_limit(rng, which):
    b = bowl(rng, which)
    b.shape, b.spread = Bowl.SHAPES["square"]
    b.lowest, b.L = 0.0, b.scale
    return Trial(
        b,
        b.x0,
        ("stalled.cycle",),
        0.0,
        call=call(rng, b, method=st.GD(lr=2 / b.L), maxiter=int(rng.integers(50, 400))),
    )


def too_large(rng, which):
    b, method = rated(rng, which, 10 ** rng.uniform(0.1, 1.5))
    if (
        b.spread == 1.0 and b.shape is not Bowl.SHAPES["square"][0]
    ):  # curvature that falls outwards: it can't diverge
        method = method.with_hyper(lr=method.hyper["lr"] * 10)
    codes = (
        ("diverged.rate", "stalled.cycle", "stalled.oscillates") if b.spread == 1.0 else ("diverged.rate",)
    )
    return Trial(b, b.x0, codes, b.lowest, call=call(rng, b, method=method, maxiter=500))


def near_the_limit(rng, which):
    b = bowl(rng, which, condition=3.0)
    b.shape, b.spread = Bowl.SHAPES["square"]
    b.lowest, b.L = 0.0, b.scale
    return Trial(
        b, b.x0, ("stalled.oscillates",), 0.0, call=call(rng, b, method=st.GD(lr=1.995 / b.L), maxiter=300)
    )


def too_small(rng, which):
    b, method = rated(rng, which, 10 ** rng.uniform(-7, -3), condition=10 ** rng.uniform(0, 1))
    return Trial(
        b,
        b.x0,
        ("budget.rate",),
        b.lowest,
        call=call(rng, b, method=method, maxiter=int(rng.integers(20, 300))),
    )


def crawling_adam(rng, which):
    b = bowl(rng, which, condition=5.0)
    return Trial(
        b,
        b.x0,
        ("budget.rate",),
        b.lowest,
        call=call(rng, b, method=st.Adam(lr=10 ** rng.uniform(-5, -3)), maxiter=100),
    )


def short_steps_fool_xtol(rng, which):
    b, method = rated(rng, which, 10 ** rng.uniform(-7, -5), condition=3.0)
    return Trial(b, b.x0, ("stalled.rate",), b.lowest, call=call(rng, b, method=method, xtol=1e-3))


def loose_gtol(rng, which):
    b, method = rated(rng, which, 0.25, condition=10.0)
    g0 = float(numpy.linalg.norm(own(b)(b.x0)))
    return Trial(b, b.x0, ("stalled.tolerance",), b.lowest, call=call(rng, b, method=method, gtol=2 * g0))


def ill_conditioned(rng, which):
    b, method = rated(rng, which, 0.4, n=int(rng.choice([2, 3, 5, 10])), condition=10 ** rng.uniform(4, 6))
    return Trial(
        b,
        b.x0,
        ("budget.conditioning",),
        b.lowest,
        call=call(rng, b, method=method, maxiter=int(rng.integers(300, 1500))),
    )


def ill_and_large(rng, which):
    b, method = rated(rng, which, 0.4, n=60, condition=1e5)
    return Trial(b, b.x0, ("budget.conditioning",), b.lowest, call={"method": method, "maxiter": 500})


def too_few_steps(rng, which):
    b, method = rated(rng, which, 0.25, condition=10 ** rng.uniform(1.3, 2.5), n=int(rng.choice([2, 3, 6])))
    return Trial(
        b,
        b.x0,
        ("budget.steps", "budget.evaluations"),
        b.lowest,
        call=call(rng, b, method=method, maxiter=int(rng.integers(8, 20))),
    )


def too_few_evaluations(rng, which):
    b, method = rated(rng, which, 0.25, condition=100.0, n=4)
    return Trial(
        b,
        b.x0,
        ("budget.steps", "budget.evaluations"),
        b.lowest,
        call=call(rng, b, method=method, maxfun=150),
    )


LOWEST_COSH = 0.3265238874269238  # of log cosh y - y^2/4: found by Newton, so that the lowest value is 0


class Wells:
    """Double wells along some rotated directions, squares along the others: a saddle at the centre."""

    def __init__(self, rng, n, down, which):
        self.R, self.centre, self.scale = rotation(rng, n), rng.uniform(-2, 2, n), 10.0 ** rng.uniform(-4, 4)
        self.a, self.down = rng.uniform(0.5, 2, n), numpy.arange(n) < down
        self.well = {
            "tune": lambda y: (y**2 - 1) ** 2 / 4,
            "check": lambda y: np.log(1 + (y**2 - 1) ** 2),
            "judge": lambda y: y**2 / 4 - np.log(np.cosh(y)) + LOWEST_COSH,
        }[which]
        self.n = n

    def __call__(self, x):
        y = np.dot(self.R, x - self.centre)
        return self.scale * np.sum(self.a * np.where(self.down, self.well(y), y**2 / 2))


def saddle(rng, which):
    n = int(rng.integers(2, 7))
    w = Wells(rng, n, int(rng.integers(1, n)), which)
    w.R, w.centre = numpy.eye(n), w.centre  # on the stable axis exactly: rotated, rounding would leave it
    x0 = w.centre + numpy.where(w.down, 0.0, rng.uniform(1, 3, n))
    method = st.GD(lr=0.2 / w.scale)
    jac = {} if rng.random() < 0.5 else {"jac": own(w)}  # differences would leave it by their errors
    return Trial(w, x0, ("stalled.saddle",), 0.0, call={"method": method} | jac)


def maximum(rng, which):
    n = int(rng.integers(1, 5))
    w = Wells(rng, n, n, which)
    return Trial(w, w.centre, ("stalled.maximum",), 0.0, call={"method": st.GD(lr=0.1 / w.scale)})


def plateau(rng, which):
    n = int(rng.integers(1, 5))
    scale, centre, R = 10.0 ** rng.uniform(-4, 4), rng.uniform(-2, 2, n), rotation(rng, n)
    shape = {
        "tune": lambda r: -np.exp(-r / 2),
        "check": lambda r: np.tanh(r / 6),
        "judge": lambda r: -1 / np.cosh(r / 3),
    }[which]
    x0 = centre + R[0] * rng.uniform(5, 7.5)

    def f(x):
        return scale * shape(np.sum((x - centre) ** 2))

    method = st.GD(lr=0.5 / scale) if rng.random() < 0.7 else None
    return Trial(f, x0, ("stalled.plateau",), f(centre), call={"method": method, "maxiter": 200})


def kink(rng, which):
    n = int(rng.choice([1, 1, 2, 3]))
    scale, centre, a = 10.0 ** rng.uniform(-4, 4), rng.uniform(-2, 2, n), rng.uniform(0.5, 2, n)
    R = rotation(rng, n) if which != "tune" else numpy.eye(n)

    def f(x):
        y = np.dot(R, x - centre)
        return scale * (np.sum(a * np.abs(y)) + (0.1 * np.sum(y**2) if which != "tune" else 0.0))

    x0 = centre + rng.uniform(1, 3, n)
    steps = int(rng.integers(200, 600))
    lr = 10 ** rng.uniform(-2, -1) / scale
    return Trial(
        f, x0, ("stalled.kink",), 0.0, tolerance=1e-2, call={"method": st.GD(lr=lr), "maxiter": steps}
    )


def jump(rng, which):
    n = int(rng.integers(1, 4))
    scale, centre, height = 10.0 ** rng.uniform(-4, 4), rng.uniform(-2, 2, n), rng.uniform(0.5, 4)
    lean = 1.0 if which == "tune" else rng.uniform(0.5, 2)

    def f(x):
        y = x - centre
        rest = np.sum(y**2) - y[0] ** 2
        return scale * (np.where(y[0] > 0, (y[0] + lean) ** 2, (y[0] - 1) ** 2 + height + lean**2) + rest)

    return Trial(
        f,
        centre + rng.uniform(1, 2, n),
        ("stalled.jump",),
        fixable=False,
        call={"method": st.GD(lr=rng.uniform(0.03, 0.1) / scale), "maxiter": 300},
    )


def staircase(rng, which):
    n = int(rng.integers(1, 5))
    scale, centre, tread = 10.0 ** rng.uniform(-4, 4), rng.uniform(-2, 2, n), rng.uniform(0.05, 1)
    shape = {"tune": np.floor, "check": np.round, "judge": np.ceil}[which]

    def f(x):
        return scale * np.sum(shape((x - centre) / tread) ** 2)

    return Trial(
        f, centre + rng.uniform(2, 5, n), ("stalled.steps",), fixable=False, call={"method": st.GD(lr=0.1)}
    )


def unbounded(rng, which):
    n = int(rng.integers(1, 5))
    d, scale = rng.standard_normal(n), 10.0 ** rng.uniform(-3, 3)
    shape = rng.choice(
        {"tune": ["line", "hill"], "check": ["line", "root", "ridge"], "judge": ["line", "slide", "ridge"]}[
            which
        ]
    )
    shapes = {
        "line": lambda x: np.dot(d, x),
        "hill": lambda x: -np.sum((x - 1) ** 2),
        "root": lambda x: -np.sqrt(1 + np.dot(d, x) ** 2),
        "slide": lambda x: np.log(1 + np.exp(np.dot(d, x))) - 2 * np.dot(d, x),
        "ridge": lambda x: np.sum(x**2) / 2 - np.dot(d, x) ** 2 / np.dot(d, d),
    }
    f = lambda x: scale * shapes[shape](x)
    return Trial(
        f,
        rng.uniform(1, 3, n),
        ("unbounded",),
        fixable=False,
        call={"method": st.GD(lr=0.1 / scale), "maxiter": int(rng.integers(50, 3000))},
    )


def levelling(rng, which):
    scale, a = 10.0 ** rng.uniform(-4, 4), rng.uniform(0.5, 2)
    shape = {
        "tune": lambda y: np.exp(-y),
        "check": lambda y: np.log(1 + np.exp(-y)),
        "judge": lambda y: -np.arctan(y),
    }[which]
    f = lambda x: scale * (shape(a * x[0]) + (x[1] - 1) ** 2)
    return Trial(
        f,
        rng.uniform(-1, 1, 2),
        ("stalled.levelling",),
        fixable=False,
        call={"method": st.GD(lr=0.5 / scale), "maxiter": 20_000},
    )


def domain(rng, which):
    n = int(rng.integers(1, 5))
    i, scale, edge = int(rng.integers(n)), 10.0 ** rng.uniform(-4, 4), float(rng.integers(-3, 4))
    rest = numpy.arange(n) != i

    def f(x):
        y = x[i] - edge
        wall = {
            "tune": lambda: y - np.log(y),
            "check": lambda: y**2 / 2 - 2 * np.sqrt(y),
            "judge": lambda: y * np.log(y),
        }[which]()
        return scale * (wall + np.sum(rest * x**2) / 2)

    x0 = rng.uniform(-1, 1, n)
    x0[i] = edge + rng.uniform(4, 6)
    lowest = scale * {"tune": 1.0, "check": -1.5, "judge": -math.exp(-1)}[which]
    return Trial(
        f, x0, ("nonfinite.domain",), lowest, call=call(rng, f, method=st.GD(lr=rng.uniform(8, 20) / scale))
    )


def noisy(rng, which):
    b, method = rated(rng, which, 0.25, condition=3.0, n=int(rng.integers(1, 5)))
    noise = numpy.random.default_rng(rng.integers(1 << 30))
    sigma = 1e-3 * (float(b(b.x0)) - b.lowest)
    f = lambda x: b(x) + sigma * noise.standard_normal()
    codes = ("stalled.noise", "converged.noise", "budget.noise")
    return Trial(
        f,
        b.x0,
        codes,
        b.lowest,
        slack=20 * sigma,
        clean=b,
        call={"method": method, "maxiter": 300, "jac": "fd"},
    )


def sampled(rng, which):
    """Mini-batches: value and gradient of random rows."""
    n, rows = int(rng.integers(1, 4)), 400
    X = rng.standard_normal((rows, n)) if which == "tune" else rng.uniform(-2, 2, (rows, n))
    w = rng.standard_normal(n)
    target = X @ w + 0.5 * rng.standard_normal(rows)
    pick = numpy.random.default_rng(rng.integers(1 << 30))

    def f(x):
        some = pick.integers(0, rows, 16)
        r = X[some] @ x - target[some]
        return r @ r / 32, X[some].T @ r / 16

    def clean(x):
        r = X @ x - target
        return float(r @ r) / rows / 2

    best = clean(numpy.linalg.lstsq(X, target)[0])
    return Trial(
        f,
        w + rng.uniform(3, 5, n),
        ("stalled.noise", "budget.noise", "converged.noise"),
        best,
        tolerance=2e-2,
        clean=clean,
        call={"method": st.GD(lr=0.2), "jac": True, "maxiter": 400},
    )


def wrong_gradient(rng, which):
    b, method = rated(rng, which, 0.25, condition=3.0, n=int(rng.integers(1, 5)))
    right, near = own(b), 0.6 * float(numpy.linalg.norm(b.x0 - b.centre))
    fault = {
        "tune": lambda g: -g,
        "check": lambda g: numpy.where(numpy.arange(g.size) == 0, 0.0, -0.3 * g),
        "judge": lambda g: -g[::-1] / 2,
    }[which]

    def jac(x):
        g = right(x)
        return g if numpy.linalg.norm(x - b.centre) > near else fault(g)

    return Trial(
        b, b.x0, ("stalled.gradient",), b.lowest, call={"method": method, "jac": jac, "maxiter": 200}
    )


def constant(rng, which):
    value = 10 ** rng.uniform(-3, 3)
    return Trial(
        lambda x: value + 0.0 * x[0],
        rng.uniform(1, 2, 3),
        ("stalled.constant",),
        fixable=False,
        call={"method": st.GD(lr=0.1)},
    )


def bouncing_adam(rng, which):
    b = bowl(rng, which, condition=3.0, n=int(rng.integers(1, 4)))
    method = (
        st.RMSProp(lr=10 ** rng.uniform(-1, 0))
        if rng.random() < 0.5
        else st.SignSGD(lr=10 ** rng.uniform(-1.5, -0.5))
    )
    return Trial(
        b, b.x0, ("stalled.oscillates", "stalled.cycle"), b.lowest, call={"method": method, "maxiter": 500}
    )


def local_minimum(rng, which):
    name, start = {
        "tune": ("wave", [-1.0]),
        "check": ("tilted_well", [1.2]),
        "judge": ("gramacy_lee", [2.0]),
    }[which]
    p = st.problems.get(name)
    x0 = numpy.asarray(p.traps[0]) + rng.uniform(-0.1, 0.1, p.n) if len(p.traps) else numpy.array(start)
    return Trial(p, x0, ("converged.local",), p.minimum, call={"method": None, "bounds": p.bounds})


def broken(rng, which):
    b, method = rated(rng, which, 0.1, n=3)
    code, calls = str(rng.choice(["error", "callback", "interrupted"])), []

    def f(x):
        calls.append(1)
        if len(calls) == 60 and code != "callback":
            raise {"error": ZeroDivisionError, "interrupted": KeyboardInterrupt}[code]
        return b(x)

    extra = {"callback": lambda x: len(calls) > 50} if code == "callback" else {}
    return Trial(
        f,
        b.x0,
        (code,),
        b.lowest,
        clean=b,
        fixable=False,
        call={"method": method, "jac": "fd", "on_error": "stop", **extra},
    )


CAUSES = [
    at_the_limit,
    too_large,
    near_the_limit,
    too_small,
    crawling_adam,
    short_steps_fool_xtol,
    loose_gtol,
    ill_conditioned,
    ill_and_large,
    too_few_steps,
    too_few_evaluations,
    saddle,
    maximum,
    plateau,
    kink,
    jump,
    staircase,
    unbounded,
    levelling,
    domain,
    noisy,
    sampled,
    wrong_gradient,
    constant,
    bouncing_adam,
    local_minimum,
    broken,
]


# --- healthy runs ---------------------------------------------------------------------------------------------

SUCCESS = ("converged", "target")


def by_rate(rng, which):
    b, method = rated(rng, which, rng.uniform(0.1, 0.6), condition=10 ** rng.uniform(0, 1.5))
    return Trial(b, b.x0, SUCCESS, b.lowest, call=call(rng, b, method=method))


def by_default(rng, which):
    b = bowl(rng, which, condition=10 ** rng.uniform(0, 6), n=int(rng.integers(1, 12)))
    return Trial(b, b.x0, SUCCESS, b.lowest, call=call(rng, b))


def by_tolerance(rng, which):
    b, method = rated(rng, which, 0.3, condition=10.0)
    g0 = float(numpy.linalg.norm(own(b)(b.x0)))
    return Trial(
        b, b.x0, SUCCESS, b.lowest, call=call(rng, b, method=method, gtol=10 ** rng.uniform(-7, -4) * g0)
    )


def without_tests(rng, which):
    b, method = rated(rng, which, 0.3, condition=4.0)
    return Trial(b, b.x0, SUCCESS, b.lowest, call=call(rng, b, method=method, gtol=0.0, maxiter=2000))


def single(rng, which):
    b, method = rated(rng, which, 0.4, condition=10.0)
    x0 = b.x0.astype(numpy.float32)
    return Trial(
        b,
        x0,
        SUCCESS,
        b.lowest,
        tolerance=1e-3,
        call={"method": method if rng.random() < 0.5 else None, "jac": own(b)},
    )


def single_throughout(rng, which):
    b, method = rated(rng, which, 0.4, condition=10.0)
    b.scale32, R, centre, a = (
        numpy.float32(b.scale),
        b.R.astype("f4"),
        b.centre.astype("f4"),
        b.a.astype("f4"),
    )

    def f(x):
        return b.scale32 * np.sum(a * b.shape(np.dot(R, x - centre)))

    lowest = float(f(centre))
    return Trial(
        f,
        b.x0.astype("f4"),
        SUCCESS,
        lowest,
        tolerance=1e-3,
        slack=1e-5 * abs(lowest),
        call={"method": method},
    )


def under_noise(rng, which):
    b = bowl(rng, which, condition=10.0, n=int(rng.integers(1, 6)))
    noise = numpy.random.default_rng(rng.integers(1 << 30))
    sigma = 10 ** rng.uniform(-8, -4) * (float(b(b.x0)) - b.lowest)
    f = lambda x: b(x) + sigma * noise.standard_normal()
    return Trial(f, b.x0, SUCCESS, b.lowest, slack=30 * sigma, clean=b, call={"jac": "fd"})


def at_the_minimum(rng, which):
    b = bowl(rng, which)
    return Trial(b, b.centre, SUCCESS, b.lowest, slack=1e-9 * b.scale, call={"method": st.GD(lr=0.1 / b.L)})


def at_a_bound(rng, which):
    b, method = rated(rng, which, 0.3, condition=5.0, n=int(rng.integers(2, 5)))
    b.R = numpy.eye(b.n)
    b.x0, b.lowest = b.centre + b.y0, b.lowest
    bounds = [(None, None)] * b.n
    cut = b.centre[0] + (0.5 if b.y0[0] > 0 else -0.5)
    bounds[0] = (cut, None) if b.y0[0] > 0 else (None, cut)
    best = b.centre.copy()
    best[0] = cut
    return Trial(b, b.x0, SUCCESS, b(best), call=call(rng, b, method=method, bounds=bounds))


def zoo(rng, which):
    names = {
        "tune": ["rosenbrock", "beale", "himmelblau", "booth", "matyas"],
        "check": [
            "trid",
            "zakharov",
            "dixon_price",
            "wood",
            "freudenstein_roth",
            "helical_valley",
            "powell_singular",
        ],
        "judge": ["three_hump_camel", "mccormick", "quartic", "ellipsoid", "six_hump_camel"],
    }[which]
    p = st.problems.get(str(rng.choice(names)))
    f, lowest = p.f, min([p.minimum, *(float(p(t)) for t in p.traps)])
    x0 = numpy.asarray(p.start) * (1 + 0.05 * rng.standard_normal(p.n)) + 0.01 * rng.standard_normal(p.n)
    trial = Trial(f, x0, SUCCESS, lowest, call={"jac": p.g})
    traps = [float(p(t)) for t in p.traps]
    trial.solved = lambda x: any(
        float(p(x)) <= low + 1e-4 * (float(p(x0)) - low) for low in (p.minimum, *traps)
    )
    return trial


HEALTHY = [
    by_rate,
    by_default,
    by_tolerance,
    without_tests,
    single,
    single_throughout,
    under_noise,
    at_the_minimum,
    at_a_bound,
    zoo,
]


def run(trial):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return st.minimize(trial.fun, trial.x0, **trial.call)


def try_again(trial, result):
    """Whether the advice solves it."""
    if result.advice is None or not result.advice.changes:
        return False, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            again = result.retry()
        except Exception as error:
            return False, f"{type(error).__name__}: {error}"
    return trial.solved(again.x), again


def trials(which, generators, repeats):
    for k, make in enumerate(generators):
        for repeat in range(repeats):
            seed = [{"tune": 1, "check": 2, "judge": 4}[which], k, repeat]
            yield make.__name__, make(numpy.random.default_rng(seed), which)


def judge(which="judge", repeats=10, only=(), verbose=True):
    """Run everything; returns the counts by cause."""
    table = defaultdict(lambda: defaultdict(int))
    lies = []
    for name, trial in trials(
        which, [g for g in CAUSES + HEALTHY if not only or g.__name__ in only], repeats
    ):
        try:
            result = run(trial)
        except ArithmeticError as error:
            table[name]["crashed"] += 1
            print(f"{name}: crashed, {type(error).__name__}: {error}")
            continue
        row = table[name]
        row["runs"] += 1
        solved = trial.solved(result.x)
        healthy = trial.codes is SUCCESS
        row["healthy"] = healthy
        if not healthy and solved and result.success:
            row["no failure"] += 1  # the generator missed: there is nothing to name
            continue
        row["judged"] += 1
        right = result.code.startswith(trial.codes) if healthy else result.code in trial.codes
        n = numpy.size(trial.x0)
        row["cost"] = max(row["cost"], result.diagnosis_nfev - 10 - 2 * n)
        if healthy and not solved:
            row["unsolved"] += 1  # the method failed: no alarm is false, but success would be
            right = not result.success
        row["right"] += right
        if result.success and not solved and result.code != "converged.local":  # that says what it is
            lies.append((name, result))
            row["lies"] += 1
        if not right and verbose:
            print(
                f"{name}: {result.code} (expected {', '.join(trial.codes)}; n = {n}, solved {solved}) {result.method} "
                f"{trial.call.get('jac', 'auto')}\n    {result.why}\n    stopped: {result.stopped[1]}"
            )
        if not healthy and trial.fixable and not solved:
            row["fixable"] += 1
            fine, again = try_again(trial, result)
            row["fixed"] += fine
            if not fine and verbose:
                tell = again if isinstance(again, str) or again is None else f"{again.code}: {again.why}"
                print(
                    f"{name}: advice failed: {result.code} -> {result.advice}\n    {result.why}\n    {tell}"
                )
            if again is not None and not isinstance(again, str) and again.success and not fine:
                lies.append((name, again))
                row["lies"] += 1
    print(f"\n{'':24}{'runs':>6}{'right':>7}{'fixed':>10}{'lies':>6}{'cost over':>11}")
    for name, row in table.items():
        fixed = f"{row['fixed']}/{row['fixable']}" if row["fixable"] else "-"
        note = f"  {row['unsolved']} unsolved by the method" if row["unsolved"] else ""
        print(
            f"{name:24}{row['judged']:>6}{row['right']:>7}{fixed:>10}{row['lies']:>6}{max(row['cost'], 0):>11}{note}"
        )
    for kind in (False, True):
        rows = [row for row in table.values() if bool(row["healthy"]) is kind]
        runs, right = sum(r["judged"] for r in rows), sum(r["right"] for r in rows)
        if runs and kind:
            print(f"healthy: {runs} runs, false alarms {runs - right} = {(runs - right) / runs:.1%}")
        elif runs:
            fixable, fixed = sum(r["fixable"] for r in rows), sum(r["fixed"] for r in rows)
            print(
                f"failures: {runs} runs, named right {right} = {right / runs:.1%}; advice solves {fixed} of {fixable}"
                f" = {fixed / max(fixable, 1):.1%}"
            )
    print(f"success reported at unsolved points: {len(lies)}")
    return table


if __name__ == "__main__":
    arguments = sys.argv[1:] or ["judge"]
    if "--quick" in arguments:
        arguments = ["judge", "1"]
    judge(arguments[0], int(arguments[1]) if len(arguments) > 1 else 10, tuple(arguments[2:]))
