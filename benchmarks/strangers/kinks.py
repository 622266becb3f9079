"""Nonsmooth functions: Lukšan & Vlček (2000, report V-798), Haarala, Miettinen & Mäkelä (2004), and fits by sums of
absolute values."""

from __future__ import annotations

import autograd.numpy as np
import numpy

from .collection import problem
from .data import table


def highest(*values):
    return np.max(np.array(values))


@problem("kinks", "CB2", [1, -0.1], 1.9522245)
def cb2(x):
    a, b = x
    return highest(a**2 + b**4, (2 - a) ** 2 + (2 - b) ** 2, 2 * np.exp(b - a))


@problem("kinks", "CB3", [2, 2], 2)
def cb3(x):
    a, b = x
    return highest(a**4 + b**2, (2 - a) ** 2 + (2 - b) ** 2, 2 * np.exp(b - a))


@problem("kinks", "DEM", [1, 1], -3)
def dem(x):
    a, b = x
    return highest(5 * a + b, -5 * a + b, a**2 + b**2 + 4 * b)


@problem("kinks", "QL", [-1, 5], 7.2)
def ql(x):
    a, b = x
    return a**2 + b**2 + highest(0 * a, 10 * (-4 * a - b + 4), 10 * (-a - 2 * b + 6))


@problem("kinks", "LQ", [-0.5, -0.5], float(-numpy.sqrt(2)))
def lq(x):
    return -x[0] - x[1] + np.maximum(0, x[0] ** 2 + x[1] ** 2 - 1)


@problem("kinks", "Mifflin 1", [0.8, 0.6], -1)
def mifflin1(x):
    return -x[0] + 20 * np.maximum(x[0] ** 2 + x[1] ** 2 - 1, 0)


@problem("kinks", "Mifflin 2", [-1, -1], -1)
def mifflin2(x):
    q = x[0] ** 2 + x[1] ** 2 - 1
    return -x[0] + 2 * q + 1.75 * np.abs(q)


@problem("kinks", "Rosen-Suzuki", [0, 0, 0, 0], -44)
def rosen_suzuki(x):
    a, b, c, d = x
    f = a**2 + b**2 + 2 * c**2 + d**2 - 5 * a - 5 * b - 21 * c + 7 * d
    g = (
        a**2 + b**2 + c**2 + d**2 + a - b + c - d - 8,
        a**2 + 2 * b**2 + c**2 + 2 * d**2 - a - d - 10,
        a**2 + b**2 + c**2 + 2 * a - b - d - 5,
    )
    return f + 10 * highest(0 * a, *g)


@problem("kinks", "crescent", [-1.5, 2], 0)
def crescent(x):
    q = x[0] ** 2 + (x[1] - 1) ** 2
    return highest(q + x[1] - 1, -q + x[1] + 1)


@problem("kinks", "Wolfe", [3, 2], -8)
def wolfe(x):
    a, b = x[0], np.abs(x[1])
    if a >= b:
        return 5 * np.sqrt(9 * a**2 + 16 * b**2)
    return 9 * a + 16 * b - np.where(a <= 0, a**9, 0)


I = numpy.arange(1.0, 21)


@problem("kinks", "MAXQ", numpy.where(I <= 10, I, -I), 0)
def maxq(x):
    return np.max(x**2)


@problem("kinks", "MAXL", numpy.where(I <= 10, I, -I), 0)
def maxl(x):
    return np.max(np.abs(x))


@problem("kinks", "Goffin", I - 10.5, 0)
def goffin(x):
    return 20 * np.max(x) - np.sum(x)


HILBERT = 1 / (numpy.arange(1, 11) + numpy.arange(10)[:, None])


@problem("kinks", "MXHILB", numpy.ones(10), 0)
def mxhilb(x):
    return np.max(np.abs(HILBERT @ x))


@problem("kinks", "L1HILB", numpy.ones(10), 0)
def l1hilb(x):
    return np.sum(np.abs(HILBERT @ x))


@problem("kinks", "chained LQ", numpy.full(10, -0.5), float(-9 * numpy.sqrt(2)))
def chained_lq(x):
    a, b = x[:-1], x[1:]
    return np.sum(-a - b + np.maximum(0, a**2 + b**2 - 1))


def chained_cb3(x):
    a, b = x[:-1], x[1:]
    return np.array([a**4 + b**2, (2 - a) ** 2 + (2 - b) ** 2, 2 * np.exp(b - a)])


problem("kinks", "chained CB3 I", numpy.full(10, 2.0), 18)(lambda x: np.sum(np.max(chained_cb3(x), axis=0)))
problem("kinks", "chained CB3 II", numpy.full(10, 2.0), 18)(lambda x: np.max(np.sum(chained_cb3(x), axis=1)))


@problem("kinks", "active faces", numpy.ones(10), 0)
def active_faces(x):
    return np.max(np.log(np.abs(np.concatenate([np.array([-np.sum(x)]), x])) + 1))


@problem("kinks", "chained Mifflin 2", numpy.full(10, -1.0))
def chained_mifflin2(x):
    q = x[:-1] ** 2 + x[1:] ** 2 - 1
    return np.sum(-x[:-1] + 2 * q + 1.75 * np.abs(q))


def chained_crescent(x):
    a, b = x[:-1], x[1:]
    q = a**2 + (b - 1) ** 2
    return np.array([q + b - 1, -q + b + 1])


WAVE = numpy.resize([-1.5, 2], 10)
problem("kinks", "chained crescent I", WAVE, 0)(lambda x: np.max(np.sum(chained_crescent(x), axis=1)))
problem("kinks", "chained crescent II", WAVE, 0)(lambda x: np.sum(np.max(chained_crescent(x), axis=0)))


def linear(loss, name="diabetes"):
    def fun(w):
        X, y = table(name)
        return np.mean(loss(y - X @ w))

    return fun


problem("kinks", "diabetes, absolute values", numpy.zeros(11))(linear(np.abs))
problem("kinks", "diabetes, quantile 0.9", numpy.zeros(11))(linear(lambda r: np.maximum(0.9 * r, -0.1 * r)))


@problem("kinks", "diabetes, lasso", numpy.zeros(11))
def lasso(w):
    return linear(lambda r: r**2 / 2)(w) + 5 * np.sum(np.abs(w[1:]))


@problem("kinks", "cancer, support vectors", numpy.zeros(31))
def hinge(w):
    X, y = table("breast_cancer")
    return np.mean(np.maximum(0, 1 - (2 * y - 1) * (X @ w))) + 0.005 * np.sum(w**2)


@problem("kinks", "diabetes, ten largest errors", numpy.zeros(11))
def largest(w):
    X, y = table("diabetes")
    return np.sum(np.sort(np.abs(y - X @ w))[-10:])


@problem("kinks", "steps out of noise, total variation", numpy.zeros(20))
def variation(x):
    seen = numpy.where(I > 8, 2.0, 0.0) + 0.3 * numpy.sin(17 * I)
    return np.sum((x - seen) ** 2) / 2 + 0.5 * np.sum(np.abs(x[1:] - x[:-1]))
