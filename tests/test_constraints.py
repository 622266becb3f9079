"""Sets and penalties as arguments of minimize, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st

CENTRE = np.array([3.0, 1.0, -2.0])


def f(x):
    return ((x - CENTRE) ** 2).sum()


# The nearest point of each set to the centre, in closed form.
SETS = {
    "ball": (st.Ball(1.0), CENTRE / np.linalg.norm(CENTRE)),
    "box": (st.Box(-1.0, 1.5), [1.5, 1.0, -1.0]),
    "non-negative": (st.NonNegative(), [3.0, 1.0, 0.0]),
    "simplex": (st.Simplex(), [1.0, 0.0, 0.0]),
    "function": (lambda x: np.clip(x, 0, 1), [1.0, 1.0, 0.0]),
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", [None, "ista", "fista", "gd", "momentum", "adam"])
def test_project(name, method):
    where, nearest = SETS[name]
    more = {"lr": 0.05} if method in ("gd", "momentum", "adam") else {}
    result = st.minimize(f, [0.2, 0.2, 0.2], method=method, project=where, maxiter=3000, **more)
    np.testing.assert_allclose(result.x, nearest, atol=1e-4 if method == "adam" else 1e-6)


@pytest.mark.parametrize("method", [None, "ista", "fista", "sparsa"])
def test_prox_is_soft_thresholding(method):
    """(x - c)^2 + 3 |x| is least where x is c, pulled towards 0 by 3/2."""
    result = st.minimize(f, np.zeros(3), method=method, prox=st.L1(3.0))
    np.testing.assert_allclose(result.x, [1.5, 0.0, -0.5], atol=1e-6)
    assert result.x[1] == 0.0  # exactly
    assert result.fun == pytest.approx(f(result.x) + 3 * np.abs(result.x).sum())


def test_maximize_with_a_penalty():
    result = st.maximize(lambda x: -f(x), np.zeros(3), prox=st.L1(3.0))
    np.testing.assert_allclose(result.x, [1.5, 0.0, -0.5], atol=1e-6)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(st.ArgumentError, match="can't do proximal steps"):
        st.minimize(f, np.zeros(3), method="adam", prox=st.L1(1.0))
    with pytest.raises(st.ArgumentError, match="bounds and project"):
        st.minimize(f, np.zeros(3), bounds=[(0, 1)] * 3, project=st.Ball(1.0))


def test_at_a_bound_only_what_is_free_has_no_slope():
    held = st.minimize(lambda x: ((x - 3) ** 2).sum(), [0.0, 3.0], bounds=[(None, 2), (None, None)])
    assert "the gradient is zero in all directions that the bounds leave free" in held.why
    free = st.minimize(lambda x: ((x - 3) ** 2).sum(), [3.0, 3.0], bounds=[(None, 5), (None, None)])
    assert free.why.startswith("Converged: the gradient is zero.")
