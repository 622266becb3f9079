"""Criteria: each fires when it should, not before, with a sentence that carries its numbers; | and & combine."""

from __future__ import annotations

import dataclasses
import functools
import math
import operator

import numpy as np
import pytest

import steepest as st
from steepest import stop
from steepest.history import History, Record
from steepest.loops.thresholds import margins


def past(*records, sign=1.0):
    """A history of (f, g_norm, step) triples, with nfev = 10 and seconds = 1 a step."""
    history = History(sign)
    for t, (f, g_norm, step) in enumerate(records):
        history.append(Record(t, f, g_norm, step, 0.1, 10 * (t + 1), 1.0 * t), np.zeros(2))
    return history


def test_within_the_limits_no_criterion_stops():
    rng = np.random.default_rng(0)
    tests = [stop.NonFinite(), stop.GradientNorm(1e-3), stop.GradientDrop(1e-2), stop.StepLength(1e-2),
             stop.Target(-2.0), stop.Stuck(stop.GradientDrop(1e-2)), stop.Diverged(100.0), stop.Steps(40)]  # fmt: skip
    criterion = functools.reduce(operator.or_, tests)
    history = History()
    history.append(Record(0, 1.0, 1.0, math.nan, math.nan, 1, 0.0), np.zeros(2))
    within = margins(criterion, 1.0).within()
    assert not within(*history.last[:5])
    extremes = [math.nan, math.inf, -math.inf, 0.0]
    inside = asked = 0
    for _ in range(5000):
        f, g_norm, step, lr = rng.normal(size=4) * 10 ** rng.uniform(-4, 3, size=4)
        values = [f, abs(g_norm), abs(step), lr]
        if rng.random() < 0.3:
            values[rng.integers(4)] = extremes[rng.integers(4)]
        t = int(rng.integers(1, 60))
        history.append(Record(t, *values, t, 0.0), np.zeros(2))
        if within(t, *values):
            inside += 1
            assert criterion(history) is None
        else:
            asked += criterion(history) is None
    assert inside > 500
    assert asked < 500  # few are asked in vain


@pytest.mark.parametrize("criterion", [stop.Change(1e-3), stop.Evaluations(3), stop.GradientNorm() & stop.Steps(3)])
def test_a_criterion_without_such_limits_is_always_asked(criterion):
    assert margins(criterion, 1.0) is None


START = (10.0, 4.0, math.nan)

# criterion, a history where it fires, one where it does not, its code, and what its sentence must hold
CASES = [
    (
        stop.GradientNorm(1e-3),
        [START, (1.0, 1e-3, 0.1)],
        [START, (1.0, 1.1e-3, 0.1)],
        "converged.gradient",
        ["0.001"],
    ),
    (
        stop.GradientDrop(1e-3),
        [START, (1.0, 4e-3, 0.1)],
        [START, (1.0, 5e-3, 0.1)],
        "converged.gradient",
        ["0.004", "4"],
    ),
    (stop.StepLength(1e-2), [START, (1.0, 1.0, 1e-2)], [START, (1.0, 1.0, 2e-2)], "converged.step", ["0.01"]),
    (
        stop.Change(1e-3),
        [START, (9.995, 1.0, 1.0)],
        [START, (9.98, 1.0, 1.0)],
        "converged.change",
        ["0.005", "10"],
    ),
    (stop.Change(0.0), [START, (10.0, 1.0, 1.0)], [START], "converged.change", ["0"]),
    (stop.Steps(1), [START, (9.0, 1.0, 1.0)], [START], "budget.steps", ["1 step ", "f = 9"]),
    (stop.Evaluations(20), [START, (9.0, 1.0, 1.0)], [START], "budget.evaluations", ["20"]),
    (stop.Seconds(1), [START, (9.0, 1.0, 1.0)], [START], "budget.time", ["1 s"]),
    (stop.Target(5.0), [START, (5.0, 1.0, 1.0)], [START, (5.1, 1.0, 1.0)], "target", ["5"]),
    (stop.NonFinite(), [START, (math.nan, 1.0, 1.0)], [START], "nonfinite", ["nan", "step 1"]),
    (stop.NonFinite(), [START, (math.inf, 1.0, 1.0)], [START], "nonfinite", ["inf"]),
    (stop.NonFinite(), [START, (1.0, math.inf, 1.0)], [START], "nonfinite", ["gradient", "inf"]),
    (stop.NonFinite(), [START, (-math.inf, 1.0, 1.0)], [START], "unbounded", ["-inf"]),
    (
        stop.Diverged(100),
        [START, (11.0, 401.0, 1.0)],
        [START, (11.0, 399.0, 1.0)],
        "diverged",
        ["11", "401", "10"],
    ),
    (stop.Diverged(100), [START, (11.0, 401.0, 1.0)], [START, (9.0, 401.0, 1.0)], "diverged", ["401"]),
]


@pytest.mark.parametrize(("criterion", "met", "unmet", "code", "numbers"), CASES)
def test_fires_with_its_numbers(criterion, met, unmet, code, numbers):
    assert criterion(past(*unmet)) is None
    reason = criterion(past(*met))
    assert reason.code == code
    assert all(number in reason.sentence for number in numbers)
    assert reason.converged == code.startswith(("converged", "target"))


@pytest.mark.parametrize("criterion", {type(case[0]): case[0] for case in CASES}.values(), ids=repr)
def test_frozen_and_pure(criterion):
    history = past(START, (1.0, 1e-9, 1e-9))
    assert criterion(history) == criterion(history)
    if fields := dataclasses.fields(criterion):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(criterion, fields[0].name, 1)


def test_or_is_the_first_that_is_met():
    either = stop.Steps(5) | stop.GradientNorm(1e-3) | stop.StepLength(1.0)
    assert len(either.criteria) == 3
    assert either(past(START, (1.0, 1e-4, 0.1))).code == "converged.gradient"
    assert either(past(START, (1.0, 1.0, 2.0))) is None


def test_and_needs_all():
    both = stop.GradientNorm(1e-3) & stop.StepLength(0.1)
    assert both(past(START, (1.0, 1e-4, 0.2))) is None
    reason = both(past(START, (1.0, 1e-4, 0.1)))
    assert reason.converged
    assert "gradient norm" in reason.sentence
    assert "last step" in reason.sentence


def test_and_with_a_budget_is_no_success():
    both = stop.GradientNorm(1e-3) & stop.Steps(1)
    assert not both(past(START, (1.0, 1e-4, 0.1))).converged


def test_or_of_ands():
    nested = (stop.GradientNorm(1e-3) & stop.StepLength(0.1)) | stop.Steps(2)
    assert nested(past(START, (1.0, 1e-4, 0.2))) is None
    assert nested(past(START, (1.0, 1.0, 0.2), (1.0, 1.0, 0.2))).code == "budget.steps"


def test_a_maximisation_shows_the_callers_values():
    reason = stop.Steps(1)(past((-10.0, 1.0, math.nan), (-12.0, 1.0, 1.0), sign=-1.0))
    assert "f = 12" in reason.sentence


def test_a_criterion_of_ones_own():
    class Alternating(stop.Criterion):
        def __call__(self, history):
            return stop.Reason("converged.mine", f"f = {history.last.f}") if history.last.t == 14 else None

    result = st.minimize(lambda x: x[0] ** 2, [1.0], method=st.GD(lr=0.1), stop=Alternating())
    assert (result.nit, result.code, result.success) == (14, "converged.mine", True)
