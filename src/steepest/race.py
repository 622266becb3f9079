"""The race: which rule and which rate, found by short runs on the first batches, for a run that decays to zero."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .data import CHUNK, Batch, Source
from .lift import Rule
from .minibatch import MiniBatch
from .plan import Plan
from .rules import Adam, Momentum, ScheduleFreeAdam, ScheduleFreeGD
from .schedules import Polynomial

# The rate falls to zero as a cube: what a rate is too large in the beginning then hardly matters in the end.
POWER = 3
EXTRA = 0.25  # of the run's steps may go into the race
UNKNOWN = 400  # steps of the race where nobody knows how long the run will be
FIRST = 0.01  # where the search for a rate begins; a single step for each decade takes it to any other scale
GROWTH = 4  # of the lanes' length from round to round
LANES = 4  # of the last round's length: what all rounds take together
KEEP = 1.0
LANE_POWER = 1
JUDGES = 256, 4096  # rows that a lane is judged by: as many as it has seen, within these


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
        Rule, rate, steps and loss of each lane, in the order they ran.
    """

    rule: int
    lr: float
    race_steps: int
    race: list[list[Any]]


def decayed(rule: Rule, lr: float, steps: float, power: float = POWER) -> Rule:
    """The rule with a rate that falls to zero over the steps; schedule-free where they are not known."""
    if isinstance(rule, ScheduleFreeGD | ScheduleFreeAdam) or not math.isfinite(steps):
        return rule.with_hyper(lr=lr)
    return rule.with_hyper(lr=Polynomial(lr, max(int(steps), 1), power=power))


def race(
    rules: Sequence[Rule],
    oracle: MiniBatch,
    source: Source,
    plan: Plan,
    x: np.ndarray,
    wrap: Callable[[Any], Any] = lambda rule: rule,
    deliver: Callable[[Any], Callable[[np.ndarray, Any], np.ndarray]] = lambda rule: lambda x, memory: x,
) -> Choice:
    total = plan.steps(source)
    budget = EXTRA * total if math.isfinite(total) else UNKNOWN
    longest = max(int(budget / LANES), 1)
    before = oracle.njev
    seen: list[list[Any]] = []
    pool = batches(source, plan, min(longest, max(CHUNK // plan.size, 8)))
    judges = drawn(source, plan, pool)
    left = budget

    def run(k: int, steps: int, lr: float) -> float:
        nonlocal left
        if left < steps and seen:
            return math.inf
        began = oracle.njev
        inner = wrap(decayed(rules[k], lr, steps if math.isfinite(total) else math.inf, LANE_POWER))
        score = pilot(inner, deliver, oracle, pool, judges, steps, x)
        left -= oracle.njev - began
        seen.append([rules[k].name, lr, steps, score])
        return score

    start = (oracle.hold([(b) for b in judges]), oracle.value(x))[1]
    rates = [FIRST] * len(rules)
    alive = list(range(len(rules)))
    best = alive[0]
    for steps in lengths(longest):
        if steps == longest and steps > 1:
            alive = [best]
        scores = []
        for k in alive:
            score, rates[k] = climb(partial(run, k, steps), rates[k], 10.0 if steps == 1 else math.sqrt(10))
            scores.append(score)
        if min(scores) < math.inf:
            best = alive[int(np.argmin(scores))]
    last = [(lr, f) for name, lr, steps, f in seen if name == rules[best].name and steps == longest]
    gain = start - min(f for _, f in last)
    lr = max((lr for lr, f in last if start - f >= KEEP * gain), default=rates[best])
    return Choice(best, lr, oracle.njev - before, seen)


def lengths(longest: int) -> list[int]:
    """Those of the lanes, round by round: 1, ..., longest/16, longest/4, longest."""
    rounds = [longest]
    while rounds[-1] > GROWTH:
        rounds.append(rounds[-1] // GROWTH)
    return sorted({1, *rounds})


def climb(score: Callable[[float], float], lr: float, ratio: float) -> tuple[float, float]:
    """The lowest score, and where: from `lr` by factors of `ratio`, upwards or downwards, until it rises."""
    best = score(lr)
    for factor in (ratio, 1 / ratio):
        moved = False
        while (trial := score(lr * factor)) < best:
            best, lr, moved = trial, lr * factor, True
        if moved:
            break
    return best, lr


def batches(source: Source, plan: Plan, most: int) -> list[list[Batch]]:
    """The first batches of the run, at most so many, from what can be read again."""
    if not source.again:
        most = min(most, max(source.ahead // (plan.size * plan.accumulate), 1))
    return list(itertools.islice(plan.batches(source, 0), most))


def drawn(source: Source, plan: Plan, pool: list[list[Batch]]) -> list[Batch]:
    """The rows that lanes are judged by: drawn from all data where that can be, else the batches of the pool."""
    if source.rows is None or not source.again:
        return list(itertools.chain.from_iterable(pool))
    fewest, most = JUDGES
    rows = min(max(len(pool) * plan.size * plan.accumulate, fewest), most, source.rows)
    return [next(source.epoch(rows, "full", np.random.default_rng([plan.seed])))]


def pilot(
    method: Any,
    deliver: Any,
    oracle: MiniBatch,
    pool: list[list[Batch]],
    judges: list[Batch],
    steps: int,
    x: np.ndarray,
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
        oracle.hold(judges)
        score = oracle.value(end)
    return score if math.isfinite(score) else math.inf


CANDIDATES = (Adam(),)
WITHOUT_BUDGET = (ScheduleFreeGD(), ScheduleFreeAdam())
