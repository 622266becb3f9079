"""Line searches on scalar functions: what they accept, what they ask, and when they end."""

from __future__ import annotations

import math
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import line_search

from steepest.methods.searches import TRIALS, VALUES, backtracking, strong_wolfe, values_first

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from line_searches import FAMILIES

SEEDS = [1, 2, 3]


class Line:
    """A function of one length that notes what was asked; `trial` is what a search is sent."""

    def __init__(self, f, df):
        self.f, self.df = f, df
        self.asked, self.sloped = [], []

    def start(self):
        return self.f(0.0), self.df(0.0)

    def trial(self, a):
        line = self

        class Trial:
            @property
            def phi(self):
                line.asked.append(a)
                return line.f(a)

            @property
            def slope(self):
                line.sloped.append(a)
                return line.df(a)

        return Trial()


def drive(search, line):
    a = next(search)
    try:
        while True:
            a = search.send(line.trial(a))
    except StopIteration as end:
        return end.value


def scaled(f, df, unit, height):
    return Line(lambda a: height * f(a / unit), lambda a: height / unit * df(a / unit))


def polynomial(coefficients):
    f = np.polynomial.Polynomial(coefficients)
    df = f.deriv()
    return (lambda a: float(f(a))), (lambda a: float(df(a)))


def random_line(rng):
    """A random function bounded below that falls at 0, of any scale."""
    kind = rng.integers(6)
    c = rng.normal(size=3)
    if kind == 0:
        f, df = polynomial([0.0, -1.0, abs(c[0]), c[1], 0.1 + c[1] ** 2])
    elif kind == 1:
        f, df = (lambda a: c[0] * math.sin(3 * a) + a * a), (lambda a: 3 * c[0] * math.cos(3 * a) + 2 * a)
        if df(0.0) >= 0:
            f, df = (
                (lambda a: -c[0] * math.sin(3 * a) + a * a),
                (lambda a: -3 * c[0] * math.cos(3 * a) + 2 * a),
            )
    elif kind == 2:
        p = 1.2 + abs(c[0])  # at p = 1.1 and c2 = 0.1 only 1e-10 of the line is flat enough: TRIALS end first
        f, df = (lambda a: abs(a - 1) ** p), (lambda a: math.copysign(p * abs(a - 1) ** (p - 1), a - 1))
    elif kind == 3:  # so steep that the far side overflows
        f, df = (lambda a: math.exp(min(a, 700.0)) - 3 * a), (lambda a: math.exp(min(a, 700.0)) - 3)
    elif kind == 4:
        f, df = (lambda a: -a / (a * a + 2)), (lambda a: (a * a - 2) / (a * a + 2) ** 2)
    else:
        f, df = (lambda a: math.hypot(a - 1, 0.1)), (lambda a: (a - 1) / math.hypot(a - 1, 0.1))
    return scaled(f, df, 10 ** rng.uniform(-3, 3), 10 ** rng.uniform(-150, 150))


def walled(rng):
    """A parabola that ends at a wall beyond which there are only NaN, inf, or -inf in the slope."""
    wall = 10 ** rng.uniform(-4, 0)
    beyond = rng.choice([math.nan, math.inf])
    return Line(lambda a: (a - 1) ** 2 if a < wall else float(beyond), lambda a: 2 * (a - 1) if a < wall else math.nan)


def assert_armijo(line, a, noise=0.0, c1=1e-4):
    phi0, slope0 = line.start()
    assert line.f(a) <= phi0 + c1 * a * slope0 + 2 * noise


def assert_wolfe(line, a, c2):
    assert a > 0
    assert_armijo(line, a)
    assert abs(line.df(a)) <= -c2 * line.df(0.0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("c2", [0.9, 0.5, 0.1])
def test_strong_wolfe_obeys_the_conditions(seed, c2):
    rng = np.random.default_rng(seed)
    for _ in range(1000):
        line = random_line(rng)
        a = drive(strong_wolfe(*line.start(), c2=c2), line)
        assert_wolfe(line, a, c2)
        assert a in line.asked
        assert len(line.asked) <= TRIALS


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("c2", [0.9, 0.1])
@pytest.mark.parametrize("family", FAMILIES)
def test_strong_wolfe_on_functions_of_the_literature(family, c2, seed):
    """Steep slopes beyond were taken for a kink, from most first lengths on Moré-Thuente 2 and half of those on 3.

    2 has a slope at 0 of 5e-7: at c2 = 0.1 values near its minimum are alike before slopes are as small as that."""
    rng, failed = np.random.default_rng(seed), 0
    for _ in range(200):
        line = scaled(*FAMILIES[family], 10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-3, 3))
        a = drive(strong_wolfe(*line.start(), c2=c2), line)
        assert_armijo(line, a)
        failed += not abs(line.df(a)) <= -c2 * line.df(0.0)
    assert failed <= {("Moré-Thuente 2", 0.1): 30, ("Moré-Thuente 3", c2): 2}.get((family, c2), 0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("c2", [0.9, 0.1])
def test_values_first_obeys_them_too_and_asks_fewer_slopes(seed, c2):
    rng, slopes = np.random.default_rng(seed), []
    for _ in range(1000):
        line = random_line(rng)
        phi0, slope0 = line.start()
        a = drive(values_first(phi0, slope0, c2=c2), line)
        assert_wolfe(line, a, c2)
        assert len(line.asked) <= TRIALS + VALUES
        fewer = len(line.sloped)
        line.sloped = []
        drive(strong_wolfe(phi0, slope0, c2=c2), line)
        slopes.append((fewer, len(line.sloped)))
    assert np.sum(slopes, axis=0)[0] < np.sum(slopes, axis=0)[1]


@pytest.mark.parametrize(("minimum", "trials"), [(1.2, [1.0]), (6.0, [1.0, 6.0]), (30.0, [1.0, 10.0, 30.0])])
def test_values_lead_to_the_minimum_of_a_parabola(minimum, trials):
    line = Line(lambda a: (a - minimum) ** 2, lambda a: 2 * (a - minimum))
    assert drive(values_first(*line.start()), line) == pytest.approx(trials[-1])
    assert list(dict.fromkeys(line.asked)) == pytest.approx(trials)
    assert line.sloped == pytest.approx(trials[-1:])


@pytest.mark.parametrize("seed", SEEDS)
def test_backtracking_obeys_armijo(seed):
    rng = np.random.default_rng(seed)
    for _ in range(1000):
        line = random_line(rng)
        a = drive(backtracking(*line.start(), first=10 ** rng.uniform(-2, 4)), line)
        if a:
            assert_armijo(line, a)
            assert a == line.asked[-1]
        else:
            assert len(line.asked) == TRIALS
        assert line.sloped == []
        assert all(
            0.1 * b <= c * (1 + 1e-12) and c <= 0.5 * b for b, c in zip(line.asked, line.asked[1:], strict=False)
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_slopes_are_asked_only_where_the_value_is_low_enough(seed):
    rng = np.random.default_rng(seed)
    for _ in range(300):
        line = random_line(rng)
        drive(strong_wolfe(*line.start(), c2=0.1), line)
        for a in line.sloped:
            assert_armijo(line, a)
        assert len(line.sloped) == len(set(line.sloped))


@pytest.mark.parametrize("search", [backtracking, strong_wolfe, values_first])
@pytest.mark.parametrize("seed", SEEDS)
def test_steps_back_from_where_it_is_not_finite(search, seed):
    rng = np.random.default_rng(seed)
    for _ in range(300):
        line = walled(rng)
        a = drive(search(*line.start()), line)
        assert math.isfinite(line.f(a))
        assert a > 0
        assert_armijo(line, a)


def test_a_slope_that_is_not_finite_is_stepped_back_from():
    """f = -sqrt(a (2 - a)) falls without limit of its slope at 0, and its slope is infinite at 2."""
    line = Line(
        lambda a: -math.sqrt(max(a * (2 - a), 0)) - 0.4 * a + 0.4 * a**2,
        lambda a: -1.0 if a < 0.5 else math.inf,
    )
    a = drive(strong_wolfe(0.0, -1.0, c2=0.5), line)
    assert 0 < a < 0.5


@pytest.mark.parametrize("bottom", [-math.inf, -1e308])
def test_a_function_without_a_floor_is_followed_down(bottom):
    line = Line(lambda a: -a if a < 1e6 else bottom, lambda a: -1.0)
    a = drive(strong_wolfe(0.0, -1.0), line)
    assert line.f(a) == min(line.f(b) for b in line.asked)
    assert a > 1e5


@pytest.mark.parametrize("search", [backtracking, strong_wolfe, values_first])
def test_a_rising_function_ends_it_with_zero(search):
    """The slope that was claimed is wrong: there is nothing to find, and the search says so."""
    line = Line(lambda a: a, lambda a: 1.0)
    assert drive(search(0.0, -1.0), line) == 0.0
    assert len(line.asked) <= TRIALS + 1


def test_the_reference_lets_values_rise():
    line = Line(lambda a: (a - 1) ** 2, lambda a: 2 * (a - 1))
    assert drive(backtracking(1.0, -2.0, first=3.0), line) < 3.0
    assert drive(backtracking(1.0, -2.0, first=3.0, reference=4.1), line) == 3.0


@pytest.mark.parametrize("search", [backtracking, strong_wolfe, values_first])
@pytest.mark.parametrize("seed", SEEDS)
def test_under_noise_a_step_at_the_floor_is_accepted(search, seed):
    """Where the decrease can't be seen, a search that knows the noise does not fail; one that does not, does."""
    rng = np.random.default_rng(seed)
    sigma, blind, knowing = 1e-6, 0, 0
    for _ in range(200):
        line = Line(lambda a: 1e-9 * (a - 1) ** 2 + sigma * rng.uniform(-1, 1), lambda a: 2e-9 * (a - 1))
        start = (1e-9 + sigma * rng.uniform(-1, 1), -2e-9)
        blind += drive(search(*start), line) == 0
        knowing += drive(search(*start, noise=sigma), line) == 0
    assert knowing == 0
    assert blind > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_scale_does_not_matter(seed):
    """phi in other units, lengths in other units: the same trials."""
    rng = np.random.default_rng(seed)
    for _ in range(100):
        c = rng.normal(size=3)
        f, df = polynomial([0.0, -1.0, abs(c[0]), c[1], 0.1 + c[1] ** 2])
        here, there = scaled(f, df, 1.0, 1.0), scaled(f, df, 2.0**40, 2.0**-90)
        drive(strong_wolfe(*here.start(), c2=0.1), here)
        drive(strong_wolfe(*there.start(), first=2.0**40, c2=0.1), there)
        np.testing.assert_allclose(np.array(there.asked) * 2.0**-40, here.asked, rtol=1e-12)


@pytest.mark.parametrize("c2", [0.9, 0.1])
def test_asks_no_more_than_scipys_line_search(c2):
    """The same functions, first length 1; benchmarks/line_searches.py has the table, with DCSRCH in it."""
    rng = np.random.default_rng(5)
    mine = theirs = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy's warns when it gives up
        for _ in range(500):
            line = random_line(rng)
            phi0, slope0 = line.start()
            drive(strong_wolfe(phi0, slope0, c2=c2), line)
            mine += len(line.asked)
            calls = line_search(
                lambda x, line=line: line.f(float(x[0])), lambda x, line=line: np.array([line.df(float(x[0]))]),
                np.zeros(1), np.ones(1), np.array([slope0]), phi0, c2=c2,
            )[1]  # fmt: skip
            theirs += calls
    assert mine <= theirs
