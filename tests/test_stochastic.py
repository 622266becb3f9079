"""Noisy values and gradients: solved without a rate, in all units, and told honestly."""

from __future__ import annotations

import math

import numpy as np
import pytest

import steepest as st

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
        st.minimize(noisy_bowl(unit=u, scale=u), X0 * u, jac=True, stochastic=True, maxiter=200)
        for u in (1.0, unit)
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
    assert "The start is returned" in r.why


def test_the_value_is_a_mean_not_the_luckiest():
    errors = []
    for seed in range(20):
        r = st.minimize(noisy_bowl(of_value=5.0, seed=seed), X0, jac=True, stochastic=True, maxiter=400)
        errors.append((r.fun - gap(r.x)) / r.evidence["end_error"])
        assert r.evidence["end_error"] == pytest.approx(5 / math.sqrt(10), rel=0.8)
    assert (
        abs(np.mean(errors)) < 3 / math.sqrt(20) * 1.2
    )  # the luckiest of 400 would be 3 sigma off every time
    assert np.std(errors) < 2


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

    from steepest.loop import descend

    def loop(start=None, steps=300):
        both = noisy_bowl(0.0, 0.0)

        class Exact:
            def __call__(self, x):
                from steepest.point import Point

                return Point(x, *both(x))

        oracle = Exact()
        return list(islice(descend(oracle, oracle(X0) if start is None else start, st.DoGAdam()), steps))

    whole = loop()
    for cut in (3, 20, 100):
        again = loop(whole[cut])
        assert np.array_equal(again[150].point.x, whole[cut + 150].point.x)
