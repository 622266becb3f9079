"""Methods side by side: the same runs as alone, ranked by what they took."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steepest.compare import compare
from steepest.errors import ArgumentError
from steepest.methods.rules import GD, Adam
from steepest.minimize import minimize


def bowl(x):
    return x[0] ** 2 + 50 * x[1] ** 2


METHODS = [GD(lr=1e-6), GD(lr=0.015), Adam(lr=0.5), GD(lr=10.0)]


def test_results_are_those_of_minimize():
    table = compare(bowl, [3.0, 2.0], METHODS, maxiter=200)
    for method in METHODS:
        alone, together = minimize(bowl, [3.0, 2.0], method=method, maxiter=200), table.results[repr(method)]
        np.testing.assert_array_equal(together.x, alone.x)
        assert (together.code, together.nfev, together.nit) == (alone.code, alone.nfev, alone.nit)


def test_rows_are_ranked_by_evaluations_until_solved():
    table = compare(bowl, [3.0, 2.0], METHODS, maxiter=200)
    rows = table.rows()
    costs = [row["nfev_solved"] for row in rows]
    assert costs[:2] == sorted(costs[:2])
    assert all(math.isnan(cost) for cost in costs[2:])  # too slow, and diverged
    assert {row["method"] for row in rows[2:]} == {repr(METHODS[0]), repr(METHODS[3])}
    solved = next(row for row in rows if row["method"] == repr(METHODS[1]))
    history = table.results[repr(METHODS[1])].history
    lowest = min(row["fun"] for row in rows)
    first = np.flatnonzero(history["f"] <= lowest + 1e-3 * (bowl([3.0, 2.0]) - lowest))[0]
    assert solved["nfev_solved"] == history["nfev"][first]
    assert "solved after" in repr(table).splitlines()[0]
    assert "<table>" in table._repr_html_()
    pandas = pytest.importorskip("pandas", reason="a data frame needs pandas")
    assert isinstance(table.to_dataframe(), pandas.DataFrame)


def test_an_error_in_fun_ends_one_run_only():
    def fragile(x):
        if abs(x[0]) > 5:
            raise ValueError("out of range")
        return bowl(x)

    table = compare(fragile, [3.0, 2.0], [GD(lr=10.0), GD(lr=0.01)], maxiter=2000)
    assert [row["code"].partition(".")[0] for row in table.rows()] == ["converged", "error"]


@pytest.mark.parametrize("methods", [[], "adam", GD(), ["nonsense"]])
def test_refuses(methods):
    with pytest.raises(ArgumentError):
        compare(bowl, [3.0, 2.0], methods)


class Halting:
    """A function that presses Ctrl-C in one of its calls."""

    def __init__(self, calls):
        self.calls = calls

    def __call__(self, x):
        self.calls -= 1
        if self.calls == 0:
            raise KeyboardInterrupt
        return bowl(x)


def test_ctrl_c_keeps_what_was_computed():
    first, second, third = GD(lr=0.015), Adam(lr=0.5), GD(lr=1e-6)
    given = {"jac": lambda x: np.array([2 * x[0], 100 * x[1]]), "maxiter": 20}
    calls = minimize(bowl, [3.0, 2.0], method=first, diagnose=False, **given).nfev
    table = compare(Halting(calls + 25), [3.0, 2.0], [first, second, third], diagnose=False, **given)
    assert [*table.results] == [repr(first), repr(second)]
    whole, part = table.results.values()
    assert (whole.nit, part.code) == (20, "interrupted")
    assert 0 < part.nit < 20
    assert table.not_run == (repr(third),)
    assert repr(table).splitlines()[-1] == f"interrupted: not run were {third!r}"
    assert len(table.rows()) == 2


def test_ctrl_c_before_the_first_value_leaves_a_method_out():
    given = {"jac": lambda x: np.array([2 * x[0], 100 * x[1]]), "maxiter": 20, "diagnose": False}
    calls = minimize(bowl, [3.0, 2.0], method=METHODS[1], **given).nfev
    table = compare(Halting(calls + 1), [3.0, 2.0], METHODS[1:3], **given)
    assert [*table.results] == [repr(METHODS[1])]
    assert table.not_run == (repr(METHODS[2]),)
    with pytest.raises(KeyboardInterrupt):  # there is nothing to show
        compare(Halting(1), [3.0, 2.0], METHODS, **given)
