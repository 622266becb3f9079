"""The set of Moré, Garbow & Hillstrom (1981) against the least values and minima that the paper gives."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

import steepest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from more import LEAST, PROBLEMS

BY_NAME = {problem.name: problem for problem in PROBLEMS}
MINIMA = {
    "Rosenbrock": [1, 1],
    "Freudenstein and Roth": [5, 4],
    "Beale": [3, 0.5],
    "Brown badly scaled": [1e6, 2e-6],
    "helical valley": [1, 0, 0],
    "Gulf research and development": [50, 25, 1.5],
    "Box three-dimensional": [1, 10, 1],
    "Wood": [1, 1, 1, 1],
    "Biggs EXP6": [1, 10, 1, 5, 4, 3],
    "variably dimensioned": [1] * 10,
    "trigonometric": [0] * 10,
    "Brown almost-linear": [1] * 10,
}
REACHED = [
    "Jennrich and Sampson", "Bard", "Gaussian", "Kowalik and Osborne", "Brown and Dennis", "Osborne 1", "Osborne 2",
    "penalty I 4", "linear, full rank", "linear, rank 1", "linear, rank 1, with zero columns and rows",
    "Chebyquad 8", "Chebyquad 10",
]  # fmt: skip


def test_thirty_three_problems():
    assert len({problem.number for problem in PROBLEMS}) == 33
    assert all(problem.size(1) == problem.x0(1).size for problem in PROBLEMS)


@pytest.mark.parametrize("name", MINIMA)
def test_minima_of_the_paper(name):
    assert BY_NAME[name].fun(np.array(MINIMA[name], float)) < 1e-18


@pytest.mark.parametrize("name", REACHED)
def test_least_values_of_the_paper(name):
    """Another library gets from the paper's start to the paper's value, which is given to six digits."""
    problem = BY_NAME[name]
    x = problem.x0(1)
    for _ in range(3):
        x = minimize(problem.fun, x, jac=problem.gradient, method="BFGS", options={"gtol": 1e-12}).x
    assert problem.fun(x) == pytest.approx(LEAST[name], rel=2e-5)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_gradients(problem):
    x = problem.x0(1)
    h = 1e-6 * (np.abs(x) + 1e-2)
    steps = np.diag(h)
    slopes = [(problem.fun(x + s) - problem.fun(x - s)) / (2 * s.sum()) for s in steps]
    g = problem.gradient(x)
    np.testing.assert_allclose(slopes, g, atol=1e-4 * np.abs(g).max())


def test_a_flat_valley_followed_to_its_end_by_differences_is_no_failure():
    """Watson, n = 12: the values end about 1e-9 of the start above 0, where gradients of short steps were noise."""
    problem = BY_NAME["Watson 12"]
    result = steepest.minimize(lambda x: float(problem.fun(x)), problem.x0(1), jac="fd")
    assert result.fun < 1e-9 * problem.fun(problem.x0(1))
    assert np.linalg.norm(problem.gradient(result.x)) < 1e-7
    assert result.success
