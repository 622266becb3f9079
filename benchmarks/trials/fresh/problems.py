"""What people fit, in random units, with curvatures that are computed; and many methods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import autograd.numpy as np
import numpy
from autograd import grad, hessian
from scipy import optimize

import steepest as st

from .. import Trial


@dataclass(repr=False)
class Problem:
    """scale * value(x / unit), which has one minimum.

    Attributes
    ----------
    start : ndarray, shape (n,)
        In the units of `value`.
    near : ndarray, shape (n,)
        A guess of the minimum, from which it is computed.
    """

    value: Any
    start: Any
    near: Any
    scale: float = 1.0
    unit: float = 1.0

    @cached_property
    def centre(self) -> Any:
        bend, slope = hessian(self.value), grad(self.value)
        u = optimize.minimize(self.value, self.near, jac=slope, method="BFGS").x
        for _ in range(5):  # Newton: to the last digit
            u = u - numpy.linalg.solve(bend(u), slope(u))
        return self.unit * u

    @property
    def n(self) -> int:
        return numpy.size(self.start)

    @property
    def x0(self) -> Any:
        return self.unit * numpy.asarray(self.start, float)

    @property
    def lowest(self) -> float:
        return float(self(self.centre))

    @cached_property
    def bends(self) -> Any:
        """The curvatures at the minimum."""
        return self._bends(1.0)

    @cached_property
    def largest(self) -> float:
        """The largest curvature on the way there, and a little beyond."""
        return max(float(numpy.abs(self._bends(t)).max()) for t in (0, 0.25, 0.5, 0.75, 1, 1.5, 2))

    def _bends(self, t: float) -> Any:
        u = (self.x0 + t * (self.centre - self.x0)) / self.unit
        return self.scale / self.unit**2 * numpy.linalg.eigvalsh(hessian(self.value)(u))

    def __call__(self, x: Any) -> Any:
        return self.scale * self.value(x / self.unit)

    @cached_property
    def _slope(self) -> Any:
        return grad(self.value)

    def slope(self, x: Any) -> Any:
        """The gradient."""
        return self.scale / self.unit * self._slope(numpy.asarray(x, float) / self.unit)

    @property
    def far(self) -> float:
        return float(numpy.abs(self.x0 - self.centre).max())


def table(rng, n, rows):
    """Columns as they come: not centred, some alike."""
    X = rng.gamma(2.0, 0.5, (rows, n))
    X[:, 0] = 1.0
    return X


def poisson(rng, n):
    X, w = table(rng, n, 30), rng.uniform(-0.4, 0.4, n)
    y = rng.poisson(numpy.exp(X @ w)).astype(float)
    value = lambda u: np.mean(np.exp(np.dot(X, u)) - y * np.dot(X, u)) + 0.05 * np.sum(u**2)
    return value, w + rng.uniform(-0.5, 0.5, n), w


def probit(rng, n):
    """A classifier with its sigmoid in tan^-1, and a penalty."""
    X, w = table(rng, n, 40), rng.standard_normal(n)
    y = numpy.where(X @ w + rng.standard_normal(40) > 0, 1.0, -1.0)
    value = lambda u: np.mean(np.log1p(np.exp(-2 * y * np.dot(X, u)))) + 0.1 * np.sum(u**2)
    return value, w + rng.uniform(-2, 2, n), w


def student(rng, n):
    """Regression with tails so heavy that far residuals count little: not convex."""
    X, w = table(rng, n, 40), rng.standard_normal(n)
    y = X @ w + 0.3 * rng.standard_normal(40)
    value = lambda u: np.mean(np.log1p((np.dot(X, u) - y) ** 2 / 4))
    return value, w + rng.uniform(-0.7, 0.7, n), w


def posynomial(rng, n):
    A = rng.integers(-2, 3, (3 * n + 3, n)).astype(float)
    A = np.concatenate([A, numpy.eye(n), -numpy.eye(n)])
    c = rng.uniform(0.2, 1, len(A))
    return lambda u: np.log(np.sum(c * np.exp(np.dot(A, u)))), rng.uniform(-1.5, 1.5, n), numpy.zeros(n)


def sixth(rng, n):
    w = rng.uniform(-1, 1, n)
    value = lambda u: np.sum((u - w) ** 2 / 2 + (u - w) ** 6 / 600) + np.sum(u - w) ** 2 / 4
    return value, w + rng.uniform(1, 2.5, n) * rng.choice([-1, 1], n), w


def spring(rng, n):
    """A chain of springs under a load, held at one end."""
    load = rng.uniform(0.2, 1, n)
    rest = lambda u: u - np.concatenate([np.zeros(1), u[:-1]])
    value = lambda u: np.sum(rest(u) ** 2 / 2 + rest(u) ** 4 / 20) - np.dot(load, u)
    return value, rng.uniform(-1, 1, n), numpy.ones(n)


def regression(rng, n):
    X, w = table(rng, n, 25), rng.standard_normal(n)
    y = X @ w + 0.2 * rng.standard_normal(25)
    return lambda u: np.mean((np.dot(X, u) - y) ** 2), w + rng.uniform(-3, 3, n), w


def membrane(rng, n):
    """A discrete Poisson equation: a quadratic, of condition about (2n/3)^2."""
    K = 2 * numpy.eye(n) - numpy.eye(n, k=1) - numpy.eye(n, k=-1)
    b = rng.uniform(0, 1, n)
    near = numpy.linalg.solve(K, b)
    return lambda u: np.dot(u, np.dot(K, u)) / 2 - np.dot(b, u), near + rng.uniform(-2, 2, n), near


CONVEX = (poisson, probit, posynomial, sixth, regression)
SMOOTH = (*CONVEX, student)


def problem(rng, kinds=SMOOTH, n=None, condition=None):
    """One of these kinds in random units, with n numbers (1 to 8) and a condition in a range."""
    while True:
        kind = kinds[rng.integers(len(kinds))]
        parts = kind(rng, n or int(rng.integers(1, 9)))
        found = Problem(*parts, 10.0 ** rng.uniform(-5, 5), 10.0 ** rng.uniform(-3, 3))
        low, high = found.bends[[0, -1]]
        if low > 0 and (condition is None or condition[0] <= high / low <= condition[1]):
            return found


def gradient(rng, f, kinds=("auto", "own", "fd")):
    kind = str(rng.choice(kinds))
    return {} if kind == "auto" else {"jac": f.slope if kind == "own" else kind}


def trial(rng, f, codes, kinds=("auto", "own", "fd"), **call):
    """Minimise a problem so."""
    return Trial(f, f.x0, codes, f.lowest, gradient(rng, f, kinds) | call)


def steps(rng, L, share):
    """Gradient descent, or a heavy ball or Nesterov's with some beta, at a share of the limit for curvature L."""
    beta = float(rng.uniform(0.3, 0.95))
    return (
        st.GD(lr=share * 2 / L),
        st.Momentum(lr=share * 2 * (1 + beta) / L, beta=beta),
        st.Nesterov(lr=share * 2 * (1 + beta) / (1 + 2 * beta) / L, beta=beta),
    )[rng.integers(3)]


def adaptive(rng, lr):
    """A method whose steps are about lr long."""
    rules = (st.NAdam, st.AMSGrad, st.AdaMax, st.AdaBelief, st.Yogi, st.Adam, st.RMSProp)
    return rules[rng.integers(len(rules))](lr=lr)


def units(rng):
    """A factor on f, and one on x."""
    return 10.0 ** rng.uniform(-4, 4), 10.0 ** rng.uniform(-2, 2)
