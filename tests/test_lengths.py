"""Length policies against their formulas, along -g and along directions of other methods."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from conftest import peer
from steepest.errors import ArgumentError
from steepest.methods.lengths import (
    LENGTHS,
    AdGD,
    Armijo,
    Polyak,
    ReduceOnPlateau,
    Wolfe,
)
from steepest.methods.reach import newton
from steepest.methods.searches import along, strong_wolfe
from steepest.methods.spectral import BarzilaiBorwein, foreseen, secant
from test_directions import oracle_of, quadratic, rosenbrock, rosenbrock_gradient

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from lengths import BUDGET, gradients, twelve

POLICIES = [
    BarzilaiBorwein(),
    BarzilaiBorwein(short=0.0),
    AdGD(),
    Polyak(0.0),
    Armijo(),
    Wolfe(),
    ReduceOnPlateau(1e-2),
]
EVERY = pytest.mark.parametrize("policy", POLICIES, ids=repr)
START = np.array([-1.2, 1.0])


def walk(policy, oracle, x0, steps, direct=lambda g: -g):
    """All (point, lr) along directions made of gradients."""
    point = oracle(np.array(x0, float))
    state, path = policy.init(point, oracle), [(point, math.nan)]
    for t in range(1, steps + 1):
        point, lr, state = policy.advance(point, direct(point.g), state, float(t), oracle)
        path.append((point, lr))
    return path


class Momentum:
    """The direction of a heavy ball, which does not always lead downhill."""

    def __init__(self):
        self.m = 0.0

    def __call__(self, g):
        self.m = 0.9 * self.m + g
        return -self.m


def signs(g):
    """The direction of sign descent: Adam's first step."""
    return -np.sign(g)


class TestAlong:
    def line(self, x0, direction, search=strong_wolfe, first=1.0):
        oracle = oracle_of(rosenbrock, rosenbrock_gradient, np.array(x0))
        point = oracle(np.array(x0))
        slope = float(point.g.dot(direction))
        return oracle, point, *along(search(point.f, slope, first), point, direction, oracle)

    def test_nothing_is_evaluated_twice(self):
        asked = []
        oracle = oracle_of(lambda x: asked.append(tuple(x)) or rosenbrock(x), rosenbrock_gradient, START)
        point = oracle(START)
        new, a = along(strong_wolfe(point.f, -point.g @ point.g), point, -point.g, oracle)
        assert len(asked) == len(set(asked)) == oracle.nfev
        assert tuple(new.x) in asked
        np.testing.assert_array_equal(new.x, point.x - a * point.g)

    def test_gradients_only_where_the_value_is_low_enough(self):
        direction = -rosenbrock_gradient(START)
        oracle, _, new, a = self.line(START, direction)
        assert a > 0
        assert oracle.njev == 2  # at the start, and where it ended
        assert oracle.nfev > 3
        assert new.known_g is not None

    def test_an_x_that_overflows_is_not_evaluated(self):
        asked = []
        oracle = oracle_of(lambda x: asked.append(x) or float(x @ x), lambda x: 2 * x, np.array([1e300]))
        point = oracle(np.array([1e-300]))
        along(strong_wolfe(1.0, -1.0, first=1e308), point, np.array([-1e300]), oracle)
        assert all(np.isfinite(x).all() for x in asked)

    def test_a_step_that_changes_nothing_ends_it(self):
        oracle, point, new, a = self.line([1e8, 1e8], np.array([-1.0, 1e-30]), first=1e-20)
        assert a == 0.0
        assert new is point
        assert oracle.nfev == 1


@pytest.mark.parametrize("problem", twelve())
def test_auto_solves_the_twelve_problems(problem):
    count, _ = gradients(twelve()[problem], BarzilaiBorwein())
    assert count < BUDGET


@EVERY
@pytest.mark.parametrize("direct", [lambda g: -g, signs, Momentum()], ids=["-g", "signs", "momentum"])
def test_goes_down_along_every_direction(policy, direct):
    _, f, g = quadratic(5, 30.0, 3)
    x0 = np.ones(5)
    path = walk(policy, oracle_of(f, g, x0), x0, 500, direct)
    assert min(point.f for point, _ in path) < 0.02 * f(x0)
    assert all(np.isfinite(point.f) for point, _ in path)


@pytest.mark.parametrize("policy", [p for p in POLICIES if not isinstance(p, AdGD | ReduceOnPlateau)], ids=repr)
def test_a_direction_that_leads_up_is_replaced_by_minus_g(policy):
    oracle = oracle_of(rosenbrock, rosenbrock_gradient, START)
    point = oracle(START)
    new, lr, _ = policy.advance(point, 7 * point.g, policy.init(point, oracle), 1.0, oracle)
    assert new.f < point.f
    step = new.x - point.x
    np.testing.assert_allclose(step, -7 * lr * point.g, rtol=1e-12)  # as long as the direction was


@EVERY
@pytest.mark.parametrize("direct", [lambda g: -g, signs], ids=["-g", "signs"])
def test_at_a_zero_gradient_it_stays(policy, direct):
    oracle = oracle_of(lambda x: x @ x, lambda x: 2 * x, np.zeros(2))
    for point, lr in walk(policy, oracle, [0.0, 0.0], 3, direct)[1:]:
        assert (point.x == 0).all()
        assert np.isfinite(lr)


@pytest.mark.parametrize("policy", [p for p in POLICIES if not isinstance(p, ReduceOnPlateau)], ids=repr)
@pytest.mark.parametrize(("of_x", "of_f"), [(2.0**20, 1.0), (2.0**-20, 1.0), (1.0, 2.0**33), (1.0, 2.0**-33)])
def test_units_do_not_matter(policy, of_x, of_f):
    """x times 1e6 or 1e-6, f times 1e10 or 1e-10: the same run."""
    here = walk(policy, oracle_of(rosenbrock, rosenbrock_gradient, START), START, 12)
    there = walk(
        policy,
        oracle_of(
            lambda x: of_f * rosenbrock(x / of_x),
            lambda x: of_f / of_x * rosenbrock_gradient(x / of_x),
            START,
        ),
        of_x * START,
        12,
    )
    np.testing.assert_allclose([p.f for p, _ in there], [of_f * p.f for p, _ in here], rtol=1e-6)


@pytest.mark.parametrize("policy", [BarzilaiBorwein(), Armijo(), Wolfe()], ids=repr)
@pytest.mark.parametrize("beyond", [math.nan, math.inf])
def test_steps_back_from_outside_the_domain(policy, beyond):
    def f(x):
        return float(np.sum(x - np.log(x))) if (x > 0).all() else beyond

    def g(x):
        return 1 - 1 / x if (x > 0).all() else np.full(2, np.nan)

    path = walk(policy, oracle_of(f, g, np.ones(2)), [20.0, 1e-2], 400)
    assert min(point.f for point, _ in path) < 2 + 1e-6
    assert all(math.isfinite(point.f) for point, _ in path)


class TestFirstLength:
    def test_is_newtons_on_a_quadratic(self):
        a, f, g = quadratic(4, 100.0, 1)
        oracle = oracle_of(f, g, np.ones(4))
        point = oracle(np.ones(4))
        d = -point.g
        assert newton(point, d, oracle) == pytest.approx(-(point.g @ d) / (d @ a @ d), rel=1e-6)
        assert oracle.nfev == 2
        assert oracle.njev == 1

    def test_is_newtons_also_where_rounding_hides_the_curvature_of_values(self):
        a, f, g = quadratic(4, 100.0, 1)
        oracle = oracle_of(lambda x: 1e9 + f(x), g, np.ones(4))
        point = oracle(np.ones(4))
        d = -point.g
        assert newton(point, d, oracle) == pytest.approx(-(point.g @ d) / (d @ a @ d), rel=1e-6)
        assert oracle.njev == 2

    def test_costs_nothing_where_curvatures_are_known(self):
        oracle = oracle_of(lambda x: x @ x, lambda x: 2 * x, np.ones(3), curvatures=np.full(3, 2.0))
        point = oracle(np.ones(3))
        assert newton(point, -point.g, oracle) == pytest.approx(0.5, rel=1e-12)
        assert oracle.nfev == oracle.njev == 1

    @pytest.mark.parametrize("x0", [[3.0, -4.0], [0.0, 0.0]])
    def test_along_a_straight_slope_is_finite(self, x0):
        oracle = oracle_of(lambda x: 5.0 - x[0], lambda x: np.array([-1.0, 0.0]), np.array(x0))
        point = oracle(np.array(x0))
        assert newton(point, -point.g, oracle) == pytest.approx(5.0)  # as far as x is from 0, or f = 0


class TestFormulas:
    @pytest.mark.parametrize("short", [0.0, 0.5, 1.0])
    def test_barzilai_borwein(self, short):
        """On a convex quadratic: s's/s'y; where s'y/y'y is short, the least of the three of the paper of 2021."""
        _, f, g = quadratic(5, 12.0, 2)
        path = walk(BarzilaiBorwein(short), oracle_of(f, g, np.ones(5)), np.ones(5), 19)
        steps = [(b.x - a.x, b.g - a.g) for (a, _), (b, _) in pairwise(path)]
        long, below = ([s @ s / (s @ y) for s, y in steps], [s @ y / (y @ y) for s, y in steps])
        taken = 0
        for k in range(1, 18):
            expected = long[k]
            if below[k] < short * long[k]:
                now, old = (1 / below[k], 1 / below[k - 1])
                trace, determinant = np.linalg.solve([[1, -long[k]], [1, -long[k - 1]]], [now, old])
                roots = np.roots([1, -trace, determinant])
                shortest = 1 / roots.max() if np.isreal(roots).all() and roots.max() > 0 else math.inf
                expected, taken = min(below[k], below[k - 1], shortest), taken + 1
            assert path[k + 2][1] == pytest.approx(expected, rel=1e-6)
        assert taken > 0 or short < 1

    @pytest.mark.parametrize("seed", range(5))
    def test_two_secants_in_the_plane_foresee_the_larger_curvature(self, seed):
        rng = np.random.default_rng(seed)
        root = rng.normal(size=(2, 2))
        hessian = root @ root.T + 0.1 * np.eye(2)
        steps = rng.normal(size=(2, 2))
        now, old = (secant(s, hessian @ s) for s in steps)
        assert foreseen(now, old) == pytest.approx(1 / np.linalg.eigvalsh(hessian)[-1], rel=1e-6)
        assert foreseen(now, now) == pytest.approx(now.short)  # one secant alone foresees itself

    def test_barzilai_borwein_in_another_metric(self):
        """Along -D g: the length of 1988 in the variables in which D is 1."""
        _, f, g = quadratic(4, 3.0, 5)
        d = np.array([1.0, 2.0, 0.5, 3.0])
        path = walk(BarzilaiBorwein(), oracle_of(f, g, np.ones(4)), np.ones(4), 12, lambda g: -d * g)
        for (a, _), (b, _), (_, lr) in zip(path, path[1:], path[2:], strict=False):
            s, y = b.x - a.x, b.g - a.g
            assert lr == pytest.approx(s @ (s / d) / (s @ y), rel=1e-6)

    def test_barzilai_borwein_is_nonmonotone_within_ten_values(self):
        path = walk(BarzilaiBorwein(0.0), oracle_of(rosenbrock, rosenbrock_gradient, START), START, 60)
        f = [point.f for point, _ in path]
        assert any(b > a for a, b in pairwise(f))
        assert all(f[k] < max(f[max(k - 10, 0) : k]) for k in range(1, len(f)))

    def test_adgd(self):
        """The recursion of Malitsky & Mishchenko (2024), Algorithm 2, written out."""
        _, f, g = quadratic(4, 50.0, 4)
        path = walk(AdGD(), oracle_of(f, g, np.ones(4)), np.ones(4), 30)
        x_old, g_old, lr, theta = np.ones(4), g(np.ones(4)), path[1][1], 1 / 3
        x, lr_old = x_old - lr * g_old, lr
        theta = 1 / 3
        for point, used in path[2:]:
            curvature = np.linalg.norm(g(x) - g_old) / np.linalg.norm(x - x_old)
            bend = max(2 * (lr_old * curvature) ** 2 - 1, 0.0)
            lr = min(math.sqrt(2 / 3 + theta) * lr_old, lr_old / math.sqrt(bend) if bend else math.inf)
            assert used == pytest.approx(lr, rel=1e-7)
            x_old, g_old, x = x, g(x), x - lr * g(x)
            theta, lr_old = lr / lr_old, lr
            np.testing.assert_allclose(point.x, x, rtol=1e-5, atol=1e-9)

    def test_adgd_asks_for_no_value_more_than_points(self):
        oracle = oracle_of(rosenbrock, rosenbrock_gradient, START)
        walk(AdGD(), oracle, START, 20)
        assert oracle.nfev == 22  # start, probe, 20 steps

    def test_polyak(self):
        path = walk(Polyak(-1.0), oracle_of(rosenbrock, rosenbrock_gradient, START), START, 5)
        for (point, _), (_, lr) in pairwise(path):
            assert lr == pytest.approx((point.f + 1) / (point.g @ point.g), rel=1e-12)

    def test_armijo_decreases_enough_from_twice_the_last_length(self):
        path = walk(Armijo(c1=0.1), oracle_of(rosenbrock, rosenbrock_gradient, START), START, 40)
        for (old, before), (new, lr) in pairwise(path):
            assert new.f <= old.f - 0.1 * lr * (old.g @ old.g) * (1 - 1e-12)
            assert not lr > 2 * before

    def test_wolfe(self):
        path = walk(Wolfe(c2=0.2), oracle_of(rosenbrock, rosenbrock_gradient, START), START, 40)
        for (old, _), (new, lr) in pairwise(path):
            assert new.f <= old.f - 1e-4 * lr * (old.g @ old.g)
            assert abs(new.g @ old.g) <= 0.2 * (old.g @ old.g) * (1 + 1e-12)

    def test_plateau_is_torchs(self):
        torch = peer("torch")
        rng = np.random.default_rng(0)
        values = np.concatenate(
            [np.linspace(9, 5, 9), 5 + 0.01 * rng.random(40), np.linspace(4, 3, 9), np.full(30, 3.0)]
        )
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=4)
        ours, at = ReduceOnPlateau(0.5, factor=0.3, patience=4), iter(values)
        oracle = oracle_of(lambda x: next(at), lambda x: np.zeros(1), np.zeros(1))
        point = oracle(np.zeros(1))
        state = ours.init(point, oracle)
        for t in range(1, len(values)):
            theirs.step(point.f)
            point, lr, state = ours.advance(point, np.zeros(1), state, float(t), oracle)
            assert lr == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        assert lr < 0.1  # it did fall


def test_a_direction_that_leads_down_is_kept():
    oracle = oracle_of(rosenbrock, rosenbrock_gradient, START)
    point = oracle(START)
    new, lr, _ = Polyak(0.0).advance(point, signs(point.g), None, 1.0, oracle)
    assert lr == pytest.approx(point.f / np.abs(point.g).sum())  # the linear model is 0 there
    np.testing.assert_allclose(new.x, point.x + lr * signs(point.g))


@EVERY
def test_policies_are_values(policy):
    assert type(policy) in LENGTHS
    assert eval(repr(policy)) == policy
    assert hash(eval(repr(policy))) == hash(policy)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BarzilaiBorwein(short=1.5), "BarzilaiBorwein: short=1.5; expected a number between 0 and 1"),
        (lambda: Polyak(math.nan), "Polyak: f_star=nan; expected a finite number"),
        (lambda: Polyak("least"), "f_star='least'"),
        (lambda: Armijo(c1=0), "c1=0"),
        (lambda: Wolfe(c2=1), "c2=1"),
        (lambda: ReduceOnPlateau(lr=-0.1), "lr=-0.1; expected a positive number"),
        (lambda: ReduceOnPlateau(patience=0.5), "patience=0.5"),
    ],
)
def test_errors_name_the_argument(make, words):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert words in str(caught.value)
