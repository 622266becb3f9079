"""The race: which rule and which rate, found by short runs on the first batches, for a run that decays to zero."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..data import CHUNK, Batch, Source
from ..diagnose.batches import SPREAD
from ..methods.lift import Rule
from ..methods.preconditioned import Preconditioned, inverse_size, whitening
from ..methods.rules import Adam, ScheduleFreeAdam, ScheduleFreeGD
from ..schedules import Polynomial
from .minibatch import MiniBatch
from .plan import Plan
from .sparse import Whole

# The rate of a run falls to zero as a square: what a rate is too large in the beginning then hardly matters in the end.
# That of a lane falls as a fourth root. A short run favours small rates (Wu, Ren, Liao & Grosse 2018: short-horizon
# bias), and the more so the less it travels; but where noise rules, the longer run wants the smaller rate. On the 42
# tasks older than tasks/held.py of benchmarks/training_auto.py, three seeds, budgets from 48 to 12 600 steps, the gap
# (ratios below 1 counted as 1) is 1.90 times the hand-tuned one; with a square root for the lanes 2.18, with a cube
# for the run 2.06, with a run that begins where the caller does 2.28. With lanes that begin there, too, fall as a
# square root, are a sixteenth of the run, and climb upwards first, it was 2.50. A standard error is 0.15 of these.
POWER, LANE = 2.0, 0.25
EXTRA = 0.25  # of the run's steps, and of its time, may go into the race
LEAST = 40  # steps that may in any case: lanes of 10 steps, the memory of Adam's momentum, can tell something
UNKNOWN = 400  # steps that may, where nobody knows how long the run will be
FIRST = 0.01  # where the search begins; single steps take it by decades to any other scale
FINE = math.sqrt(10)
HAIR = 0.01  # of the loss of the start: less is no reason to go on to smaller rates, if that is not beaten anyway
DOWN = 20  # factors, at most, from a rate that diverges to one that does not
ROUNDS = 0.0, 0.1, 1.0  # lengths of lanes, as shares of the longest that what is left allows; single steps at first
LANES = 3  # of the longest; one more for each rival
TASTES = 8  # batches whose gradients tell the units of the coordinates, where the columns' say that they differ
SCATTER = 2  # gradients for each parameter: eigenvalues are then 0.09 to 2.9 times the true (Marchenko & Pastur 1967)
SHARE = 0.75  # of the race that these may take
MOST = 100  # parameters: the products with a matrix of so many rows take 9 us of a step, of twice as many 70
JUDGES = 256, CHUNK // 4  # rows that lanes are judged by: as many as the longest has seen, within these


class Choice(NamedTuple):
    """What a race has found.

    Attributes
    ----------
    rule : int
        Which of the rules.
    lr : float
        Its rate, at the beginning.
    basis : ndarray or None
        Of the coordinates that it steps in, where they are others than the parameters.
    race_steps : int
        Steps that the race took, and gradients for the basis.
    race : list
        Rule, rate, steps and loss of each lane, in the order they ran.
    warm_start : ndarray
        Where the best lane ended: the run goes on from there.
    setbacks : list
        Step and rate wherever the run went back to its best parameters, to go on with a tenth of that rate.
    """

    rule: int
    lr: float
    basis: np.ndarray | None
    race_steps: int
    race: list[list[Any]]
    warm_start: np.ndarray
    setbacks: list[list[float]]

    @property
    def began(self) -> int:
        """Steps of the run before it."""
        return int(self.setbacks[-1][0]) if self.setbacks else 0

    def method(self, rules: Sequence[Rule], steps: float) -> Rule | Preconditioned:
        """The winner, for what is left of a run of so many steps."""
        return preconditioned(decayed(rules[self.rule], self.lr, steps - self.began), self.basis)

    def lowered(self, t: int) -> Choice:
        """A tenth of the rate, after step `t`."""
        return self._replace(lr=self.lr / 10, setbacks=[*self.setbacks, [t, self.lr]])


def decayed(rule: Rule, lr: float, steps: float, power: float = POWER) -> Rule:
    """The rule with a rate that falls to zero over the steps; schedule-free where they are not known."""
    if isinstance(rule, ScheduleFreeGD | ScheduleFreeAdam) or not math.isfinite(steps):
        return rule.with_hyper(lr=lr)
    return rule.with_hyper(lr=Polynomial(lr, max(int(steps), 1), power=power))


def preconditioned(rule: Rule, basis: np.ndarray | None) -> Rule | Preconditioned:
    """The rule, in other coordinates where there is a basis."""
    return rule if basis is None else Preconditioned(rule, basis)


def race(
    rules: Sequence[Rule],
    oracle: MiniBatch,
    source: Source,
    plan: Plan,
    x: np.ndarray,
    wrap: Callable[[Any], Any] = lambda rule: rule,
    deliver: Callable[[Any], Callable[[np.ndarray, Any], np.ndarray]] = lambda rule: lambda x, memory: x,
    scaled: bool = False,
) -> Choice:
    """The rule and the rate for a run, and where it begins, by lanes that grow from round to round.

    Each round climbs from the best rate of the round before, and starts where the best lane so far has ended: by
    decades with single steps, then by half decades with longer lanes; in the last round the best rule climbs. All lanes
    of a round see the same batches, and are judged by the same rows. Where the run decays, so do the lanes: a constant
    rate would win short races that it loses in the end.

    Parameters
    ----------
    rules : sequence of Rule
        What is raced.
    oracle, source, plan, x
        Of the run.
    wrap : callable
        What the run makes of a rule (clipping, say).
    deliver : callable
        What of a method is handed out.
    scaled : bool
        Whether columns are in like units already. Else each rule is raced in the coordinates of `bases_for`.

    Returns
    -------
    Choice
        The winner, and what was seen.
    """
    total = plan.steps(source)
    budget = max(EXTRA * total, LEAST) if math.isfinite(total) else UNKNOWN
    most = min(max(int(budget / LANES), 1), max(CHUNK // plan.size, 8))
    pool, judges = judged(source, plan, list(itertools.islice(batches(source, plan), most)))
    course, before, began = Course(oracle, pool, judges), oracle.njev, time.perf_counter()

    def made() -> int:
        return (oracle.njev - before) // plan.accumulate

    def left() -> float:
        """Steps that may still be made; by the time that those took that were."""
        if math.isinf(plan.maxtime):
            return budget - made()
        spent = time.perf_counter() - began
        return min(budget - made(), (EXTRA * plan.maxtime - spent) * made() / spent)

    if math.isfinite(plan.maxtime):
        gradient(oracle, pool[0], x)  # a first step to tell the time by
    bases = [None] if scaled else bases_for(judges[0][0], oracle, source, plan, x, SHARE * left())
    runners = list(itertools.product(bases, rules))
    leads = begun = [Lead(course.judge(x), x)] * len(runners)
    seen: list[list[Any]] = []

    @cache
    def run(k: int, steps: int, lr: float) -> float:
        if seen and steps > left():
            return math.inf
        basis, rule = runners[k]
        runner = preconditioned(decayed(rule, lr, steps if math.isfinite(total) else math.inf, LANE), basis)
        method = wrap(runner)
        end = course.run(begun[k].x, method, deliver(method), steps)
        seen.append([runner.name, lr, steps, end.loss])
        if steps > 1:  # one alone tells the decade, and may end anywhere
            leads[k] = min(leads[k], end, key=lambda lane: lane.loss)
        return end.loss

    rates, best = [FIRST] * len(runners), 0
    for share in ROUNDS:
        steps = max(int(share * left() / (LANES + len(runners) - 1)), 1)
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
    return Choice(best % len(rules), rates[best], runners[best][0], made(), seen, leads[best].x, [])


class Lead(NamedTuple):
    """Where the best lane so far has ended."""

    loss: float
    x: np.ndarray


class Course(NamedTuple):
    """What all lanes have in common: the batches that they see, and the rows that judge them."""

    oracle: MiniBatch
    pool: list[list[Batch]]
    judges: list[Batch]

    def judge(self, x: np.ndarray) -> float:
        """The loss at `x`."""
        self.oracle.hold(self.judges)
        return self.oracle.value(x)

    def run(self, x: np.ndarray, method: Any, deliver: Callable[[np.ndarray, Any], np.ndarray], steps: int) -> Lead:
        """Where some steps from `x` lead; the loss is infinite where they diverge."""
        oracle, pool = self.oracle, self.pool
        point = oracle(x)
        oracle.hold(pool[0])
        memory = method.init(point)
        with np.errstate(all="ignore"):
            for t in range(1, steps + 1):
                oracle.hold(pool[(t - 1) % len(pool)])
                point, memory, _ = method.step(oracle(point.x), memory, float(t), oracle)
                if oracle.f is not None and not math.isfinite(oracle.f):
                    return Lead(math.inf, x)
            end = deliver(point.x, memory)
            loss = self.judge(end) if np.isfinite(end).all() else math.inf
        return Lead(loss if math.isfinite(loss) else math.inf, end)


def out_of_scale(table: Any) -> bool:
    """Whether the columns of a table are in units that differ, from each other or from 1, which an intercept goes with.

    Their largest numbers tell: a column that is seldom other than 0 is small on average in any unit.
    """
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.dtype.kind != "f":
        return False
    sizes = np.abs(table).max(axis=0)
    sizes = np.append(sizes[sizes > 0], 1.0)
    return bool(sizes.max() > SPREAD * sizes.min())


def bases_for(
    table: Any, oracle: MiniBatch, source: Source, plan: Plan, x: np.ndarray, budget: float
) -> list[np.ndarray | None]:
    """Coordinates to race in, None for the parameters, from gradients of the first batches at `x`.

    Where the parameters may be those of a linear model, as many as the columns of a table or one more, those in which
    gradients are white, too: its curvature hardly turns on the way. They alone, if the columns' sizes say that units
    differ: short lanes would not tell what that costs in the end. Of more columns whose units differ, those in which
    gradients are of one size, too. (Among networks gradients alone say little: those of 8 networks differed 200 to
    30 000 times within each, and stretched by them two of the networks were trained 30 to 300 times worse. White at the
    start, those of a layer of 16 hid that it was trained 50 times worse.)
    """

    def gradients(count: int) -> list[np.ndarray]:
        return [gradient(oracle, group, x) for group in itertools.islice(batches(source, plan), count)]

    enough = SCATTER * x.size
    linear = getattr(table, "ndim", 0) == 2 and x.size <= min(table.shape[1] + 1, MOST)
    if linear and source.again and enough <= budget:
        found = gradients(enough)
        if np.isfinite(found).all():
            return [whitening(found)] if out_of_scale(table) else [None, whitening(found)]
    return [None, inverse_size(gradients(TASTES))] if budget >= TASTES and out_of_scale(table) else [None]


def gradient(oracle: MiniBatch | Whole, group: list[Batch], x: np.ndarray) -> np.ndarray:
    """That of one step's batches at `x`."""
    oracle.hold(group)
    return oracle.pair(x)[1]


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


def batches(source: Source, plan: Plan) -> Iterator[list[Batch]]:
    """The batches of the run in their order, epoch after epoch; of what can be read once, those of its first chunk."""
    if source.again:
        return (group for epoch in itertools.count() for group in plan.batches(source, epoch))
    return itertools.islice(plan.batches(source, 0), max(source.ahead // (plan.size * plan.accumulate), 1))


def judged(source: Source, plan: Plan, pool: list[list[Batch]]) -> tuple[list[list[Batch]], list[Batch]]:
    """The batches that lanes run on, and the rows that they are judged by: drawn from all data where that can be, else
    the last third of the pool, which they do not see then: few rows learnt by heart look best at absurd rates."""
    if source.rows is None or not source.again:
        own = max(2 * len(pool) // 3, 1)
        return pool[:own], list(itertools.chain.from_iterable(pool[own:] or pool))
    fewest, most = JUDGES
    rows = min(max(len(pool) * plan.size * plan.accumulate, fewest), most)
    return pool, [next(source.epoch(rows, "full", np.random.default_rng([plan.seed])))]


# Adam with this decay came as close as gradient descent and momentum did on each task tuned on, or closer; without
# them lanes are longer at the same cost.
CANDIDATES = (Adam(),)
WITHOUT_BUDGET = (ScheduleFreeGD(), ScheduleFreeAdam())
