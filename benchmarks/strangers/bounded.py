"""Functions with bounds: Hock & Schittkowski (1981), CUTEst, MINPACK-2 and non-negative fits."""

from __future__ import annotations

import autograd.numpy as np
import numpy

from .collection import problem, squares
from .data import COVARIATES, MILES, RATES, table

INF = numpy.inf


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


problem("bounds", "HS1", [-2, 1], 0, (numpy.array([-INF, -1.5]), INF))(rosenbrock)
problem("bounds", "HS2", [-2, 1], None, (numpy.array([-INF, 1.5]), INF))(rosenbrock)


@problem("bounds", "HS3", [10, 1], 0, (numpy.array([-INF, 0]), INF))
def hs3(x):
    return x[1] + 1e-5 * (x[1] - x[0]) ** 2


@problem("bounds", "HS4", [1.125, 0.125], 8 / 3, (numpy.array([1, 0]), INF))
def hs4(x):
    return (x[0] + 1) ** 3 / 3 + x[1]


@problem("bounds", "HS5", [0, 0], -1.91322295, (numpy.array([-1.5, -3]), numpy.array([4, 3])))
def hs5(x):
    return np.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


U = 25 + (-50 * numpy.log(numpy.arange(1, 100) / 100)) ** (2 / 3)


@problem("bounds", "HS25", [100, 12.5, 3], 0, (numpy.array([0.1, 0, 0]), numpy.array([100, 25.6, 5])))
def hs25(x):
    return np.sum((np.exp(-((U - x[1]) ** x[2]) / x[0]) - numpy.arange(1, 100) / 100) ** 2)


@problem("bounds", "HS38", [-3, -1, -3, -1], 0, (-10, 10))
def hs38(x):
    a, b, c, d = x
    return (
        100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
        + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)
    )  # fmt: skip


@problem("bounds", "HS45", [2] * 5, 1, (0, numpy.arange(1.0, 6)))
def hs45(x):
    return 2 - np.prod(x) / 120


@problem("bounds", "HS110", [9] * 10, -45.77846971, (2.001, 9.999))
def hs110(x):
    return np.sum(np.log(x - 2) ** 2 + np.log(10 - x) ** 2) - np.prod(x) ** 0.2


@problem("bounds", "MDHOLE", [10, 1], 0, (numpy.array([0, -INF]), INF))
def mdhole(x):
    return 100 * (np.sin(x[0]) - x[1]) ** 2 + x[0]


@problem("bounds", "LOGROS", [1.2, 0], 0, (0, INF))
def logros(x):
    return np.log(1 + 1e4 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2)


@problem("bounds", "PSPDOC", [3] * 4, 2.4142135624, (-INF, numpy.array([-1, INF, INF, INF])))
def pspdoc(x):
    return np.sqrt(x[0] ** 2 + (x[1] - x[2]) ** 2 + 1) + np.sqrt(x[1] ** 2 + (x[2] - x[3]) ** 2 + 1)


def hatfld(x):
    return (x[0] - 1) ** 2 + np.sum((x[:-1] - np.sqrt(x[1:])) ** 2)


problem("bounds", "HATFLDA", [0.1] * 4, 0, (1e-7, INF))(hatfld)
problem("bounds", "HATFLDB", [0.1] * 4, 0.005572809, (1e-7, numpy.array([INF, 0.8, INF, INF])))(hatfld)


@problem("bounds", "HATFLDC", [0.9] * 25, 0, (numpy.zeros(25), numpy.full(25, 10.0)))
def hatfldc(x):
    return (x[0] - 1) ** 2 + np.sum((x[1:-1] - x[:-2] ** 2) ** 2) + (x[-1] - 1) ** 2


N = 30
I = numpy.arange(1.0, N + 1)
OTHERS = [(k * numpy.arange(1, N + 1) - 1) % N for k in (2, 3)]


@problem("bounds", "CVXBQP1", [0.5] * N, float(0.09 * 465 / 2), (0.1, 10))
def cvxbqp1(x):
    return np.sum(I * (x + x[OTHERS[0]] + x[OTHERS[1]]) ** 2) / 2


@problem("bounds", "NONSCOMP", [3] * N, 0, (numpy.where(I % 2 == 0, 1, -100), 100))
def nonscomp(x):
    return (x[0] - 1) ** 2 + 4 * np.sum((x[1:] - x[:-1] ** 2) ** 2)


@problem("bounds", "MCCORMCK", [0] * N, None, (-1.5, 3))
def mccormck(x):
    a, b = x[:-1], x[1:]
    return np.sum(-1.5 * a + 2.5 * b + 1 + (a - b) ** 2 + np.sin(a + b))


@problem("bounds", "EXPLIN-like", [0] * N, None, (0, 10))
def explin(x):
    return np.sum(np.exp(0.1 * x[:-1] * x[1:])) - 10 * np.sum(I * x) / N


@problem("bounds", "camel, six humps", [1.1, 1.1], None, (numpy.array([-3, -1.5]), numpy.array([3, 1.5])))
def camel6(x):
    a, b = x
    return (4 - 2.1 * a**2 + a**4 / 3) * a**2 + a * b + (4 * b**2 - 4) * b**2


K = 10
H = 1 / (K + 1)
WALL = numpy.minimum(*numpy.meshgrid(*[numpy.minimum(numpy.arange(1, K + 1), numpy.arange(K, 0, -1)) * H] * 2)).ravel()


@problem("bounds", "torsion", numpy.zeros(K * K), None, (-WALL, WALL))
def torsion(x):
    """Elastic-plastic torsion of MINPACK-2, c = 5."""
    u = np.pad(np.reshape(x, (K, K)), 1, "constant")
    return (np.sum((u[1:] - u[:-1]) ** 2) + np.sum((u[:, 1:] - u[:, :-1]) ** 2)) / 2 - 5 * H**2 * np.sum(x)


TURN = numpy.arange(K + 2) * 2 * numpy.pi * H
WIDE = ((1 + 0.1 * numpy.cos(TURN)) ** 3)[:, None]


@problem("bounds", "journal bearing", numpy.maximum(numpy.sin(TURN[1:-1]), 0).repeat(K), None, (0, INF))
def bearing(x):
    """Pressure in a journal bearing of MINPACK-2, eccentricity 0.1, b = 10."""
    h, k, u = 2 * numpy.pi * H, 20 * H, np.pad(np.reshape(x, (K, K)), 1, "constant")
    along = (WIDE[1:] + WIDE[:-1]) / 4 * ((u[1:] - u[:-1]) / h) ** 2
    across = WIDE / 2 * ((u[:, 1:] - u[:, :-1]) / k) ** 2
    return h * k * (np.sum(along) + np.sum(across) - np.sum(0.1 * numpy.sin(TURN)[:, None] * u))


HILL = numpy.outer(numpy.sin(TURN[1:-1] * 1.5), numpy.sin(TURN[1:-1] / 2)).ravel()


@problem("bounds", "obstacle", numpy.maximum(HILL, 0), None, (HILL, 2000))
def obstacle(x):
    u = np.pad(np.reshape(x, (K, K)), 1, "constant")
    return (np.sum((u[1:] - u[:-1]) ** 2) + np.sum((u[:, 1:] - u[:, :-1]) ** 2)) / 2 - H**2 * np.sum(x)


@problem("bounds", "diabetes, non-negative squares", numpy.ones(11), None, (0, INF))
def nonnegative(w):
    X, y = table("diabetes")
    return np.mean((y - X @ w) ** 2)


@problem("bounds", "cancer, logistic, weights in a box", numpy.zeros(31), None, (-0.5, 0.5))
def boxed_logistic(w):
    X, y = table("breast_cancer")
    return np.mean(np.logaddexp(0, (1 - 2 * y) * (X @ w)))


@problem("bounds", "Poisson, identity link", numpy.ones(5), None, (0.05, INF))
def identity_poisson(b):
    mean = b[0] + numpy.abs(COVARIATES) @ b[1:]
    return np.sum(mean - RATES * np.log(mean))


BLUR = numpy.exp(-((numpy.arange(30) - numpy.arange(30)[:, None]) ** 2) / 8)
LIGHT = BLUR @ numpy.where(numpy.isin(numpy.arange(30), (6, 15, 17)), 4.0, 0.0) + 0.01 * numpy.sin(40 * I)


@problem("bounds", "deblurring, non-negative", numpy.full(30, 0.5), None, (0, INF))
@squares
def deblur(x):
    return BLUR @ x - LIGHT


@problem("bounds", "non-negative factors", 0.5 + 0.4 * numpy.sin(numpy.arange(1.0, 43)), None, (0, INF))
def nmf(x):
    V = numpy.abs(numpy.outer(numpy.arange(12.0), numpy.arange(9.0)) % 7) / 7
    return np.sum((np.reshape(x[:24], (12, 2)) @ np.reshape(x[24:], (2, 9)) - V) ** 2)


@problem("bounds", "map from distances, in a square", 400 * (1 + numpy.sin(numpy.arange(18.0))), None, (0, 800))
def boxed_distances(x):
    X = np.reshape(x, (9, 2))
    i, j = numpy.triu_indices(9, 1)
    return np.sum((np.sqrt(np.sum((X[i] - X[j]) ** 2, axis=1)) - MILES) ** 2)


@problem("bounds", "parabola with its minimum outside, n = 1", [0.5], 4, (-1, 1))
def outside(x):
    return np.sum((x - 3) ** 2)
