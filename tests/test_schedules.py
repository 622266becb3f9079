"""Schedules: their values against torch and optax, their limits, their errors."""

from __future__ import annotations

import math
import pickle
import warnings

import pytest

from conftest import peer
from steepest.errors import ArgumentError
from steepest.schedules import (
    Constant,
    Cosine,
    Exponential,
    InverseSqrt,
    Join,
    OneCycle,
    Polynomial,
    Restarts,
    StepDecay,
    Warmup,
)

T = [float(t) for t in range(1, 61)]

# ours, the name in torch.optim.lr_scheduler, its arguments, up to which step they agree; torch starts at 0.3
TORCH = [
    (Constant(0.3), "ConstantLR", {"factor": 1.0}, 60),
    (StepDecay(0.3, every=7), "StepLR", {"step_size": 7}, 60),
    (StepDecay(0.3, every=1, factor=0.5), "StepLR", {"step_size": 1, "gamma": 0.5}, 60),
    (Exponential(0.3, 0.9), "ExponentialLR", {"gamma": 0.9}, 60),
    (Polynomial(0.3, steps=50), "PolynomialLR", {"total_iters": 50}, 60),
    (Polynomial(0.3, steps=50, power=2.5), "PolynomialLR", {"total_iters": 50, "power": 2.5}, 60),
    (Cosine(0.3, steps=40), "CosineAnnealingLR", {"T_max": 40}, 41),
    (Cosine(0.3, steps=40, end=0.01), "CosineAnnealingLR", {"T_max": 40, "eta_min": 0.01}, 41),
    (Warmup(0.3, steps=8), "LinearLR", {"start_factor": 1 / 8, "total_iters": 7}, 60),
    (OneCycle(0.3, steps=60), "OneCycleLR", {"max_lr": 0.3, "total_steps": 60}, 60),
    (OneCycle(0.3, 60, 0.4, 10, 1e3), "OneCycleLR",
     {"max_lr": 0.3, "total_steps": 60, "pct_start": 0.4, "div_factor": 10, "final_div_factor": 1e3}, 60),
    (Restarts(0.3, steps=9), "CosineAnnealingWarmRestarts", {"T_0": 9}, 60),
    (Restarts(0.3, steps=7, grow=2, end=0.01), "CosineAnnealingWarmRestarts",
     {"T_0": 7, "T_mult": 2, "eta_min": 0.01}, 60),
]  # fmt: skip

OPTAX = [
    (Constant(0.3), "constant_schedule", (0.3,)),
    (StepDecay(0.3, every=7), "exponential_decay", (0.3, 7, 0.1, 0, True)),
    (Exponential(0.3, 0.9), "exponential_decay", (0.3, 1, 0.9)),
    (Polynomial(0.3, steps=50, end=0.02), "linear_schedule", (0.3, 0.02, 50)),
    (Polynomial(0.3, steps=50, end=0.02, power=2.5), "polynomial_schedule", (0.3, 0.02, 2.5, 50)),
    (Cosine(0.3, steps=40), "cosine_decay_schedule", (0.3, 40)),
    (Cosine(0.3, steps=40, end=0.03), "cosine_decay_schedule", (0.3, 40, 0.1)),
]


def label(case):
    return repr(case) if hasattr(case, "then") else None


@pytest.mark.parametrize(("ours", "name", "arguments", "last"), TORCH, ids=label)
def test_equals_torch(ours, name, arguments, last):
    torch = peer("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns when schedulers step without their optimiser
        theirs = getattr(torch.optim.lr_scheduler, name)(optimizer, **arguments)
        for t in T[:last]:
            # torch multiplies up, which costs a rounding a step
            assert ours(t) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12, abs=1e-16)
            if t < last:
                theirs.step()


@pytest.mark.parametrize(("ours", "name", "arguments"), OPTAX, ids=label)
def test_equals_optax(ours, name, arguments):
    theirs = getattr(peer("optax"), name)(*arguments)
    for t in T:
        assert ours(t) == pytest.approx(float(theirs(t - 1)), rel=1e-5, abs=1e-7)  # optax computes in float32


def test_join_equals_optax():
    optax = peer("optax")
    theirs = optax.join_schedules([optax.linear_schedule(0.3, 0.1, 20), optax.exponential_decay(0.2, 1, 0.9)], [15])
    ours = Polynomial(0.3, steps=20, end=0.1).then(Exponential(0.2, 0.9), at=15)
    assert ours == Join(Polynomial(0.3, 20, 0.1), Exponential(0.2, 0.9), 15)
    for t in T:
        assert ours(t) == pytest.approx(float(theirs(t - 1)), rel=1e-5)


def test_inverse_sqrt_is_the_transformers():
    d, warmup = 512, 40
    ours = InverseSqrt(peak=(d * warmup) ** -0.5, warmup=warmup)
    for t in T:
        assert ours(t) == pytest.approx(d**-0.5 * min(t**-0.5, t * warmup**-1.5), rel=1e-14)


# what it tends to
LIMITS = [
    (Constant(0.3), 0.3),
    (StepDecay(0.3, every=10), 0.0),
    (Exponential(0.3, 0.9), 0.0),
    (Polynomial(0.3, steps=10, end=0.02), 0.02),
    (InverseSqrt(0.3, warmup=10), 0.0),
    (Cosine(0.3, steps=10, end=0.02), 0.02),
    (Warmup(0.3, steps=10), 0.3),
    (OneCycle(0.3, steps=10), 0.3 / 25 / 1e4),
]


@pytest.mark.parametrize(("schedule", "limit"), LIMITS, ids=label)
def test_limit(schedule, limit):
    assert schedule(1e12) == pytest.approx(limit, rel=1e-12, abs=1e-6)


SCHEDULES = [schedule for schedule, _ in LIMITS] + [Restarts(0.3, 5), Restarts(0.3, 5, 3)]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=label)
class TestEverySchedule:
    def test_is_finite_and_not_negative(self, schedule):
        assert all(math.isfinite(schedule(t)) and schedule(t) >= 0 for t in T)

    def test_is_a_value(self, schedule):
        """It compares, hashes, pickles and can be built again from what it shows."""
        assert pickle.loads(pickle.dumps(schedule)) == schedule == eval(repr(schedule))
        assert hash(schedule) == hash(eval(repr(schedule)))

    def test_joins(self, schedule):
        joined = Constant(7.0).then(schedule, at=3)
        assert [joined(t) for t in (1, 2, 3, 4, 5)] == [7.0, 7.0, 7.0, schedule(1), schedule(2)]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Constant(-1.0), "Constant: value=-1.0; expected a number that is at least 0"),
        (lambda: Constant("fast"), "value='fast'"),
        (lambda: Constant(True), "value=True"),
        (lambda: Cosine(math.nan, 10), "start=nan"),
        (lambda: Cosine(0.1, 0), "steps=0; expected a whole number of steps"),
        (lambda: Cosine(0.1, 10.5), "steps=10.5"),
        (lambda: StepDecay(0.1, every=-3), "every=-3"),
        (lambda: Exponential(0.1, 1.1), "factor=1.1; expected a number above 0, at most 1"),
        (lambda: Polynomial(0.1, 10, power=0), "power=0; expected a positive number"),
        (lambda: OneCycle(0.1, steps=3), "more than 3 steps"),
        (lambda: OneCycle(0.1, steps=30, rise=1), "rise=1"),
        (lambda: Restarts(0.1, 5, grow=0.5), "grow=0.5"),
        (lambda: Constant(0.1).then(0.2, at=5), "second=0.2; expected a schedule"),
        (lambda: Constant(0.1).then(Constant(0.2), at=0), "at=0"),
    ],
)
def test_errors_name_the_argument(make, words):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert words in str(caught.value)
