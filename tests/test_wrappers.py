"""Methods around methods: = their formulas by hand, = each other where they must be, stopped = continued."""

from __future__ import annotations

import math
import pickle
from itertools import islice

import numpy as np
import pytest

import steepest as st
from steepest.errors import ArgumentError
from steepest.loops.loop import descend
from steepest.methods import directions, gradientwrappers, iteratewrappers, wrappers
from steepest.methods.gradientwrappers import Accumulate, ClipNorm, ClipValue, GradientNoise
from steepest.methods.iteratewrappers import Averaged, Lookahead, PolyakAveraged, WeightDecay
from steepest.minimize import descend_from
from steepest.objective.oracle import Oracle

ADAM = st.Adam(lr=0.1)
WRAPPED = {
    "ClipNorm": ClipNorm(ADAM, limit=1.0),
    "ClipValue": ClipValue(ADAM, limit=0.5),
    "GradientNoise": GradientNoise(ADAM, scale=0.01, rng=3),
    "Accumulate": Accumulate(ADAM, every=3),
    "WeightDecay": WeightDecay(ADAM, decay=0.01),
    "Lookahead": Lookahead(ADAM),
    "Averaged": Averaged(ADAM, decay=0.9),
    "PolyakAveraged": PolyakAveraged(ADAM, start=5),
    "nested": Lookahead(ClipNorm(WeightDecay(st.Momentum(lr=0.01), decay=0.1), limit=2.0), every=3),
    "around a direction": ClipNorm(directions.BFGS(), limit=1e6),
}
every_wrapper = pytest.mark.parametrize("method", WRAPPED.values(), ids=WRAPPED)

A = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
CENTRE = np.array([1.0, -2.0, 0.5])
START = np.array([4.0, 1.0, -3.0])


def f(x):
    return 0.5 * (x - CENTRE) @ A @ (x - CENTRE)


def gradient(x):
    return A @ (x - CENTRE)


def walk(method, steps, fun=f, jac=gradient, x0=START):
    return np.array([now.point.x for now in islice(descend_from(fun, x0, method, jac=jac), steps + 1)])


@pytest.mark.parametrize("maxiter", [1, 3, 20])
@pytest.mark.parametrize("method", [st.Averaged(st.GD(lr=0.1)), st.PolyakAveraged(st.Adam(lr=0.1))])
def test_the_gradient_of_the_best_place_is_told_also_where_only_the_average_was_asked_for_one(method, maxiter):
    gradient = lambda x: np.array([2 * (x[0] - 1), 6 * (x[1] + 2)])
    f = lambda x: (x[0] - 1) ** 2 + 3 * (x[1] + 2) ** 2
    r = st.minimize(f, [3.0, 2.0], method=method, jac=gradient, maxiter=maxiter)
    np.testing.assert_allclose(r.jac, gradient(r.x), rtol=1e-12)


@pytest.mark.parametrize("wrap", [Averaged, Lookahead, lambda method: PolyakAveraged(method, start=5)])
@pytest.mark.parametrize("method", [directions.BFGS(), directions.LBFGS()], ids=repr)
def test_the_test_of_a_method_with_a_memory_is_not_asked_about_that_of_a_wrapper(wrap, method):
    r = st.minimize(lambda x: (x[0] - 1) ** 2 + 3 * (x[1] + 2) ** 2, [3.0, 2.0], method=wrap(method))
    np.testing.assert_allclose(r.x, [1.0, -2.0], rtol=1e-7)


def test_every_wrapper_is_tested():
    names = [*vars(gradientwrappers).values(), *vars(iteratewrappers).values()]
    kinds = {kind for kind in names if isinstance(kind, type) and issubclass(kind, wrappers.Wrapper)}
    bases = {wrappers.Wrapper, gradientwrappers.GradientWrapper, iteratewrappers.Averaging}
    assert kinds - bases == {type(method) for method in WRAPPED.values()}


# ---- wrappers that change nothing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        lambda m: ClipNorm(m, limit=1e9),
        lambda m: ClipValue(m, limit=1e9),
        lambda m: GradientNoise(m, scale=0.0),
        lambda m: Accumulate(m, every=1),
        lambda m: WeightDecay(m, decay=0.0),
        lambda m: Lookahead(m, every=4, share=1.0),
        lambda m: Averaged(m, decay=0.0),
        lambda m: PolyakAveraged(m, start=1000),
    ],
)
@pytest.mark.parametrize("method", [st.GD(lr=0.2), ADAM, directions.BFGS()], ids=repr)
def test_without_effect_it_is_the_inner_method(wrap, method):
    np.testing.assert_allclose(walk(wrap(method), 12), walk(method, 12), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("method", [st.GD(lr=0.2), ADAM], ids=repr)
def test_accumulating_a_deterministic_gradient_only_costs(method):
    points = [list(islice(descend_from(f, START, m, jac=gradient), 31)) for m in (method, Accumulate(method, every=4))]
    once, often = ([now.point.x for now in run] for run in points)
    np.testing.assert_allclose(often, once, rtol=1e-13)
    cost = [run[-1].point.oracle.njev - run[1].point.oracle.njev for run in points]
    assert cost[1] == pytest.approx(4 * cost[0], abs=4)


# ---- formulas by hand ---------------------------------------------------------------------------------------


def test_clipped_norm_by_hand():
    """From (3, 4) with f = |x|**2 / 2, lr 1 and limit 1: steps of length 1 towards 0."""
    xs = walk(ClipNorm(st.GD(lr=1.0), limit=1.0), 6, lambda x: x @ x / 2, lambda x: x, [3.0, 4.0])
    np.testing.assert_allclose(np.linalg.norm(xs, axis=1), [5, 4, 3, 2, 1, 0, 0], atol=1e-14)


def test_clipped_values_by_hand():
    xs = walk(ClipValue(st.GD(lr=1.0), limit=2.0), 3, lambda x: x @ x / 2, lambda x: x, [1.0, -5.0])
    assert xs.tolist() == [[1, -5], [0, -3], [0, -1], [0, 0]]


def test_noise_has_the_variance_of_the_paper():
    """scale / t**0.55, each component by itself, the same for the same t and rng, another for another."""
    noise = lambda t, rng=0, n=20_000: GradientNoise(st.GD(), scale=0.3, rng=rng).change(np.zeros(n), t)
    for t in (1.0, 10.0, 100.0):
        assert noise(t).var() == pytest.approx(0.3 / t**0.55, rel=0.05)
    assert np.array_equal(noise(5.0), noise(5.0))
    assert not np.array_equal(noise(5.0), noise(6.0))
    assert not np.array_equal(noise(5.0), noise(5.0, rng=1))


def test_weight_decay_of_gradient_descent_is_a_ridge():
    """x - lr (g + decay x) is gradient descent on f + decay/2 |x|**2, whose minimum solves (A + decay I) x = A c."""
    decay = 0.3
    xs = walk(WeightDecay(st.GD(lr=0.2), decay), 300)
    ridge = walk(st.GD(lr=0.2), 300, lambda x: f(x) + decay / 2 * x @ x, lambda x: gradient(x) + decay * x)
    np.testing.assert_allclose(xs, ridge, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(xs[-1], np.linalg.solve(A + decay * np.eye(3), A @ CENTRE), rtol=1e-10)


def test_weight_decay_of_adam_is_adamw():
    schedule = lambda t: 0.1 / t
    for lr in (0.05, schedule):
        np.testing.assert_allclose(
            walk(WeightDecay(st.Adam(lr=lr), 0.1), 100), walk(st.AdamW(lr=lr, decay=0.1), 100), atol=1e-13
        )


def test_weight_decay_evaluates_each_place_once():
    runs = [st.minimize(f, START, method=m, jac=gradient, maxiter=50) for m in (ADAM, WeightDecay(ADAM, 1e-3))]
    assert runs[0].nfev == runs[1].nfev
    assert runs[0].njev == runs[1].njev


def test_lookahead_by_hand():
    """f = x**2 / 2, lr 1/2, k = 2, share 1/2 from 8: 4, then 2 -> 8 + (2 - 8)/2 = 5, 2.5, 1.25 -> 3.125."""
    xs = walk(Lookahead(st.GD(lr=0.5), every=2, share=0.5), 4, lambda x: x @ x / 2, lambda x: x, [8.0])
    assert xs[:, 0].tolist() == [8.0, 4.0, 5.0, 2.5, 3.125]


def test_lookahead_keeps_the_inner_memory():
    method, k, share = st.Momentum(lr=0.05, beta=0.9), 3, 0.4
    x, slow, m, xs = START, START, 0.0, [START]
    for t in range(1, 13):
        m = 0.9 * m + gradient(x)
        x = x - 0.05 * m
        if t % k == 0:
            x = slow = slow + share * (x - slow)
        xs.append(x)
    np.testing.assert_allclose(walk(Lookahead(method, k, share), 12), xs, rtol=1e-13)


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_averaged_is_the_mean_weighted_by_powers(decay):
    fast = walk(ADAM, 40)[1:]
    for t, mean in enumerate(walk(Averaged(ADAM, decay), 40)[1:], start=1):
        np.testing.assert_allclose(mean, np.average(fast[:t], axis=0, weights=decay ** np.arange(t)[::-1]), rtol=1e-11)


@pytest.mark.parametrize("start", [0, 7])
def test_polyak_averaged_is_the_mean(start):
    fast, means = walk(ADAM, 30), walk(PolyakAveraged(ADAM, start), 30)
    assert np.array_equal(means[: start + 1], fast[: start + 1])
    for t in range(start + 1, 31):
        np.testing.assert_allclose(means[t], fast[start + 1 : t + 1].mean(axis=0), rtol=1e-12)


class Noisy(Oracle):
    """Gradients with normal noise of variance 1."""

    def gradient(self, x, f):
        g, error = super().gradient(x, f)
        return g + self.rng.normal(size=g.size), error


@pytest.mark.parametrize("seed", range(3))
def test_averaging_and_accumulating_calm_noise(seed):
    """With noisy gradients the mean of the places is nearer to the minimum, as is a run by means of gradients."""
    ends = {}
    for name, wrap in {
        "plain": lambda m: m,
        "PolyakAveraged": lambda m: PolyakAveraged(m, start=100),
        "Accumulate": lambda m: Accumulate(m, every=16),
    }.items():
        exact = next(descend_from(f, START, jac=gradient)).point.oracle
        oracle = Noisy(exact.objective, exact.derivative)
        oracle.rng = np.random.default_rng(seed)
        points = [now.point for now in islice(descend(oracle, oracle(START), wrap(st.GD(lr=0.2))), 600)]
        ends[name] = np.median([point.f for point in points[-100:]])
    assert ends["PolyakAveraged"] < 0.2 * ends["plain"]
    assert ends["Accumulate"] < 0.2 * ends["plain"]


# ---- what holds for all -------------------------------------------------------------------------------------


@every_wrapper
class TestEveryWrapper:
    def test_it_descends(self, method):
        result = st.minimize(f, START, method=method, jac=gradient, maxiter=400)
        assert result.fun < 0.05 * f(START)

    def test_continuation(self, method):
        """Stopped after 17 steps and continued, bit for bit the run that was not stopped."""
        whole = list(islice(descend_from(f, START, method, jac=gradient), 36))
        again = pickle.loads(pickle.dumps(method))
        rest = list(islice(descend(whole[17].point.oracle, whole[17], again), 19))
        assert all(np.array_equal(a.point.x, b.point.x) for a, b in zip(whole[17:], rest, strict=True))

    def test_points_tell_the_truth(self, method):
        """Whatever the inner method sees, the run's points hold f and its gradient."""
        for now in islice(descend_from(f, START, method, jac=gradient), 8):
            assert now.point.f == f(now.point.x)
            assert np.array_equal(now.point.g, gradient(now.point.x))

    def test_float32_stays_float32(self, method):
        single = lambda x: gradient(x.astype(float)).astype(np.float32)
        xs = walk(method, 20, lambda x: f(x.astype(float)), single, START.astype(np.float32))
        assert xs.dtype == np.float32

    def test_shapes(self, method):
        x0 = {"w": np.ones((2, 2)), "b": 5.0}
        result = st.minimize(lambda p: np.sum(p["w"] ** 2) + p["b"] ** 2, x0, method=method, maxiter=30)
        assert result.x["w"].shape == (2, 2)
        assert result.fun < 29.0

    def test_repr_builds_it_again(self, method):
        names = {**vars(st), **vars(directions), **vars(gradientwrappers), **vars(iteratewrappers)}
        assert repr(eval(repr(method), names)) == repr(method)
        assert repr(method).startswith(type(method).__name__ + "(method=")

    def test_it_delegates(self, method):
        assert method.name == f"{type(method).__name__}({method.method.name})"
        assert method.convergence(np.dtype(float)) == method.method.convergence(np.dtype(float))
        assert method.engine(START) == method.method.engine(START)

    def test_it_cites_its_paper(self, method):
        assert isinstance(method, Accumulate) or any(str(year) in type(method).__doc__ for year in range(1980, 2027))


@pytest.mark.parametrize("policy", [st.BarzilaiBorwein(), st.AdGD(), st.Armijo(), st.Wolfe(), st.Polyak(0.0)], ids=repr)
@pytest.mark.parametrize("wrap", [lambda m: ClipNorm(m, 1.0), lambda m: Lookahead(ClipValue(m, 1.0))])
@pytest.mark.parametrize("start", [START, 10 * START])
def test_a_policy_within_is_told_true_gradients(policy, wrap, start):
    """Clipped ones have no curvature: "auto" halved its steps until it stood still at 3/4 of f."""
    result = st.minimize(f, start, jac=gradient, method=wrap(st.GD(lr=policy)), maxiter=500)
    np.testing.assert_allclose(result.x, CENTRE, atol=1e-5)


def test_a_rate_in_the_call_is_for_the_method_within():
    within = ClipNorm(Lookahead(st.Momentum(lr=0.03)), limit=2.0)
    call = st.minimize(f, START, jac=gradient, method=ClipNorm(Lookahead(st.Momentum()), limit=2.0), lr=0.03, maxiter=9)
    assert call.fun == st.minimize(f, START, jac=gradient, method=within, maxiter=9).fun


def test_the_formula_is_that_of_the_inner_method():
    assert ClipNorm(ADAM, limit=1.0).lines() == st.Adam.lines()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ClipNorm(ADAM, limit=0.0), "limit=0.0; expected a positive"),
        (lambda: ClipValue(ADAM, limit=math.inf), "limit=inf"),
        (lambda: GradientNoise(ADAM, scale=-1.0), "scale=-1.0"),
        (lambda: GradientNoise(ADAM, scale=1.0, rng=-1), "rng=-1; expected a whole number"),
        (lambda: Accumulate(ADAM, every=0), "every=0"),
        (lambda: WeightDecay(ADAM, decay=-0.1), "decay=-0.1"),
        (lambda: Lookahead(ADAM, every=2.5), "every=2.5"),
        (lambda: Lookahead(ADAM, share=0.0), "share=0.0"),
        (lambda: Averaged(ADAM, decay=1.0), "decay=1.0"),
        (lambda: PolyakAveraged(ADAM, start=-1), "start=-1"),
        (lambda: ClipNorm("adam", limit=1.0), "method='adam'; expected a method"),
    ],
)
def test_what_can_not_be_is_named(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()
