"""Small functions of CUTEst, of Schittkowski (1987) and of Dixon & Szegö (1978), n = 1 to 8."""

from __future__ import annotations

import autograd.numpy as np
import numpy

from .collection import numbers, problem, squares


@problem("smooth", "DENSCHNA", [1, 1], 0)
def denschna(x):
    return x[0] ** 4 + (x[0] + x[1]) ** 2 + (np.exp(x[1]) - 1) ** 2


@problem("smooth", "DENSCHNC", [2, 3], 0)
def denschnc(x):
    return (x[0] ** 2 + x[1] ** 2 - 2) ** 2 + (np.exp(x[0] - 1) + x[1] ** 3 - 2) ** 2


@problem("smooth", "DENSCHND", [10, 10, 10], 0)
def denschnd(x):
    a, b, c = x
    return (a**2 + b**3 - c**4) ** 2 + (2 * a * b * c) ** 2 + (2 * a * b - 3 * b * c + a * c) ** 2


@problem("smooth", "DENSCHNE", [2, 3, -8], 0)
def denschne(x):
    return x[0] ** 2 + (x[1] + x[1] ** 2) ** 2 + (np.exp(x[2]) - 1) ** 2


def hair(x):
    a, b = x
    cups = 100 * np.sqrt(0.01 + (a - b) ** 2) + 100 * np.sqrt(0.01 + a**2)
    return 30 * np.sin(7 * a) ** 2 * np.cos(7 * b) ** 2 + cups


problem("smooth", "HAIRY", [-5, -7], 20)(hair)


@problem("smooth", "LOGHAIRY", [-500, -700], float(numpy.log(1.2)))
def loghairy(x):
    return np.log((100 + hair(x)) / 100)


@problem("smooth", "SISSER", [1, 0.1], 0)
def sisser(x):
    return 3 * x[0] ** 4 - 2 * (x[0] * x[1]) ** 2 + 3 * x[1] ** 4


@problem("smooth", "HIMMELBB", [-1.2, 1], 0)
def himmelbb(x):
    a, b = x
    return (a * b * (1 - a) * (1 - b - a * (1 - a) ** 5)) ** 2


@problem("smooth", "MARATOSB", [1.1, 0.1], -1.00000006)
def maratosb(x):
    return x[0] + 1e6 * (x[0] ** 2 + x[1] ** 2 - 1) ** 2


@problem("smooth", "HUMPS", [-506, -506.2], 0)
def humps(x):
    return 0.05 * np.sum(x**2) + (np.sin(20 * x[0]) * np.sin(20 * x[1])) ** 2


@problem("smooth", "BRKMCC", [2, 2], 0.16904268)
def brkmcc(x):
    a, b = x
    return (a - 2) ** 2 + (b - 1) ** 2 + 0.04 / (1 - a**2 / 4 - b**2) + 5 * (a - 2 * b + 1) ** 2


@problem("smooth", "ENGVAL2", [1, 2, 0], 0)
@squares
def engval2(x):
    a, b, c = x
    last = a**3 + 3 * b**2 + (5 * c - a + 1) ** 2 - 36
    return [a**2 + b**2 + c**2 - 1, a**2 + b**2 + (c - 2) ** 2 - 1, a + b + c - 1, a + b - c + 1, last]


@problem("smooth", "ALLINITU", [0, 0, 0, 0], 5.74438)
def allinitu(x):
    a, b, c, d = x
    return (
        c - 1 + a**2 + b**2 + (c + d) ** 2 + np.sin(c) ** 2 + a**2 * b**2 + d - 3 + np.sin(c) ** 2 + (d - 1) ** 2
        + b**4 + (c**2 + (d + a) ** 2) ** 2 + (a - 4 + np.sin(d) ** 2 + b**2 * c**2) ** 2 + np.sin(d) ** 4
    )  # fmt: skip


@problem("smooth", "EXPFIT", [0, 0], 0.240511)
@squares
def expfit(x):
    t = numpy.arange(1, 11) / 4
    return x[0] * np.exp(t * x[1]) - t


@problem("smooth", "GROWTHLS", [100, 0, 0])
@squares
def growthls(x):
    y = numbers("8 8.4305 9.5294 10.4627 12 13.0205 14.5949 16.1078 18.0596 20.4569 24.25")
    t = numbers("8 9 10 11 12 13 14 16 18 20 25")
    return x[0] * t ** (x[1] + x[2] * numpy.log(t)) - y


@problem("smooth", "HIMMELBF", [2.7, 90, 1500, 10], 318.572)
def himmelbf(x):
    a = numbers("0 .000428 .001 .00161 .00209 .00348 .00525")
    b = numbers("7.391 11.18 16.44 16.2 22.2 24.02 31.32")
    a_b = (x[0] ** 2 + a * x[1] ** 2 + a**2 * x[2] ** 2) / (1 + a * x[3] ** 2)
    return 1e4 * np.sum((a_b / b - 1) ** 2)


@problem("smooth", "WEEDS", [1, 1, 1])
@squares
def weeds(x):
    y = numbers("5.308 7.24 9.638 12.866 17.069 23.192 31.443 38.558 50.156 62.948 75.995 91.972")
    return y - x[0] / (1 + x[1] * np.exp(-x[2] * numpy.arange(1, 13)))


@problem("smooth", "HEART8LS", [-0.3, -0.39, 0.3, -0.344, -1.2, 2.69, 1.59, -1.5], 0)
@squares
def heart8(z):
    a, b, c, d, t, u, v, w = z
    T, U, V, W = t**2, u**2, v**2, w**2
    return [
        a + b + 0.69,
        c + d + 0.044,
        t * a + u * b - v * c - w * d + 1.57,
        v * a + w * b + t * c + u * d + 1.31,
        a * (T - V) - 2 * c * t * v + b * (U - W) - 2 * d * u * w + 2.65,
        c * (T - V) + 2 * a * t * v + d * (U - W) + 2 * b * u * w - 2.0,
        a * t * (T - 3 * V) + c * v * (V - 3 * T) + b * u * (U - 3 * W) + d * w * (W - 3 * U) + 12.6,
        c * t * (T - 3 * V) - a * v * (V - 3 * T) + d * u * (U - 3 * W) - b * w * (W - 3 * U) - 9.48,
    ]


@problem("smooth", "S308", [3, 0.1], 0.773199)
def s308(x):
    a, b = x
    return (a**2 + a * b + b**2) ** 2 + np.sin(a) ** 2 + np.cos(b) ** 2


@problem("smooth", "S309", [0, 0], -3.9871708)
def s309(x):
    a, b = x
    return 1.41 * a**4 - 12.76 * a**3 + 39.91 * a**2 - 51.93 * a + 24.37 + (b - 3.9) ** 2


@problem("smooth", "S312", [1, 1])
def s312(x):
    a, b = x
    return (a**2 + 12 * b - 1) ** 2 + (49 * a**2 + 49 * b**2 + 84 * a + 2324 * b - 681) ** 2


@problem("smooth", "S303", numpy.full(20, 0.1), 0)
def s303(x):
    s = np.sum(numpy.arange(1.0, 21) * x) / 2
    return np.sum(x**2) + s**2 + s**4


@problem("smooth", "Goldstein-Price", [0.5, -0.3])
def goldstein_price(x):
    a, b = x
    p = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2)
    q = 30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2)
    return p * q


HARTMANN = numpy.array([
    [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
])  # fmt: skip
PLACES = 1e-4 * numpy.array([
    [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
])  # fmt: skip


@problem("smooth", "Hartmann 6", [0.5] * 6)
def hartmann6(x):
    return -np.sum(numpy.array([1, 1.2, 3, 3.2]) * np.exp(-np.sum(HARTMANN * (x - PLACES) ** 2, axis=1)))


SHEKEL = numpy.array([[4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6], [3, 7, 3, 7],
                      [2, 9, 2, 9], [5, 5, 3, 3], [8, 1, 8, 1], [6, 2, 6, 2], [7, 3.6, 7, 3.6]])  # fmt: skip


@problem("smooth", "Shekel 10", [5, 5, 5, 5])
def shekel(x):
    return -np.sum(1 / (np.sum((x - SHEKEL) ** 2, axis=1) + numbers(".1 .2 .2 .4 .4 .6 .3 .7 .5 .5")))


@problem("smooth", "Michalewicz 5", [1.5] * 5)
def michalewicz(x):
    return -np.sum(np.sin(x) * np.sin(numpy.arange(1, 6) * x**2 / np.pi) ** 20)


@problem("smooth", "Zettl", [3, 4])
def zettl(x):
    return (x[0] ** 2 + x[1] ** 2 - 2 * x[0]) ** 2 + x[0] / 4


@problem("smooth", "ripples on a log, n = 1", [7.3])
def ripple(x):
    return np.sum(np.log(1 + x**2) + np.sin(3 * x) ** 2)


@problem("smooth", "quotient, n = 1", [40.0])
def quotient(x):
    return np.sum((x**2 - 3 * x + 1) / (x**2 + 1))


@problem("smooth", "cosh well, n = 1", [11.0], 1)
def cosh(x):
    return np.sum(np.cosh(x - 2))
