"""Noise that is a share of f, on more numbers than parabolas are fitted to: the run goes on as the noise falls."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st


def bowl(x):
    y = x - 1
    stiff = np.logspace(0, 2, x.size)
    return float(stiff @ (y * y) / 2 + np.log(np.cosh(y)).sum() + 0.1 * np.sum((y[1:] - y[:-1]) ** 4))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_that_falls_with_f(seed):
    """Its level at the start hid the way: runs ended 1000 deviations above the minimum, and called it the floor."""
    rng = np.random.default_rng(seed)
    noisy = lambda x: (bowl(x) + 1) * (1 + 1e-2 * rng.normal())
    result = st.minimize(noisy, 2 * rng.normal(size=20), jac="fd", maxfun=200 * 21)
    assert bowl(result.x) <= 3 * 1e-2
    assert result.code == "converged.noise"


@pytest.mark.parametrize("size", [1e-2, 1e-4, 1e-6, 1e-8])
def test_slopes_tell_more_than_values(size):
    """Runs ended where a step promised no more than values tell, 0.75 deviations above the minimum for 1e-8."""
    gaps = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        noisy = lambda x, rng=rng: bowl(x) + size * rng.normal()
        result = st.minimize(noisy, 2 * rng.normal(size=20), jac="fd", maxfun=200 * 21)
        assert result.code in ("converged.noise", "converged.floor"), result.why
        gaps.append(bowl(result.x) / size)
    assert np.median(gaps) <= 0.5
