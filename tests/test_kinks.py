"""Functions with kinks: their minima found and called so; what is only sharp is not called a kink."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

import steepest as st

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def planes(rng, n):
    """The largest of 4 n linear functions, its gradient, and its least value by linear programming."""
    A, b = rng.normal(size=(4 * n, n)), rng.normal(size=4 * n)
    A -= A.mean(axis=0)  # bounded below
    least = linprog(np.append(np.zeros(n), 1), np.c_[A, -np.ones(4 * n)], -b, bounds=(None, None))
    return lambda x: (A @ x + b).max(), lambda x: A[np.argmax(A @ x + b)], least.fun


def deviations(rng, n):
    """Least absolute deviations, the same way."""
    A = rng.normal(size=(4 * n, n))
    y = A @ rng.normal(size=n) + rng.standard_t(2, size=4 * n)
    both = np.block([[A, -np.eye(4 * n)], [-A, -np.eye(4 * n)]])
    least = linprog(np.repeat([0.0, 1.0], [n, 4 * n]), both, np.append(y, -y), bounds=(None, None))
    return lambda x: np.abs(A @ x - y).sum(), lambda x: A.T @ np.sign(A @ x - y), least.fun


@pytest.mark.parametrize("generate", [planes, deviations])
@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_bfgs_finds_minima_with_kinks(generate, n, seed):
    rng = np.random.default_rng(seed)
    fun, gradient, least = generate(rng, n)
    start = 2 * rng.normal(size=n)
    r = st.minimize(fun, start, jac=gradient)
    assert r.fun - least <= 1e-6 * (fun(start) - least), r.why


def huber(x, width):
    return np.where(np.abs(x) <= width, 0.5 * x**2 / width, np.abs(x) - width / 2).sum() + 0.01 * ((x - 1) ** 2).sum()


SHARP = {
    "Huber": lambda x: huber(x, 1e-3),
    "rounded corner": lambda x: np.sqrt(x**2 + 1e-6).sum() + 0.1 * ((x - 2) ** 2).sum(),
}


@pytest.mark.parametrize("name", SHARP)
@pytest.mark.parametrize("jac", [None, "fd"])
@pytest.mark.parametrize("start", [[1.5, 0.7], [3.0, -2.0]])
def test_what_is_only_sharp_is_no_kink(name, jac, start):
    r = st.minimize(SHARP[name], start, jac=jac)
    assert r.success, r.why
    assert "kink" not in r.why
