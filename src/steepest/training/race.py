"""The race: which rule and which rate, found by short runs on the first batches, for a run that decays to zero."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..data import CHUNK, Batch
from ..methods.method import Method
from ..objective.point import Point
from .bases import bases_for
from .choice import LANE, Choice, decayed, preconditioned
from .means import gradient
from .minibatch import MiniBatch
from .plan import Plan
from .recipe import Recipe
from .sparse import Whole
from .trainable import delivery

EXTRA = 0.25  # of the run's steps, and of its time, may go into the race
LEAST = 40  # steps that may in any case: lanes of 10 steps, the memory of Adam's momentum, can tell something
UNKNOWN = 400  # steps that may, where nobody knows how long the run will be
FIRST = 0.01  # where the search begins; single steps take it by decades to any other scale
FINE = math.sqrt(10)
HAIR = 0.01  # of the loss of the start: less is no reason to go on to smaller rates, if that is not beaten anyway
DOWN = 20  # factors, at most, from a rate that diverges to one that does not
ROUNDS = 0.0, 0.1, 1.0  # lengths of lanes, as shares of the longest that what is left allows; single steps at first
LANES = 3  # of the longest; one more for each rival
SHARE = 0.75  # of the race that gradients for coordinates may take
JUDGES = 256, CHUNK // 4  # rows that lanes are judged by: as many as the longest has seen, within these


def race(recipe: Recipe, oracle: MiniBatch | Whole) -> Choice | None:
    """The rule and the rate for a run, and where it begins, by lanes that grow from round to round.

    Each round climbs from the best rate of the round before, and starts where the best lane so far has ended: by
    decades with single steps, then by half decades with longer lanes; in the last round the best rule climbs. All lanes
    of a round see the same batches, and are judged by the same rows. Where the run decays, so do the lanes: a constant
    rate would win short races that it loses in the end.

    Parameters
    ----------
    recipe : Recipe
        Of the run: its rules are raced, in the coordinates of `bases_for`.
    oracle : MiniBatch or Whole
        That it will ask.

    Returns
    -------
    Choice or None
        The winner, and what was seen; None where the recipe has no rules to race.
    """
    if not recipe.rules:
        return None
    plan, total, rules, x = recipe.plan, recipe.steps, recipe.rules, recipe.task.start
    most = max(EXTRA * total, LEAST) if math.isfinite(total) else UNKNOWN
    groups = min(max(int(most / LANES), 1), max(CHUNK // plan.size, 8))
    pool, judges = judged(plan, list(itertools.islice(plan.first(), groups)))
    course, budget = Course(oracle, pool, judges), Budget(oracle, plan, most)
    if math.isfinite(plan.maxtime):
        gradient(oracle, pool[0], x)  # a first step to tell the time by
    bases = bases_for(recipe, oracle, judges[0][0], SHARE * budget.left)
    runners = list(itertools.product(bases, rules))
    leads = begun = [Lead(course.judge(x), x)] * len(runners)
    lanes: list[list[Any]] = []

    @cache
    def run(k: int, steps: int, lr: float) -> float:
        if lanes and steps > budget.left:
            return math.inf
        basis, rule = runners[k]
        runner = preconditioned(decayed(rule, lr, steps if math.isfinite(total) else math.inf, LANE), basis)
        end = course.run(begun[k].x, recipe.wrapped(runner), steps)
        lanes.append([runner.name, lr, steps, end.loss])
        if steps > 1:  # one alone tells the decade, and may end anywhere
            leads[k] = min(leads[k], end, key=lambda lane: lane.loss)
        return end.loss

    rates, best = [FIRST] * len(runners), 0
    for share in ROUNDS:
        steps = max(int(share * budget.left / (LANES + len(runners) - 1)), 1)
        leads, begun = leads[:], leads
        climbers = list(range(len(runners)))
        if share == ROUNDS[-1]:
            climbers = [min(best, *climbers, key=lambda k: run(k, steps, rates[k]))]
        losses = [math.inf] * len(runners)
        for k in climbers:
            ratio = 10.0 if steps == 1 else FINE
            losses[k], rates[k] = climb(partial(run, k, steps), rates[k], ratio, begun[k].loss)
        if min(losses) < math.inf:
            best = int(np.argmin(losses))
    return Choice(best % len(rules), rates[best], runners[best][0], budget.made, lanes, leads[best].x, [])


class Budget:
    """The steps, `most` of them, and the time that a race may take."""

    def __init__(self, oracle: MiniBatch | Whole, plan: Plan, most: float):
        self.oracle, self.plan, self.most = oracle, plan, most
        self.before, self.began = oracle.njev, time.perf_counter()

    @property
    def made(self) -> int:
        """The steps so far."""
        return (self.oracle.njev - self.before) // self.plan.accumulate

    @property
    def left(self) -> float:
        """The steps that may still be made, at the pace of those so far."""
        if math.isinf(self.plan.maxtime):
            return self.most - self.made
        spent = time.perf_counter() - self.began
        return min(self.most - self.made, (EXTRA * self.plan.maxtime - spent) * self.made / spent)


class Lead(NamedTuple):
    """Where the best lane so far has ended."""

    loss: float
    x: np.ndarray


class Course(NamedTuple):
    """What all lanes have in common: the batches that they see, and the rows that judge them."""

    oracle: MiniBatch | Whole
    pool: list[list[Batch]]
    judges: list[Batch]

    def judge(self, x: np.ndarray) -> float:
        """The loss at `x`."""
        self.oracle.hold(self.judges)
        return self.oracle.value(x)

    def run(self, x: np.ndarray, method: Method, steps: int) -> Lead:
        """Where some steps from `x` lead; the loss is infinite where they diverge."""
        oracle, pool = self.oracle, self.pool
        point: Point = oracle(x)
        oracle.hold(pool[0])
        memory = method.init(point)
        with np.errstate(all="ignore"):
            for t in range(1, steps + 1):
                oracle.hold(pool[(t - 1) % len(pool)])
                point, memory, _ = method.step(oracle(point.x), memory, float(t), oracle)
                if oracle.f is not None and not math.isfinite(oracle.f):
                    return Lead(math.inf, x)
            end = delivery(method)(point.x, memory)
            loss = self.judge(end) if np.isfinite(end).all() else math.inf
        return Lead(loss if math.isfinite(loss) else math.inf, end)


def climb(loss: Callable[[float], float], lr: float, ratio: float, still: float = math.inf) -> tuple[float, float]:
    """The lowest loss and its rate: from `lr` by factors of `ratio`, downwards or else upwards, until it rises.

    A rate that diverges is left first, downwards. `still` is the loss where nothing moves: if the first steps lead
    upwards at every rate, as a step of signs may do, smaller rates come ever nearer to it and tell nothing.
    """
    best = loss(lr)
    if best == math.inf:
        lower = ((loss(rate), rate) for rate in (lr / ratio**k for k in range(1, DOWN)))
        best, lr = next((pair for pair in lower if pair[0] < math.inf), (best, lr))
    for factor in (1 / ratio, ratio):
        began = lr
        while (there := loss(lr * factor)) < best:
            if factor < 1 and there >= still and best - there < HAIR * abs(still):
                break
            best, lr = there, lr * factor
        if lr != began:
            break
    return best, lr


def judged(plan: Plan, pool: list[list[Batch]]) -> tuple[list[list[Batch]], list[Batch]]:
    """The batches that lanes run on, and the rows that they are judged by: drawn from all data where that can be, else
    the last third of the pool, which they do not see then: few rows learnt by heart look best at absurd rates."""
    source = plan.source
    if source.rows is None or not source.again:
        own = max(2 * len(pool) // 3, 1)
        return pool[:own], list(itertools.chain.from_iterable(pool[own:] or pool))
    fewest, most = JUDGES
    rows = min(max(len(pool) * plan.size * plan.accumulate, fewest), most)
    return pool, [next(source.epoch(rows, "full", np.random.default_rng([plan.seed])))]
