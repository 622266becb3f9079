"""Failures of the function: kinks, jumps, steps, chance, edges, overflow, faults of a gradient, and what breaks in."""

from __future__ import annotations

import autograd.numpy as np
import numpy

import steepest as st

from . import Trial, rotation
from .landscapes import call, landscape, random_rows
from .steps import rated


def sharp(rng, family, n):
    """A convex function with kinks, its minimum, and the value there."""
    centre = rng.uniform(-2, 2, n)
    R, a = rotation(rng, n), rng.uniform(0.5, 2, n)
    C, m = rng.standard_normal((3 * n + 4, n)), 3 * n + 4

    def planes(x):  # convex combinations of the slopes make 0: the minimum is at the centre
        return np.max(np.dot(C - C.mean(axis=0), x - centre))

    def valley(x):
        return abs(np.dot(R[0], x - centre)) + 0.5 * np.sum((x - centre) ** 2)

    sparse = centre * (numpy.arange(n) < (n + 1) // 2)
    signs = numpy.where(sparse != 0, numpy.sign(sparse), rng.uniform(-0.8, 0.8, n))
    b = C @ sparse + C @ numpy.linalg.solve(C.T @ C, 3.0 * signs)  # so that C'(C x - b) + 3 signs = 0

    def lasso(x):
        return np.sum((np.dot(C, x) - b) ** 2) / 2 + 3.0 * np.sum(np.abs(x))

    def chain(x):
        return np.sum(np.abs(x[1:] - x[:-1])) + np.abs(x[0] - centre[0]) * 2

    def quantile(x):  # of residuals that are 0 at the centre
        r = np.dot(C, x - centre)
        return np.sum(np.maximum(0.7 * r, -0.3 * r)) / m

    def cone(x):
        return np.sqrt(np.sum((x - centre) ** 2)) + 0.1 * np.sum((x - centre) ** 2)

    if family == "tune":
        choices = [
            (lambda x: np.sum(a * np.abs(x - centre)), centre),
            (lambda x: np.sum(a * np.abs(np.dot(R, x - centre))) + 0.1 * np.sum((x - centre) ** 2), centre),
            (cone, centre),
            (chain, numpy.full(n, centre[0])),
        ]
    else:
        choices = [(planes, centre), (valley, centre), (lasso, sparse), (quantile, centre)]
    f, x = choices[rng.integers(len(choices))]
    return f, x


def kink(rng, family):
    """Fixed steps zigzag across a kink."""
    n, scale = int(rng.choice([1, 1, 2, 3, 5])), 10.0 ** rng.uniform(-4, 4)
    f0, best = sharp(rng, family, n)
    f = lambda x: scale * f0(x)
    x0 = best + rng.uniform(1, 3, n) * rng.choice([-1, 1], n)
    lr = 10 ** rng.uniform(-2, -1.2) / scale / (3 * n + 4 if family == "judge" else 1)
    kinds = ("auto", "auto", "fd")
    codes = ("stalled.kink", "converged.kink")
    return Trial(f, x0, codes, float(f(best)), call(rng, f, kinds, method=st.GD(lr=lr), maxiter=1500), tolerance=2e-2)


def kink_by_the_default(rng, family):
    """Searches that end at a kink."""
    n, scale = int(rng.choice([1, 2, 3, 5])), 10.0 ** rng.uniform(-4, 4)
    f0, best = sharp(rng, family, n)
    f = lambda x: scale * f0(x)
    x0 = best + rng.uniform(1, 3, n) * rng.choice([-1, 1], n)
    codes = ("stalled.kink", "converged.kink")
    return Trial(f, x0, codes, float(f(best)), call(rng, f, ("auto", "auto", "fd")), tolerance=2e-2)


def jump(rng, family):
    """f falls towards a jump from both sides."""
    n = int(rng.integers(1, 5))
    scale, centre, height = 10.0 ** rng.uniform(-4, 4), rng.uniform(-2, 2, n), rng.uniform(0.5, 4)
    R = rotation(rng, n)
    sides = {
        "tune": lambda y: np.where(y > 0, (y + 1) ** 2, (y - 1) ** 2 + height),
        "judge": lambda y: np.where(y > 0, np.logaddexp(2 * y, 0), np.exp(-y) + height),
    }[family]

    def f(x):
        y = np.dot(R, x - centre)
        return scale * (sides(y[0]) + np.sum(y[1:] ** 2))

    x0 = centre + R.T @ rng.uniform(1, 2, n)
    method = st.GD(lr=rng.uniform(0.03, 0.1) / scale)
    return Trial(f, x0, ("stalled.jump",), call=call(rng, f, ("auto", "fd"), method=method, maxiter=300), fixable=False)


def staircase(rng, family):
    n = int(rng.integers(1, 6))
    scale, centre, tread = 10.0 ** rng.uniform(-4, 4), rng.uniform(-2, 2, n), rng.uniform(0.05, 1)
    C = rng.standard_normal((40, n))
    wanted = C @ (centre + 3) > 1

    def counted(x):  # the errors of a classifier
        return scale * np.sum((np.dot(C, x) > 1) != wanted)

    def printed(x):  # as read from a file, to few digits
        return scale * np.round(np.sum((x - centre) ** 2), 1)

    if family == "tune":
        f = lambda x: scale * np.sum(np.floor((x - centre) / tread) ** 2)
    else:
        f = (counted, printed)[rng.integers(2)]
    x0 = centre + rng.uniform(2, 5, n)
    method = st.GD(lr=0.1 / scale) if rng.random() < 0.7 else None
    return Trial(f, x0, ("stalled.steps",), call={"method": method}, fixable=False)


def constant(rng, family):
    value = 10 ** rng.uniform(-3, 3)
    f = lambda x: value + 0.0 * x[0]
    call_ = {"method": st.GD(lr=0.1) if rng.random() < 0.5 else None}
    return Trial(f, rng.uniform(1, 2, int(rng.integers(1, 6))), ("stalled.constant",), call=call_, fixable=False)


def idle(rng, family):
    """Some numbers that f does not depend on; the others are solved."""
    b = landscape(rng, family, n=int(rng.integers(1, 5)), condition=3.0)
    places = rng.permutation(b.n + 2)
    used, unused = places[: b.n], numpy.sort(places[b.n :])
    f = lambda x: b(x[used])
    x0 = rng.uniform(1, 2, b.n + 2)
    x0[used] = b.x0
    words = (f"f does not depend on x[{unused[0]}], x[{unused[1]}]",)
    method = rated("GD", 0.4, b.largest) if rng.random() < 0.5 else None
    return Trial(f, x0, ("converged.",), b.lowest, {"method": method}, words, "idle", fixable=False)


def noisy(rng, family):
    """Differences of values that chance blurs."""
    b = landscape(rng, family, condition=3.0, n=int(rng.integers(1, 5)))
    noise = numpy.random.default_rng(rng.integers(1 << 30))
    sigma = 10 ** rng.uniform(-4, -2) * (float(b(b.x0)) - b.lowest)
    draw = noise.standard_normal if family == "tune" else lambda: noise.uniform(-1.7, 1.7)
    f = lambda x: b(x) + sigma * draw()
    codes = ("stalled.noise", "converged.noise", "budget.noise")
    call_ = {"method": rated("GD", 0.25, b.largest), "maxiter": 150, "jac": "fd"}
    return Trial(f, b.x0, codes, b.lowest, call_, slack=20 * sigma, clean=b, words=("random",))


def sampled(rng, family):
    """Value and gradient of random rows."""
    n, rows = int(rng.integers(1, 5)), 400
    X = rng.standard_normal((rows, n)) if family == "tune" else rng.uniform(-2, 2, (rows, n))
    w = rng.standard_normal(n)
    f, clean, best = random_rows(rng, X, w, 0.5, 16)
    codes = ("stalled.noise", "budget.noise", "converged.noise")
    call_ = {"method": st.GD(lr=0.2), "jac": True, "maxiter": 400}
    return Trial(f, w + rng.uniform(3, 5, n), codes, best, call_, tolerance=2e-2, clean=clean, words=("random",))


def domain(rng, family):
    """A step leads beyond the edge where f is defined, in one coordinate."""
    n = int(rng.integers(1, 5))
    i, scale, edge = int(rng.integers(n)), 10.0 ** rng.uniform(-4, 4), float(rng.integers(-3, 4))
    rest = numpy.arange(n) != i
    walls = {
        "tune": ((lambda y: y - np.log(y), 1.0), (lambda y: y**2 / 2 - 2 * np.sqrt(y), -1.5)),
        "judge": ((lambda y: y * np.log(y), -float(numpy.exp(-1))), (lambda y: y**1.5 - 1.5 * y, -0.5)),
    }[family]
    wall, lowest = walls[rng.integers(2)]
    f = lambda x: scale * (wall(x[i] - edge) + np.sum(rest * x**2) / 2)
    x0 = rng.uniform(-1, 1, n)
    x0[i] = edge + rng.uniform(4, 6)
    method = st.GD(lr=rng.uniform(9, 20) / scale)
    words = (f"x[{i}] < {edge:g}" if n > 1 else f"x < {edge:g}",)
    return Trial(f, x0, ("nonfinite.domain",), scale * lowest, call(rng, f, ("auto", "fd"), method=method), words)


def region(rng, family):
    """NaN outside a ball, or beyond a slanting plane."""
    n, scale = int(rng.integers(2, 6)), 10.0 ** rng.uniform(-4, 4)
    d = rotation(rng, n)[0]
    ball = lambda x: np.sum(x**2) - np.sqrt(9 - np.sum(x**2)) - np.dot(d, x)
    plane = lambda x: np.sum(x**2) / 2 - np.log(np.dot(d, x))
    f0, x0 = {
        "tune": (ball, 2.5 * rotation(rng, n)[0]),
        "judge": (plane, 3 * d + 0.3 * rng.standard_normal(n)),
    }[family]
    f = lambda x: scale * f0(x)
    lowest = 0.5 * scale  # of the plane: |x| = 1 along d
    if family == "tune":  # along d: 2 t + t/sqrt(9 - t^2) = 1
        t = numpy.linspace(0, 1, 1_000_001)
        lowest = scale * float((t**2 - numpy.sqrt(9 - t**2) - t).min())
    method = st.GD(lr=rng.uniform(2.5, 5) / scale)
    return Trial(f, x0, ("nonfinite.domain",), lowest, {"method": method})


def overflow(rng, family):
    """One step so long that f is too large a number there."""
    n, scale, k = int(rng.integers(1, 5)), 10.0 ** rng.uniform(-2, 2), rng.uniform(2, 5)
    R, centre = rotation(rng, n), rng.uniform(-1, 1, n)
    shape = {"tune": lambda y: np.exp(y) - y, "judge": lambda y: np.cosh(y) + np.exp(y**2 / 9)}[family]
    f = lambda x: scale * np.sum(shape(k * np.dot(R, x - centre)))
    x0 = centre + R.T @ rng.uniform(1, 2, n)
    method = st.GD(lr=10 ** rng.uniform(1, 3) / scale)
    codes = ("nonfinite.overflow", "diverged.rate")
    return Trial(f, x0, codes, float(f(centre)), call(rng, f, ("auto", "fd"), method=method))


def wrong(name, fault, words):
    """A gradient with a fault from the start on: differences stand in, and the sentence tells the fault."""

    def generate(rng, family):
        b = landscape(rng, family, condition=3.0, n=int(rng.integers(2, 7)), outwards=("same", "more"))
        i, size = int(rng.integers(b.n)), float(rng.choice([0.5, 2.0, 3.0, 10.0]))
        curve, at = rng.uniform(0.3, 1, b.n) * b.scale / b.unit**2, b.x0 + b.unit
        # a term of its own, for a fault that leaves one out
        bend = lambda x: np.sum(curve * (x - at) ** 2) / 2
        whole = Term(b, bend, lambda x: curve * (x - at))
        method = rated("GD", 0.2, b.largest) if rng.random() < 0.5 else None
        f, jac = fault(b, whole, i, size)
        named = tuple(word.format(i=i, size=f"{size:g}") for word in words)
        return Trial(
            f, b.x0, ("converged.",), call={"method": method, "jac": jac}, words=named, evidence="gradient",
            fixable=False,
        )  # fmt: skip

    generate.__name__ = f"wrong_gradient_{name}"
    return generate


class Term:
    """A landscape and a further term."""

    def __init__(self, b, bend, slope):
        self.b, self.bend, self.rest = b, bend, slope

    def __call__(self, x):
        return self.b(x) + self.bend(x)


def component(b, whole, i, size):
    factor = numpy.where(numpy.arange(b.n) == i, 1 + size, 1.0)
    return b, lambda x: factor * b.slope(x)


WRONG = [
    wrong("sign", lambda b, whole, i, size: (b, lambda x: -b.slope(x)), ("Your gradient is wrong", "-1 times")),
    wrong(
        "factor",
        lambda b, whole, i, size: (b, lambda x: size * b.slope(x)),
        ("Your gradient is wrong", "{size}", "times"),
    ),
    wrong("component", component, ("Your gradient is wrong", "x[{i}]")),
    wrong("term", lambda b, whole, i, size: (whole, b.slope), ("Your gradient is wrong",)),
]


def wrong_further_on(rng, family):
    """A gradient that is right at the start, but not nearer to the minimum."""
    b = landscape(rng, family, condition=3.0, n=int(rng.integers(1, 5)))
    near = 0.6 * float(numpy.linalg.norm(b.x0 - b.centre))
    fault = {"tune": lambda g: -g, "judge": lambda g: -g[::-1] / 2}[family]

    def jac(x):
        g = b.slope(x)
        return g if numpy.linalg.norm(x - b.centre) > near else fault(g)

    call_ = {"method": rated("GD", 0.25, b.largest), "jac": jac, "maxiter": 200}
    return Trial(b, b.x0, ("stalled.gradient",), b.lowest, call_)


def broken(code):
    """Something from outside ends the run."""

    def generate(rng, family):
        b = landscape(rng, family, n=3)
        calls, last = [], int(rng.integers(20, 60))
        kind = rng.choice([ZeroDivisionError, ValueError, MemoryError]) if code == "error" else KeyboardInterrupt

        def f(x):
            calls.append(1)
            if len(calls) == last and code != "callback":
                raise kind
            return b(x)

        extra = {"callback": lambda x: len(calls) > last} if code == "callback" else {}
        method = rated("GD", 0.02, b.largest)
        call_ = {"method": method, "jac": b.slope, "on_error": "stop", **extra}
        return Trial(f, b.x0, (code,), b.lowest, call_, fixable=False, clean=b)

    generate.__name__ = code
    return generate


CAUSES = [
    kink,
    kink_by_the_default,
    jump,
    staircase,
    constant,
    idle,
    noisy,
    sampled,
    domain,
    region,
    overflow,
    *WRONG,
    wrong_further_on,
    *map(broken, ("callback", "error", "interrupted")),
]
