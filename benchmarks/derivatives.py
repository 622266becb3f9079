"""Finite differences side by side with their peers: accuracy, honesty, speed, evaluations, noise.

Run it as ``python benchmarks/derivatives.py [accuracy] [gradients] [noise]``. Constants were tuned on
TUNING; the tables that count are those of JUDGING, functions that no constant has seen.
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from types import SimpleNamespace

import numpy as np

from steepest.derivatives.finite import Accurate, Finite, ThreePoint, TwoPoint
from steepest.derivatives.noise import noise

# name: (function of x and of the library that computes it, where)
TUNING = {
    "exp": (lambda x, m: m.exp(x), 1.0),
    "sin": (lambda x, m: m.sin(x), 1.0),
    "x^4": (lambda x, m: x**4, 3.0),
    "log at 1e-3": (lambda x, m: m.log(x), 1e-3),
    "sqrt at 1e-6": (lambda x, m: m.sqrt(x), 1e-6),
    "1/x at 1e-2": (lambda x, m: 1 / x, 1e-2),
    "cos 100 x": (lambda x, m: m.cos(100 * x), 1.0),
    "Runge": (lambda x, m: 1 / (1 + 25 * x * x), 0.3),
    "1e6 + sin": (lambda x, m: 1000000 + m.sin(x), 1.0),
    "sin at 0": (lambda x, m: m.sin(x), 0.0),
    "exp at 0": (lambda x, m: m.exp(x), 0.0),
    "sin(20 x) at 0": (lambda x, m: m.sin(20 * x) + x * x, 0.0),
    "(x-1)^2 at 1e-7": (lambda x, m: (x - 1) ** 2, 1e-7),
}
JUDGING = {
    "tanh": (lambda x, m: m.tanh(x), 0.7),
    "x exp(-x^2)": (lambda x, m: x * m.exp(-x * x), 1.3),
    "atan 30 x": (lambda x, m: m.atan(30 * x) if hasattr(m, "atan") else m.arctan(30 * x), 0.2),
    "logistic at -5": (lambda x, m: 1 / (1 + m.exp(-x)), -5.0),
    "sqrt(1+x^2)": (lambda x, m: m.sqrt(1 + x * x), 40.0),
    "x^2.5": (lambda x, m: x * x * m.sqrt(x), 2e-4),
    "exp(-1/x)": (lambda x, m: m.exp(-1 / x), 0.1),
    "x log x": (lambda x, m: x * m.log(x), 1e-5),
    "cosh": (lambda x, m: m.cosh(x), 6.0),
    "sin x / x": (lambda x, m: m.sin(x) / x, 25.0),
    "1e4 + cubic": (lambda x, m: 10000 + x**3 - 2 * x, 2.0),
    "2 + x/(1+x^2) at 0": (lambda x, m: 2 + x / (1 + x * x), 0.0),
    "x cos 9 x at 0": (lambda x, m: x * m.cos(9 * x) - 3, 0.0),
    "(x-3)^4 at 1e-4": (lambda x, m: (x - 3) ** 4, 1e-4),
    "double well": (lambda x, m: (x * x - 1) ** 2 + x / 10, -1.2),
}
ARGUMENTS, VALUES = (-27, -13, 0, 13, 27), (-33, 0, 33)  # powers of 2: 1e-8 .. 1e8 and 1e-10 .. 1e10


class Batched:
    """What the derivatives need of an objective, for a function of the rows of an array."""

    maxfun = math.inf

    def __init__(self, rows):
        self.rows, self.nfev = rows, 0

    def batch(self, points):
        self.nfev += len(points)
        return self.rows(points)

    def __call__(self, x):
        return float(self.batch(x[None])[0])


def exact(function, at, argument, value):
    """d/dx of 2^value phi(2^-argument x) at x = 2^argument `at`, by mpmath."""
    import mpmath

    with mpmath.workdps(60):
        slope = mpmath.diff(lambda t: function(t, mpmath), mpmath.mpf(at))
        return float(slope * mpmath.mpf(2) ** (value - argument))


def accuracy_cases(functions, dtype):
    for name, (function, at) in functions.items():
        at = float(np.float32(at))
        for argument in ARGUMENTS:
            for value in VALUES:
                shrink, grow = dtype(2.0**-argument), dtype(2.0**value)

                def rows(points, function=function, shrink=shrink, grow=grow):
                    return grow * function(points[:, 0] * shrink, np)

                x = np.array([at * 2.0**argument], dtype)
                yield (
                    f"{name}, x*2^{argument}, f*2^{value}",
                    Batched(rows),
                    x,
                    exact(function, at, argument, value),
                )


def measure(maker, cases):
    """Relative errors, evaluations, which are silently wrong, which unknown."""
    errors, counts, silent, unknown = [], [], [], []
    for name, objective, x, truth in cases:
        f = objective(x)
        g, error = maker(objective, x, f)
        counts.append(objective.nfev)
        gap = abs(float(g[0]) - truth)
        rounding = 4 * np.finfo(x.dtype).eps * abs(truth)
        unknown.append(error is not None and not error[0] < np.inf)
        errors.append(gap / abs(truth) if not unknown[-1] else np.nan)
        if error is not None and gap > 10 * error[0] + rounding:
            silent.append(f"{name}: {g[0]:.6g} for {truth:.6g}, error told {error[0]:.1e}")
    return np.array(errors), np.array(counts), silent, np.array(unknown)


def of(kind):
    return lambda objective, x, f: kind(objective, x, f, None, 0).gradient(x, f)


def scipy_three(objective, x, f):
    from scipy.optimize._numdiff import approx_derivative

    g = approx_derivative(lambda y: objective(y.astype(x.dtype)), x, "3-point", f0=f)
    return np.atleast_1d(g), None


METHODS = {
    "scipy 3-point": scipy_three,
    "2-point": of(TwoPoint),
    "3-point": of(ThreePoint),
    "fd, first gradient": of(Finite),
    "accurate": of(Accurate),
}


def accuracy():
    for title, functions in (("tuning", TUNING), ("judging", JUDGING)):
        for dtype in (np.float64, np.float32):
            print(f"\n{title} set, {dtype.__name__}: {len(functions) * len(ARGUMENTS) * len(VALUES)} cases")
            print(f"{'method':20} {'evals':>6} {'most':>5}   median     99 %  > 1e-3  unknown  silent")
            for name, maker in METHODS.items():
                errors, counts, silent, unknown = measure(maker, accuracy_cases(functions, dtype))
                known = errors[~unknown]
                lies = "      -" if "scipy" in name else f"{len(silent) / len(errors):7.1%}"
                print(
                    f"{name:20} {np.median(counts):6g} {counts.max():5} {np.nanmedian(known):8.1e} "
                    f"{np.nanquantile(known, 0.99):8.1e} {np.mean(~(known < 1e-3)):7.1%} "
                    f"{unknown.mean():8.1%} {lies}"
                )
                if "-v" in sys.argv:
                    print("\n".join("    " + line for line in silent))


def rosenbrock(x):
    return (100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2).sum(-1)


def mixture(x):
    return (np.exp(-0.5 * x * x) * np.sin(3 * x) + np.log(1 + x * x)).sum(-1)


def chain(x):  # badly scaled and not quadratic
    s = np.logspace(-6, 6, x.shape[-1])
    return (np.sqrt(1 + (x / s) ** 2) + np.tanh(x / s) ** 2).sum(-1)


def logistic(x):
    return np.logaddexp(0, x[..., :-1] - 2 * x[..., 1:]).sum(-1) + 0.05 * (x * x).sum(-1)


def tutorial(f, x, h=1e-5):
    """The loop that people copy."""
    g = np.zeros_like(x)
    for i in range(x.size):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        g[i] = (up - f(x)) / (2 * h)
        x[i] += h
    return g


def ways_to(f, x, value):
    """The gradients that are compared: name -> callable without arguments."""
    from scipy.optimize._numdiff import approx_derivative

    objective = Batched(f)
    three = ThreePoint(objective, x)

    def first():
        return Finite(objective, x, None, 0)

    def later(central):
        known = first()
        known.gradient(x, value)
        known.central = central
        known.wait[:] = 10**9  # no fresh calibration while the clock runs

        def again():
            known.exact_at = None
            return known.gradient(x, value)[0]

        return again

    return {
        "tutorial h=1e-5": lambda: tutorial(f, x.copy()),
        "scipy 3-point": lambda: approx_derivative(f, x, "3-point"),
        "3-point": lambda: three.gradient(x, value)[0],
        "fd, first gradient": lambda: first().gradient(x, value)[0],
        "fd, forward": later(False),
        "fd, central": later(True),
        "accurate": lambda: Accurate(objective, x).gradient(x, value)[0],
    }


def exact_gradient(f, x):
    import autograd
    import autograd.numpy

    traced = type(f)(f.__code__, {**f.__globals__, "np": autograd.numpy}, f.__name__)
    return autograd.grad(traced)(x)


def gradients():
    print("\nspeed against the tutorial's loop, and worst scaled error max s|g - exact| / max s|exact|")
    print(f"{'function':12} {'n':>5} {'method':22} {'us':>9} {'speed':>6} {'error':>8}")
    for f in (rosenbrock, mixture, chain, logistic):
        for n, repeats in ((10, 101), (100, 21), (1000, 5)):
            s = np.logspace(-6, 6, n) if f is chain else np.ones(n)
            x = s * np.random.default_rng(1).uniform(-2, 2, n)
            truth, ways = exact_gradient(f, x), ways_to(f, x, float(f(x)))
            times: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(repeats):  # interleaved, so that other work on the machine hits all alike
                for name, way in ways.items():
                    began = time.perf_counter()
                    way()
                    times[name].append(time.perf_counter() - began)
            base = np.median(times["tutorial h=1e-5"])
            for name, way in ways.items():
                spent, error = (
                    np.median(times[name]),
                    np.max(s * np.abs(way() - truth)) / np.max(s * np.abs(truth)),
                )
                print(f"{f.__name__:12} {n:5} {name:22} {spent * 1e6:9.0f} {base / spent:6.1f} {error:8.1e}")


def noise_cases(seed):
    """Functions whose noise is known: (kind, noisy function, x, its standard deviation at x)."""
    rng = np.random.default_rng(seed)
    for clean in (rosenbrock, mixture, logistic):
        for n in (2, 10):
            x = rng.uniform(-2, 2, n)
            for sigma in (1e-2, 1e-5, 1e-8):
                yield "additive", lambda y, s=sigma, c=clean: c(y) + s * rng.standard_normal(), x, sigma
                yield (
                    "multiplicative",
                    lambda y, s=sigma, c=clean: c(y) * (1 + s * rng.standard_normal()),
                    x,
                    sigma * abs(float(clean(x))),
                )
            precise = lambda y, c=clean: c(y.astype(np.longdouble))
            yield "float64", clean, x, scatter(clean, precise, x, rng)
            single = lambda y, c=clean: float(c(y.astype(np.float32)))
            yield "float32", single, x, scatter(single, clean, x, rng)
            for tolerance in (1e-4, 1e-6):
                inner = lambda y, c=clean, t=tolerance: solved(c, y, t)
                yield "solver tolerance", inner, x, scatter(inner, clean, x, rng)


def scatter(rough, clean, x, rng):
    """The true deviation of `rough` from `clean`, seen over a tenth of the scale of x."""
    points = x + 0.1 * rng.uniform(-1, 1, 300)[:, None] * rng.standard_normal(x.size)
    return float(np.std([rough(point) - clean(point) for point in points]))


def solved(clean, y, tolerance):
    """The value where an inner solver, a bisection for the cube root of 2 + f, stops at its tolerance."""
    target = 2 + abs(float(clean(y)))
    low, high = 0.0, 1.7 + target
    while high - low > tolerance * target:
        middle = (low + high) / 2
        low, high = (middle, high) if middle**3 < target else (low, middle)
    return float(clean(y)) + (low + high) / 2 - target ** (1 / 3)


def noises():
    print("\nnoise estimate / truth: 5 %, median, 95 %; share within a factor 3; evaluations")
    found: dict[str, list] = {}
    for seed in range(10):
        for kind, f, x, truth in noise_cases(seed):
            result = noise(f, x, rng=seed)
            found.setdefault(kind, []).append((result.level / truth, result.evaluations))
    for kind, rows in found.items():
        ratios, counts = np.array(rows).T
        low, middle, high = np.quantile(ratios, (0.05, 0.5, 0.95))
        within = np.mean((ratios > 1 / 3) & (ratios < 3))
        row = f"{kind:18} {low:8.2g} {middle:8.2g} {high:8.2g} {within:8.1%} {counts.mean():6.1f}"
        print(f"{row}  ({len(ratios)} cases)")


TABLES = SimpleNamespace(accuracy=accuracy, gradients=gradients, noise=noises)

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    words = [word for word in sys.argv[1:] if word != "-v"]
    for table in ["noise"] if "--quick" in words else words or vars(TABLES):
        getattr(TABLES, table)()
