"""Curvature against closed forms, and steps explained with their numbers."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st
from steepest.diagnose import explain_step
from steepest.problems import get


def quadratic(values, seed=0):
    """x'Ax/2 of the given eigenvalues in a random basis, with A."""
    n = len(values)
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]
    A = Q @ np.diag(values) @ Q.T
    return (lambda x: x @ A @ x / 2), A


@pytest.mark.parametrize("n", [1, 2, 7, 50])
@pytest.mark.parametrize("jac", [None, "fd"])
def test_full_spectrum_up_to_50(n, jac):
    values = np.linspace(-3.0, 50.0, n)
    f, _ = quadratic(values)
    c = st.curvature(f, np.linspace(1, 2, n), jac=jac)
    assert c.complete
    np.testing.assert_allclose(c.values, values, atol=1e-4 * 50)
    assert c.negative.shape[1] == (values < 0).sum()


def test_directions_and_condition():
    c = st.curvature(lambda x: x[0] ** 2 - 3 * x[1] ** 2, [1.0, 1.0])
    assert (c.largest, c.smallest) == pytest.approx((6.0, -6.0)), "L is the largest in size"
    assert np.abs(c.negative[:, 0]) == pytest.approx([0, 1], abs=1e-6)
    assert c.condition == np.inf
    assert st.curvature(lambda x: x[0] ** 2 + 50 * x[1] ** 2, [1.0, 1.0]).condition == pytest.approx(50, rel=1e-5)


def test_rosenbrock_at_its_minimum():
    p = get("rosenbrock")
    exact = np.linalg.eigvalsh([[802.0, -400.0], [-400.0, 200.0]])  # by hand, at (1, 1)
    for jac in (None, p.gradient, "fd"):
        c = st.curvature(p.f, [1.0, 1.0], jac=jac)
        np.testing.assert_allclose(c.values, exact, atol=c.error)  # it knows how wrong it is
        assert c.error <= (2e-3 if jac == "fd" else 1e-6) * exact[1]


@pytest.mark.parametrize("seed", range(5))
def test_lanczos_above_50_bounds_what_it_did_not_see(seed):
    values = np.concatenate([[-1.0], np.linspace(0.5, 10, 119)])
    f, A = quadratic(values, seed)
    c = st.curvature(f, np.ones(120), jac=lambda x: A @ x, rng=seed)
    assert not c.complete
    assert c.values.size <= 30
    assert c.largest == pytest.approx(10.0, rel=1e-2)
    assert c.smallest < -0.9
    assert c.lowest <= -1.0
    assert c.evaluations <= 10 + 2 * 120


def test_refuses_a_point_outside_the_domain():
    with pytest.raises(st.ArgumentError, match="finite"):
        st.curvature(lambda x: np.nan, [1.0])


def test_no_change_of_the_callers_point():
    x = np.array([3, 2])
    st.curvature(lambda x: x[0] ** 2 + x[1] ** 2, x)
    assert x.tolist() == [3, 2]


class TestExplain:
    f = staticmethod(lambda x: x[0] ** 2 + 2 * x[1] ** 2)

    @pytest.mark.parametrize(
        "method",
        [st.GD(lr=0.1), st.Momentum(lr=0.05), st.Adam(lr=0.1), st.AdamW(lr=0.1), st.RAdam(), st.Lion()],
        ids=repr,
    )
    @pytest.mark.parametrize("k", [1, 3, -1])
    def test_the_lines_give_the_step_that_was_made(self, method, k):
        r = st.minimize(self.f, [3.0, 2.0], method=method, maxiter=7)
        text = explain_step(self.f, r, k)
        step = k if k > 0 else 8 + k
        made = r.history.x[step] - r.history.x[step - 1]
        shown = [float(line.rsplit("=", 1)[1]) for line in text.splitlines() if line.strip().startswith("step[")]
        np.testing.assert_allclose(shown, made, rtol=1e-5, atol=1e-12)

    def test_shows_formula_and_numbers(self):
        r = st.minimize(self.f, [3.0, 2.0], method=st.GD(lr=0.1), maxiter=3)
        assert "step[0]  = -lr * g" in explain_step(self.f, r, 1)
        assert "-0.1 * 6 = -0.6" in explain_step(self.f, r, 1)

    @pytest.mark.parametrize("k", [0, 9, -9])
    def test_refuses_steps_that_were_not_made(self, k):
        r = st.minimize(self.f, [3.0, 2.0], method=st.GD(lr=0.1), maxiter=5)
        with pytest.raises(st.ArgumentError, match="from 1 to 5"):
            explain_step(self.f, r, k)

    def test_refuses_methods_without_a_formula_of_scalars(self):
        r = st.minimize(self.f, [3.0, 2.0], method="bfgs", maxiter=2)
        with pytest.raises(st.ArgumentError, match="line by line"):
            explain_step(self.f, r, 1)


class TestAgain:
    def test_the_same_verdict_later(self):
        f = lambda x: x[0] ** 2 + x[1] ** 2
        for lr in (1.0, 1.1, 1e-6, 0.1):
            r = st.minimize(f, [3.0, 2.0], method=st.GD(lr=lr), maxiter=100)
            later = st.diagnose(f, r)
            assert (later.code, later.success) == (r.code, r.success)

    def test_of_a_maximum(self):
        f = lambda x: 5 - x[0] ** 2
        r = st.maximize(f, [3.0], method=st.GD(lr=1.0), maxiter=50)
        assert st.diagnose(f, r).code == r.code == "stalled.cycle"

    def test_of_a_run_without_diagnosis(self):
        f = lambda x: x[0] ** 2 - x[1] ** 2
        r = st.minimize(f, [1.0, 0.0], method=st.GD(lr=0.1), diagnose=False)
        assert st.diagnose(f, r).code == "stalled.saddle"


@pytest.mark.parametrize("above", [0.0, 3.0])
@pytest.mark.parametrize("n", [2, 3, 5, 8, 12])
def test_curvatures_of_a_black_box_whose_minimum_has_zeros_among_its_numbers(n, above):
    centre = np.arange(float(n))  # the first coordinate starts where it belongs, and never moves
    r = st.minimize(lambda x: above + float(((x - centre) ** 2).sum()), np.zeros(n), jac="fd")
    assert r.success, r.why
    assert r.evidence["smallest"] == pytest.approx(2, rel=1e-2)
    assert r.evidence["largest"] == pytest.approx(2, rel=1e-2)
    assert "flat" not in r.why
