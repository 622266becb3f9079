"""The race: which rule and which rate, found by short runs on the first batches, for a run that decays to zero."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .data import CHUNK, Batch, Source
from .lift import Rule
from .minibatch import MiniBatch
from .oracle import Objective
from .plan import Plan
from .rules import Adam, Momentum, ScheduleFreeAdam, ScheduleFreeGD
from .schedules import Polynomial
from .training import mean_loss

# The rate falls to zero as a cube: what a rate is too large in the beginning then hardly matters in the end. On the
# tuning half of benchmarks/training_auto.py the geometric mean of the gaps was 3.8 times the hand-tuned one, with a
# linear fall 9.2 times.
POWER = 3
EXTRA = 0.25  # of the run's steps may go into the race
LEAST = 400  # steps that it may take in any case: below, it could tell nothing
# Each round: how many of the candidates start in it, and which share of the race's steps it takes.
ROUNDS = ((math.inf, 0.35), (4, 0.3), (2, 0.35))
RATES = tuple(10.0**k for k in range(-4, 2))


class Choice(NamedTuple):
    """What a race has found.

    Attributes
    ----------
    rule : int
        Which of the rules.
    lr : float
        Its rate, at the beginning.
    race_steps : int
        Gradients that the race took.
    race : list
        Rule, rate, steps and loss of each lane, round by round.
    """

    rule: int
    lr: float
    race_steps: int
    race: list[list[Any]]


def decayed(rule: Rule, lr: float, steps: float) -> Rule:
    """The rule with a rate that falls to zero over the steps; schedule-free where they are not known."""
    if isinstance(rule, ScheduleFreeGD | ScheduleFreeAdam) or not math.isfinite(steps):
        return rule.with_hyper(lr=lr)
    return rule.with_hyper(lr=Polynomial(lr, max(int(steps), 1), power=POWER))


def race(
    rules: Sequence[Rule],
    oracle: MiniBatch,
    source: Source,
    plan: Plan,
    x: np.ndarray,
    wrap: Callable[[Any], Any] = lambda rule: rule,
    deliver: Callable[[Any], Callable[[np.ndarray, Any], np.ndarray]] = lambda rule: lambda x, memory: x,
) -> Choice:
    """The rule and the rate for a run, by successive halving: the better half of the lanes runs on for longer.

    Every lane starts at `x`, sees the same batches, and decays to zero over its own length, as the run itself
    will: a constant rate would win short races that it loses in the end.

    Parameters
    ----------
    rules : sequence of Rule
        What is raced, each with a range of rates.
    oracle, source, plan, x
        Of the run.
    wrap : callable
        What the run makes of a rule (clipping, say).

    Returns
    -------
    Choice
        The winner, and what was seen.
    """
    total = plan.steps(source)
    budget = max(EXTRA * total if math.isfinite(total) else 0.0, LEAST)
    before = oracle.njev
    lanes = [(math.inf, k, lr) for k in range(len(rules)) for lr in RATES]
    seen: list[list[Any]] = []
    longest = int(budget * ROUNDS[-1][1] / ROUNDS[-1][0])
    pool = batches(source, plan, min(longest, max(CHUNK // plan.size, 8)))
    for entrants, share in ROUNDS:
        lanes = lanes[: int(min(entrants, len(lanes)))]
        steps = max(int(budget * share / len(lanes)), 4)
        lanes = sorted(
            (
                pilot(wrap(decayed(rules[k], lr, steps)), deliver, oracle, source, pool, steps, x, plan.seed),
                k,
                lr,
            )
            for _, k, lr in lanes
        )
        seen += [[rules[k].name, lr, steps, score] for score, k, lr in lanes]
    _, k, lr = lanes[0]
    return Choice(k, lr, oracle.njev - before, seen)


def batches(source: Source, plan: Plan, most: int) -> list[list[Batch]]:
    """The first batches of the run, at most so many, from what can be read again."""
    if not source.again:
        most = min(most, max(source.ahead // (plan.size * plan.accumulate), 1))
    return list(itertools.islice(plan.batches(source, 0), most))


def pilot(
    method: Any,
    deliver: Any,
    oracle: MiniBatch,
    source: Source,
    pool: list[list[Batch]],
    steps: int,
    x: np.ndarray,
    seed: int,
) -> float:
    """The loss after some steps from `x`; infinite where they diverge."""
    point = oracle(x)
    oracle.hold(pool[0])
    memory = method.init(point)
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            oracle.hold(pool[(t - 1) % len(pool)])
            point, memory, _ = method.step(oracle(point.x), memory, float(t), oracle)
            if oracle.f is not None and not math.isfinite(oracle.f):
                return math.inf
        end = deliver(method)(point.x, memory)
        if not np.isfinite(end).all():
            return math.inf
        score = judged(oracle.objective, source, pool, end, seed)
    return score if math.isfinite(score) else math.inf


def judged(objective: Objective, source: Source, pool: list[list[Batch]], x: np.ndarray, seed: int) -> float:
    """The loss that a lane is judged by: over rows drawn from all data where that can be, else over the pool."""
    if source.rows is not None and source.again:
        return mean_loss(objective, source, x, CHUNK // 4, seed)
    total = rows = 0.0
    for batch in itertools.chain.from_iterable(pool):
        objective.args = batch
        total += objective(x) * batch[0].shape[0]
        rows += batch[0].shape[0]
    return total / rows


CANDIDATES = (Momentum(), Adam())
WITHOUT_BUDGET = (ScheduleFreeGD(), ScheduleFreeAdam())
