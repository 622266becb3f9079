"""Smooth functions with one minimum, whose curvatures there are chosen: any condition, turned, in random units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd.numpy as np
import numpy
from autograd import hessian
from scipy import optimize

from . import rotation


@dataclass
class Shape:
    """A function of u with its gradient, and how its curvature changes away from the minimum."""

    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    outwards: str  # "same", "more" or "less"


def quadratic(rng, n):
    return Shape(lambda u: np.dot(u, u) / 2, lambda u: u, "same")


def quartic(rng, n):
    return Shape(lambda u: np.sum(u**2 / 2 + u**4 / 40), lambda u: u + u**3 / 10, "more")


def log_cosh(rng, n):
    value = lambda u: np.sum(np.logaddexp(u, -u))
    return Shape(value, np.tanh, "less")


def root(rng, n):
    return Shape(lambda u: np.sum(np.sqrt(1 + u**2)), lambda u: u / np.sqrt(1 + u**2), "less")


def exponential(rng, n):
    return Shape(lambda u: np.sum(np.exp(u) - u), lambda u: np.exp(u) - 1, "more")


def rows(rng, n):
    """Directions that span the space, none of them an axis, shape (2n + 3, n)."""
    return rng.standard_normal((2 * n + 3, n)) / numpy.sqrt(n)


def least_squares(rng, n):
    C, b = rows(rng, n), rng.standard_normal(2 * n + 3)
    return Shape(lambda u: np.sum((np.dot(C, u) - b) ** 2) / 2, lambda u: C.T @ (C @ u - b), "same")


def coupled(rng, n):
    """A quadratic and the square of another one."""
    return Shape(
        lambda u: np.dot(u, u) / 2 + np.dot(u, u) ** 2 / (40 * n),
        lambda u: u + u * (u @ u) / (10 * n),
        "more",
    )


def cosh_of_rows(rng, n):
    C = rows(rng, n)
    return Shape(lambda u: np.sum(np.cosh(np.dot(C, u))), lambda u: C.T @ np.sinh(C @ u), "more")


def robust(rng, n):
    """Regression with residuals that count linearly when they are large."""
    C, b = rows(rng, n), rng.standard_normal(2 * n + 3)

    def slope(u):
        r = C @ u - b
        return C.T @ (r / np.sqrt(1 + r**2))

    return Shape(lambda u: np.sum(np.sqrt(1 + (np.dot(C, u) - b) ** 2)), slope, "less")


def logistic(rng, n):
    """Logistic regression, with a penalty."""
    C = rows(rng, n) * rng.choice([-1.0, 1.0], (2 * n + 3, 1))

    def slope(u):
        return -C.T @ (1 / (1 + np.exp(C @ u))) + u / 2

    return Shape(lambda u: np.sum(np.logaddexp(0, -np.dot(C, u))) + np.dot(u, u) / 4, slope, "less")


def soft_maximum(rng, n):
    C, b = rows(rng, n), rng.standard_normal(2 * n + 3)

    def slope(u):
        w = np.exp(C @ u + b - np.max(C @ u + b))
        return C.T @ (w / w.sum()) + u / 2

    value = lambda u: np.log(np.sum(np.exp(np.dot(C, u) + b))) + np.dot(u, u) / 4
    return Shape(value, slope, "less")


FAMILIES = {
    "tune": (quadratic, quartic, log_cosh, root, exponential),
    "judge": (least_squares, coupled, cosh_of_rows, robust, logistic, soft_maximum),
}
SAME = {"tune": quadratic, "judge": least_squares}  # curvature is the same everywhere


class Landscape:
    """scale * shape(u), u = u0 + M (x - centre): its Hessian at `centre` is R' diag(a) R, times `scale`/unit^2.

    Attributes
    ----------
    L, largest : float
        The largest curvature at the minimum, and between there and the start.
    """

    def __init__(self, rng, shape, n, condition=1.0):
        self.n, self.condition = n, condition
        self.scale, self.unit = 10.0 ** rng.uniform(-4, 4), 10.0 ** rng.uniform(-2, 2)
        made = shape(rng, n)
        self.value, self.outwards = made.value, made.outwards
        self._slope = made.slope
        bend = hessian(made.value)
        u = optimize.minimize(made.value, numpy.zeros(n), jac=made.slope, method="BFGS").x
        for _ in range(5):  # Newton: to the last digit
            u = u - numpy.linalg.solve(bend(u), made.slope(u))
        self.u0 = u
        values, vectors = numpy.linalg.eigh(bend(u))
        whitened = vectors @ numpy.diag(values**-0.5) @ vectors.T
        self.a = condition ** -numpy.linspace(0, 1, n) if n > 1 else numpy.ones(1)
        R = rotation(rng, n)
        self.M = whitened @ numpy.diag(numpy.sqrt(self.a)) @ R / self.unit
        self.centre = self.unit * rng.uniform(-3, 3, n)
        away = rng.uniform(1, 3, n) * rng.choice([-1, 1], n)
        self.x0 = self.centre + self.unit * R.T @ away
        self.lowest = float(self(self.centre))
        self.L = self.scale / self.unit**2
        ways = [numpy.abs(away) * rng.choice([-1, 1], n) for _ in range(4)] + [away]
        places = [self.centre + self.unit * t * R.T @ way for way in ways for t in (0.5, 1.0)]
        self.largest = max(self.L, *(self._steepest(bend, x) for x in places))

    def _steepest(self, bend, x):
        H = self.M.T @ bend(self.u0 + self.M @ (x - self.centre)) @ self.M
        return self.scale * float(numpy.linalg.eigvalsh(H)[-1])

    def __call__(self, x):
        return self.scale * self.value(self.u0 + np.dot(self.M, x - self.centre))

    def slope(self, x):
        """The gradient."""
        return self.scale * self.M.T @ self._slope(self.u0 + self.M @ (numpy.asarray(x) - self.centre))


def landscape(rng, family, n=None, condition=None, outwards=("same", "more", "less")):
    """A random one, n = 1 to 12 and condition 1 to 30 if nothing is said."""
    shape = SAME[family]
    if outwards != ("same",):
        shape = FAMILIES[family][rng.integers(len(FAMILIES[family]))]
    made = Landscape(rng, shape, n or int(rng.choice([1, 2, 2, 3, 5, 8, 12])), condition or 10 ** rng.uniform(0, 1.5))
    return made if made.outwards in outwards else landscape(rng, family, n, condition, outwards)


def call(rng, f, kinds=("auto", "auto", "own", "fd"), **keywords):
    """The arguments of a call, with a gradient of one of the kinds there are."""
    kind = str(rng.choice(kinds))
    return keywords | ({} if kind == "auto" else {"jac": f.slope if kind == "own" else kind})


def random_rows(rng, X, w, spread, size):
    """Least squares of which each call sees `size` random rows: value and gradient, the clean value, its least."""
    target = X @ w + spread * rng.standard_normal(len(X))
    pick = numpy.random.default_rng(rng.integers(1 << 30))

    def f(x):
        some = pick.integers(0, len(X), size)
        r = X[some] @ x - target[some]
        return r @ r / (2 * size), X[some].T @ r / size

    def clean(x):
        r = X @ x - target
        return float(r @ r) / len(X) / 2

    return f, clean, clean(numpy.linalg.lstsq(X, target)[0])
