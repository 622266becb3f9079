"""Methods on the zoo: what each problem says of itself is what a run must find."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st
from steepest import problems
from steepest.methods.lift import Rule
from steepest.methods.registry import METHODS

RULES = [kind for kind in METHODS.values() if issubclass(kind, Rule)]
SOLVABLE = [p for p in problems.catalogue() if p.minimum is not None]
SMOOTH = [p for p in SOLVABLE if not {"kink", "discontinuous", "plateau"} & set(p.tags)]
EASY = [p for p in SMOOTH if "convex" in p.tags and "ill-conditioned" not in p.tags and "singular" not in p.tags]
RATES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


def gap(problem, result):
    """How far the value is above the minimum, as a share of what it was at the start."""
    return (result.fun - problem.minimum) / max(problem(problem.start) - problem.minimum, 1e-300)


@pytest.mark.parametrize("problem", SMOOTH, ids=lambda p: p.name)
@pytest.mark.parametrize("jac", [None, "fd"], ids=str)
def test_the_default_ends_at_a_stationary_point_that_the_problem_knows(problem, jac):
    """At a minimum, or in a trap: where the gradient (of what the bounds leave free) vanishes."""
    fun = problem if jac is None else lambda x: problem(x)
    result = st.minimize(fun, problem.start, jac=jac, bounds=problem.bounds, maxfun=20_000)
    if "saddle" in problem.tags and not result.success:  # it says so, and the advised call leaves it
        assert result.code in ("stalled.saddle", "stalled.plateau", "stalled.maximum"), result.why
        result = result.retry()
    assert result.success, result.why
    assert result.fun <= problem(problem.start)
    low, high = np.transpose(problem.bounds)
    free = ~(((result.x <= low) & (result.jac > 0)) | ((result.x >= high) & (result.jac < 0)))
    known = [*problem.minima, *problem.traps]
    near = min(abs(result.fun - problem(x)) for x in known) <= 1e-6 * max(1.0, abs(problem(problem.start)))
    start_slope = np.linalg.norm(problem.gradient(problem.start))
    assert near or np.linalg.norm(problem.gradient(result.x)[free]) <= 1e-4 * start_slope


@pytest.mark.parametrize("problem", EASY, ids=lambda p: p.name)
def test_the_default_solves_what_is_easy(problem):
    result = st.minimize(problem, problem.start)
    assert gap(problem, result) < 1e-12 or result.fun - problem.minimum <= 1e-14 * abs(problem.minimum)
    assert result.nfev < 60 * (problem.n + 1)


@pytest.mark.parametrize("problem", EASY, ids=lambda p: p.name)
@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_every_rule_comes_near_with_one_of_a_few_rates(kind, problem):
    runs = [st.minimize(problem, problem.start, method=kind(lr=lr), maxiter=600) for lr in RATES]
    assert min(gap(problem, run) for run in runs) < 0.1
    # the best point seen, even when it diverged
    assert all(run.fun <= problem(problem.start) for run in runs)
