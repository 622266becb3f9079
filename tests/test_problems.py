"""Every function of the zoo: gradient, minima, batches, and whether its sentences and tags are true."""

from __future__ import annotations

import pickle
import re
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from steepest import problems
from steepest.errors import ArgumentError

CATALOGUE = problems.catalogue()
SCALED = [problems.get(p.name, n) for p in CATALOGUE if "n-D" in p.tags for n in (3, 7)]
every = pytest.mark.parametrize("problem", CATALOGUE + SCALED, ids=lambda p: f"{p.name}-{p.n}")
each = pytest.mark.parametrize("problem", CATALOGUE, ids=lambda p: p.name)


def box(problem, factor=1.0):
    """The bounds as arrays, stretched about their centre."""
    low, high = np.array(problem.bounds).T
    centre, half = (low + high) / 2, (high - low) / 2
    return centre - factor * half, centre + factor * half


def scatter(problem, count, seed=0, factor=1.0):
    """Random points in the stretched bounds, shape (n, count)."""
    low, high = box(problem, factor)
    return np.random.default_rng(seed).uniform(low, high, (count, problem.n)).T


def differences(function, x, h):
    """Central differences of order 4, one row for each coordinate (Fornberg 1988)."""
    rows = []
    for i, step in enumerate(h):
        e = np.zeros_like(x)
        e[i] = step
        rows.append((8 * (function(x + e) - function(x - e)) - function(x + 2 * e) + function(x - 2 * e)) / (12 * step))
    return np.array(rows)


def hessian(problem, x):
    """By differences, with each coordinate in units of its bounds, so that unlike units do not drown it."""
    low, high = box(problem)
    width = high - low
    return differences(problem.gradient, x, 1e-5 * width) * width[:, None] * width


def known_points(problem):
    return [*problem.minima, *problem.traps]


# ---- the gradient ----


@every
@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_autograd(problem, seed):
    from autograd import grad

    if problem.name == "steps":  # autograd refuses what does not depend on x
        assert not problem.gradient(scatter(problem, 10, seed)).any()
        return

    for x in [problem.start.copy(), *scatter(problem, 10, seed).T]:
        g = problem.gradient(x)
        assert g.shape == x.shape
        np.testing.assert_allclose(g, grad(problem)(x), rtol=1e-11, atol=1e-13 * np.abs(g).max())


@every
@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_differences(problem, seed):
    low, high = box(problem)
    h = 1e-5 * (high - low)
    points = scatter(problem, 20, seed, factor=0.98).T  # so that all differences stay inside
    rounding = np.finfo(float).eps * (1 + np.abs(problem(points.T)).max()) / h
    for x in points:
        g = problem.gradient(x)
        coarse, fine = differences(problem, x, h), differences(problem, x, h / 2)
        truncation = np.abs(coarse - fine)  # of the fine ones at most 1/15 of this, where f is smooth
        assert (np.abs(g - fine) <= truncation + 1e-10 * np.abs(g).max() + 20 * rounding).all()


# ---- the minima ----


@every
def test_value_at_every_minimum_is_the_minimum(problem):
    assert (problem.minimum is None) == (not problem.minima) == ("no minimum" in problem.tags)
    for x in problem.minima:
        assert abs(problem(x) - problem.minimum) <= 1e-9 * max(1, abs(problem.minimum))
    for x in problem.traps:
        assert problem(x) > problem.minimum + 1e-3


@every
def test_known_points_and_start_lie_within_bounds(problem):
    low, high = box(problem)
    for x in [problem.start, *known_points(problem)]:
        assert x.shape == (problem.n,)
        assert ((low <= x) & (x <= high)).all()


@every
def test_at_known_points_no_direction_goes_down(problem):
    low, high = box(problem)
    for x in known_points(problem):
        if "kink" in problem.tags:  # the gradient there is that of one side: look at the values around
            around = x + 1e-4 * (high - low) * np.random.default_rng(0).uniform(-1, 1, (1000, problem.n))
            assert (problem(around.T) > problem(x)).all()
            continue
        g = problem.gradient(x)
        outwards = ((x == low) & (g > 0)) | ((x == high) & (g < 0))
        assert np.abs(np.where(outwards, 0, g)).max() < 1e-7
        inside = (low < x) & (x < high)
        if inside.all():
            curvatures = np.linalg.eigvalsh(hessian(problem, x))
            assert curvatures[0] >= -1e-9 * curvatures[-1]


@every
@pytest.mark.parametrize("seed", range(3))
def test_no_random_point_is_lower(problem, seed):
    if problem.minimum is not None:
        assert problem(scatter(problem, 1000, seed)).min() >= problem.minimum


@each
def test_outside_the_bounds_it_goes_lower_only_where_the_tags_say_so(problem):
    if "domain edge" in problem.tags:
        assert np.isnan(problem(box(problem, 3)[0]))
        return
    points = scatter(problem, 20_000, factor=5)
    values = problem(points)
    if problem.minimum is None:
        assert values.min() < problem(scatter(problem, 20_000)).min()
    else:
        run = minimize(problem, points[:, values.argmin()], method="Nelder-Mead")
        assert (run.fun < problem.minimum - 1e-9) == ("needs bounds" in problem.tags)


# Digits as printed by Moré, Garbow & Hillstrom (1981), Jamil & Yang (2013), Surjanovic & Bingham (2013).
PRINTED_MINIMA = {
    "branin": 0.397887,
    "six_hump_camel": -1.0316,
    "mccormick": -1.9133,
    "michalewicz": -1.8013,
    "goldstein_price": 3,
    "styblinski_tang": -39.16599 * 2,
    "forrester": -6.02074,
    "gramacy_lee": -0.869011,
    "easom": -1,
    "drop_wave": -1,
    "trid": -2,
}
PRINTED_STARTS = {
    "rosenbrock": 24.2,
    "freudenstein_roth": 400.5,
    "powell_badly_scaled": 1.13526,
    "brown_badly_scaled": 0.999998e12,
    "beale": 14.203125,
    "helical_valley": 2500,
    "powell_singular": 215,
    "wood": 19192,
}


@pytest.mark.parametrize("name", PRINTED_MINIMA)
def test_minimum_is_that_of_the_literature(name):
    assert problems.get(name).minimum == pytest.approx(PRINTED_MINIMA[name], rel=1e-4)


@pytest.mark.parametrize("name", PRINTED_STARTS)
def test_value_at_the_usual_start_is_that_of_the_literature(name):
    problem = problems.get(name)
    assert problem(problem.start) == pytest.approx(PRINTED_STARTS[name], rel=1e-5)


def test_trid_has_the_closed_form_of_the_literature():
    assert [problems.get("trid", n).minimum for n in (6, 10)] == [-50, -210]


# ---- shapes ----


@every
def test_batch_is_the_loop(problem):
    columns = scatter(problem, 6)
    values, gradients = problem(columns), problem.gradient(columns)
    assert values.shape == (6,)
    assert gradients.shape == columns.shape
    for k, x in enumerate(columns.T):
        assert np.ndim(problem(x)) == 0
        np.testing.assert_allclose(values[k], problem(x), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(gradients[:, k], problem.gradient(x), rtol=1e-12, atol=1e-12)


@every
def test_grid_is_the_batch(problem):
    columns = scatter(problem, 6)
    grid = columns.reshape(problem.n, 2, 3)
    np.testing.assert_allclose(problem(grid).ravel(), problem(columns), rtol=1e-12)
    np.testing.assert_allclose(problem.gradient(grid).reshape(columns.shape), problem.gradient(columns), rtol=1e-12)


@every
def test_lists_and_integers_are_numbers_too(problem):
    ones = [1] * problem.n
    assert problem(ones) == problem(np.array(ones)) == problem(np.ones(problem.n))
    assert problem.gradient(np.array(ones)).dtype == float


@every
def test_x_and_what_is_known_stay_as_they_are(problem):
    x = problem.start.copy()
    problem(x), problem.gradient(x)
    np.testing.assert_array_equal(x, problem.start)
    assert not any(point.flags.writeable for point in [problem.start, *known_points(problem)])


@every
def test_wrong_shape_is_refused(problem):
    for wrong in (np.ones(problem.n + 1), np.float64(1.0)):
        with pytest.raises(ArgumentError, match=f"{problem.name} takes shape"):
            problem(wrong)
        with pytest.raises(ArgumentError, match=f"{problem.name} takes shape"):
            problem.gradient(wrong)


@every
def test_pickle_brings_it_back(problem):
    again = pickle.loads(pickle.dumps(problem))
    assert repr(again) == repr(problem)
    assert again(problem.start) == problem(problem.start)


# ---- words and tags ----


@each
def test_words_are_there(problem):
    assert problem.hard.endswith(".")
    assert 30 < len(problem.hard) < 250
    assert "  " not in problem.hard
    assert problem.formula
    assert problem.source
    assert set(problem.tags) <= problems.TAGS.keys()


READABLE = [p for p in CATALOGUE if "n-D" not in p.tags and p.name not in ("drop_wave", "helical_valley", "wolfe")]


@pytest.mark.parametrize("problem", READABLE, ids=lambda p: p.name)
def test_formula_to_read_is_the_one_computed(problem):
    code = re.sub(r"(?<=[\dxyabcdi)]) (?=[\w(])", "*", problem.formula).replace("^", "**")
    names = {"sin": np.sin, "cos": np.cos, "exp": np.exp, "pi": np.pi, "max": max}
    letters = "abcd" if problem.n == 4 else "xy"
    for x in scatter(problem, 5).T:
        value = eval(code, names | dict(zip(letters, x, strict=False)))
        assert value == pytest.approx(problem(x), rel=1e-9, abs=1e-12)


@each
def test_convex_or_not_as_tagged(problem):
    a, b = scatter(problem, 20_000, 1), scatter(problem, 20_000, 2)
    chord, middle = (problem(a) + problem(b)) / 2, problem((a + b) / 2)
    above = middle > chord + 1e-9 * (1 + np.abs(chord))
    assert ("convex" in problem.tags) == (not above.any()) == ("non-convex" not in problem.tags)


@each
def test_quadratic_as_tagged(problem):
    a, b = scatter(problem, 50, 1), scatter(problem, 50, 2)
    mean, middle = (problem.gradient(a) + problem.gradient(b)) / 2, problem.gradient((a + b) / 2)
    linear = np.allclose(mean, middle, rtol=1e-9, atol=1e-9) and bool(mean.any())
    assert linear == ("quadratic" in problem.tags)


# Descents stop on plateaus, at kinks or never: there, their ends prove nothing.
@pytest.mark.parametrize(
    "problem",
    [p for p in CATALOGUE if not {"plateau", "kink", "no minimum"} & set(p.tags)],
    ids=lambda p: p.name,
)
def test_multimodal_as_tagged(problem):
    """Descents from a grid of starts end in more than one place, at points that are minima."""
    grid = product(*(np.linspace(low, high, 7)[1:-1] for low, high in problem.bounds)) if problem.n < 3 else []
    starts = [*known_points(problem), *map(np.array, grid)]
    ends = []
    for start in starts:
        run = minimize(problem, start, jac=problem.gradient, bounds=problem.bounds, options={"ftol": 0, "gtol": 1e-9})
        if np.abs(run.jac).max() < 1e-5 and not any(np.linalg.norm(run.x - end) < 1e-2 for end in ends):
            ends.append(run.x)
    assert (len(ends) > 1) == ("multimodal" in problem.tags)


@each
def test_singular_as_tagged(problem):
    # Differences can't tell singular from ill-conditioned; at bounds and kinks a Hessian says nothing.
    if "singular" in problem.tags or not {"ill-conditioned", "kink", "needs bounds"} & set(problem.tags):
        for x in problem.minima:
            curvatures = np.linalg.eigvalsh(hessian(problem, x))
            assert (curvatures[0] <= 1e-9 * max(curvatures[-1], 1)) == ("singular" in problem.tags)


# ---- whether the sentences on what is hard are true ----


def end_of_gradient_descent(problem, lr, steps):
    x = problem.start.copy()
    for _ in range(steps):
        x = x - lr * problem.gradient(x)
    return x


@pytest.mark.parametrize(("name", "lr", "trap"), [("wave", 0.01, 1), ("tilted_well", 0.01, 0), ("forrester", 1e-3, 0)])
def test_descent_from_the_start_ends_in_the_trap(name, lr, trap):
    problem = problems.get(name)
    np.testing.assert_allclose(end_of_gradient_descent(problem, lr, 5000), problem.traps[trap], atol=1e-6)


@pytest.mark.parametrize("name", ["freudenstein_roth", "three_hump_camel"])
def test_quasi_newton_from_the_start_ends_in_the_trap(name):
    problem = problems.get(name)
    run = minimize(problem, problem.start, jac=problem.gradient)
    assert min(np.linalg.norm(run.x - trap) for trap in problem.traps) < 1e-4


def test_bowl_with_rate_one_jumps_to_and_fro():
    bowl = problems.get("bowl")
    np.testing.assert_array_equal(end_of_gradient_descent(bowl, 1.0, 1), [-3, -2])
    np.testing.assert_array_equal(end_of_gradient_descent(bowl, 1.0, 2), [3, 2])


def test_nesterov_saddle_holds_gradient_descent():
    problem = problems.get("nesterov_saddle")
    np.testing.assert_allclose(end_of_gradient_descent(problem, 0.1, 1000), [0, 0], atol=1e-12)


def test_wood_has_a_saddle_at_7_88():
    wood = problems.get("wood")
    saddle = np.array([-0.967974, 0.947139, -0.969516, 0.951248])
    assert wood(saddle) == pytest.approx(7.8765, abs=1e-3)
    assert np.abs(wood.gradient(saddle)).max() < 1e-2
    assert np.linalg.eigvalsh(hessian(wood, saddle))[0] < 0


def test_rosenbrock_has_a_second_minimum_from_four_coordinates_on():
    problem = problems.get("rosenbrock", 4)
    run = minimize(problem, [-1, 1, 1, 1], jac=problem.gradient, options={"gtol": 1e-9})
    assert run.x[0] < -0.7
    assert np.linalg.eigvalsh(hessian(problem, run.x))[0] > 0


@pytest.mark.parametrize(("name", "condition"), [("ellipsoid", 1e6), ("ravine", 1e3)])
@pytest.mark.parametrize("n", [2, 5])
def test_condition_is_as_said(name, condition, n):
    problem = problems.get(name, n)
    assert np.linalg.cond(hessian(problem, problem.start)) == pytest.approx(condition, rel=1e-4)


@pytest.mark.parametrize(("name", "stuck_above"), [("wolfe", -0.1), ("demyanov_malozemov", -2.5)])
def test_steepest_descent_gets_stuck_at_a_kink(name, stuck_above):
    problem = problems.get(name)
    x = problem.start.copy()
    for _ in range(200):
        g = problem.gradient(x)
        x = x - g * minimize_scalar(lambda a, x=x, g=g: problem(x - a * g), (0, 0.1), options={"xtol": 1e-13}).x
    assert problem(x) > stuck_above > problem.minimum


def test_wolfe_is_steep_at_the_origin():
    assert problems.get("wolfe")([-1e-6, 0]) == pytest.approx(-9e-6)


@pytest.mark.parametrize("n", [1, 2, 20])
def test_plateau_has_a_gradient_of_a_millionth(n):
    problem = problems.get("plateau", n)
    assert 1e-7 < np.linalg.norm(problem.gradient(problem.start)) < 1e-6


# ---- the register ----


def test_there_are_enough():
    assert len(CATALOGUE) >= 30
    assert len({p.name for p in CATALOGUE}) == len(CATALOGUE)
    for tag in (
        "1-D",
        "2-D",
        "n-D",
        "multimodal",
        "saddle",
        "ill-conditioned",
        "kink",
        "plateau",
        "domain edge",
    ):
        assert sum(tag in p.tags for p in CATALOGUE), tag


def test_names_are_forgiving():
    assert problems.get("Goldstein-Price").name == problems.get("goldstein price").name == "goldstein_price"


def test_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"name='rosenbrok' is unknown\. Did you mean 'rosenbrock'"):
        problems.get("rosenbrok")
    with pytest.raises(ArgumentError, match="There are absolute, ackley"):
        problems.get("qqqq")


@pytest.mark.parametrize(("name", "n"), [("beale", 3), ("bowl", 0), ("bowl", 2.5), ("bowl", True), ("rosenbrock", 1)])
def test_wrong_dimension_is_refused(name, n):
    with pytest.raises(ArgumentError, match=f"n={n}"):
        problems.get(name, n)


@pytest.mark.parametrize("name", [p.name for p in CATALOGUE if "n-D" in p.tags and p.name != "rosenbrock"])
def test_one_coordinate_works(name):
    problem = problems.get(name, 1)
    for x in problem.minima:
        assert problem(x) == pytest.approx(problem.minimum, abs=1e-9)
        assert problem(scatter(problem, 1000)).min() >= problem.minimum


def test_a_function_is_one_entry(monkeypatch):
    from steepest.problems import registry

    monkeypatch.setattr(registry, "_RECIPES", dict(registry._RECIPES))

    @problems.entry
    def line():
        """A slope: it never ends."""
        return problems.Problem(
            lambda p: p[0], np.ones_like, "x", [0], [(-1, 1)], [], None, "this test", ("convex", "no minimum")
        )

    problem = problems.get("line")
    assert (problem.hard, problem.tags[0], problem([3])) == ("A slope: it never ends.", "1-D", 3)
    assert problem.name in [p.name for p in problems.catalogue()]
