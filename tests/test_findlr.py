"""The learning rate finder: known curvatures are found, the suggested rate does not diverge, kinks are named."""

from __future__ import annotations

import math

import numpy as np
import pytest

import steepest as st
from steepest import problems
from steepest.errors import ArgumentError
from steepest.findlr import find_lr
from steepest.methods import directions


def quadratic(n, largest, condition=1e3, seed=0):
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    a = q @ np.diag(largest * np.logspace(0, -math.log10(condition), n)) @ q.T
    return lambda x: 0.5 * x @ a @ x, lambda x: a @ x


def run(f, x0, rate, method=st.GD, steps=500, **keywords):
    """The values of a run with a constant rate."""
    return st.minimize(f, x0, method=method(lr=float(rate)), maxiter=steps, gtol=0.0, **keywords).history["f"]


@pytest.mark.parametrize("largest", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("n", [1, 2, 10, 100])
@pytest.mark.parametrize("seed", [0, 1])
def test_curvature_of_a_rotated_quadratic(n, largest, seed):
    f, g = quadratic(n, largest, seed=seed)
    rate = find_lr(f, np.random.default_rng(seed).normal(size=n), jac=g)
    assert rate.curvature == pytest.approx(largest, rel=0.02)
    assert float(rate) == rate.suggestion == pytest.approx(1 / largest, rel=0.02)
    assert rate.limit == pytest.approx(2 / largest, rel=0.02)
    assert rate.kink is None


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_x_does_not_matter(unit):
    f, g = quadratic(10, 4.0)
    rate = find_lr(lambda x: f(x / unit), unit * np.ones(10), jac=lambda x: g(x / unit) / unit)
    assert rate.limit == pytest.approx(unit**2 / 2, rel=0.02)


@pytest.mark.parametrize(
    "method", [st.GD(), st.Momentum(beta=0.9), st.Momentum(beta=0.5), st.Nesterov(beta=0.9)], ids=repr
)
def test_the_limit_is_the_limit(method):
    """2 % below it a quadratic goes down, 2 % above it goes up for ever."""
    f, g = quadratic(6, 3.0, condition=10.0)
    rate = find_lr(f, np.ones(6), method, jac=g)
    below = run(f, np.ones(6), 0.98 * rate.limit, method.with_hyper, steps=3000, jac=g)
    above = run(f, np.ones(6), 1.02 * rate.limit, method.with_hyper, steps=3000, jac=g)
    assert below[-1] < 1e-3 * below[0]
    assert above[-1] > 1e3 * above[0]


@pytest.mark.parametrize("x0", [-2.0, -1.0, -0.9, -0.5, 0.0, 0.1, 0.5, 1.0, 1.5, 2.0])
def test_x_cos_pi_x(x0):
    """Where every published rate was wrong: the suggested one converges to a minimum near by from everywhere."""
    f = lambda x: x * np.cos(np.pi * x)
    values = run(f, x0, find_lr(f, x0))
    end = st.minimize(f, x0, method=st.GD(lr=float(find_lr(f, x0))), maxiter=500)
    assert (np.diff(values) <= 1e-12).all()
    assert end.success
    assert abs(st.gradient(f, end.x).value) < 1e-6
    assert abs(end.x - x0) < 1.0


# Tuned on none of these: quadratics, x cos(pi x), Rosenbrock and a few of one's own were.
SMOOTH = [
    problem
    for problem in problems.catalogue()
    if not {"kink", "discontinuous", "no minimum", "domain edge", "plateau"} & set(problem.tags)
    and np.linalg.norm(problem.gradient(problem.start)) > 0
]


@pytest.mark.parametrize("problem", SMOOTH, ids=lambda problem: problem.name)
def test_the_suggestion_never_diverges(problem):
    values = run(problem, problem.start, find_lr(problem, problem.start))
    assert np.isfinite(values).all()
    assert (np.diff(values) <= 1e-9 * np.abs(values[:-1]) + 1e-12).all()
    assert values[-1] < values[0]


def test_on_quadratics_of_any_unit_it_beats_the_usual_rate_by_far():
    for largest in (1e-6, 1.0, 10.0, 1e6):
        f, g = quadratic(10, largest)
        usual = run(f, np.ones(10), 1e-3, jac=g)
        ours = run(f, np.ones(10), find_lr(f, np.ones(10), jac=g), jac=g)
        assert ours[-1] < 0.2 * usual[-1] or not usual[-1] < usual[0]


@pytest.mark.parametrize("method", [st.Adam, st.RMSProp, st.AdaGrad, st.Lion, st.Rprop])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_a_rate_that_is_a_length_has_the_unit_of_x(method, unit):
    """On the curve it is next to the lowest, and in units 1000 times larger it is 1000 times larger."""
    f, g = quadratic(5, 1.0, condition=30.0)
    rate = find_lr(lambda x: f(x / unit), unit * np.ones(5), method, jac=lambda x: g(x / unit) / unit)
    lowest, begin = rate.values[rate.stable].min(), f(np.ones(5))
    assert rate.values[rate.rates == float(rate)] <= lowest + 0.01 * (begin - lowest)
    assert lowest < 0.1 * begin
    assert math.isnan(rate.limit)
    if method in (st.Adam, st.Lion):
        plain = find_lr(f, np.ones(5), method, jac=g)
        assert float(rate) == pytest.approx(unit * float(plain), rel=1e-6)


@pytest.mark.parametrize("jac", [None, "2-point"])
def test_kinks_are_named(jac):
    rate = find_lr(lambda x: abs(x[0] - 1) + 2 * abs(x[1]), [3.3, 2.1], jac=jac)
    assert min(abs(rate.kink[0] - 1), abs(rate.kink[1])) < 1e-2
    assert math.isnan(rate.limit)
    assert math.isinf(rate.curvature)
    assert "kink" in repr(rate)
    assert rate.values[rate.rates == float(rate)] < 0.5


@pytest.mark.parametrize("sharpness", [1e-2, 1e-3])
def test_a_rounded_kink_is_none(sharpness):
    rate = find_lr(lambda x: np.sqrt(sharpness**2 + x[0] ** 2), [1.0])
    assert rate.kink is None
    assert rate.curvature == pytest.approx(1 / sharpness, rel=0.5)


def test_the_start_is_not_changed_and_begins_every_run():
    x0 = np.array([3.0, 2.0])
    rate = find_lr(lambda x: x @ x, x0)
    assert x0.tolist() == [3.0, 2.0]
    lowest = rate.rates[0]
    assert rate.values[0] == pytest.approx(13 * (1 - 2 * lowest) ** (2 * rate.steps), rel=1e-12)


def test_shapes_arguments_and_float32():
    rate = find_lr(lambda p, a: a * np.sum(p["w"] ** 2), {"w": np.ones((2, 2), np.float32)}, args=(3.0,))
    assert float(rate) == pytest.approx(1 / 6, rel=1e-2)


def test_differences_do_for_a_gradient():
    f, _ = quadratic(5, 7.0)
    assert find_lr(f, np.ones(5), jac="2-point").curvature == pytest.approx(7.0, rel=0.02)


def test_a_straight_line_has_no_limit():
    assert find_lr(lambda x: 3 * x[0], [1.0]).limit == math.inf


def test_it_speaks():
    text = repr(find_lr(lambda x: x[0] ** 2, [3.0], st.Momentum(beta=0.5)))
    assert "lr = 0.5 for Momentum, beta = 0.5" in text
    assert "stable for lr < 1.5 " in text
    assert "elsewhere f may be more curved" in text


def test_ctrl_c_keeps_what_was_found():
    f, _ = quadratic(5, 7.0)
    whole = find_lr(f, np.ones(5))

    def pressed(after, method=None):
        calls = iter(range(10**9))

        def halting(x):
            if next(calls) == after:
                raise KeyboardInterrupt
            return f(x)

        return find_lr(halting, np.ones(5), method, jac=lambda x: quadratic(5, 7.0)[1](x))

    exact = find_lr(f, np.ones(5), jac=quadratic(5, 7.0)[1])
    late = pressed(exact.nfev - 75)
    assert (late.suggestion, late.limit) == (exact.suggestion, exact.limit)
    assert (late.interrupted, exact.interrupted) == (True, False)
    np.testing.assert_array_equal(late.values, exact.values[: late.rates.size])
    assert 0 < late.rates.size < exact.rates.size
    assert f"interrupted after {late.rates.size} short runs" in repr(late)
    early = pressed(40)
    assert (early.rates.size, early.interrupted) == (0, True)
    assert early.suggestion == pytest.approx(1 / 7, rel=0.05)
    for after, method in [(1, None), (40, "adam")]:  # nothing to suggest yet
        with pytest.raises(KeyboardInterrupt):
            pressed(after, method)
    assert float(whole) == pytest.approx(1 / 7, rel=0.05)


@pytest.mark.parametrize("f", [lambda x: -(x @ x), lambda x: x[0] ** 2 - 5 * x[1] ** 2])
def test_where_f_falls_without_limit_no_rate_is_called_stable(f):
    rate = find_lr(f, [-1.0, 1e-3])
    assert rate.unbounded
    assert math.isnan(rate.limit)
    assert "no rate converges" in repr(rate)


@pytest.mark.parametrize("method", ["gd", "adam"])
@pytest.mark.parametrize("x0", [[1.0, 2.0], [3.0, -0.1], [40.0, 5.0]])
def test_a_run_that_ends_at_the_last_digit_of_x_shows_no_other_curvature(x0, method):
    """From x = 1e-150 differences saw nothing at x = 1e-3: L was 1e75."""
    rate = find_lr(lambda x: float((np.asarray(x) ** 2).sum()), x0, method, jac="fd")
    assert rate.curvature == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: find_lr(np.sum, [1.0], directions.BFGS()), "no learning rate to find"),
        (lambda: find_lr(lambda x: x @ x, [0.0]), "norm 0.0: no rate"),
        (lambda: find_lr(lambda x: x @ x, [1.0], steps=0), "steps=0"),
        (lambda: find_lr(lambda x: x @ x, [1.0], "adamm"), "did you mean|Did you mean"),
    ],
)
def test_what_can_not_be_is_named(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()
