"""Andrei's functions that couple each coordinate to its neighbours: generalised, tridiagonal, Broyden."""

from __future__ import annotations

import numpy as np

from .collection import counted, problem

# With two coordinates the generalised functions 4, 15 and 22 are the extended ones, hence smallest=3.


@problem(4, "Generalized Rosenbrock", [-1.2, 1.0], smallest=3, minimum=0.0)
def generalized_rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@problem(15, "Generalized Tridiagonal 1", [2.0], smallest=3)
def generalized_tridiagonal_1(x):
    return np.sum((x[:-1] + x[1:] - 3) ** 2 + (x[:-1] - x[1:] + 1) ** 4)


@problem(18, "Generalized Tridiagonal 2", [-1.0])
def generalized_tridiagonal_2(x):
    y = (5 - 3 * x - x**2) * x + 1
    return (y[0] - 3 * x[1]) ** 2 + np.sum((y[1:-1] - x[:-2] - 3 * x[2:]) ** 2) + (y[-1] - x[-2]) ** 2


@problem(22, "Generalized White & Holst", [-1.2, 1.0], smallest=3, minimum=0.0)
def generalized_white_holst(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 3) ** 2 + (1 - x[:-1]) ** 2)


@problem(23, "Generalized PSC1", [3.0, 0.1], minimum=lambda i: i.size - 1)
def generalized_psc1(x):
    a, b = x[:-1], x[1:]
    return np.sum((a**2 + b**2 + a * b) ** 2 + np.sin(a) ** 2 + np.cos(a) ** 2)


@problem(53, "Broyden Tridiagonal", [-1.0])
def broyden_tridiagonal(x):
    """The first term without its neighbour and constant, as the paper prints it."""
    y = 3 * x - 2 * x**2
    return y[0] ** 2 + np.sum((y[1:-1] - x[:-2] - 2 * x[2:] + 1) ** 2) + (y[-1] - x[-2] + 1) ** 2


@problem(55, "Perturbed Tridiagonal Quadratic", [0.5], smallest=3, minimum=0.0)
def perturbed_tridiagonal_quadratic(x):
    i = counted(x)
    return x[0] ** 2 + np.sum((i * x**2)[1:-1] + (x[:-2] + x[1:-1] + x[2:]) ** 2)


@problem(84, "Generalized Quartic", [1.0], minimum=0.0)
def generalized_quartic(x):
    return np.sum(x[:-1] ** 2 + (x[1:] + x[:-1] ** 2) ** 2)
