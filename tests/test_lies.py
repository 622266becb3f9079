"""No success at a point that is not solved: runs that once claimed it, the principles, and solved points beside."""

from __future__ import annotations

import math

import autograd.numpy as anp
import numpy as np
import pytest
from scipy.optimize import linprog

import steepest as st
from steepest.derivatives.adaptive import Finite
from steepest.diagnose.bends import bends
from steepest.objective.oracle import Objective
from steepest.objective.params import Parameters
from test_regression import NIST
from test_units import exponential, quadratic, rosenbrock

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.parametrize("method", ["bfgs", "lbfgs"])
@pytest.mark.parametrize(("name", "start"), [("BoxBOD", 0), ("Rat43", 0)])
def test_where_exp_underflows_is_a_plateau(name, start, method):
    text, x, y, starts, certified, _, rss = NIST[name]
    names = [f"b{i + 1}" for i in range(len(certified))]
    start = dict(zip(names, starts[start], strict=True))
    r = st.fit_formula(text, {"x": x, "y": y}, "y", start, method=method)
    assert r.fun > 2 * rss
    assert (r.code, r.success) == ("stalled.plateau", False), r.why


@pytest.mark.parametrize(("name", "start"), [("MGH09", 0), ("Misra1a", 0), ("MGH10", 1), ("MGH17", 1), ("Rat43", 1)])
def test_limited_memory_is_not_believed(name, start):
    """What it promises in an ill-conditioned valley says little; the curvatures at the end do."""
    text, x, y, starts, certified, _, rss = NIST[name]
    names = [f"b{i + 1}" for i in range(len(certified))]
    r = st.fit_formula(text, {"x": x, "y": y}, "y", dict(zip(names, starts[start], strict=True)), method="lbfgs")
    assert r.success == (r.fun < rss * (1 + 1e-6)), r.why


@pytest.mark.parametrize("start", [0, 1])
def test_a_gtol_that_rounding_forbids_is_no_failure(start):
    text, x, y, starts, _, _, rss = NIST["Thurber"]
    start = {f"b{i + 1}": value for i, value in enumerate(starts[start])}
    r = st.fit_formula(text, {"x": x, "y": y}, "y", start, method="bfgs", gtol=1e-9)
    assert r.fun == pytest.approx(rss, rel=1e-9)
    assert r.success, r.why
    assert r.code != "converged.gradient"


@pytest.mark.parametrize("seed", range(4))
def test_symmetry_kept_a_run_on_a_ridge(seed):
    """Two normal distributions that begin alike stay so; differences look along all ways that were not gone."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([rng.normal(-2, 1, 60), rng.normal(2, 0.7, 90)])

    def mixture(p):
        share = 1 / (1 + np.exp(-p[0]))
        first, second = (np.exp(-0.5 * ((y - p[i]) / np.exp(p[i + 2])) ** 2 - p[i + 2]) for i in (1, 2))
        return -np.log(share * first + (1 - share) * second).sum()

    r = st.minimize(mixture, np.zeros(5), jac="fd")
    assert r.code == "stalled.saddle", r.why
    assert r.retry().fun < r.fun - 10


@pytest.mark.parametrize("n", [12, 40])
@pytest.mark.parametrize("seed", range(4))
def test_symmetry_kept_one_pair_of_many_on_a_ridge(seed, n):
    """Pairs that begin alike stay so; across one of them f is a double well, across the others a bowl."""
    k, x0 = n // 2, np.random.default_rng(seed).normal(size=n // 2)

    def wells(x):
        sums, apart = x[:k] + x[k:] - np.arange(k), x[:k] - x[k:]
        return float((sums**2).sum() + (apart[1:] ** 2).sum() + (apart[0] ** 2 - 1) ** 2 / 4)

    r = st.minimize(wells, np.tile(x0, 2), jac="fd")
    assert r.code == "stalled.saddle", r.why
    assert r.retry().fun < 1e-6
    r = st.minimize(lambda x: wells(x) + 2 * (x[0] - x[k]) ** 2, np.tile(x0, 2), jac="fd")  # a bowl there, too
    assert r.success, r.why


def test_a_start_at_the_minimum_where_f_is_0_is_solved_by_differences():
    r = st.minimize(lambda x: 100 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x) ** 2).sum(), np.ones(8), jac="fd")
    assert r.success, r.why


def separable(x):
    """Logistic regression of classes that a line divides: the larger x, the better."""
    return anp.sum(anp.log1p(anp.exp(-np.array([1.0, 2.0, 0.5]) * x[0])))


LIMITS = {
    "exp(-x)": (lambda x: anp.exp(-x[0]), [0.0]),
    "beside a square": (lambda x: anp.exp(-x[0]) + (x[1] - 1) ** 2, [0.0, 0.0]),
    "scaled": (lambda x: 7e5 * anp.exp(-x[0] / 300) + (x[1] - 1) ** 2, [10.0, 0.0]),
    "above 1": (lambda x: 1 + anp.exp(-x[0]), [0.0]),
    "1/(1 + x^2)": (lambda x: 1 / (1 + x[0] ** 2), [1.0]),
    "separable classes": (separable, [0.0]),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_at_infinity_is_no_minimum(name):
    fun, start = LIMITS[name]
    r = st.minimize(fun, start)
    assert (r.code, r.success) == ("stalled.levelling", False), r.why


@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential])
@pytest.mark.parametrize("rotated", [False, True])
@pytest.mark.parametrize("decades", [6, 12])
@pytest.mark.parametrize("seed", range(4))
def test_mixed_units_by_differences_from_zero(fun, rotated, decades, seed):
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.normal(size=(5, 5)))[0] if rotated else np.eye(5)
    unit = 10 ** rng.uniform(-decades, decades, 5)
    f = lambda z: float(fun(q @ z))
    r = st.minimize(lambda x: f(x / unit), np.zeros(5), jac="fd")
    assert r.success <= (r.fun <= 1e-6 * f(np.zeros(5))), r.why
    assert r.diagnosis_nfev <= 20


RIPPLED = {  # f, the start, the least value
    "square": (lambda x: (x[0] - 1) ** 2 + 10 * (x[1] + 2) ** 2 + 1, [0.0, 0.0], 1.0),
    "square from elsewhere": (lambda x: (x[0] - 3) ** 2 + 5 * (x[1] - 4) ** 2, [7.0, -2.0], 0.0),
    "six": (lambda x: anp.sum(np.arange(1, 7) * (x - np.arange(6)) ** 2) + 5, [0.5] * 6, 5.0),
    "log": (lambda x: x[0] - anp.log(x[0]), [3.0], 1.0),
}


@pytest.mark.parametrize("jac", [None, "fd"])
@pytest.mark.parametrize("decade", range(5, 16))
@pytest.mark.parametrize("name", RIPPLED)
def test_ripples(name, decade, jac):
    """Of any length and height: success where what is left is no more than they hide."""
    f, start, least = RIPPLED[name]
    rng = np.random.default_rng(decade)
    for height in (1e-8, 1e-6, 1e-4):
        k = 10 ** rng.uniform(decade, decade + 1)
        r = st.minimize(lambda x: f(x) + height * anp.sin(k * f(x)), start, jac=jac)  # noqa: B023
        left = f(r.x) - least
        assert r.success <= (left < max(30 * height, 1e-5 * (f(np.array(start)) - least))), r.why


@pytest.mark.parametrize("jac", [None, "fd"])
def test_ripples_are_named(jac):
    f = RIPPLED["square"][0]
    r = st.minimize(lambda x: f(x) + 1e-6 * anp.sin(1e9 * f(x)), [0.0, 0.0], jac=jac)
    assert (r.code, r.success) == ("stalled.rough", False), r.why


@pytest.mark.parametrize("n", [2, 6, 12])
@pytest.mark.parametrize("jac", [None, "fd"])
def test_a_ridge_that_symmetry_keeps_to(n, jac):
    """From equal numbers a symmetric function hardly leaves them; here f falls wherever two of them part."""
    f = lambda x: anp.sum((x**2 - 1) ** 2) + 2 * anp.sum(x) ** 2
    r = st.minimize(f, np.full(n, 0.7), jac=jac)
    least = np.linalg.eigvalsh(np.diag(12 * r.x**2 - 4) + 4)[0]
    assert r.success == (least > 0), r.why
    assert r.code.startswith("converged" if least > 0 else "stalled.saddle")
    if not r.success:
        assert r.retry().fun < r.fun - 0.1


SOLVED = {
    "units 1e-8, 1e8": (lambda x: rosenbrock(x / np.array([1e-8, 1e8])), [-1.2e-8, 1e8], 0.0),
    "idle": (lambda x: (x[0] - 1) ** 2, [3.0, 2.0, 7.0], 0.0),
    "a line of minima": (lambda x: (x[0] + 2 * x[1] - 1) ** 2, [3.0, 2.0], 0.0),
    "a half space of minima": (lambda x: anp.maximum(0.0, x[0] + x[1] - 1) ** 2, [3.0, 2.0], 0.0),
    "quartic": (lambda x: anp.sum((x - 1) ** 4), [3.0, 2.0], 0.0),
    "flat and steep": (lambda x: (x[0] - 1) ** 4 + 1e6 * (x[1] - x[0]) ** 2, [3.0, 2.0], 0.0),
    "a flat bottom": (lambda x: 5 + anp.sum(anp.maximum(0.0, anp.abs(x) - 1) ** 2), [3.0, -4.0], 5.0),
    "hyperbolas of minima": (lambda x: (x[0] * x[1] - 1) ** 2, [3.0, 2.0], 0.0),
    "crossing lines of minima": (lambda x: (x[0] * x[1]) ** 2, [3.0, 2.0], 0.0),
    "a wave": (lambda x: anp.sum(anp.cos(x)), [3.0, 2.0], -2.0),
    "above 1e6": (lambda x: 1e6 + rosenbrock(x), [-1.2, 1.0], 1e6),
}


@pytest.mark.parametrize("jac", [None, "fd"])
@pytest.mark.parametrize("name", SOLVED)
def test_a_solved_point_is_called_so(name, jac):
    fun, start, least = SOLVED[name]
    r = st.minimize(fun, start, jac=jac)
    assert r.fun == pytest.approx(least, abs=1e-7)
    assert r.success, r.why


@pytest.mark.parametrize("seed", range(5))
def test_bends_do_not_depend_on_units(seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(6, 4))
    H, g = A.T @ A, rng.normal(size=4)
    plain = bends(H, 1e-12 * np.abs(H), np.eye(4))
    unit = 10 ** rng.uniform(-100, 100, 4)
    other = bends(unit[:, None] * H * unit, 1e-12 * unit[:, None] * np.abs(H) * unit, np.eye(4))
    np.testing.assert_allclose(other.values, plain.values, rtol=1e-9)
    assert plain.values.sum() == pytest.approx(4)
    assert plain.firm.all()
    for found, slope in ((plain, g), (other, unit * g)):  # Newton's decrement, g'H^-1 g
        assert ((found.axes.T @ slope) ** 2 / found.values).sum() == pytest.approx(g @ np.linalg.solve(H, g))


def test_bends_tell_what_is_not_seen():
    H, doubt = np.diag([2.0, 1e-9, 0.0]), np.full((3, 3), 1e-6)
    found = bends(H, doubt, np.eye(3))
    assert found.firm.tolist() == [False, False, True]
    np.testing.assert_array_equal(found.errors[:2], np.inf)
    np.testing.assert_allclose(np.abs(found.axes[:, 2]), [2**-0.5, 0, 0])


@pytest.mark.parametrize("method", ["conjugategradient", "hagerzhang"])
@pytest.mark.parametrize("name", ["forrester", "plateau", "styblinski_tang"])
def test_conjugate_gradients_end_in_noise(name, method):
    """Where they meet noise they go on by parabolas, of which they know no promise of their own."""
    p = st.problems.get(name)
    r = st.minimize(lambda x: p(x) + 0.0, np.array(p.start), jac="fd", method=method)
    assert r.code.startswith("converged")
    assert np.linalg.norm(p.gradient(r.x)) < 1e-3


def test_beside_the_minimum_of_a_kink():
    p = st.problems.get("wolfe")  # its minimum is -8
    r = st.minimize(lambda x: p(x) + 0.0, np.array(p.start), jac="fd", method="conjugategradient")
    assert r.fun < -8 + 1e-6
    assert (r.code, r.success) == ("converged.kink", True)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [2, 5])
def test_slopes_across_a_kink_do_not_keep_a_run_going(n, seed):
    """Of the largest of some planes; steps as short as the noise of f were made until the budget was used up."""
    rng = np.random.default_rng(seed)
    slopes, heights = rng.normal(size=(2 * n + 2, n)), rng.normal(size=2 * n + 2)
    slopes[-1] = -slopes[:-1].mean(axis=0)  # so that there is a least value
    r = st.minimize(lambda x: float((slopes @ x + heights).max()), np.ones(n), jac="fd")
    planes = np.column_stack([slopes, -np.ones(2 * n + 2)])
    least = linprog(np.eye(n + 1)[n], A_ub=planes, b_ub=-heights, bounds=(None, None)).fun
    assert r.nfev < 50_000
    assert r.fun < least + 1e-5 or not r.success


@pytest.mark.parametrize("a", [1e-3, 1e-2])
def test_a_valley_that_is_round_only_near_its_bottom_is_solved(a):
    """Steps for differences measured far away, where f is straight, are too long there."""
    r = st.minimize(lambda x: math.sqrt((x[0] - 1) ** 2 + a * a), [3.0], jac="fd")
    assert r.success
    assert r.nfev < 1000
    assert r.fun - a < 1e-12


@pytest.mark.parametrize("lr", [1e-3, 5e-4])
def test_a_slow_method_that_arrives_has_converged(lr):
    r = st.minimize(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], method=st.Momentum(lr=lr))
    assert r.fun < 1e-10
    assert r.success, r.why


INFLECTED = {
    "cube": (lambda x: x[0] ** 3, [1.0]),
    "cube beside a square": (lambda x: x[0] ** 3 + (x[1] - 2) ** 2, [1.0, 5.0]),
    "rotated": (lambda x: (x[0] + x[1]) ** 3 + (x[0] - x[1]) ** 2, [1.0, 0.5]),
    "fifth power, elsewhere": (lambda x: 5 + (x[0] - 3) ** 5, [7.0]),
}
QUARTIC = {
    "fourth power": (lambda x: x[0] ** 4, [1.0]),
    "beside a steep square": (lambda x: x[0] ** 4 + 1e4 * x[1] ** 2, [1.0, 1.0]),
    "sixth power, elsewhere": (lambda x: 5 + (x[0] - 3) ** 6, [7.0]),
}


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("jac", ["auto", "fd"])
@pytest.mark.parametrize("name", INFLECTED)
def test_an_inflection_is_no_minimum(name, jac):
    f, x0 = INFLECTED[name]
    assert not st.minimize(f, x0, jac=jac).success


@pytest.mark.parametrize("jac", ["auto", "fd"])
@pytest.mark.parametrize("name", QUARTIC)
def test_a_flat_minimum_is_one(name, jac):
    f, x0 = QUARTIC[name]
    assert st.minimize(f, x0, jac=jac).success


def test_without_a_diagnosis_no_more_is_said_than_was_tested():
    call = {"fun": lambda x: x[0] ** 2 - x[1] ** 2, "x0": [1.0, 0.0], "method": st.GD(lr=0.1)}
    bare = st.minimize(**call, diagnose=False)
    assert bare.message.endswith("Only this test says so: nothing was looked at around.")
    assert not st.minimize(**call).success


# https://www.itl.nist.gov/div898/strd/nls/data/roszman1.shtml: quantum defects of iodine beside the energy.
ENERGY = np.array(
    [-4868.68, -4868.09, -4867.41, -3375.19, -3373.14, -3372.03, -2473.74, -2472.35, -2469.45, -1894.65, -1893.40,
     -1497.24, -1495.85, -1493.41, -1208.68, -1206.18, -1206.04, -997.92, -996.61, -996.31, -834.94, -834.66, -710.03,
     -530.16, -464.17]
)  # fmt: skip
DEFECT = np.array(
    [0.252429, 0.252141, 0.251809, 0.297989, 0.296257, 0.295319, 0.339603, 0.337731, 0.333820, 0.389510, 0.386998,
     0.438864, 0.434887, 0.427893, 0.471568, 0.461699, 0.461144, 0.513532, 0.506641, 0.505062, 0.535648, 0.533726,
     0.568064, 0.612886, 0.624169]
)  # fmt: skip


@pytest.mark.parametrize("unit", [1.0, 0.04, 1e6])
@pytest.mark.parametrize("start", [[0.1, -1e-5, 1000, -100], [0.1, -1e-5, 1000, -400], [0.2, -5e-6, 1200, -150]])
@pytest.mark.parametrize("rng", [0, 1, 2])
def test_beside_a_jump_differences_prove_nothing(start, unit, rng):
    """Where b4 is the energy of a datum, arctan jumps by pi: of that one residual, by 1."""

    def squares(b):
        rest = DEFECT - (b[0] - b[1] * ENERGY - np.arctan(b[2] / (ENERGY - b[3])) / np.pi)
        return unit * float(rest @ rest)

    r = st.minimize(squares, start, jac="fd", rng=rng)
    assert r.success <= (r.fun < 1.001 * unit * 4.9484847331e-04), r.why


@pytest.mark.parametrize("fallen", [1e-16, 1e-12, 1e-8])
@pytest.mark.parametrize("rng", range(4))
def test_values_of_far_away_are_no_noise(fallen, rng):
    """Where x[0] has fallen from 2, a window as wide as for 2 sees (2/fallen)^2 times larger values; rounding is 1e-16
    of f, times the exponent, which the exponential makes of that of its argument."""
    f = Objective(lambda x: float((x[0] * np.exp(x[1]) - 3.0) ** 2 + 1), Parameters(np.array([2.0, 1.0])))
    finite = Finite(f, np.array([2.0, 1.0]), rng=rng)
    finite.gradient(np.array([2.0, 1.0]), f(np.array([2.0, 1.0])))
    x = np.array([fallen, -math.log(fallen)])
    for _ in range(3):
        finite.refresh(x, f(x))
    assert finite.noise(f(x)) < 1e-6 * f(x)


@pytest.mark.parametrize("rng", [None, 0, 1, 2, 3])
def test_what_fell_far_is_not_solved_by_noise(rng):
    _, x, y, starts, _, _, rss = NIST["MGH10"]
    squares = lambda b: float(((y - b[0] * np.exp(b[1] / (x + b[2]))) ** 2).sum())
    r = st.minimize(squares, starts[0], jac="fd", rng=rng)
    assert r.success <= (r.fun < 1.001 * rss), r.why


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("level", [1e-10, 1e-6, 1e-3])
def test_jumps_as_small_as_the_noise_are_noise(seed, level):
    """Values rounded to a grid, above 1 and around 0: solved as far as the grid tells, and no jump."""
    rng = np.random.default_rng(seed)
    least = rng.normal(size=3)
    f = lambda x: 1 + float(((x - least) ** 2).sum())
    r = st.minimize(lambda x: level * round((f(x) + level * math.sin(1e7 * x.sum())) / level), 2 + least, jac="fd")
    assert r.code != "stalled.jump", r.why


@pytest.mark.parametrize("jac", ["auto", "fd"])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_corner_without_a_slope_proves_nothing(n, jac):
    """Hock & Schittkowski 45 for n = 5: from 0 it falls as t^n; least at the other corner, where it is 1."""
    f = lambda x: 2 - anp.prod(x) / math.factorial(n)
    r = st.minimize(f, np.zeros(n), bounds=[(0, i + 1) for i in range(n)], jac=jac)
    assert r.success <= (r.fun < 1 + 1e-8), r.why
    if not r.success:
        assert r.retry().fun == pytest.approx(1.0)


@pytest.mark.parametrize("jac", ["auto", "fd"])
@pytest.mark.parametrize("power", [2, 4])
def test_a_corner_without_a_slope_may_be_the_minimum(power, jac):
    r = st.minimize(lambda x: anp.sum(x**power) - 0.1 * anp.prod(x) ** power, np.ones(3), bounds=[(0, 1)] * 3, jac=jac)
    assert r.success, r.why
    corner = st.minimize(lambda x: anp.sum(x**power) + 1, np.zeros(3), bounds=[(0, 1)] * 3, jac=jac)
    assert corner.success, corner.why


def wood(y):
    a, b, c, d = y
    sides = 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)
    return 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2 + sides


@pytest.mark.parametrize("jac", [None, "fd"])
@pytest.mark.parametrize("level", [0.0, 1e4, 1e8])
def test_the_saddle_of_woods_function_beside_a_level(level, jac):
    """Beside 1e8 the run ends on it, at 7.9, and called it a minimum where f is flat."""
    for x0 in np.array([-3.0, -1, -3, -1]) + np.random.default_rng(0).normal(scale=0.01, size=(6, 4)):
        r = st.minimize(lambda x, x0=x0: wood(x + x0) + level, np.zeros(4), jac=jac)
        assert not r.success or r.fun - level < 1e-6, r.why


@pytest.mark.parametrize("jac", [None, "fd"])
@pytest.mark.parametrize("level", [0.0, 1e4, 1e8])
@pytest.mark.parametrize("seed", range(8))
def test_a_saddle_in_a_bent_valley_beside_a_level(seed, level, jac):
    """From (0, y0) a run comes to the saddle (0, 0), down whose tangent f falls by 1e-5 to 0.03 only."""
    rng = np.random.default_rng(seed)
    steep, depth, y0 = 10 ** rng.uniform(1, 2.3), 10 ** rng.uniform(-1, 0), rng.uniform(1, 3)
    f = lambda x: steep * (x[1] - x[0] ** 2) ** 2 + depth * (x[0] ** 2 - 1) ** 2 / 2 + level
    r = st.minimize(f, [0.0, y0], jac=jac)
    assert not r.success or r.fun - level < 1e-6, r.why


@pytest.mark.parametrize("seed", range(24))
def test_beside_a_wall_nothing_hides_a_slope_along_it(seed):
    """A barrier on a sphere: beside it f bends so much that differences do not see how it bends along it."""
    rng = np.random.default_rng(seed)
    n, unit, factor, margin = int(rng.integers(2, 5)), *10 ** rng.uniform([-6, -10, -7], [6, 3, -5])

    def fun(x):
        slack = 1 - float(x @ x) / unit**2
        return factor * (float(x.sum()) / unit - margin * math.log(slack)) if slack > 0 else math.nan

    x0 = rng.uniform(-0.4, 0.4, n) * unit
    r = st.minimize(fun, x0, jac="fd", maxfun=2500)
    least = fun(np.full(n, -(math.sqrt(margin**2 + n) - margin) / n * unit))
    assert not r.success or r.fun - least < 1e-6 * (fun(x0) - least), r.why


@pytest.mark.parametrize("rng", range(3))
def test_what_no_longer_reacts_is_looked_at_where_it_does(rng):
    """MGH17 of NIST by differences, from its far start: b5 = 9.4 is a limit, and at 0.1 f is lower."""
    _, x, y, starts, _, _, rss = NIST["MGH17"]
    squares = lambda b: float(((y - (b[0] + b[1] * np.exp(-x * b[3]) + b[2] * np.exp(-x * b[4]))) ** 2).sum())
    r = st.minimize(squares, starts[0], jac="fd", rng=rng)
    assert r.success <= (r.fun < 1.001 * rss), r.why


@pytest.mark.parametrize("jac", ["auto", "fd"])
@pytest.mark.parametrize("n", range(2, 16))
def test_a_start_on_a_saddle_is_one(n, jac):
    """From (0, 1, ..., 1), where the slope is 0; of four numbers other looks used up those down the saddle, of eight
    the values at even steps looked like a grid."""
    r = st.minimize(lambda x: anp.sum((x**2 - 1) ** 2) / 4, np.eye(1, n)[0] == 0, jac=jac)
    assert r.code == "stalled.saddle", r.why
    assert r.retry().fun < 1e-6


@pytest.mark.parametrize("n", range(1, 6))
def test_a_start_at_a_maximum_where_f_is_0_is_one(n):
    r = st.minimize(lambda x: np.sum(x**4 - 0.1 * x**2), np.zeros(n), jac="fd")
    assert r.code in ("stalled.maximum", "stalled.saddle"), r.why
