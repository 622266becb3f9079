"""Noisy values and gradients: solved without a rate, in all units, and told honestly."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.stochastic import Gradients

BOWL = np.array([1.0, 3.0, 10.0])


def noisy_bowl(of_gradient=0.3, of_value=0.3, unit=1.0, scale=1.0, seed=0, centre=1.0):
    """sum(BOWL (x - centre)^2)/2 under normal noise, x in units of `unit`, f in units of `scale`."""
    rng = np.random.default_rng(seed)

    def both(x):
        z = np.asarray(x) / unit - centre
        f = 0.5 * BOWL @ z**2 + of_value * rng.standard_normal()
        return scale * float(f), scale / unit * (BOWL * z + of_gradient * rng.standard_normal(3))

    return both


def gap(x, unit=1.0, centre=1.0):
    return float(0.5 * BOWL @ (np.asarray(x) / unit - centre) ** 2)


X0 = np.array([4.0, -2.0, 3.0])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_solved_in_all_units(seed, unit, scale):
    oracle = noisy_bowl(unit=unit, scale=scale, seed=seed)
    r = st.minimize(oracle, X0 * unit, jac=True, stochastic=True, maxiter=1000)
    assert gap(r.x, unit) < 1e-3 * gap(X0)
    assert r.success
    assert r.code == "converged.noise"
    assert r.nfev == 1000


@pytest.mark.parametrize("unit", [2.0**-20, 2.0**20])
def test_units_that_are_powers_of_two_change_no_bit(unit):
    runs = [
        st.minimize(noisy_bowl(unit=u, scale=u), X0 * u, jac=True, stochastic=True, maxiter=200) for u in (1.0, unit)
    ]
    assert np.array_equal(runs[1].x, runs[0].x * unit)


def test_the_budget_is_spent_and_never_exceeded():
    calls = 0

    def counting(x):
        nonlocal calls
        calls += 1
        return noise(x)

    noise = noisy_bowl()
    for budget in (20, 57, 300):
        calls = 0
        r = st.minimize(counting, X0, jac=True, stochastic=True, options={"maxiter": budget})
        assert calls == r.nfev == budget
        calls = 0
        r = st.minimize(counting, X0, jac=True, stochastic=True, maxfun=budget, method="adam")
        assert calls == r.nfev == budget


@pytest.mark.parametrize("seed", range(10))
def test_started_at_the_minimum_with_exact_values_it_stays(seed):
    r = st.minimize(noisy_bowl(of_value=0.0, seed=seed), np.ones(3), jac=True, stochastic=True, maxiter=300)
    assert gap(r.x) == 0
    assert r.code == "stalled.noise"
    assert "x0 is returned" in r.why


def test_the_value_is_a_mean_not_the_luckiest():
    errors = []
    for seed in range(20):
        r = st.minimize(noisy_bowl(of_value=5.0, seed=seed), X0, jac=True, stochastic=True, maxiter=400)
        errors.append((r.fun - gap(r.x)) / r.evidence["end_error"])
        assert r.evidence["end_error"] == pytest.approx(5 / math.sqrt(7), rel=0.8)
    # the luckiest of 400 would be 3 sigma off every time
    assert abs(np.mean(errors)) < 3 / math.sqrt(20) * 1.2
    assert np.std(errors) < 2


@pytest.mark.parametrize("seed", range(10))
def test_started_at_the_minimum_with_noisy_values_it_stays_nearly_always(seed):
    runs = [
        st.minimize(noisy_bowl(1.0, 1.0, seed=100 * seed + k), np.ones(3), jac=True, stochastic=True, maxiter=60)
        for k in range(10)
    ]
    assert sum(gap(r.x) > 0 for r in runs) <= 2


@pytest.mark.parametrize("seed", range(10))
def test_slopes_tell_where_values_are_too_noisy(seed):
    oracle = noisy_bowl(of_gradient=1.0, of_value=300.0, seed=seed)
    r = st.minimize(oracle, X0, jac=True, stochastic=True, maxiter=1000)
    assert gap(r.x) < 1e-2 * gap(X0)
    assert r.evidence["change"] == pytest.approx(gap(r.x) - gap(X0), abs=4 * r.evidence["change_error"])
    assert r.evidence["change_error"] < 0.25 * r.evidence["end_error"]


def test_strong_noise_is_no_success():
    r = st.minimize(noisy_bowl(100.0, 100.0), X0, jac=True, stochastic=True, maxiter=200)
    assert not r.success
    assert r.code in ("budget.noise", "stalled.noise")
    assert r.advice.changes == {"maxiter": 800}


@pytest.mark.parametrize("seed", range(3))
def test_now_and_then_not_finite(seed):
    rng = np.random.default_rng(seed)
    inner = noisy_bowl(seed=seed)

    def failing(x):
        f, g = inner(x)
        return (math.nan, g * math.inf) if rng.random() < 0.1 else (f, g)

    r = st.minimize(failing, X0, jac=True, stochastic=True, maxiter=1000)
    assert gap(r.x) < 1e-2 * gap(X0)
    assert math.isfinite(r.fun)


def test_it_leaves_a_saddle_on_which_it_starts():
    def saddle(x):
        return float(x[0] ** 2 - x[1] ** 2 + x[1] ** 4), np.array([2 * x[0], -2 * x[1] + 4 * x[1] ** 3])

    r = st.minimize(saddle, [0.0, 0.0], jac=True, stochastic=True, maxiter=500)
    assert np.abs(r.x) == pytest.approx([0, math.sqrt(0.5)], abs=1e-3)


def test_nothing_finite_is_told():
    r = st.minimize(lambda x: (math.nan, x * math.nan), X0, jac=True, stochastic=True, maxiter=100)
    assert r.code == "nonfinite.start"
    assert not r.success


def test_half_of_space_is_forbidden():
    rng = np.random.default_rng(0)

    def barrier(x):  # minimum at 1
        if x[0] <= 0:
            return math.nan, np.array([math.nan])
        return float(x[0] - math.log(x[0])), np.array([1 - 1 / x[0] + 0.1 * rng.standard_normal()])

    for x0 in (20.0, 0.01):
        r = st.minimize(barrier, [x0], jac=True, stochastic=True, maxiter=1000)
        assert r.x == pytest.approx([1.0], abs=0.1)


def test_a_separate_gradient_and_bounds():
    both = noisy_bowl()
    seen = []

    def value(x):
        seen.append(x.copy())
        return both(x)[0]

    bounds = [(None, 0.5), (1.5, 5.0), (None, None)]
    r = st.minimize(value, X0, jac=lambda x: both(x)[1], stochastic=True, maxiter=500, bounds=bounds)
    assert r.x == pytest.approx([0.5, 1.5, 1.0], abs=0.1)
    assert max(x[0] for x in seen) <= 0.5
    assert min(x[1] for x in seen) >= 1.5


def test_maximised():
    both = noisy_bowl()
    r = st.maximize(lambda x: tuple(-part for part in both(x)), X0, jac=True, stochastic=True, maxiter=500)
    assert gap(r.x) < 1e-2 * gap(X0)
    assert "f rose by" in r.why
    assert r.evidence["end"] > r.evidence["start"]


def test_any_method_runs_and_the_last_point_is_weighed():
    r = st.minimize(noisy_bowl(), X0, jac=True, stochastic=True, maxiter=500, method=st.Adam(lr=0.05))
    assert "Adam" in r.method
    assert r.nit == 474
    assert np.array_equal(r.x, r.history.x[-1])


def test_a_callback_stops_it_and_the_end_is_weighed():
    r = st.minimize(
        noisy_bowl(), X0, jac=True, stochastic=True, maxiter=500, callback=lambda intermediate_result:
        intermediate_result.nit == 300
    )  # fmt: skip
    assert r.code == "callback"
    assert gap(r.x) < gap(X0)
    assert r.evidence["end_error"] > 0


def test_an_error_keeps_what_was_found():
    both, calls = noisy_bowl(), 0

    def breaking(x):
        nonlocal calls
        calls += 1
        if calls == 400:
            raise ValueError("the simulation is down")
        return both(x)

    r = st.minimize(breaking, X0, jac=True, stochastic=True, maxiter=1000, on_error="stop")
    assert r.code == "error"
    assert gap(r.x) < gap(X0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"jac": None}, "needs noisy gradients"),
        ({"gtol": 1e-3}, "by luck"),
        ({"target": 1.0}, "by luck"),
        ({"maxiter": 5}, "at least 20 calls"),
    ],
)
def test_what_can_not_be_is_refused(wrong, said):
    with pytest.raises(st.ArgumentError, match=said):
        st.minimize(noisy_bowl(), X0, **{"jac": True, "stochastic": True} | wrong)


def test_stopped_and_continued_is_one_run():
    from itertools import islice

    from steepest.loops.loop import descend

    def loop(start=None, steps=300):
        both = noisy_bowl(0.0, 0.0)

        class Exact:
            def __call__(self, x):
                from steepest.objective.point import Point

                return Point(x, *both(x))

        oracle = Exact()
        return list(islice(descend(oracle, oracle(X0) if start is None else start, st.DoGAdam()), steps))

    whole = loop()
    for cut in (3, 20, 100):
        again = loop(whole[cut])
        assert np.array_equal(again[150].point.x, whole[cut + 150].point.x)


@pytest.mark.parametrize("stop_at", [3, 20, 150])
def test_a_checkpoint_goes_on_bit_by_bit(tmp_path, stop_at):
    def both(x, rng):
        return float(x @ x) + rng.standard_normal(), 2 * x + rng.standard_normal(3)

    def run(checkpoint=None, callback=None):
        rng = np.random.default_rng(7)
        return st.minimize(
            both, X0, (rng,), jac=True, stochastic=True, maxiter=300, checkpoint=checkpoint, callback=callback
        )

    whole, path = run(), tmp_path / "run.npz"
    run(path, callback=lambda intermediate_result: intermediate_result.nit == stop_at)
    again = run(path)
    assert np.array_equal(again.history["f"], whole.history["f"])
    assert np.array_equal(again.x, whole.x)


def test_time_ends_it_and_the_end_is_still_weighed():
    r = st.minimize(noisy_bowl(), X0, jac=True, stochastic=True, maxiter=10**7, maxtime=0.3)
    assert r.nfev < 10**6
    assert r.seconds < 1.0
    assert gap(r.x) <= gap(X0)
    assert "looks" in r.evidence


@pytest.mark.parametrize("name", ["Adam 0.1", "Mechanic", "COCOB", "Prodigy"])
def test_the_peers_of_the_benchmark_are_those_of_optax(name, monkeypatch):
    optax, jax = peer("optax"), peer("jax")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import stochastic as benchmark

    monkeypatch.setattr(benchmark, "CALLS", 30)

    def cosine(t):
        return 0.5 * (1 + jax.numpy.cos(jax.numpy.pi * t / 30))

    theirs = {
        "Adam 0.1": lambda: optax.adam(lambda t: 0.1 * cosine(t)),
        "Mechanic": lambda: optax.contrib.mechanize(optax.adam(cosine), weight_decay=1e-2),
        "COCOB": lambda: optax.contrib.cocob(),
        "Prodigy": lambda: optax.contrib.prodigy(cosine),
    }[name]()
    both = noisy_bowl(of_gradient=0.0, of_value=0.0)
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        x = jax.numpy.array(X0)
        state = theirs.init(x)
        for _ in range(30):
            step, state = theirs.update(jax.numpy.array(both(np.array(x))[1]), state, x)
            x = optax.apply_updates(x, step)
    assert benchmark.METHODS[name](both, X0) == pytest.approx(np.array(x), rel=1e-9)


def test_the_spread_of_gradients_from_sums_is_that_of_all_of_them():
    g = np.random.default_rng(0).normal(3.0, 2.0, (50, 4))
    mean, error = Gradients(4, g).spread()
    both = (Gradients(4, g[:20]) + Gradients(4, g[20:])).spread()
    np.testing.assert_allclose(mean, g.mean(0))
    np.testing.assert_allclose([error, both[1]], np.linalg.norm(g.std(0, ddof=1)) / 50**0.5)


def test_steps_to_and_fro_do_not_hide_a_slope():
    """At the limit 2/L gradients cancel in the mean of a run, but not at its end."""
    noise = np.random.default_rng(0)
    f = lambda x: (x @ x + 1e-3 * noise.normal(), 2 * x + 1e-3 * noise.normal(size=2))
    r = st.minimize(f, [3.0, 2.0], jac=True, method=st.GD(lr=1.0), stochastic=True, maxiter=300)
    assert not r.success


@pytest.mark.parametrize("seed", range(5))
def test_a_solved_regression_is_told_so(seed):
    draw = np.random.default_rng(seed)
    X, w = draw.normal(size=(600, 4)), draw.normal(size=4)
    y = np.where(X @ w + draw.normal(size=600) > 0, 1.0, -1.0)

    def loss(u, some=slice(None)):
        s = y[some] * (X[some] @ u)
        slope = -X[some].T @ (y[some] / (1 + np.exp(s))) / len(s) + 0.1 * u
        return np.mean(np.logaddexp(0, -s)) + 0.05 * u @ u, slope

    start = w + draw.uniform(-3, 3, 4)
    r = st.minimize(lambda u: loss(u, draw.integers(0, 600, 24)), start, jac=True, stochastic=True, maxiter=2000)
    best = peer("scipy.optimize").minimize(loss, w, jac=True).fun
    assert loss(r.x)[0] - best < 0.03 * (loss(start)[0] - best)
    assert r.success, r.why
