"""Andrei's "extended" functions: the sum of the same small function of each pair, or four, of coordinates."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

from .collection import pairs, problem


@problem(1, "Extended Freudenstein & Roth", [0.5, -2.0], block=2, minimum=0.0)
def extended_freudenstein_roth(x):
    a, b = pairs(x)
    return np.sum((a - 13 + ((5 - b) * b - 2) * b) ** 2 + (a - 29 + ((b + 1) * b - 14) * b) ** 2)


@problem(3, "Extended Rosenbrock", [-1.2, 1.0], block=2, minimum=0.0)
def extended_rosenbrock(x):
    a, b = pairs(x)
    return np.sum(100 * (b - a**2) ** 2 + (1 - a) ** 2)


@problem(5, "Extended White & Holst", [-1.2, 1.0], block=2, minimum=0.0)
def extended_white_holst(x):
    a, b = pairs(x)
    return np.sum(100 * (b - a**3) ** 2 + (1 - a) ** 2)


@problem(6, "Extended Beale", [1.0, 0.8], block=2, minimum=0.0)
def extended_beale(x):
    a, b = pairs(x)
    return np.sum((1.5 - a * (1 - b)) ** 2 + (2.25 - a * (1 - b**2)) ** 2 + (2.625 - a * (1 - b**3)) ** 2)


@problem(16, "Extended Tridiagonal 1", [2.0], block=2, minimum=0.0)
def extended_tridiagonal_1(x):
    a, b = pairs(x)
    return np.sum((a + b - 3) ** 2 + (a - b + 1) ** 4)


@problem(17, "Extended Three Exponentials", [0.1], block=2, minimum=lambda i: i.size * sqrt(2) * exp(-0.1))
def extended_three_exponentials(x):
    a, b = pairs(x)
    return np.sum(np.exp(a + 3 * b - 0.1) + np.exp(a - 3 * b - 0.1) + np.exp(-a - 0.1))


@problem(19, "Diagonal 4", [1.0], block=2, minimum=0.0)
def diagonal_4(x):
    a, b = pairs(x)
    return np.sum(a**2 + 100 * b**2) / 2


@problem(21, "Extended Himmelblau", [1.0], block=2, minimum=0.0)
def extended_himmelblau(x):
    a, b = pairs(x)
    return np.sum((a**2 + b - 11) ** 2 + (a + b**2 - 7) ** 2)


@problem(24, "Extended PSC1", [3.0, 0.1], block=2)
def extended_psc1(x):
    a, b = pairs(x)
    return np.sum((a**2 + b**2 + a * b) ** 2 + np.sin(a) ** 2 + np.cos(b) ** 2)


@problem(25, "Extended Powell", [3.0, -1.0, 0.0, 1.0], smallest=4, block=4, minimum=0.0)
def extended_powell(x):
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    return np.sum((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


@problem(28, "Extended Block Diagonal BD1", [0.1], block=2, minimum=0.0)
def extended_block_diagonal(x):
    a, b = pairs(x)
    return np.sum((a**2 + b**2 - 2) ** 2 + (np.exp(a - 1) - b) ** 2)


@problem(29, "Extended Maratos", [1.1, 0.1], block=2)
def extended_maratos(x):
    a, b = pairs(x)
    return np.sum(a + 100 * (a**2 + b**2 - 1) ** 2)


@problem(30, "Extended Cliff", [0.0, -1.0], block=2, minimum=lambda i: i.size * (1 + log(20)) / 40)
def extended_cliff(x):
    a, b = pairs(x)
    return np.sum(((a - 3) / 100) ** 2 - (a - b) + np.exp(20 * (a - b)))


@problem(32, "Extended Wood", [-3.0, -1.0], smallest=4, block=4, minimum=0.0)
def extended_wood(x):
    """With 90 (x_{4i-1}^2 - x_{4i})^2 as in Moré, Garbow & Hillstrom (1981)."""
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    return np.sum(
        100 * (a**2 - b) ** 2
        + (a - 1) ** 2
        + 90 * (c**2 - d) ** 2
        + (1 - c) ** 2
        + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2)
        + 19.8 * (b - 1) * (d - 1)
    )


@problem(33, "Extended Hiebert", [0.0], block=2, minimum=0.0)
def extended_hiebert(x):
    a, b = pairs(x)
    return np.sum((a - 10) ** 2 + (a * b - 50000) ** 2)


@problem(38, "Extended Quadratic Exponential EP1", [1.5], block=2)
def extended_quadratic_exponential(x):
    a, b = pairs(x)
    return np.sum((np.exp(a - b) - 5) ** 2 + (a - b) ** 2 * (a - b - 11) ** 2)


@problem(77, "Extended DENSCHNB", [1.0], block=2, minimum=0.0)
def extended_denschnb(x):
    """With (x_{2i-1} - 2)^2 x_{2i}^2 as in CUTE."""
    a, b = pairs(x)
    return np.sum((a - 2) ** 2 + (a - 2) ** 2 * b**2 + (b + 1) ** 2)


@problem(78, "Extended DENSCHNF", [2.0, 0.0], block=2, minimum=0.0)
def extended_denschnf(x):
    a, b = pairs(x)
    return np.sum((2 * (a + b) ** 2 + (a - b) ** 2 - 8) ** 2 + (5 * a**2 + (b - 3) ** 2 - 9) ** 2)


@problem(90, "HIMMELBG", [1.5], block=2, minimum=0.0)
def himmelbg(x):
    """Nears its least value at infinity too."""
    a, b = pairs(x)
    return np.sum((2 * a**2 + 3 * b**2) * np.exp(-a - b))
