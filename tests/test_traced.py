"""A function in NumPy's words becomes expressions; one in others, or that is another when called again, does not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steepest import problems
from steepest.engine.traced import MOST, coordinates, from_function
from steepest.expression import Program
from steepest.methods import rules
from steepest.minimize import minimize
from steepest.sweeps.sweep import sweep

RATES = np.array([1e-3, 1e-2])


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def valley_gradient(x):
    inner = x[1] - x[0] ** 2
    return np.array([-400 * x[0] * inner - 2 * (1 - x[0]), 200 * inner])


def total(x):  # not for many points at once
    return np.sum(x * x) / 2


def matrix(x):
    return x @ np.array([[3.0, 1.0], [1.0, 2.0]]) @ x


FOLLOWED = {
    "arithmetic": (valley, valley_gradient),
    "sums": (total, lambda x: x),
    "in place": (total, lambda x: np.add(x, 0.0 * x)),
    "matrices": (matrix, lambda x: 2 * (np.array([[3.0, 1.0], [1.0, 2.0]]) @ x)),
    "functions of NumPy": (
        lambda x: np.cos(x[0]) * np.exp(-x[1]) + np.hypot(x[0], 1.0),
        lambda x: [-np.sin(x[0]) * np.exp(-x[1]) + x[0] / np.hypot(x[0], 1.0), -np.cos(x[0]) * np.exp(-x[1])],
    ),
    "choices": (
        lambda x: np.where(x[0] > x[1], x[0], x[1] ** 3) + np.maximum(x[0], 0.0),
        lambda x: [np.where(x[0] > x[1], 1.0, 0.0) + (x[0] > 0), np.where(x[0] > x[1], 0.0, 3 * x[1] ** 2)],
    ),
    "powers, norms": (
        lambda x: x[0] ** 5 + np.sum(x**4) + np.linalg.norm(x) + np.mean(x) + np.dot(x, x),
        lambda x: np.array([5 * x[0] ** 4, 0 * x[0]]) + 4 * x**3 + x / np.linalg.norm(x) + 0.5 + 2 * x,
    ),
    "absolute values": (lambda x: abs(x[0]) + abs(x[1] - 2), lambda x: [(x[0] > 0) * 2.0 - 1, (x[1] > 2) * 2.0 - 1]),
}  # fmt: skip


@pytest.mark.parametrize("case", FOLLOWED)
def test_arithmetic_is_followed(case):
    fun, jac = FOLLOWED[case]
    program = Program(coordinates(2), from_function(lambda x: (fun(x), jac(x)), 2))
    for x in np.random.default_rng(5).normal(size=(50, 2)):
        f, *g = program.floats(x.tolist())
        np.testing.assert_allclose([f, *g], [fun(x), *jac(x)], rtol=2e-15, atol=2e-15)


@pytest.mark.parametrize("case", FOLLOWED)
def test_a_value_alone_is_differentiated(case):
    fun, jac = FOLLOWED[case]
    program = Program(coordinates(2), from_function(fun, 2))
    for x in np.random.default_rng(6).normal(size=(50, 2)):
        f, *g = program.floats(x.tolist())
        np.testing.assert_allclose([f, *g], [fun(x), *jac(x)], rtol=1e-13, atol=1e-14)


def test_sweeps_without_a_gradient_are_compiled_and_agree_with_autograd():
    def ackley(x):
        return -20 * np.exp(-0.2 * np.sqrt(np.mean(x**2))) - np.exp(np.mean(np.cos(2 * np.pi * x)))

    s = sweep(ackley, [2.0, -1.3, 0.7], rules.Adam(lr=RATES), maxiter=50, diagnose=False)
    assert s.engine == "compiled"
    for k, lr in enumerate(RATES):
        run = minimize(ackley, [2.0, -1.3, 0.7], method=rules.Adam(lr=lr), maxiter=50, diagnose=False)
        np.testing.assert_allclose(s.x[k], run.x, rtol=1e-10)
        assert (s.code[k], s.steps[k]) == (run.code, run.nit)


NOT_FOLLOWED = {
    "a branch": lambda x: x[0] if x[0] > 0 else -x[0],
    "a number is asked for": lambda x: float(x[0]),
    "the mathematics of Python": lambda x: math.exp(x[0]),
    "steps": lambda x: np.trunc(x[0]) + x[1],
    "an order": lambda x: np.sort(x)[0],
    "another library": lambda x: np.linalg.det(np.diag(x)),
    "a remainder": lambda x: x[0] % 2.0,
    "a vector": lambda x: x,
    "nothing": lambda x: None,
    "text": lambda x: "f",
    "too much": lambda x: sum((x[0] - k) * (x[1] + k) for k in range(MOST)),
}


@pytest.mark.parametrize("case", NOT_FOLLOWED)
def test_the_rest_is_not(case):
    assert from_function(lambda x: (NOT_FOLLOWED[case](x), x), 2) is None


def test_function_that_is_another_one_for_symbols_is_called():
    def two_faces(x):
        return valley(x) if np.asarray(x).dtype == float else x[0] * 0.0

    s = sweep(two_faces, [-1.2, 1.0], rules.Adam(lr=RATES), jac=valley_gradient, maxiter=20)
    assert s.engine == "batch"
    np.testing.assert_array_equal(
        s.x, sweep(valley, [-1.2, 1.0], rules.Adam(lr=RATES), jac=valley_gradient, maxiter=20).x
    )


def test_function_that_draws_numbers_is_called():
    draw = np.random.default_rng(3)

    def noisy(x):
        return valley(x) + 1e-9 * draw.normal()

    assert sweep(noisy, [-1.2, 1.0], rules.Adam(lr=RATES), jac=valley_gradient, maxiter=5).engine != "compiled"


def test_function_of_one_point_becomes_one_of_many():
    s = sweep(total, [3.0, -2.0], rules.GD(lr=np.array([0.1, 0.5, 2.5])), jac=lambda x: 1.0 * x, maxiter=500)
    assert s.engine == "compiled"
    assert s.code.tolist() == ["converged.gradient", "converged.gradient", "diverged.rate"]


def test_functions_of_numba_are_followed_in_their_python():
    numba = pytest.importorskip("numba")
    s = sweep(numba.njit(valley), [-1.2, 1.0], rules.Adam(lr=RATES), jac=numba.njit(valley_gradient), maxiter=50)
    assert s.engine == "compiled"
    plain = sweep(valley, [-1.2, 1.0], rules.Adam(lr=RATES), jac=valley_gradient, maxiter=50)
    np.testing.assert_array_equal(s.x, plain.x)


FEW = [p for p in problems.catalogue() if p.n <= 8]


def test_problems_that_are_followed_compute_what_they_do():
    followed: list[str] = []
    for problem in FEW:
        outputs = from_function(lambda x, p=problem: (p(x), p.gradient(x)), problem.n)
        if outputs is None:
            continue
        followed.append(problem.name)
        program = Program(coordinates(problem.n), outputs)
        for x in problem.start + np.random.default_rng(7).normal(size=(20, problem.n)):
            f, *g = program.floats(x.tolist())
            np.testing.assert_allclose(f, problem(x), rtol=1e-13, err_msg=problem.name)
            np.testing.assert_allclose(g, problem.gradient(x), rtol=1e-12, atol=1e-12 * np.abs(g).max())
    assert {"rosenbrock", "himmelblau", "wood", "goldstein_price"} <= set(followed)
