"""The choice of a gradient, what it reports, and the derivatives for people."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

import steepest as st
from steepest.derivatives import (
    Estimate,
    Paired,
    choose,
    derivative,
    gradient,
    hessian,
    hessian_vector_product,
)
from steepest.errors import ArgumentError, Exhausted, ObjectiveError
from steepest.objective.oracle import Objective
from steepest.objective.params import Parameters

X = np.array([0.5, -0.7, 1.1])


def chosen(f, x, jac=None, kind=Objective, **keywords):
    parameters = Parameters(x)
    objective = kind(f, parameters, **keywords)
    start = parameters.start
    f0 = objective(start)
    return choose(objective, start, f0, jac), objective, start, f0


# which one is used, and what is said of it


def test_a_right_gradient_is_used_and_proved():
    found, objective, x, f0 = chosen(rosen, X, rosen_der)
    g, error = found.gradient(x, f0)
    np.testing.assert_array_equal(g, rosen_der(X))
    assert error is None
    assert found.name == "user"
    assert found.report.startswith("user, proved: directional differences agree to")
    assert "(4 evaluations)" in found.report
    assert found.warning == ""
    assert found.diagonal() is None
    assert found.noise(3.0) == pytest.approx(3.0 * 2**-52, rel=10)
    assert objective.nfev == 5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x: -rosen_der(x), "its slope is -1 times that of fun"),
        (lambda x: 2 * rosen_der(x), "its slope is 2 times that of fun"),
        (lambda x: rosen_der(x) * [1, 0, 1], "its slope differs from that of fun by"),
        (lambda x: rosen_der(x) * [1, np.nan, 1], "component 1 is nan where fun is"),
    ],
)
def test_a_wrong_gradient_is_replaced_and_named(wrong, words):
    found, _, x, f0 = chosen(rosen, X, wrong)
    g, error = found.gradient(x, f0)
    np.testing.assert_allclose(g, rosen_der(X), rtol=1e-5)
    assert (np.abs(g - rosen_der(X)) <= 10 * error).all()
    assert found.name == "fd"
    assert found.warning.startswith(f"your gradient is wrong: {words}")
    assert found.warning in found.report
    assert "differences" in found.report


@pytest.mark.parametrize("jac", [None, "auto", "autograd", False])
def test_plain_numpy_code_is_differentiated(jac):
    found, _, x, f0 = chosen(rosen, X, jac)
    g, error = found.gradient(x, f0)
    np.testing.assert_allclose(g, rosen_der(X), rtol=1e-13)
    assert error is None
    assert found.name == "autograd"
    assert found.report.startswith("autograd, proved:")


@pytest.mark.parametrize(
    ("jac", "tolerance"),
    [("fd", 1e-6), ("2-point", 1e-5), ("3-point", 1e-8), ("accurate", 1e-10), ("cs", 1e-14)],
)
def test_differences_on_request(jac, tolerance):
    f = lambda x: np.sum(np.exp(x) * np.sin(3 * x))
    found, _, x, f0 = chosen(f, X, jac)
    g, _ = found.gradient(x, f0)
    assert found.name == jac
    assert isinstance(found.report, str)
    np.testing.assert_allclose(g, np.exp(X) * (np.sin(3 * X) + 3 * np.cos(3 * X)), rtol=tolerance)


def test_unknown_names_are_listed():
    with pytest.raises(ArgumentError, match=r"jac='4-point'.*'2-point'"):
        chosen(rosen, X, "4-point")


def test_equal_runs_are_equal():
    reports = {chosen(rosen, X, jac)[0].report for jac in [lambda x: rosen_der(x) + x] * 3}
    assert len(reports) == 1


def test_gradient_that_goes_wrong_later_is_replaced_when_a_search_fails():
    def jac(x):
        return rosen_der(x) if x[0] < 1 else -rosen_der(x)

    found, objective, _, _ = chosen(rosen, X, jac)
    near = X + 0.01
    assert not found.refresh(near, objective(near))
    assert found.name == "user"
    far = np.array([2.0, 1.0, -1.0])
    assert found.refresh(far, objective(far))
    assert "-1 times" in found.report
    assert not found.warning  # it was right at the start: nobody is accused
    g, _ = found.gradient(far, objective(far))
    np.testing.assert_allclose(g, rosen_der(far), rtol=1e-5)


def test_gradient_that_is_not_finite_where_fun_is_is_replaced():
    found, objective, _, _ = chosen(lambda x: x @ x, X, lambda x: 2 * x * (x / x))
    origin = np.zeros(3)
    with np.errstate(invalid="ignore"):
        g, _ = found.gradient(origin, objective(origin))
    assert np.abs(g).max() < 1e-6
    assert "not finite at x = [0. 0. 0.]" in found.warning


def test_shapes_and_nonsense_from_jac():
    with pytest.raises(ObjectiveError, match="None"):
        chosen(rosen, X, lambda x: None)
    with pytest.raises(ObjectiveError, match="2 numbers"):
        chosen(rosen, X, lambda x: x[:2])
    with pytest.raises(ZeroDivisionError):
        chosen(rosen, X, lambda x: 1 / 0)
    tree = {"a": np.ones((2, 2)), "b": 2.0}
    f = lambda p, c: c * np.sum(p["a"] ** 2) + p["b"] ** 2
    found, _, x, f0 = chosen(f, tree, lambda p, c: {"a": 2 * c * p["a"], "b": 2 * p["b"]}, args=(3.0,))
    np.testing.assert_array_equal(found.gradient(x, f0)[0], [6, 6, 6, 6, 4])
    assert found.name == "user"


def test_user_code_can_not_change_x():
    def jac(x):
        g = rosen_der(x)
        x[:] = 7
        return g

    found, _, x, f0 = chosen(rosen, X, jac)
    found.gradient(x, f0)
    np.testing.assert_array_equal(x, X)


# value and gradient from one call


def test_paired_calls_once_for_both():
    calls = []

    def both(x):
        calls.append(x.copy())
        return rosen(x), rosen_der(x)

    found, objective, x, _ = chosen(both, X, True, Paired)
    assert found.name == "user"
    before = len(calls)
    y = x + 0.1
    g, error = found.gradient(y, objective(y))
    np.testing.assert_array_equal(g, rosen_der(y))
    assert error is None
    assert len(calls) == before + 1 == objective.nfev


def test_paired_wrong_budget_and_no_pair():
    found, _, x, f0 = chosen(lambda x: (rosen(x), -rosen_der(x)), X, True, Paired)
    assert "-1 times" in found.warning
    np.testing.assert_allclose(found.gradient(x, f0)[0], rosen_der(X), rtol=1e-5)
    with pytest.raises(ObjectiveError, match="pair"):
        chosen(rosen, X, True, Paired)
    found, objective, x, f0 = chosen(lambda x: (rosen(x), rosen_der(x)), X, True, Paired, maxfun=2)
    found.gradient(x, f0)
    with pytest.raises(Exhausted):
        found.gradient(x + 1, 0.0), found.gradient(x + 2, 0.0)
    assert objective.nfev == 2


def test_paired_noisy_simulation_is_not_accused():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        noisy = lambda x: (x @ x + 1e-3 * rng.normal(), 2 * x + 1e-2 * rng.normal(size=3))  # noqa: B023
        found, *_ = chosen(noisy, X, True, Paired)
        assert found.warning == ""
        assert 1e-4 < found.noise(1.0) < 1e-2


# budgets, noise, odd places


@pytest.mark.parametrize("jac", [None, rosen_der, lambda x: -rosen_der(x)], ids=["auto", "right", "wrong"])
@pytest.mark.parametrize("maxfun", [1, 2, 10, 24, 26, 30, 40])
def test_budget_is_kept_and_choosing_does_not_crash(jac, maxfun):
    try:
        found, objective, x, f0 = chosen(rosen, X, jac, maxfun=maxfun)
        assert found.report
        found.gradient(x, f0)
    except Exhausted:
        return
    assert objective.nfev <= maxfun


def test_small_budget_says_that_nothing_was_proved():
    found, *_ = chosen(rosen, X, rosen_der, maxfun=10)
    assert found.report == "user, not proved: maxfun=10 leaves too few evaluations"


def test_stochastic_function_without_gradient():
    rng = np.random.default_rng(0)
    found, _, x, f0 = chosen(lambda x: np.sum(x**2) + 1e-4 * rng.normal(), X)
    g, _ = found.gradient(x, f0)
    np.testing.assert_allclose(g, 2 * X, atol=0.05)
    assert 1e-5 < found.noise(f0) < 1e-3


def test_fun_not_finite_at_the_start():
    found, *_ = chosen(lambda x: np.sum(np.where(x > 5, x, np.nan)), X, rosen_der)
    assert found.report == "user, not proved: fun is nan there"


def test_kink_at_the_start_keeps_the_gradient():
    found, _, _, _ = chosen(lambda x: np.sum(np.abs(x)), np.zeros(3), np.sign)
    assert found.name == "user"


# for people


def test_gradient_is_exact_with_autograd_and_nearly_so_without():
    exact = gradient(rosen, X)
    np.testing.assert_allclose(exact, rosen_der(X), rtol=1e-13)
    assert "autograd" in exact.how
    plain = gradient(lambda x: rosen([float(xi) for xi in x]), X)
    np.testing.assert_allclose(plain, rosen_der(X), rtol=1e-9)
    assert (np.abs(plain.value - rosen_der(X)) <= 10 * plain.error).all()
    assert plain.evaluations < 60
    for estimate in (exact, plain):
        assert isinstance(estimate, Estimate)
        assert estimate.error.shape == estimate.value.shape == X.shape


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("name", ["exp", "sin", "gamma", "erf"])
def test_derivative_against_mpmath(name, scale):
    function = getattr(mpmath, name)
    f = lambda x: float(function(float(x) * scale))
    with mpmath.workdps(30):
        reference = float(mpmath.diff(function, 1.3)) * scale
    found = derivative(f, 1.3 / scale)
    assert abs(float(found) - reference) <= 10 * float(found.error)
    assert abs(float(found) - reference) <= 1e-9 * abs(reference)


def test_estimates_behave_like_their_value():
    found = gradient(lambda x: np.sum(x**2), [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(np.asarray(found), [[2, 4], [6, 8]])
    assert np.asarray(found, dtype=np.float32).dtype == np.float32
    assert found[1, 0] == pytest.approx(6)
    assert len(found) == 2
    assert [row.shape for row in found] == [(2,), (2,)]
    assert str(found).startswith("[[2. 4.]")
    assert "±" in repr(found)
    assert "evaluations" in repr(found)
    assert f"{float(derivative(np.sin, 0.0)):.1f}" == "1.0"


def test_trees_numbers_and_jac():
    found = gradient(lambda p: p["a"] @ p["a"] + 3 * p["b"], {"a": np.ones(2), "b": 1.0})
    np.testing.assert_allclose(found.value["a"], 2)
    assert found.value["b"] == pytest.approx(3)
    assert "±" in repr(found)
    assert gradient(rosen, X, jac="3-point").how.startswith("3-point")
    np.testing.assert_allclose(gradient(lambda x: (x @ x, 2 * x), X, jac=True), 2 * X)
    np.testing.assert_allclose(gradient(lambda x, c: c * np.sum(x), X, (4.0,)), 4)


def test_derivative_of_an_array_is_elementwise():
    x = np.linspace(-2, 2, 12).reshape(3, 4)
    found = derivative(lambda x: x * np.cos(np.pi * x), x)
    np.testing.assert_allclose(found, np.cos(np.pi * x) - np.pi * x * np.sin(np.pi * x), rtol=1e-12, atol=1e-13)
    assert found.error.shape == x.shape


def test_a_function_that_changes_its_argument_does_not_change_x():
    def f(x):
        x *= 2
        return np.sum(x**2)

    x = X.copy()
    np.testing.assert_allclose(gradient(f, x), 8 * X, rtol=1e-9)
    np.testing.assert_array_equal(x, X)


def plain(f):
    """Code that only values can be had of."""
    return lambda x: f(np.array([float(xi) for xi in x]))


@pytest.mark.parametrize(("wrap", "tolerance"), [(lambda f: f, 1e-10), (plain, 1e-6)], ids=["autograd", "values"])
def test_second_derivatives(wrap, tolerance):
    v = np.array([1.0, -2.0, 0.5])
    found = hessian_vector_product(wrap(rosen), X, v)
    np.testing.assert_allclose(found, rosen_hess_prod(X, v), rtol=tolerance, atol=tolerance)
    matrix = hessian(wrap(rosen), X)
    scale = np.abs(rosen_hess(X)).max()
    np.testing.assert_allclose(matrix, rosen_hess(X), rtol=tolerance, atol=tolerance * scale)
    np.testing.assert_array_equal(matrix.value, matrix.value.T)
    assert (np.abs(matrix.value - rosen_hess(X)) <= 10 * matrix.error + 1e-13 * scale).all()
    assert matrix.evaluations > found.evaluations


def test_hessian_in_mixed_units():
    units = np.array([1e-5, 1.0, 1e5])
    found = hessian(lambda x: np.sum(np.exp(x * units)), X / units)
    np.testing.assert_allclose(np.diag(found), np.exp(X) * units**2, rtol=1e-9)


class Bowl:
    """A function that brings its gradient; `factor` times the right one."""

    factor = 1.0

    def __call__(self, x):
        return float(np.sum(np.asarray(x) ** 2))

    def gradient(self, x):
        return self.factor * 2 * np.asarray(x)


@pytest.mark.parametrize("find", [st.minimize, st.maximize])
@pytest.mark.parametrize("f", [st.formula("x0**2 + x1**2"), Bowl()])
def test_a_function_s_own_derivative_is_called_so_and_the_caller_s_user(find, f):
    own, given = "the function's own derivative, proved", "user, proved"
    assert find(f, [1.0, 2.0], maxiter=2).gradient.startswith(own)
    assert find(f, [1.0, 2.0], jac=f.gradient, maxiter=2).gradient.startswith(own)
    assert find(f, [1.0, 2.0], jac=lambda x: f.gradient(x), maxiter=2).gradient.startswith(given)
    assert find(lambda x: f(x), [1.0, 2.0], jac=f.gradient, maxiter=2).gradient.startswith(given)


def test_a_function_s_own_derivative_that_is_wrong_is_not_called_the_caller_s():
    wrong = Bowl()
    wrong.factor = 0.5
    told = st.minimize(wrong, [1.0, 2.0]).gradient
    assert "the function's own derivative is wrong: its slope is 1/2" in told
    assert "your" not in told
