"""Nearest points, proximal steps, and minimisation with them: = closed forms, scipy, scikit-learn."""

from __future__ import annotations

import math
import pickle
from itertools import islice

import numpy as np
import pytest

from conftest import peer
from steepest.derivatives import choose
from steepest.errors import ArgumentError
from steepest.loops.loop import descend
from steepest.methods import rules
from steepest.methods.proximal import FISTA, ISTA, Composite, SpaRSA
from steepest.minimize import minimize
from steepest.objective.oracle import Objective
from steepest.objective.params import Parameters
from steepest.objective.point import norm
from steepest.sets import L1, Affine, Ball, Box, L1Ball, Nearest, NonNegative, Simplex, term

N = 6
SETS = {
    "Box": Box(-0.5, np.linspace(0.1, 1, N)),
    "NonNegative": NonNegative(),
    "Ball": Ball(1.0),
    "off-centre ball": Ball(0.5, np.arange(N)),
    "Simplex": Simplex(2.0),
    "L1Ball": L1Ball(1.5),
    "Affine": Affine(np.array([[1.0] * N, [2.0, 0, 1, 0, 0, -1]]), [1.0, 0.5]),
    "Nearest": Nearest(lambda x: np.maximum(x, 1.0)),
}
every_set = pytest.mark.parametrize("name", SETS)


def inside(name, x):
    """Whether x is in the set, by its definition."""
    return {
        "Box": lambda: (x >= -0.5).all() and (x <= np.linspace(0.1, 1, N)).all(),
        "NonNegative": lambda: (x >= 0).all(),
        "Ball": lambda: np.linalg.norm(x) <= 1 + 1e-14,
        "off-centre ball": lambda: np.linalg.norm(x - np.arange(N)) <= 0.5 + 1e-14,
        "Simplex": lambda: (x >= 0).all() and abs(x.sum() - 2) < 1e-13,
        "L1Ball": lambda: np.abs(x).sum() <= 1.5 + 1e-13,
        "Affine": lambda: abs(x.sum() - 1) < 1e-13 and abs(2 * x[0] + x[2] - x[5] - 0.5) < 1e-13,
        "Nearest": lambda: (x >= 1).all(),
    }[name]()


@every_set
@pytest.mark.parametrize("size", [0.1, 3.0, 1e3, 1e16])
def test_the_nearest_point_is_inside_and_nearest(name, size):
    """p is the projection of x onto a convex set if and only if (x - p)'(q - p) <= 0 for all q in it."""
    rng = np.random.default_rng(3)
    nearest = SETS[name]
    size = min(size, 3.0) if name == "Affine" else size  # p is as far away as x, and rounded so
    members = [nearest(rng.normal(size=N) * spread) for spread in (0.3, 1, 10) for _ in range(100)]
    for _ in range(30):
        x = rng.normal(size=N) * size
        p = nearest(x)
        assert inside(name, p)
        assert max((x - p) @ (q - p) for q in members) <= 1e-12 * size * 10
        np.testing.assert_allclose(nearest(p), p, atol=1e-13 * size)


@every_set
def test_float32_stays_and_x_is_not_changed(name):
    x = np.linspace(-2, 2, N).astype(np.float32)
    before = x.copy()
    assert SETS[name](x).dtype == np.float32
    assert np.array_equal(x, before)


@pytest.mark.parametrize("seed", range(5))
def test_simplex_against_a_quadratic_program(seed):
    optimize = peer("scipy.optimize")
    x = 2 * np.random.default_rng(seed).normal(size=5)
    reference = optimize.minimize(
        lambda p: (p - x) @ (p - x), np.full(5, 0.2), jac=lambda p: 2 * (p - x), method="SLSQP",
        bounds=[(0, None)] * 5, constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-15},
    )  # fmt: skip
    np.testing.assert_allclose(Simplex()(x), reference.x, atol=1e-7)


def test_soft_threshold_minimises_its_definition():
    penalty, x, lr = L1([0.0, 0.5, 1.0, 4.0]), np.array([-1.0, 2.0, 0.3, -3.0]), 0.7
    p = penalty.prox(x, lr)
    total = lambda q: penalty.value(q) + ((q - x) ** 2).sum() / (2 * lr)
    rng = np.random.default_rng(0)
    assert all(total(p) <= total(p + h * rng.normal(size=4)) for h in (1e-1, 1e-3, 1e-5) for _ in range(100))
    np.testing.assert_allclose(p, [-1.0, 1.65, 0.0, -0.2], rtol=1e-14)


# ---- minimisation ---------------------------------------------------------------------------------------


def composite(f, gradient, x0, what):
    """The first point of f + term."""
    parameters = Parameters(x0)
    objective = Objective(f, parameters)
    start = what.into(parameters.start)
    value = objective(start)
    return Composite(objective, choose(objective, start, value, gradient), what).meet(start, value)


def solve(f, gradient, x0, method, what, steps=20_000, drop=1e-9):
    """Where a method ends, its gradient fallen to `drop` of that of the start; and how many steps it took."""
    first = composite(f, gradient, x0, what)
    for now in islice(descend(first.oracle, first, method), steps + 1):
        if norm(now.point.g) <= drop * norm(first.g):
            return now.point, now.t
    raise AssertionError(f"{method} is not there after {steps} steps: {norm(now.point.g) / norm(first.g):.1e}")


def quadratic(n, condition, seed=0):
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    a, centre = q @ np.diag(np.logspace(0, math.log10(condition), n)) @ q.T, 3 * rng.normal(size=n)
    return lambda x: 0.5 * (x - centre) @ a @ (x - centre), lambda x: a @ (x - centre)


METHODS = {
    "SpaRSA": lambda L: SpaRSA(),
    "FISTA": lambda L: FISTA(),
    "ISTA": lambda L: ISTA(1 / L),
    "GD": lambda L: rules.GD(1 / L),
    "long GD": lambda L: rules.GD(1.9 / L),
    "Momentum": lambda L: rules.Momentum(0.2 / L),
    "Nesterov": lambda L: rules.Nesterov(0.2 / L),
    "Adam": lambda L: rules.Adam(0.02),
    "RMSProp": lambda L: rules.RMSProp(lambda t: 0.1 * 0.99**t),
    "AdaGrad": lambda L: rules.AdaGrad(0.5),
}


@every_set
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_rule_finds_the_solution_in_every_set(name, method, seed):
    """x is optimal if and only if it is the projection of x - s g for some s > 0; checked for another s."""
    f, gradient = quadratic(N, 30.0, seed)
    drop = 1e-5 if method in ("RMSProp", "AdaGrad") else 1e-8
    point, _ = solve(f, gradient, np.full(N, 0.3), METHODS[method](30.0), SETS[name], drop=drop)
    g = gradient(point.x)
    assert inside(name, point.x)
    assert norm(point.x - SETS[name](point.x - g / 100)) * 100 <= 100 * drop * norm(gradient(np.full(N, 0.3)))


@pytest.mark.parametrize("method", ["SpaRSA", "FISTA", "ISTA", "GD"])
@pytest.mark.parametrize("unit", [2.0**-20, 2.0**20])
def test_units_do_not_matter(method, unit):
    """f in other units, x in other units: the same steps."""
    f, gradient = quadratic(N, 30.0)
    start = np.full(N, 0.3)
    plain, steps = solve(f, gradient, start, METHODS[method](30.0), Ball(1.0))
    scaled, same = solve(
        lambda x: unit * f(x), lambda x: unit * gradient(x), start, METHODS[method](30.0 * unit), Ball(1.0)
    )
    assert same == steps
    np.testing.assert_allclose(scaled.x, plain.x, rtol=1e-9)
    long, same = solve(
        lambda x: f(x / unit), lambda x: gradient(x / unit) / unit, unit * start,
        METHODS[method](30.0 / unit**2), Ball(unit),
    )  # fmt: skip
    assert same == steps
    np.testing.assert_allclose(long.x / unit, plain.x, rtol=1e-9)


def lasso(m, n, seed):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(m, n)) @ np.diag(np.logspace(0, 1, n))
    target = data[:, :3] @ [1.0, -2.0, 0.5] + rng.normal(size=m)
    f = lambda w: ((data @ w - target) ** 2).sum() / (2 * m)
    return data, target, f, lambda w: data.T @ (data @ w - target) / m


@pytest.mark.parametrize("strength", [0.05, 0.5])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_lasso_equals_scikit_learn(strength, seed):
    linear_model = peer("sklearn.linear_model")
    data, target, f, gradient = lasso(50, 20, seed)
    reference = linear_model.Lasso(alpha=strength, fit_intercept=False, tol=1e-14, max_iter=1_000_000)
    reference.fit(data, target)
    for method in (SpaRSA(), FISTA()):
        point, _ = solve(f, gradient, np.zeros(20), method, L1(strength))
        np.testing.assert_allclose(point.x, reference.coef_, atol=1e-7)
        assert np.array_equal(point.x == 0, reference.coef_ == 0)  # exact zeros, the same ones
        assert point.f == pytest.approx(f(point.x) + strength * np.abs(point.x).sum(), rel=1e-14)


@pytest.mark.parametrize("method", [SpaRSA(), FISTA(), ISTA(lr=1e-3)], ids=repr)
def test_lasso_is_optimal(method):
    """|g_i| <= strength where x_i = 0, and g_i = -strength sign(x_i) elsewhere."""
    _, _, f, gradient = lasso(40, 8, 4)
    point, _ = solve(f, gradient, np.ones(8), method, L1(0.3))
    g, zero = gradient(point.x), point.x == 0
    assert zero.any()
    assert not zero.all()
    assert (np.abs(g[zero]) <= 0.3 + 1e-6).all()
    np.testing.assert_allclose(g[~zero], -0.3 * np.sign(point.x[~zero]), atol=1e-6)


def test_a_strong_penalty_leaves_nothing():
    """Everything is 0 from strength = max |gradient at 0| on."""
    _, _, f, gradient = lasso(40, 8, 4)
    point, _ = solve(f, gradient, np.ones(8), SpaRSA(), L1(1.01 * np.abs(gradient(np.zeros(8))).max()))
    assert not point.x.any()


def test_weighed_penalty_spares_what_weighs_nothing():
    f, gradient = lambda x: 0.5 * ((x - 2) ** 2).sum(), lambda x: x - 2
    point, _ = solve(f, gradient, np.zeros(3), SpaRSA(), L1([0.0, 0.5, 9.0]))
    np.testing.assert_allclose(point.x, [2.0, 1.5, 0.0], atol=1e-8)


def test_ista_by_hand():
    """f = x**2, strength 1, lr 1/4 from 2: 2 - 1 = 1 to 3/4; 3/8 to 1/8; 1/16 to 0, and there it stays."""
    first = composite(lambda x: x[0] ** 2, lambda x: 2 * x, [2.0], L1(1.0))
    xs = [now.point.x[0] for now in islice(descend(first.oracle, first, ISTA(0.25)), 5)]
    assert xs == [2.0, 0.75, 0.125, 0.0, 0.0]


def test_fista_is_faster_than_ista():
    """1/k**2 against 1/k: Beck & Teboulle (2009), Theorems 3.1 and 4.4."""
    f, gradient = quadratic(20, 1e3)
    _, slow = solve(f, gradient, np.zeros(20), ISTA(1e-3), NonNegative(), drop=1e-6)
    _, quick = solve(f, gradient, np.zeros(20), FISTA(), NonNegative(), drop=1e-6)
    assert 5 * quick < slow


@pytest.mark.parametrize("method", ["bfgs", "lbfgs", "cg", "hagerzhang"])
@pytest.mark.parametrize("make", [lambda: Ball(0.8), lambda: Simplex(), lambda: L1Ball(0.7), lambda: Box(-0.4, 0.5)])
@pytest.mark.parametrize("seed", range(6))
def test_directions_find_solutions_in_sets_and_say_so(method, make, seed):
    """From far trials points came back outside of the set, and lower than its minimum."""
    rng, nearest = np.random.default_rng(seed), make()
    root, centre = rng.normal(size=(4, 4)), 2 * rng.normal(size=4)
    hessian = root @ root.T + 0.1 * np.eye(4)
    f = lambda x: 0.5 * (x - centre) @ hessian @ (x - centre) + 0.1 * ((x - centre) ** 4).sum()
    g = lambda x: hessian @ (x - centre) + 0.4 * (x - centre) ** 3
    best = minimize(f, np.ones(4), jac=g, project=nearest)
    result = minimize(f, np.ones(4), jac=g, project=nearest, method=method)
    np.testing.assert_allclose(nearest(result.x), result.x, atol=1e-12)
    assert result.success or method == "hagerzhang"  # its searches may find nothing near the edge of a ball
    assert not result.success or result.fun - best.fun <= 1e-8 * (f(nearest(np.ones(4))) - best.fun)


@pytest.mark.parametrize("start", [[0.4, 0.1], [0.1, 0.2], [-0.2, 0.1], [0.0, -0.3]])
def test_a_step_that_found_nothing_is_no_success(start):
    """From (0.4, 0.1) one was cut to 5e-14; then the next promised little, and f was 2e-6 of its fall too high."""
    f = lambda x: (x[0] - 1) ** 2 + 3 * (x[1] + 0.5) ** 2 + 0.3 * x[0] * x[1]
    result = minimize(f, start, project=Ball(0.3), method="hagerzhang")
    assert not result.success or result.fun <= minimize(f, start, project=Ball(0.3)).fun + 1e-9


def test_nonconvex_in_a_ball():
    """Rosenbrock in the unit disc; its solution there solves a polynomial, as scipy's SLSQP knows, too."""
    optimize = peer("scipy.optimize")
    point, _ = solve(optimize.rosen, optimize.rosen_der, np.zeros(2), SpaRSA(), Ball(1.0))
    reference = optimize.minimize(
        optimize.rosen, np.zeros(2), method="SLSQP", options={"ftol": 1e-15},
        constraints={"type": "ineq", "fun": lambda x: 1 - x @ x, "jac": lambda x: -2 * x},
    )  # fmt: skip
    np.testing.assert_allclose(point.x, reference.x, atol=1e-5)
    assert point.f <= reference.fun + 1e-9


@pytest.mark.parametrize("method", [SpaRSA(), FISTA(), ISTA(lr=0.02)], ids=repr)
class TestEveryProximalMethod:
    def test_without_a_term_it_minimises_f(self, method):
        import steepest as st

        f, gradient = quadratic(N, 30.0)
        result = st.minimize(f, np.zeros(N), method=method, jac=gradient)
        assert result.success
        assert result.fun < 1e-12 * f(np.zeros(N))

    def test_continuation(self, method):
        f, gradient = quadratic(N, 30.0)
        first = composite(f, gradient, np.full(N, 0.3), L1Ball(1.0))
        whole = list(islice(descend(first.oracle, first, method), 13))
        rest = list(islice(descend(first.oracle, whole[6], pickle.loads(pickle.dumps(method))), 7))
        assert all(np.array_equal(a.point.x, b.point.x) for a, b in zip(whole[6:], rest, strict=True))

    def test_float32(self, method):
        f, gradient = quadratic(N, 30.0)
        single = lambda x: gradient(x.astype(float)).astype(np.float32)
        start = np.full(N, 0.3, np.float32)
        point, _ = solve(lambda x: f(x.astype(float)), single, start, method, L1(0.5), drop=1e-3)
        assert point.x.dtype == np.float32
        assert point.g.dtype == np.float32

    def test_at_the_solution_it_stays(self, method):
        first = composite(lambda x: x @ x, lambda x: 2 * x, np.zeros(3), Ball(1.0))
        assert not list(islice(descend(first.oracle, first, method), 4))[-1].point.x.any()


def test_differences_do_for_a_gradient():
    f, gradient = quadratic(4, 10.0)
    exact, _ = solve(f, gradient, np.zeros(4), SpaRSA(), Simplex())
    point, _ = solve(f, "3-point", np.zeros(4), SpaRSA(), Simplex(), drop=1e-6)
    np.testing.assert_allclose(point.x, exact.x, atol=1e-6)
    assert point.error is not None


# ---- arguments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Ball(0.0), "radius=0.0; expected a positive"),
        (lambda: Simplex(-1.0), "total=-1.0"),
        (lambda: L1Ball(math.nan), "radius=nan"),
        (lambda: Box(1.0, 0.0), "low <= high"),
        (lambda: L1(-0.1), "strength=-0.1"),
        (lambda: L1([1.0, math.inf]), "strength="),
        (lambda: ISTA(lr=0.0), "lr=0.0"),
        (lambda: Affine([[1.0, 0], [1, 0]], [1.0, 2.0]), "no x satisfies"),
        (lambda: Affine([1.0, 0], [1.0, 2.0]), "expected \\(m, n\\)"),
        (lambda: Nearest(lambda x: x[:1])(np.zeros(3)), "shape \\(1,\\): expected \\(3,\\)"),
        (lambda: term(Ball(1.0), L1(1.0)), "one of them"),
        (lambda: term(3, None), "project=3"),
        (lambda: term(None, abs), "penalty such as"),
    ],
)
def test_what_can_not_be_is_named(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"project": Ball(1.0, center=[1.0, 2.0, 3.0])}, r"Ball: center has shape \(3,\), but x0 has 2"),
        ({"project": Box([0.0], 1.0)}, r"Box: low has shape \(1,\), but x0 has 2"),
        ({"project": Affine([[1.0, 1.0, 1.0]], [1.0])}, r"Affine: A has shape \(1, 3\), but x0 has 2"),
        ({"prox": L1([1.0, 2.0, 3.0])}, r"L1: strength has shape \(3,\), but x0 has 2"),
    ],
)
def test_a_set_of_another_size_is_named(what, words):
    with pytest.raises(ArgumentError, match=words):
        minimize(lambda x: x @ x, [1.0, 2.0], **what)


def test_what_project_and_prox_mean():
    ball, penalty = Ball(1.0), L1(1.0)
    assert term(None, None) is None
    assert term(ball, None) is ball
    assert term(None, penalty) is penalty
    assert isinstance(term(abs, None), Nearest)
