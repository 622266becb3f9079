"""Gradients of plain NumPy code by autograd: what it follows, refuses, and gets wrong in silence."""

from __future__ import annotations

import math

import autograd.numpy as anp
import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.derivatives import automatic, choose
from steepest.derivatives.automatic import autograd
from steepest.errors import Exhausted
from steepest.objective.oracle import Objective
from steepest.objective.params import Parameters

X = np.array([0.7, -1.3, 2.1])
A = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 5.0]])


def complex_step(f, x):
    """An independent reference for functions that are analytic (Squire & Trapp 1998)."""
    return np.array([f(x + 1e-30j * unit).imag / 1e-30 for unit in np.eye(x.size)])


FOLLOWED = {
    "ufuncs": lambda x: np.sum(np.exp(x) * np.sin(x) + x**3),
    "dot": lambda x: np.dot(x, x) ** 2,
    "matmul": lambda x: x @ A @ x,
    "method dot": lambda x: x.dot(A).dot(x),
    "solve": lambda x: np.sum(np.linalg.solve(A, x) ** 3),
    "inverse and trace": lambda x: np.trace(np.linalg.inv(A + np.outer(x, x))),
    "einsum": lambda x: np.einsum("i,ij,j->", x, A, x),
    "concatenate": lambda x: np.sum(np.concatenate([x, x[:2] ** 2]) ** 2),
    "array of boxes": lambda x: np.sum(np.array([x[0] * x[1], x[1] - x[2] ** 2]) ** 2),
    "copy": lambda x: np.sum(x.copy() ** 3),
    "mean and prod": lambda x: np.mean(x) ** 2 + np.prod(x),
    "loop": lambda x: sum(xi**3 for xi in x),
    "diff and cumsum": lambda x: np.sum(np.diff(x) ** 2) + np.cumsum(x)[1],
    "autograd's own numpy": lambda x: anp.sum(anp.sinh(x)),
    "shape (1,)": lambda x: np.sum(x**2)[None],
    "0-d array": lambda x: np.asarray(np.sum(x**2)) if isinstance(x, np.ndarray) else np.sum(x**2),
    "asarray without a type": lambda x: np.sum(np.asarray(x) ** 2),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_follows_plain_numpy(name):
    f = FOLLOWED[name]
    value, g = autograd(f)(X)
    assert value == pytest.approx(float(np.squeeze(f(X))), rel=1e-14)
    analytic = lambda z: np.squeeze(f(z))
    np.testing.assert_allclose(g, complex_step(analytic, X), rtol=1e-12, atol=1e-14)


def test_norm_and_other_kinks_off_the_kink():
    _, g = autograd(lambda x: np.linalg.norm(x) + np.max(np.abs(x)) + np.sum(np.where(x > 0, x, 0)))(X)
    np.testing.assert_allclose(g, X / np.linalg.norm(X) + [0, 0, 1] + (X > 0), rtol=1e-14)


def test_fft_keeps_parsevals_identity():
    _, g = autograd(lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2))(X)
    np.testing.assert_allclose(g, 2 * X.size * X, rtol=1e-13)


def test_large_dot_is_not_taken_apart(monkeypatch):
    x = np.linspace(0, 1, 100_000)
    primitive = autograd(lambda x: np.dot(x, x) + np.linalg.norm(x))
    box, taken = automatic._tracked(), []
    part = box.__getitem__
    monkeypatch.setattr(box, "__getitem__", lambda self, index: taken.append(index) or part(self, index))
    _, g = primitive(x)
    assert not taken
    np.testing.assert_allclose(g, 2 * x + x / np.linalg.norm(x), rtol=1e-12)


def test_asarray_of_many_numbers_is_refused_at_once():
    f = lambda x: np.sum(np.asarray(x) ** 2)
    x = np.linspace(1, 2, 1_000_000)
    with pytest.raises(TypeError, match="number by number"):
        autograd(f)(x)
    np.testing.assert_allclose(autograd(f)(x[:20])[1], 2 * x[:20])


def test_constant_gives_zero_without_a_warning():
    value, g = autograd(lambda x: 3.0)(X)
    assert value == 3.0
    assert not g.any()


def test_float32_stays():
    _, g = autograd(lambda x: np.sum(x**2))(X.astype(np.float32))
    assert g.dtype == np.float32
    np.testing.assert_allclose(g, 2 * X, rtol=1e-6)
    _, g = autograd(lambda x: np.float32(2) * np.sum(x))(X)
    assert g.dtype == np.float64
    np.testing.assert_array_equal(g, 2.0)


def test_nested_parameters():
    tree = {"w": np.arange(4.0).reshape(2, 2), "b": [1.0, 2.0], "c": 3.0}
    parameters = Parameters(tree)
    f = Objective(lambda p: np.sum(p["w"] @ p["b"]) * p["c"], parameters)
    _, g = autograd(f.raw)(parameters.start)
    back = parameters.restore(g)
    np.testing.assert_allclose(back["w"], 3.0 * np.array([[1, 2], [1, 2]]))
    np.testing.assert_allclose(back["b"], 3.0 * np.array([0 + 2, 1 + 3]))
    assert back["c"] == pytest.approx(1 * 0 + 2 * 1 + 1 * 2 + 2 * 3)


def test_data_dependent_branch_follows_the_branch_taken():
    primitive = autograd(lambda x: np.sum(x**2) if x[0] > 0 else np.sum(x**3))
    np.testing.assert_allclose(primitive(X)[1], 2 * X)
    np.testing.assert_allclose(primitive(-X)[1], 3 * X**2)


def in_place_through_a_second_name(x):
    y = 2 * x
    z = y
    y += 1
    return np.sum(z**2)


def filled_in(x):
    out = np.zeros(3)
    for i in range(3):
        out[i] = x[i] ** 2
    return out.sum()


REFUSED = {
    "asarray with a type": lambda x: np.asarray(x, dtype=float).sum() ** 2,
    "math": lambda x: math.sin(x[0]) * x[1] + x[2],
    "float": lambda x: float(x[0]) ** 2 + x[1] * x[2],
    "filled in": filled_in,
    "median": lambda x: np.median(x) ** 2,
    "interp": lambda x: np.interp(x[0], [-9.0, 0.0, 9.0], [0.0, 1.0, 5.0]) + x[1] * x[2],
    "in place through a second name": in_place_through_a_second_name,
    "item": lambda x: x[0].item() ** 2 + x[1] + x[2],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_autograd_does_wrong_or_not_at_all_falls_back_to_differences(name):
    f = REFUSED[name]
    parameters = Parameters(X)
    objective = Objective(f, parameters)
    f0 = objective(X)
    derivative = choose(objective, X, f0)
    g, error = derivative.gradient(X, f0)
    reference = [(f(X + h) - f(X - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(g, reference, rtol=1e-5, atol=1e-8)
    assert error is not None
    assert derivative.name == "fd"
    assert "autograd does not do" in derivative.report
    assert not derivative.warning  # nothing that the caller did wrong


def test_value_of_other_code_is_caught_after_the_start():
    """The proof passes at x0, but elsewhere the traced code takes another path than the plain one."""

    def f(x):
        if isinstance(x, np.ndarray) and x[0] > 1:
            return np.sum(x**2) + 5.0
        return np.sum(x**2)  # fmt: skip

    parameters, start = Parameters([0.5, 0.5]), np.array([0.5, 0.5])
    objective = Objective(f, parameters)
    derivative = choose(objective, start, objective(start))
    assert derivative.name == "autograd"
    x = np.array([2.0, 1.0])
    g, _ = derivative.gradient(x, objective(x))
    assert derivative.name == "fd"
    assert "other code" in derivative.report
    np.testing.assert_allclose(g, 2 * x, rtol=1e-5)


def test_the_first_gradient_is_of_the_arguments_that_hold_then():
    """The proof hands its gradient on to the run; in training the batch may be another one by then."""
    objective = Objective(lambda x, y: np.sum((x - y) ** 2), Parameters(X), (np.zeros(3),))
    objective.batches = True
    derivative = choose(objective, X, objective(X))
    objective.args = (np.ones(3),)
    g, _ = derivative.gradient(X, objective(X))
    assert derivative.name == "autograd"
    np.testing.assert_allclose(g, 2 * (X - 1))


def test_budget_and_interrupt_are_not_swallowed():
    parameters = Parameters(X)
    objective = Objective(lambda x: np.sum(x**2), parameters, maxfun=2)
    primitive = autograd(objective.raw)
    primitive(X), primitive(X)
    with pytest.raises(Exhausted):
        primitive(X)

    def interrupted(x):
        if not isinstance(x, np.ndarray):
            raise KeyboardInterrupt
        return np.sum(x)

    with pytest.raises(KeyboardInterrupt):
        choose(Objective(interrupted, parameters), X, float(X.sum()))


def test_autograds_own_boxes_are_back_afterwards():
    from autograd import grad
    from autograd.tracer import Box

    autograd(lambda x: np.dot(x, x))(X)
    assert Box.type_mappings[np.ndarray].__name__ == "ArrayBox"
    np.testing.assert_allclose(grad(lambda x: anp.sum(x**2))(X), 2 * X)


def test_a_gradient_within_fun_is_differentiated_too():
    from autograd import grad

    inner = grad(lambda x: anp.sum(x**3))
    _, g = autograd(lambda x: np.sum(inner(x) ** 2))(X)
    np.testing.assert_allclose(g, 36 * X**3, rtol=1e-13)


def test_a_function_that_autograd_does_not_know_is_named():
    special = peer("scipy.special")
    r = st.minimize(lambda x: special.loggamma(x[0]) + x[0] ** 2, [1.0])
    assert r.success
    assert r.gradient.endswith("autograd does not do: it does not know loggamma")


def test_a_function_that_autograd_cannot_follow_is_not_asked_twice_about_its_start():
    places = []

    def f(x):
        if type(x) is np.ndarray:
            places.append(tuple(x))
        return float(x[0]) ** 2 + float(x[1]) ** 4

    st.minimize(f, [3.0, 1.0])
    assert places.count((3.0, 1.0)) == 1
