"""Chained and singular functions of Lukšan & Vlček (2003, report V-897) and of CUTEst (Gould, Orban & Toint 2015)."""

from __future__ import annotations

import autograd.numpy as np
import numpy

from .collection import problem

N = 20
I = numpy.arange(1.0, N + 1)
ALPHA = numpy.sin(I) + 1.5


def ends(x):
    """x with a 0 before and a 0 behind."""
    return np.concatenate([np.zeros(1), x, np.zeros(1)])


ODD = I % 2 == 1


@problem("smooth", "LV chained Wood", numpy.where(ODD, numpy.where(I <= 4, -3, -2), numpy.where(I <= 4, -1, 0)))
def chained_wood(x):
    a, b, c, d = x[0:-2:2], x[1:-2:2], x[2::2], x[3::2]
    rosenbrocks = 100 * (a**2 - b) ** 2 + (a - 1) ** 2 + 90 * (c**2 - d) ** 2 + (c - 1) ** 2
    return np.sum(rosenbrocks + 10 * (b + d - 2) ** 2 + (b - d) ** 2 / 10)


@problem("smooth", "LV chained Powell singular", numpy.resize([3, -1, 0, 1], N), 0)
def chained_powell(x):
    a, b, c, d = x[0:-2:2], x[1:-2:2], x[2::2], x[3::2]
    return np.sum((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


def tridiagonal(x):
    y = ends(x)
    return np.abs((3 - 2 * x) * x - y[:-2] - y[2:] + 1) ** (7 / 3)


@problem("smooth", "LV Broyden tridiagonal, power 7/3", -numpy.ones(N))
def broyden_tridiagonal(x):
    return np.sum(tridiagonal(x))


@problem("smooth", "LV Broyden banded, power 7/3", -numpy.ones(N))
def broyden_banded(x):
    near = numpy.tril(numpy.triu(numpy.ones((N, N)), -5), 1) - numpy.eye(N)
    return np.sum(np.abs((2 + 5 * x**2) * x + 1 + near @ (x * (1 + x))) ** (7 / 3))


@problem("smooth", "BROYDN7D", -numpy.ones(N))
def broydn7d(x):
    return np.sum(tridiagonal(x)) + np.sum(np.abs(x[: N // 2] + x[N // 2 :]) ** (7 / 3))


@problem("smooth", "LV Brown 1", numpy.where(ODD, 0, -1))
def brown1(x):
    a, b = x[0::2], x[1::2]
    return np.sum((a - 3) ** 2 / 1000 - (a - b) + np.exp(20 * (a - b)))


@problem("smooth", "LV Brown 2", numpy.where(ODD, -1, 1), 0)
def brown2(x):
    a, b = x[:-1] ** 2, x[1:] ** 2
    return np.sum(a ** (b + 1) + b ** (a + 1))


@problem("smooth", "LV banded trigonometric", numpy.full(N, 1 / N))
def banded_trigonometric(x):
    y = ends(x)
    return np.sum(I * ((1 - np.cos(x)) + np.sin(y[:-2]) - np.sin(y[2:])))


@problem("smooth", "CHNRSNBM", -numpy.ones(N), 0)
def chnrsnbm(x):
    return np.sum(16 * ALPHA[1:] ** 2 * (x[:-1] - x[1:] ** 2) ** 2 + (x[1:] - 1) ** 2)


@problem("smooth", "ERRINRSM", -numpy.ones(N))
def errinrsm(x):
    return np.sum((x[:-1] - 16 * ALPHA[1:] ** 2 * x[1:] ** 2) ** 2 + (x[1:] - 1) ** 2)


@problem("smooth", "GENROSE", I / (N + 1), 1)
def genrose(x):
    return 1 + np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (x[1:] - 1) ** 2)


@problem("smooth", "TOINTGSS", numpy.full(N, 3.0))
def tointgss(x):
    a, b, c = x[:-2], x[1:-1], x[2:] ** 2
    return np.sum((10 / (N + 2) + c) * (2 - np.exp(-((a - b) ** 2) / (0.1 + c))))


@problem("smooth", "SCHMVETT", numpy.full(N, 0.5), -3 * (N - 2))
def schmvett(x):
    a, b, c = x[:-2], x[1:-1], x[2:]
    return -np.sum(1 / (1 + (a - b) ** 2) + np.sin((np.pi * b + c) / 2) + np.exp(-(((a + c) / b - 2) ** 2)))


OTHERS = [((k * numpy.arange(1, N + 1) - 1) % N) for k in (2, 3, 5, 7, 11)]


@problem("smooth", "SPARSINE", numpy.full(N, 0.5), 0)
def sparsine(x):
    s = np.sin(x)
    return np.sum(I * (s + sum(s[k] for k in OTHERS)) ** 2) / 2


@problem("smooth", "SPARSQUR", numpy.full(N, 0.5), 0)
def sparsqur(x):
    s = x**2
    return np.sum(I * (s + sum(s[k] for k in OTHERS)) ** 2) / 8


@problem("smooth", "TQUARTIC", numpy.full(N, 0.1), 0)
def tquartic(x):
    return (x[0] - 1) ** 2 + np.sum((x[0] ** 2 - x[1:] ** 2) ** 2)


HILBERT = 1 / (numpy.arange(1, 11) + numpy.arange(10)[:, None])


@problem("smooth", "HILBERTA", numpy.ones(10), 0)
def hilberta(x):
    return x @ HILBERT @ x


@problem("smooth", "HILBERTB", -3 * numpy.ones(10), 0)
def hilbertb(x):
    return x @ HILBERT @ x + 5 * x @ x


def mancino_residuals(x):
    v = np.sqrt(x[:, None] ** 2 + I[:, None] / I)
    terms = v * (np.sin(np.log(v)) ** 5 + np.cos(np.log(v)) ** 5) * (1 - numpy.eye(N))
    return 14 * N * x + (I - N / 2) ** 3 + np.sum(terms, axis=1)


MANCINO = -14 * N / ((14 * N) ** 2 - 36 * (N - 1) ** 2) * mancino_residuals(numpy.zeros(N))


@problem("smooth", "MANCINO", MANCINO, 0)
def mancino(x):
    return np.sum(mancino_residuals(x) ** 2)


@problem("smooth", "SENSORS", numpy.arange(1, 11) / 10)
def sensors(x):
    s = np.sin(x)
    return -np.sum((s[:, None] * s * np.sin(x[:, None] - x)) ** 2)


SIDE = 4
ROOT = numpy.sin(numpy.arange(1.0, SIDE**2 + 1) ** 2).reshape(SIDE, SIDE)
ROOT[2, 0] = 0


@problem("smooth", "MSQRTALS", 0.2 * ROOT.ravel(), 0)
def msqrtals(x):
    X = np.reshape(x, (SIDE, SIDE))
    return np.sum((X @ X - ROOT @ ROOT) ** 2)


def eigen(A):
    """Eigenvalues and eigenvectors by least squares: Q'DQ = A, Q'Q = 1."""
    m = len(A)
    upper = numpy.triu(numpy.ones((m, m)))

    def fun(x):
        d, Q = x[:m], np.reshape(x[m:], (m, m))
        return np.sum(upper * ((Q.T * d @ Q - A) ** 2 + (Q.T @ Q - np.eye(m)) ** 2))

    return fun


EIGEN = numpy.concatenate([numpy.ones(4), numpy.eye(4).ravel()])
SECOND = 2 * numpy.eye(4) - numpy.eye(4, k=1) - numpy.eye(4, k=-1)
problem("smooth", "EIGENALS", EIGEN, 0)(eigen(numpy.diag(numpy.arange(1.0, 5))))
problem("smooth", "EIGENBLS", EIGEN, 0)(eigen(SECOND))

P = 8
GRID = numpy.arange(P) / (P - 1)
FRAME = 1 + 4 * GRID + 8 * GRID[:, None]
FRAME[1:-1, 1:-1] = 0


@problem("smooth", "FMINSURF", FRAME.ravel(), 1)
def fminsurf(x):
    u = np.reshape(x, (P, P))
    across = (u[:-1, :-1] - u[1:, 1:]) ** 2 + (u[1:, :-1] - u[:-1, 1:]) ** 2
    return np.mean(np.sqrt(1 + (P - 1) ** 2 / 2 * across)) + np.mean(u) ** 2


@problem("smooth", "SSC", numpy.zeros(64))
def combustion(x):
    """Steady state combustion of MINPACK-2, lambda = 5, on a grid of 8 by 8 squares inside."""
    u = np.pad(np.reshape(x, (8, 8)), 1, "constant")
    bent = np.sum((u[1:] - u[:-1]) ** 2) + np.sum((u[:, 1:] - u[:, :-1]) ** 2)
    return bent / 2 - 5 / 81 * np.sum(np.exp(u[1:-1, 1:-1]))


@problem("smooth", "hanging chain", numpy.full(N, 0.5))
def hanging_chain(x):
    """A chain hung from two points: the length of each link is kept by a stiff spring."""
    y = np.concatenate([np.zeros(1), x, np.zeros(1)])
    return np.sum(y) / N + 50 * np.sum((np.sqrt((y[1:] - y[:-1]) ** 2 + 1 / (N + 1) ** 2) - 1.5 / (N + 1)) ** 2)
