"""Many points at once: vectorised functions and workers give the numbers of a serial run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import steepest as st


def shifted_valley(x, a=1.0):
    return (a - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


START = [-1.2, 1.0]


@pytest.mark.parametrize("jac", ["fd", "2-point", "3-point", "accurate"])
@pytest.mark.parametrize(
    "how",
    [{"vectorized": True}, {"workers": 2}, {"workers": map}, {"workers": ThreadPoolExecutor(2)}],
    ids=str,
)
def test_the_numbers_are_those_of_a_serial_run(jac, how):
    serial = st.minimize(shifted_valley, START, (1.0,), method="bfgs", jac=jac, maxiter=15)
    other = st.minimize(shifted_valley, START, (1.0,), method="bfgs", jac=jac, maxiter=15, **how)
    np.testing.assert_array_equal(other.history.x, serial.history.x)
    assert other.nfev == serial.nfev


def test_a_vectorised_function_is_called_seldom():
    calls = []

    def f(x):
        calls.append(x.shape)
        return (x**2).sum(axis=0)

    result = st.minimize(f, np.ones(40), method="gd", lr=0.1, jac="3-point", vectorized=True, maxiter=5)
    assert result.nfev > 400
    assert len(calls) < 40


def test_the_budget_holds_for_batches():
    points = []

    def f(x):
        points.append(x.shape[1] if x.ndim == 2 else 1)
        return (x**2).sum(axis=0)

    result = st.minimize(f, np.ones(40), jac="3-point", vectorized=True, maxfun=200)
    assert sum(points) == result.nfev + result.diagnosis_nfev <= 200


def test_a_function_that_is_not_vectorised_is_told_so():
    with pytest.raises(st.ObjectiveError, match="vectorized=True"):
        st.minimize(lambda x: float(np.sum(x)), np.ones(3), jac="3-point", vectorized=True)


def test_a_lambda_for_processes_is_told_so():
    with pytest.raises(st.ArgumentError, match="pickle"):
        st.minimize(lambda x: x[0] ** 2, [1.0], jac="3-point", workers=2)
