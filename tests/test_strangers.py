"""Problems that the library was not made with: least values as published, gradients as differences tell them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

pytest.importorskip("sklearn")
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from strangers import STRANGERS, half

PUBLISHED = [stranger for stranger in STRANGERS if stranger.least is not None]
HARD = {"MXHILB"}  # no method of scipy arrives there


def started(stranger):
    return np.clip(stranger.start, *stranger.bounds) if stranger.bounds else stranger.start.copy()


def test_each_is_in_one_half():
    names = [stranger.name for part in ("tune", "report") for stranger in half(part)]
    assert len(names) == len(set(names)) == len(STRANGERS)


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda s: s.name)
def test_the_gradient_is_that_of_the_function(stranger):
    rng = np.random.default_rng(0)
    size = np.maximum(np.abs(started(stranger)), 0.1)
    x = started(stranger) + 1e-3 * size * rng.uniform(0.5, 1, size.size)  # off kinks and corners
    if stranger.bounds:
        x = np.clip(x, *stranger.bounds)
    g = stranger.gradient(x)
    d = rng.choice([-1.0, 1.0], size.size) * size
    h = 1e-7
    slope = (float(stranger.fun(x + h * d)) - float(stranger.fun(x - h * d))) / (2 * h)
    assert slope == pytest.approx(g @ d, abs=2e-5 * np.abs(g) @ np.abs(d) + 1e-7 * abs(float(stranger.fun(x))))


@pytest.mark.filterwarnings("ignore")  # those of scipy on its way
@pytest.mark.parametrize("stranger", PUBLISHED, ids=lambda s: s.name)
def test_least_values_are_those_that_were_published(stranger):
    size = max(abs(stranger.least), 1e-3 * (float(stranger.fun(started(stranger))) - stranger.least))
    least = np.inf
    for method in ("L-BFGS-B", "BFGS", "SLSQP", "TNC", "Nelder-Mead", "Powell"):
        if stranger.bounds and method == "BFGS":
            continue
        jac = None if method in ("Nelder-Mead", "Powell") else stranger.gradient
        with np.errstate(all="ignore"):
            result = minimize(
                lambda x: float(stranger.fun(x)), started(stranger), jac=jac, method=method, bounds=stranger.box(),
                tol=1e-13, options={"maxiter": 5000},
            )  # fmt: skip
        least = min(least, result.fun) if np.isfinite(result.fun) else least
        if least <= stranger.least + 1e-5 * size:
            break
    assert least >= stranger.least - 1e-5 * size
    assert (least > stranger.least + 1e-5 * size) == (stranger.name in HARD)
