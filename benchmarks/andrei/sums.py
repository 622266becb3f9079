"""Andrei's functions in which every coordinate has its own term: diagonal, perturbed, penalised."""

from __future__ import annotations

from math import log

import numpy as np

from .collection import counted, partial_sums, problem


@problem(2, "Extended Trigonometric", [0.2], minimum=0.0)
def extended_trigonometric(x):
    i = counted(x)
    return np.sum((x.size - np.sum(np.cos(x)) + i * (1 - np.cos(x)) - np.sin(x)) ** 2)


@problem(7, "Extended Penalty", lambda i: i)
def extended_penalty(x):
    return np.sum((x[:-1] - 1) ** 2) + (np.sum(x**2) - 0.25) ** 2


@problem(8, "Perturbed Quadratic", [0.5], minimum=0.0)
def perturbed_quadratic(x):
    return np.sum(counted(x) * x**2) + np.sum(x) ** 2 / 100


@problem(9, "Raydan 1", [1.0], minimum=lambda i: np.sum(i) / 10)
def raydan_1(x):
    return np.sum(counted(x) / 10 * (np.exp(x) - x))


@problem(10, "Raydan 2", [1.0], minimum=lambda i: i.size)
def raydan_2(x):
    return np.sum(np.exp(x) - x)


@problem(11, "Diagonal 1", lambda i: 0 * i + 1 / i.size, minimum=lambda i: np.sum(i - i * np.log(i)))
def diagonal_1(x):
    return np.sum(np.exp(x) - counted(x) * x)


@problem(12, "Diagonal 2", lambda i: 1 / i, minimum=lambda i: np.sum((1 + np.log(i)) / i))
def diagonal_2(x):
    return np.sum(np.exp(x) - x / counted(x))


@problem(13, "Diagonal 3", [1.0])
def diagonal_3(x):
    return np.sum(np.exp(x) - counted(x) * np.sin(x))


@problem(14, "Hager", [1.0], minimum=lambda i: np.sum(np.sqrt(i) * (1 - np.log(i) / 2)))
def hager(x):
    return np.sum(np.exp(x) - np.sqrt(counted(x)) * x)


@problem(20, "Diagonal 5", [1.1], minimum=lambda i: i.size * log(2))
def diagonal_5(x):
    return np.sum(np.log(np.exp(x) + np.exp(-x)))


@problem(26, "Full Hessian FH1", [0.01], minimum=0.0)
def full_hessian_1(x):
    return (x[0] - 3) ** 2 + np.sum((x[0] - 3 - 2 * partial_sums(x)[1:] ** 2) ** 2)


@problem(27, "Full Hessian FH2", [0.01], minimum=0.0)
def full_hessian_2(x):
    return (x[0] - 5) ** 2 + np.sum((partial_sums(x)[1:] - 1) ** 2)


@problem(31, "Perturbed Quadratic Diagonal", [0.5], minimum=0.0)
def perturbed_quadratic_diagonal(x):
    return np.sum(x) ** 2 + np.sum(counted(x) / 100 * x**2)


@problem(34, "Quadratic QF1", [1.0], minimum=lambda i: -0.5 / i.size)
def quadratic_1(x):
    return np.sum(counted(x) * x**2) / 2 - x[-1]


@problem(35, "Extended Quadratic Penalty QP1", [1.0])
def extended_quadratic_penalty_1(x):
    return np.sum((x[:-1] ** 2 - 2) ** 2) + (np.sum(x**2) - 0.5) ** 2


@problem(36, "Extended Quadratic Penalty QP2", [1.0])
def extended_quadratic_penalty_2(x):
    return np.sum((x[:-1] ** 2 - np.sin(x[:-1])) ** 2) + (np.sum(x**2) - 100) ** 2


@problem(37, "Quadratic QF2", [0.5])
def quadratic_2(x):
    return np.sum(counted(x) * (x**2 - 1) ** 2) / 2 - x[-1]


@problem(52, "Partial Perturbed Quadratic", [0.5], minimum=0.0)
def partial_perturbed_quadratic(x):
    return x[0] ** 2 + np.sum(counted(x) * x**2 + partial_sums(x) ** 2 / 100)


@problem(54, "Almost Perturbed Quadratic", [0.5], minimum=0.0)
def almost_perturbed_quadratic(x):
    return np.sum(counted(x) * x**2) + (x[0] + x[-1]) ** 2 / 100


@problem(56, "Staircase 1", [1.0], minimum=0.0)
def staircase_1(x):
    return np.sum(partial_sums(x) ** 2)


@problem(57, "Staircase 2", [0.0], minimum=0.0)
def staircase_2(x):
    return np.sum((partial_sums(x) - counted(x)) ** 2)


@problem(89, "Diagonal 9", [1.0], minimum=lambda i: np.sum((i - i * np.log(i))[:-1]))
def diagonal_9(x):
    return np.sum((np.exp(x) - counted(x) * x)[:-1]) + 10000 * x[-1] ** 2
