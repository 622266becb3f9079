"""Finite differences: right where they say so, and never silently wrong."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steepest.derivatives.directional import directional
from steepest.derivatives.finite import Accurate, Finite, ThreePoint, TwoPoint
from steepest.derivatives.noise import Noise
from steepest.derivatives.probes import three_point
from steepest.errors import Exhausted
from steepest.objective.oracle import Objective
from steepest.objective.parallel import evaluate
from steepest.objective.params import Parameters

ALL = [Finite, Accurate, ThreePoint, TwoPoint]
ADAPTIVE = [Finite, Accurate]
# relative, on functions smooth on |x|
EXACT = {
    Finite: 1e-6,
    Accurate: 1e-9,
    ThreePoint: 1e-7,
    TwoPoint: 1e-5,
}


def objective_of(f, x, **limits):
    return Objective(f, Parameters(x), **limits)


def differentiate(kind, f, x, bounds=None, f0=None):
    x = np.asarray(x) if np.asarray(x).dtype == np.float32 else np.asarray(x, float)
    objective = objective_of(f, x)
    return kind(objective, x, bounds, 0).gradient(x, objective(x) if f0 is None else f0)


def honest(g, error, truth, share=10.0):
    """The error is at most `share` times the one that was told (and a few roundings)."""
    unit = np.finfo(g.dtype).eps
    return np.abs(g - truth) <= share * error + 8 * unit * np.abs(truth)


# -- one variable, all scales; functions that no constant was tuned on ---------------------------------------

SMOOTH = {
    "tanh": (lambda x, m: m.tanh(x), 0.75),
    "logistic": (lambda x, m: 1 / (1 + m.exp(-x)), -5.0),
    "power": (lambda x, m: x * x * m.sqrt(x), 2.0**-12),
    "steep": (lambda x, m: m.exp(-1 / x), 0.125),
    "cosh": (lambda x, m: m.cosh(x), 6.0),
    "waves": (lambda x, m: m.sin(x) / x, 25.0),
    "shifted": (lambda x, m: 10000 + x**3 - 2 * x, 2.0),
    "quartic near 0": (lambda x, m: (x - 3) ** 4, 2.0**-13),
    "double well": (lambda x, m: (x * x - 1) ** 2 + x / 8, -1.25),
}


def scaled_cases(dtype):
    for function, at in SMOOTH.values():
        with mpmath.workdps(50):
            slope = mpmath.diff(lambda t, function=function: function(t, mpmath), mpmath.mpf(at))
        for argument in (-27, -13, 0, 13, 27):  # x times 1e-8 .. 1e8
            for value in (-33, 0, 33):  # f times 1e-10 .. 1e10
                truth = float(slope * mpmath.mpf(2) ** (value - argument))
                a, v = dtype(2.0**-argument), dtype(2.0**value)
                f = lambda x, function=function, a=a, v=v: v * function(x[0] * a, np)
                yield f, np.array([at * 2.0**argument], dtype), truth


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ADAPTIVE)
def test_no_silent_failure_at_any_scale(kind, dtype):
    honesty = [honest(*differentiate(kind, f, x), truth)[0] for f, x, truth in scaled_cases(dtype)]
    assert np.mean(honesty) >= 0.99


def test_accurate_has_nearly_all_digits_at_few_evaluations():
    errors, counts = [], []
    for f, x, truth in scaled_cases(np.float64):
        objective = objective_of(f, x)
        g, _ = Accurate(objective, x).gradient(x, objective(x))
        errors.append(abs(g[0] / truth - 1))
        counts.append(objective.nfev)
    assert np.median(errors) <= 1e-12
    assert np.median(counts) <= 10


def test_a_look_over_a_window_where_f_is_bent_does_not_hide_the_noise():
    """A sum of small squares: the noise of its terms is 1000 times the rounding of the sum."""
    for seed in range(5):
        x = np.random.default_rng(seed).uniform(0.5, 2, 3)
        at = np.exp(x)
        f = lambda y, at=at: float(((np.exp(y) - at + 1e-5) ** 2).sum())
        derivative = Finite(objective_of(f, x), x, rng=seed)
        derivative.gradient(x, f(x))
        begun = derivative.noise(f(x))
        for _ in range(5):
            derivative.refresh(x, f(x))
            g, error = derivative.gradient(x, f(x))
            assert derivative.noise(f(x)) >= begun
            assert honest(g, error, 2e-5 * at).all()


# -- properties ----------------------------------------------------------------------------------------------

numbers = st.floats(0.1, 10) | st.floats(-10, -0.1)


@pytest.mark.parametrize("kind", ALL)
def test_terms_that_cancel_leave_their_rounding(kind):
    c = np.array([-6.0, 0.5, -6.0, -0.5, 4.25])
    x = np.random.default_rng(29).uniform(0.5, 2, c.size)  # terms up to 8, and f = 0.006
    g, error = differentiate(kind, lambda y: float(c @ y) + 8.0, x)
    assert honest(g, error, c, share=1.0).all()


@pytest.mark.parametrize("kind", ADAPTIVE)
def test_terms_that_cancel_to_almost_nothing_leave_their_rounding(kind):
    honesty = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        c = np.round(rng.uniform(1, 32, 5)) / 4 * rng.choice([-1, 1], 5)  # short: the noise's line is exact
        x = rng.uniform(0.5, 2, 5)
        shift = -round(8 * float(c @ x)) / 8
        g, error = differentiate(kind, lambda y, c=c, shift=shift: float(c @ y) + shift, x)
        honesty.append(honest(g, error, c).all())
    # along the line the slopes may cancel, too, and then the terms aren't seen
    assert np.mean(honesty) >= 0.95


@pytest.mark.parametrize("kind", ALL)
@given(slopes=st.lists(numbers, min_size=1, max_size=5), shift=numbers, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_linear_functions(kind, slopes, shift, seed):
    c = np.array(slopes)
    x = np.random.default_rng(seed).uniform(0.5, 2, c.size)
    g, error = differentiate(kind, lambda y: float(c @ y) + shift, x)
    assert honest(g, error, c).all()
    assert np.abs(g - c).max() <= 1e-6 * np.abs(c).max()


@pytest.mark.parametrize("kind", [ThreePoint, *ADAPTIVE])
@given(a=numbers, b=numbers, c=numbers, x=numbers)
@settings(max_examples=25, deadline=None)
def test_quadratics(kind, a, b, c, x):
    g, error = differentiate(kind, lambda y: a * y[0] ** 2 + b * y[0] + c, [x])
    size = abs(2 * a * x) + abs(b) + abs(c)
    assert honest(g, error, 2 * a * x + b).all() or abs(g[0] - (2 * a * x + b)) <= 1e-11 * size
    assert abs(g[0] - (2 * a * x + b)) <= 1e-8 * size


@given(
    a=st.floats(0.25, 4), b=st.floats(-4, -0.25) | st.floats(0.5, 4).map(lambda r: r + 4),
    p=st.lists(st.integers(-9, 9), min_size=3, max_size=3),
)  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_the_three_point_formula_is_exact_for_parabolas_at_any_two_moves(a, b, p):
    f = np.polynomial.Polynomial(p)
    slope, curvature, gain = three_point(f(0.0), f(np.array([[a], [b]])), np.array([[a], [b]]))
    size = 1e-13 * (1 + np.abs(p).sum()) * 100
    assert abs(slope[0] - p[1]) <= size
    assert abs(curvature[0] - 2 * p[2]) <= size
    assert gain[0] > 0


def smooth(x):
    return float((np.exp(-0.5 * x * x) * np.sin(3 * x) + np.log1p(x * x)).sum())


def smooth_slope(x):
    return np.exp(-0.5 * x * x) * (3 * np.cos(3 * x) - x * np.sin(3 * x)) + 2 * x / (1 + x * x)


def smooth_curvature(x):
    bell, square = np.exp(-0.5 * x * x), x * x
    waves = bell * ((square - 10) * np.sin(3 * x) - 6 * x * np.cos(3 * x))
    return waves + 2 * (1 - square) / (1 + square) ** 2


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("power", [-33, 33])
def test_a_power_of_2_before_f_goes_through_to_the_last_bit(kind, power):
    x, c = np.array([0.3, -1.7, 1.1]), 2.0**power
    g, error = differentiate(kind, smooth, x)
    g_scaled, error_scaled = differentiate(kind, lambda y: c * smooth(y), x)
    assert (g_scaled == c * g).all()
    assert error_scaled == pytest.approx(c * error, rel=1e-12)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("power", [-20, 20])
def test_units_of_x_of_1e6(kind, power):
    x, unit = np.array([0.3, -1.7, 1.1]), 2.0**power
    g, error = differentiate(kind, smooth, x)
    g_scaled, error_scaled = differentiate(kind, lambda y: smooth(y / unit), x * unit)
    assert g_scaled * unit == pytest.approx(g, rel=1e-12)
    assert error_scaled * unit == pytest.approx(error, rel=1e-12)


@pytest.mark.parametrize("kind", ALL)
def test_right_on_a_smooth_function(kind):
    for seed in range(5):
        x = np.random.default_rng(seed).uniform(-2, 2, 8)
        g, error = differentiate(kind, smooth, x)
        assert honest(g, error, smooth_slope(x)).all()
        assert np.abs(g - smooth_slope(x)).max() <= EXACT[kind] * np.abs(smooth_slope(x)).max()


@pytest.mark.parametrize("kind", ALL)
def test_a_large_constant_in_f(kind):
    x = np.array([0.3, -1.7])
    g, error = differentiate(kind, lambda y: 1e8 + smooth(y), x)
    assert honest(g, error, smooth_slope(x)).all()


# -- arguments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_x_is_unchanged_and_the_gradient_has_its_type(kind, dtype):
    x = np.array([0.3, -1.7], dtype)
    before = x.copy()
    g, error = differentiate(kind, smooth, x)
    assert (x == before).all()
    assert g.dtype == dtype
    assert error.dtype == np.float64


@pytest.mark.parametrize("kind", ALL)
def test_float32_moves_by_what_float32_can_hold(kind):
    x = np.array([1000.1, 0.37], np.float32)

    def f(y):
        assert y.dtype == np.float32
        return np.log(y[0]) + y[1] * y[1]

    g, error = differentiate(kind, f, x)
    truth = np.array([1 / float(x[0]), 2 * float(x[1])])
    assert honest(g, error, truth).all()
    assert np.abs(g / truth - 1).max() <= (2e-2 if kind is TwoPoint else 2e-3)


@pytest.mark.parametrize("kind", ADAPTIVE)  # fixed steps take f to be as precise as x, and their report says so
def test_a_float32_function_of_float64(kind):
    x = np.array([1.3, 0.37])
    g, error = differentiate(kind, lambda y: float(np.float32(np.exp(y[0]) + y[1] ** 2)), x)
    truth = np.array([math.exp(1.3), 0.74])
    assert honest(g, error, truth).all()
    assert np.abs(g - truth).max() <= 1e-3


BOXES = {
    "at the lower": ([1.0, 2.0], [1.0, -9.0], [5.0, 9.0]),
    "at the upper": ([1.0, 2.0], [-9.0, -9.0], [1.0, 2.0]),
    "at both": ([1.0, 2.0], [1.0, -9.0], [9.0, 2.0]),
    "narrow": ([1.0, 2.0], [1.0 - 1e-7, 2.0], [1.0 + 1e-7, 2.0 + 1e-5]),
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("box", BOXES)
def test_nothing_is_asked_outside_the_bounds(kind, box):
    x, low, high = (np.array(part) for part in BOXES[box])

    def f(y):
        assert (low <= y).all()
        assert (y <= high).all()
        return math.exp(y[0]) * y[1]

    derivative = kind(objective_of(f, x), x, (low, high), 0)
    truth = np.array([2 * math.e, math.e])
    for _ in range(3):  # also with the steps that are known then
        g, error = derivative.gradient(x, f(x))
        assert honest(g, error, truth).all()
        assert np.abs(g / truth - 1).max() <= (1e-3 if box == "narrow" else EXACT[kind])
        derivative.refresh(x, f(x))


@pytest.mark.parametrize("kind", ALL)
def test_a_fixed_variable_is_unknown(kind):
    x = np.array([1.0, 2.0])
    g, error = differentiate(kind, lambda y: y[0] * y[1] ** 2, x, (np.array([1.0, 0.0]), np.array([1.0, 9.0])))
    assert (g[0], error[0]) == (0.0, np.inf)
    assert honest(g, error, np.array([0.0, 4.0])).all()


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("log", [np.log, math.log], ids=["NaN", "raises"])
def test_domain_of_log_and_sqrt(kind, log):
    for at in (1e-300, 1e-8, 1e-3):
        x = np.array([at, at])
        g, error = differentiate(kind, lambda y: log(y[0]) + (y[1] ** 0.5 if y[1] >= 0 else log(-1)), x)
        assert honest(g, error, np.array([1 / at, 0.5 / math.sqrt(at)])).all()


@pytest.mark.parametrize("kind", ADAPTIVE)
def test_at_the_edge_of_the_domain_the_other_side_tells(kind):
    g, error = differentiate(kind, lambda y: math.inf if y[0] < 2 else math.exp(y[0]) + y[1], [2.0, 1.0])
    assert honest(g, error, np.array([math.exp(2), 1.0])).all()
    assert abs(g[0] - math.exp(2)) <= 1e-7


@pytest.mark.parametrize("kind", ALL)
def test_no_nan_ever(kind):
    for f in (lambda y: math.nan, lambda y: math.inf, lambda y: 1.0 if y[0] == 0.5 else math.nan):
        g, error = differentiate(kind, f, [0.5, 2.0])
        assert np.isfinite(g).all()
        assert np.isinf(error[0])


# -- unknown is said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ADAPTIVE)
@pytest.mark.parametrize(
    "f", [lambda y: 1e20 + math.sin(y[0]), lambda y: 7.0, lambda y: float(np.float32(1e9 + np.sin(y[0])))],
    ids=["all noise", "constant", "all noise, float32"],
)  # fmt: skip
def test_what_can_not_be_seen_is_unknown(kind, f):
    g, error = differentiate(kind, f, [1.3])
    assert (g[0], error[0]) == (0.0, np.inf)


@pytest.mark.parametrize("steps", [1.0, 100.0])
def test_stairs_are_flagged(steps):
    x = np.array([1.3, 2.0])
    objective = objective_of(lambda y: math.floor(steps * y[0]) / steps + y[1] ** 2, x)
    derivative = Finite(objective, x, None, 0)
    g, error = derivative.gradient(x, objective(x))
    assert error[0] >= 1  # the slope that stairs suggest is 1, that of a stair 0
    if steps == 1.0:
        assert list(derivative.steps.flat) == [True, False]
        assert "x[0]" in derivative.report
    assert g[1] == pytest.approx(4, rel=1e-6)


@pytest.mark.parametrize("kind", ADAPTIVE)
@pytest.mark.parametrize("sigma", [1e-2, 1e-5, 1e-8])
def test_under_noise_the_error_is_told(kind, sigma):
    honesty = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-2, 2, 4)
        g, error = differentiate(kind, lambda y, rng=rng: smooth(y) + sigma * rng.standard_normal(), x)
        honesty.append(honest(g, error, smooth_slope(x)))
    assert np.mean(honesty) >= 0.97
    assert np.median(error) <= 30 * sigma ** (2 / 3)  # the best that differences can do, times a constant


# -- Finite over a run ---------------------------------------------------------------------------------------


def path(n, steps=12):
    """Points on the way from a start towards the minimum of a quartic, and that quartic."""
    start = np.linspace(1, 2, n)
    f = lambda y: float(((y - 0.3) ** 4 + (y - 0.3) ** 2 * np.arange(1, n + 1)).sum())
    slope = lambda y: 4 * (y - 0.3) ** 3 + 2 * (y - 0.3) * np.arange(1, n + 1)
    return f, slope, [0.3 + (start - 0.3) * 0.2**k for k in range(steps)]


def test_economy_four_evaluations_each_once_then_one():
    f, _, points = path(6)
    objective = objective_of(f, points[0])
    derivative = Finite(objective, points[0], None, 0)
    derivative.gradient(points[0], f(points[0]))
    assert objective.nfev <= 7 + 4 * 6
    for point in points[1:3]:
        before = objective.nfev
        derivative.gradient(point, f(point))
        assert objective.nfev == before + 6
        assert not derivative.central


def test_honest_from_the_start_to_the_end_and_steps_follow_the_noise():
    f, slope, points = path(6)
    derivative = Finite(objective_of(f, points[0]), points[0], None, 0)
    for point in points:
        g, error = derivative.gradient(point, f(point))
        assert honest(g, error, slope(point)).all()
        assert np.linalg.norm(g - slope(point)) <= 0.05 * np.linalg.norm(slope(point))


def test_central_when_forward_does_no_longer_do_and_then_for_good():
    x = np.array([1.0, 2.0])
    f = lambda y: 1e4 + float(((y - 0.5) ** 2).sum() + 0.1 * ((y - 0.5) ** 3).sum())
    derivative = Finite(objective_of(f, x), x, None, 0)
    kinds = []
    for share in (1, 0.5, 0.1, 1e-3, 1e-5, 1e-6, 1e-7, 0.1):
        point = 0.5 + (x - 0.5) * share
        g, error = derivative.gradient(point, f(point))
        assert honest(g, error, 2 * (point - 0.5) + 0.3 * (point - 0.5) ** 2).all()
        kinds.append(derivative.central)
    assert kinds == sorted(kinds)
    assert kinds[0] is False
    assert kinds[-1] is True


def test_free_second_derivatives():
    x = np.array([1.0, -2.0, 3.0])
    scales = np.array([1e-6, 1.0, 1e6])
    objective = objective_of(lambda y: float(np.exp(y / scales).sum()) + 5 * y[1], x * scales)
    derivative = Finite(objective, x * scales, None, 0)
    assert derivative.diagonal() is None
    derivative.gradient(x * scales, objective(x * scales))
    assert derivative.diagonal() == pytest.approx(np.exp(x) / scales**2, rel=1e-2)


def test_second_derivatives_that_are_not_seen_are_nan():
    derivative = Finite(objective_of(lambda y: 3 * y[0] + y[1] ** 2, np.ones(2)), np.ones(2), None, 0)
    derivative.gradient(np.ones(2), 4.0)
    assert np.isnan(derivative.diagonal()[0])
    assert derivative.diagonal()[1] == pytest.approx(2, rel=1e-2)


def test_refresh_sees_the_tolerance_of_a_solver():
    def rough(y, lattice=2.0**-20):  # smooth, and sloped, within tiny windows
        return smooth(y) + lattice * (0.5 - (float(y @ y) / lattice) % 1)

    x = np.array([0.3, -1.7])
    derivative = Finite(objective_of(rough, x), x, None, 0)
    derivative.gradient(x, rough(x))
    before = derivative.noise(rough(x))
    assert derivative.refresh(x, rough(x))
    assert derivative.noise(rough(x)) > 1e3 * before
    g, error = derivative.gradient(x, rough(x))
    assert honest(g, error, smooth_slope(x)).all()
    assert np.abs(g - smooth_slope(x)).max() <= 1e-2


def test_refresh_of_what_is_well_known_changes_nothing():
    x = np.array([0.3, -1.7])
    derivative = Finite(objective_of(smooth, x), x, None, 0)
    assert derivative.refresh(x, smooth(x)) is False  # nothing is known yet
    derivative.gradient(x, smooth(x))
    derivative.refresh(x, smooth(x))  # to central differences
    assert derivative.refresh(x, smooth(x)) is False


def test_right_on_the_way_into_a_corner():
    # the curvature grows by 1e6 on this way; the told error knows the curvature where steps were measured,
    # and is then too small by up to 100, so only the gradient itself is held to account
    x = np.array([1.0])
    f = lambda y: y[0] - math.log(y[0]) if y[0] > 0 else math.nan
    derivative = Finite(objective_of(f, x), x, None, 0)
    for at in (1.0, 0.4, 0.1, 0.03, 0.01, 1e-3):
        point = np.array([at])
        g, _ = derivative.gradient(point, f(point))
        assert g[0] == pytest.approx(1 - 1 / at, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("x", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("tiny", [1e-20, 1e-80, 5e-150])
def test_back_from_where_f_has_almost_vanished(tiny, x):
    """Steps that follow the noise of f grow 1e90-fold: the values at their ends tell how little they know."""
    f = objective_of(lambda x: float(x @ x), np.ones(2))
    fd = Finite(f, np.ones(2))
    for place in ([1.0, 2.0], [tiny, tiny], [x, 2 * x]):
        place = np.array(place)
        g, error = fd.gradient(place, f(place))
        assert (np.abs(g - 2 * place) <= 3 * error + 1e-12 * np.abs(place)).all()


def test_curvature_that_grew_through_another_coordinate_is_noticed():
    f = lambda y: (y[0] - 1e6) ** 2 + (y[1] - 2e-6) ** 2 + (y[0] * y[1] - 2) ** 2
    slope = lambda y: np.array([2 * (y[0] - 1e6) + 2 * (y[0] * y[1] - 2) * y[1],
                                2 * (y[1] - 2e-6) + 2 * (y[0] * y[1] - 2) * y[0]])  # fmt: skip
    first, second = np.ones(2), np.array([999979.943, -0.00370613886])  # f'' along x[1] is 4, then 2e12
    derivative = Finite(objective_of(f, first), first, None, 0)
    derivative.gradient(first, f(first))
    wrong, _ = derivative.gradient(second, f(second))
    third = second - 1e-4 * np.sign(wrong) * [0, 1]
    g, error = derivative.gradient(third, f(third))
    assert honest(g, error, slope(third)).all()
    assert np.abs(g / slope(third) - 1).max() <= 1e-4


def test_the_budget_is_never_exceeded():
    x = np.linspace(1, 2, 5)
    for maxfun in range(1, 40, 3):
        objective = objective_of(smooth, x, maxfun=maxfun)
        derivative = Finite(objective, x, None, 0)
        try:
            for _ in range(5):
                derivative.gradient(x + 0.01 * objective.nfev, smooth(x))
        except Exhausted:
            pass
        assert objective.nfev <= maxfun


class Batched(Objective):
    """An objective whose batches go to `how`."""

    how = None

    def batch(self, xs):
        self.nfev += len(xs)
        return np.array(self.how(xs), float)


def rows(xs):
    """`smooth`, for all rows at once, with sums in the same order."""
    return [smooth(x) for x in xs]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("n", [3, 200])
def test_batches_and_workers_give_the_numbers_of_one_by_one(kind, n):
    x = np.random.default_rng(n).uniform(-2, 2, n)
    alone = differentiate(kind, smooth, x)
    with ThreadPoolExecutor(2) as pool:
        for how in (rows, lambda xs: evaluate(smooth, xs, pool)):
            objective = Batched(smooth, Parameters(x))
            objective.how = how
            g, error = kind(objective, x, None, 0).gradient(x, smooth(x))
            assert (g == alone[0]).all()
            assert (error == alone[1]).all()


@pytest.mark.parametrize("kind", [ThreePoint, TwoPoint])
def test_one_batch_per_gradient(kind):
    x, calls = np.linspace(1, 2, 20), []
    objective = Batched(smooth, Parameters(x))
    objective.how = lambda xs: calls.append(len(xs)) or rows(xs)
    kind(objective, x).gradient(x, smooth(x))
    assert calls == [20 if kind is TwoPoint else 40]


# -- along a direction ---------------------------------------------------------------------------------------


def test_directional_slope_and_curvature():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, d = rng.uniform(-2, 2, 5), rng.standard_normal(5) * 10.0 ** rng.integers(-6, 6)
        found = directional(smooth, x, d)
        truth = smooth_slope(x) @ d
        size = np.abs(smooth_slope(x) * d).sum()
        assert abs(found.slope - truth) <= min(10 * found.error, 1e-9 * size)
        curvature = smooth_curvature(x) @ d**2
        assert abs(found.curvature - curvature) <= 0.2 * (abs(curvature) + (d @ d))
        assert found.evaluations <= 13


def test_directional_under_known_noise():
    rng = np.random.default_rng(5)
    x, d = np.array([0.3, -1.7]), np.array([1.0, 2.0])
    found = directional(lambda y: smooth(y) + 1e-4 * rng.standard_normal(), x, d, noise=Noise(1e-4, True, False, 1, 0))
    assert abs(found.slope - smooth_slope(x) @ d) <= 3 * found.error
    assert found.error <= 0.1


def test_directional_without_direction_or_value():
    assert directional(smooth, np.ones(2), np.zeros(2)) == (0.0, 0.0, 0.0, 0)
    assert directional(lambda y: math.nan, np.ones(2), np.ones(2)).error == math.inf


@pytest.mark.parametrize("level", [1e4, 1e8])
def test_beside_a_level_two_looks_find_the_steps(level):
    """Beside 1e8 the walk by factors of 4 takes 20 evaluations a coordinate. Errors are of one standard deviation."""
    spent, within, n = [], [], 4
    for seed in range(30):
        rng = np.random.default_rng(seed)
        c, x = rng.normal(size=(2, n))
        objective = objective_of(lambda y, c=c: float(np.cosh(y - c).sum()) + level, x)
        g, error = Finite(objective, x, None, seed).gradient(x, objective(x))
        within.append(np.abs(g - np.sinh(x - c)) <= error)
        spent.append(objective.nfev - 1)
    assert np.mean(within) >= 0.9
    assert np.median(spent) <= 3 + 10 * n


def test_a_coordinate_that_begins_to_react_is_noticed():
    """max x_i^2 reacts to one coordinate at a time: once another is the largest, its slope is told."""
    f, x = (lambda x: float(np.max(x**2))), np.array([3.0, 4.0, 5.0])
    objective = objective_of(f, x)
    derivative = Finite(objective, x)
    assert derivative.gradient(x, f(x))[0] == pytest.approx([0, 0, 10], abs=1e-6)
    for last in (1.0, 0.5, 0.25):  # a coordinate that was flat is asked again after a few gradients
        x = np.array([3.0, 4.0, last])
        g, error = derivative.gradient(x, f(x))
    assert g == pytest.approx([0, 8, 0], abs=1e-5)
    assert error[1] < 1e-4
