"""The complex step: exact where it holds, an error that says why where it does not."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from steepest.derivatives.complexstep import ComplexStep
from steepest.errors import ArgumentError
from steepest.objective.oracle import Objective
from steepest.objective.params import Parameters


def differentiate(f, x, bounds=None):
    objective = Objective(f, Parameters(x))
    return ComplexStep(objective, x, bounds, 0).gradient(x, objective(x))


ANALYTIC = {
    "exp": (lambda x, m: m.exp(x), 1.0),
    "sin": (lambda x, m: m.sin(x), -2.5),
    "log near 0": (lambda x, m: m.log(x), 1e-9),
    "rational": (lambda x, m: 1 / (1 + 25 * x * x), 0.3),
    "at 0": (lambda x, m: m.exp(x) + x**3, 0.0),
    "large": (lambda x, m: m.sqrt(x), 1e200),
}


@pytest.mark.parametrize("name", ANALYTIC)
def test_exact_to_rounding(name):
    function, at = ANALYTIC[name]
    g, error = differentiate(lambda x: function(x[0], np), np.array([at]))
    assert error is None
    with mpmath.workdps(250):  # so that 1e200 can be moved
        truth = float(mpmath.diff(lambda t: function(t, mpmath), mpmath.mpf(at)))
    assert g[0] == pytest.approx(truth, rel=4e-16)


def test_many_variables_and_x_unchanged():
    x = np.random.default_rng(0).uniform(-2, 2, 30)
    before = x.copy()
    g, _ = differentiate(lambda y: (np.exp(-0.5 * y * y) * np.sin(3 * y)).sum(), x)
    assert g == pytest.approx(np.exp(-0.5 * x * x) * (3 * np.cos(3 * x) - x * np.sin(3 * x)), rel=1e-14, abs=1e-15)
    assert (x == before).all()


def test_checked_once_and_again_after_refresh():
    x = np.array([1.0, 2.0])
    objective = Objective(lambda y: np.exp(y).sum(), Parameters(x))
    derivative = ComplexStep(objective, x, None, 0)
    f = objective(x)
    counts = []
    for again in (False, False, True):
        if again:
            derivative.refresh(x, f)
        before = objective.nfev
        derivative.gradient(x, f)
        counts.append(objective.nfev - before)
    assert counts[1] == 2
    assert counts[0] == counts[2] > 2


def test_float32():
    x = np.array([1.5], np.float32)
    g, _ = differentiate(lambda y: np.sin(y[0]), x)
    assert g.dtype == np.float32
    assert g[0] == np.float32(math.cos(1.5))


UNFIT = {
    "abs": (lambda x: np.abs(x).sum(), "imaginary part"),
    "real": (lambda x: (x.real**2).sum(), "imaginary part"),
    "math": (lambda x: math.exp(x[0]), "imaginary part"),
    "float": (lambda x: float(x[0]), "imaginary part"),
    "half": (lambda x: np.abs(x[0]) ** 2 + x[1] ** 2, "not analytic"),
    "conjugate": (lambda x: (x * x.conj()).sum(), "not analytic"),
    "floor": (lambda x: np.floor(x).sum(), "complex numbers"),
    "other value": (lambda x: x[0] ** 2 if not np.iscomplexobj(x) else 3 * x[0], "real part"),
}


@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit_is_refused_with_the_reason(name):
    f, reason = UNFIT[name]
    with pytest.raises(ArgumentError, match=reason) as caught:
        differentiate(f, np.array([1.5, 2.0]))
    assert "jac='fd'" in str(caught.value)


def test_bounds_are_kept_in_the_check():
    low, high = np.array([1.0, 0.0]), np.array([3.0, 2.0])

    def f(x):
        assert (low <= x.real).all()
        assert (x.real <= high).all()
        return np.exp(x[0]) * x[1]

    g, _ = differentiate(f, np.array([2.0, 1.0]), (low, high))
    assert g == pytest.approx([math.exp(2), math.exp(2)], rel=1e-15)
