"""The noise of a function, against noise that was put there."""

from __future__ import annotations

import math

import numpy as np
import pytest

import steepest as st
from steepest.derivatives.grid import printed, spacing, stairs
from steepest.derivatives.line import Site, sizes
from steepest.derivatives.noise import Noise, estimate_noise, noise
from steepest.errors import ArgumentError


def rosenbrock(x):
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def waves(x):
    return float((np.exp(-0.5 * x * x) * np.sin(3 * x) + np.log1p(x * x)).sum())


def additive(f, sigma, rng):
    return lambda x: f(x) + sigma * rng.standard_normal()


def multiplicative(f, sigma, rng):
    return lambda x: f(x) * (1 + sigma * rng.standard_normal())


def within_three(ratios):
    return np.mean([1 / 3 < ratio < 3 for ratio in ratios])


@pytest.mark.parametrize("f", [rosenbrock, waves])
@pytest.mark.parametrize("sigma", [1e-2, 1e-6, 1e-9])
@pytest.mark.parametrize("kind", [additive, multiplicative])
def test_random_noise_within_a_factor_3(f, sigma, kind):
    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-2, 2, 6)
        found = noise(kind(f, sigma, rng), x, rng=seed)
        assert found.stochastic
        assert not found.relative
        ratios.append(found.level / (sigma * (abs(f(x)) if kind is multiplicative else 1)))
    assert within_three(ratios) >= 0.9


@pytest.mark.parametrize("f", [rosenbrock, waves])
@pytest.mark.parametrize("precise", [(np.float64, np.longdouble), (np.float32, np.float64)], ids=["f64", "f32"])
def test_rounding_within_a_factor_3(f, precise):
    if np.finfo(np.longdouble).eps == np.finfo(float).eps and precise[0] is np.float64:
        pytest.skip("long double is double here: there is nothing more precise to compare with")
    low, high = precise
    rounded = {
        rosenbrock: lambda x, t: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(),
        waves: lambda x, t: (np.exp(t(-0.5) * x * x) * np.sin(3 * x) + np.log1p(x * x)).sum(),
    }[f]
    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-2, 2, 6).astype(low)
        beside = (x * (1 + 1e-3 * rng.uniform(-1, 1, (200, 6)))).astype(low)
        truth = np.std([float(rounded(y, low) - rounded(y.astype(high), high)) for y in beside])
        found = noise(lambda y: rounded(y, low), x, rng=seed)
        assert found.relative
        assert not found.stochastic
        ratios.append(found.level / truth)
    assert within_three(ratios) >= 0.9


def cube_root(y, tolerance):
    """By bisection, so that the result is one of a lattice of numbers."""
    low, high = 0.0, 1 + y
    while high - low > tolerance * y:
        middle = (low + high) / 2
        low, high = (middle, high) if middle**3 < y else (low, middle)
    return (low + high) / 2


@pytest.mark.parametrize("tolerance", [3e-5, 1e-6])
def test_the_tolerance_of_a_solver_is_seen(tolerance):
    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0.5, 2, 3)
        rough = lambda y: cube_root(1 + y @ y, tolerance)
        beside = x + 0.1 * rng.uniform(-1, 1, (300, 3))
        truth = np.std([rough(y) - np.cbrt(1 + y @ y) for y in beside])
        ratios.append(noise(rough, x, rng=seed).level / truth)
    assert within_three(ratios) >= 0.9


def test_rounding_follows_f_and_other_noise_does_not():
    rounding, rough = Noise(1e-15, False, True, 2.0, 7), Noise(1e-5, True, False, 2.0, 7)
    assert rounding.at(-200.0) == pytest.approx(1e-13)
    assert rough.at(-200.0) == 1e-5
    assert list(rounding.at(np.array([2.0, 4.0]))) == [1e-15, 2e-15]


def test_scaling_of_f_scales_the_level():
    x = np.array([0.3, -1.7])
    factors = (2.0**-40, 1.0, 2.0**40)
    sites = [Site(lambda y, c=c: c * waves(y), x, c * waves(x), sizes(x), rng=0) for c in factors]
    levels = [estimate_noise(site).level / c for site, c in zip(sites, factors, strict=True)]
    assert levels[0] == levels[1] == levels[2]


def test_seven_evaluations_for_a_smooth_function_one_batch():
    class Counted:
        batches = 0

        def batch(self, points):
            self.batches += 1
            return np.array([waves(point) for point in points])

    value = Counted()
    x = np.array([0.3, -1.7])
    assert estimate_noise(Site(value, x, waves(x), sizes(x), rng=0)).evaluations == 7
    assert value.batches == 1


def test_nothing_outside_the_bounds_and_x_unchanged():
    low, high = np.array([1.0, -np.inf, 2.0]), np.array([1.0 + 1e-12, 3.0, 2.0])
    x = np.array([1.0, 3.0, 2.0])
    before = x.copy()

    def inside(y):
        assert (low <= y).all()
        assert (y <= high).all()
        return math.exp(y[1])

    assert estimate_noise(Site(inside, x, inside(x), sizes(x), (low, high), 0)).level > 0
    assert (x == before).all()


@pytest.mark.parametrize("f", [lambda x: 0.0, lambda x: 7.0, lambda x: 3 * x[0]], ids=["zero", "constant", "linear"])
def test_functions_without_visible_noise(f):
    found = estimate_noise(Site(f, np.array([1.5]), float(f([1.5])), np.array([1.5]), rng=0))
    # integers look like float32: the bound is coarse, never large
    assert found.level <= 2.0**-23 * abs(f([1.5]))
    assert not found.stochastic


def test_domain_edge():
    found = noise(lambda x: np.sqrt(x[0]) + np.log1p(x[0]), [0.0], rng=0)
    assert math.isfinite(found.level)


def test_not_finite():
    with pytest.raises(ArgumentError, match="finite"):
        noise(lambda x: math.inf, [1.0])


def test_it_reads_well():
    assert str(Noise(1e-4, True, False, 2.0, 7)) == "noise of one value: 0.0001 = 5.0e-05 |f| (random; 7 evaluations)"


@pytest.mark.parametrize("seed", range(5))
def test_a_kink_in_the_window_is_no_noise(seed):
    """The largest of two linear functions beside the point where they meet, looked at so widely that it lies within."""
    rng = np.random.default_rng(seed)
    slopes, at = rng.normal(size=(2, 3)), 1 + rng.normal(size=3)
    x = at * (1 + 1e-9 * rng.uniform(-3, 3))

    def value(y):
        return float((slopes @ (y - at)).max()) + 1.0

    for window in (1.0, 64.0, 4096.0):
        found = estimate_noise(Site(value, x, value(x), sizes(x), rng=seed), window)
        assert found.level <= 1e-14


@pytest.mark.parametrize("jac", [None, "fd"])
def test_noise_alone_is_no_success(jac):
    """A fun that forgets its argument. By differences, of 60 seeds 54 are called constant, one is called solved."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found.append(st.minimize(lambda x, rng=rng: 5 + rng.normal(), [3.0, 1.0], jac=jac, maxfun=3000))
    assert sum(r.code == "stalled.constant" for r in found) >= 15
    assert sum(r.success for r in found) <= 1


@pytest.mark.parametrize("seed", range(4))
def test_noise_at_a_minimum_is_a_success(seed):
    rng = np.random.default_rng(seed)
    r = st.minimize(lambda x: float((x - 1) @ (x - 1)) + 0.01 * rng.normal(), [1.0, 1.0], maxfun=3000)
    assert r.success, r.why


PRINTED = {  # start, least value
    "square": (lambda x: (x[0] - 1) ** 2 + (x[1] - 2) ** 2, [3.0, -1.0], 0.0),
    "exponential": (lambda x: float(np.sum(np.exp(x) - x)), [2.0, -1.0, 0.5], 3.0),
    "rosenbrock": (lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], 0.0),
}


@pytest.mark.parametrize("decimals", range(2, 9))
@pytest.mark.parametrize("name", PRINTED)
def test_values_of_few_decimals_are_solved_as_far_as_they_tell(name, decimals):
    """As a simulation prints them. The grid is the noise: close by they do not change at all."""
    f, x0, least = PRINTED[name]
    gaps = []
    for seed in range(3):
        start = np.array(x0) * np.exp(0.3 * np.random.default_rng([decimals, seed]).normal(size=len(x0)))
        r = st.minimize(lambda x: round(f(x), decimals), start)
        gaps.append((f(r.x) - least) * 10.0**decimals)
        assert not r.success or gaps[-1] < 20
    assert np.median(gaps) < 20


def test_the_grid_of_values():
    assert printed(np.array([13.25, 13.5, 0.0])) == 0.01
    assert printed(np.array([1300.0, 1200.0])) == 100.0
    assert spacing(np.array([1.5, 1.5])) == 0.0  # nothing is seen of it
    assert spacing(np.sqrt([2.0, 3.0])) == 0.0
    assert spacing(np.array([1.5, np.nan])) == 0.0


GRIDS = {  # how values are made coarse, and by how much
    "an accuracy of 569 cases": (lambda f: round(f * 569) / 569, 1 / 569),
    "binary": (lambda f: round(f * 2**12) / 2**12, 2.0**-12),
    "steps of pi / 1000": (lambda f: math.pi / 1000 * round(f * 1000 / math.pi), math.pi / 1000),
    "a mean of two": (lambda f: (round(f * 569) / 569 + round(1.1 * f * 143) / 143) / 2.1, 1 / 143),
    "three digits": (lambda f: float(f"{1 + f:.3g}") - 1, 1e-2),
}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", PRINTED)
def test_values_of_other_grids_are_solved_as_far_as_they_tell(name, grid):
    f, x0, least = PRINTED[name]
    coarse, level = GRIDS[grid]
    gaps = []
    for seed in range(5):
        start = np.array(x0) * np.exp(0.3 * np.random.default_rng(seed).normal(size=len(x0)))
        r = st.minimize(lambda x: coarse(f(x) - least), start)
        gaps.append((f(r.x) - least) / level)
        assert not r.success or gaps[-1] < 20, r.why
    assert np.median(gaps) < 20


def test_the_steps_of_values():
    assert stairs(np.array([1.0, 1.25, 1.5, 2.5, 2.75, 3.5, 3.75])) == 0.25
    assert stairs(np.array([1.0, 1.0, 1.5, 1.5, 2.0, 2.0, 2.0])) == 0.5  # on a short line
    assert stairs(np.arange(7) / 3) == 0.0  # straight
    assert stairs(np.arange(7.0) ** 3) == 0.0  # smooth, though integers
    assert stairs(np.maximum(np.arange(7.0), 3.0)) == 0.0  # a kink
    assert stairs(np.sqrt([2.0, 3.0, 1.0, 4.0, 5.0, 7.0, 6.0])) == 0.0
    assert stairs(np.array([1.5, np.nan])) == 0.0
