"""The race: which rule and which rate, found by short runs on the first batches, for a run that decays to zero."""

from __future__ import annotations

import itertools
import math
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
# That of a lane falls as a square root. A short run favours small rates (Wu, Ren, Liao & Grosse 2018: short-horizon
# bias), and the more so the less it travels: at a mean rate of 2/3 in place of 1/3 a lane foretells a run that is
# longer. On 29 tasks of benchmarks/training_auto.py, gaps of runs of 250 and of 1500 steps are 2.9 and 2.0 times the
# hand-tuned ones; with a linear fall of the lanes 3.1 and 2.4, of the run 3.5 and 6.0, with a cube of the run 3.5, 1.9.
POWER, LANE = 2.0, 0.5
EXTRA = 0.25  # of the run's steps may go into the race
LEAST = 40  # steps that may in any case: lanes of 10 steps, the memory of Adam's momentum, can tell something
UNKNOWN = 400  # steps that may, where nobody knows how long the run will be
FIRST = 0.01  # where the search begins; single steps take it by decades to any other scale
FINE = math.sqrt(10)
HAIR = 0.01  # of the loss of the start: less is no reason to go on to smaller rates, if that is not beaten anyway
DOWN = 20  # factors, at most, from a rate that diverges to one that does not
GROWTH = 4  # of the lanes' length from round to round
LANES = 4  # of the last round's length: what all rounds take, three lanes of that length among them; one more per rival
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
    setbacks : list
        Step and rate wherever the run went back to its best parameters, to go on with a tenth of that rate.
    """

    rule: int
    lr: float
    basis: np.ndarray | None
    race_steps: int
    race: list[list[Any]]
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
    """The rule and the rate for a run, by lanes that grow from round to round.

    Each round climbs from the best rate of the round before: by decades with single steps, then by half decades
    with longer lanes; in the last round the best rule climbs. Every lane starts at `x`, sees the same batches, and is
    judged by the same rows. Where the run decays, so do the lanes: a constant rate would win short races that it
    loses in the end.

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
        Whether columns are in like units already. Else each rule is raced in the coordinates of `basis_for`, too.

    Returns
    -------
    Choice
        The winner, and what was seen.
    """
    total = plan.steps(source)
    budget = max(EXTRA * total, LEAST) if math.isfinite(total) else UNKNOWN
    most = min(max(int(budget / LANES), 1), max(CHUNK // plan.size, 8))
    pool, judges = judged(source, plan, list(itertools.islice(batches(source, plan), most)))
    course = Course(oracle, pool, judges, x)
    still, before = course.judge(x), oracle.njev
    basis = None if scaled else basis_for(judges[0][0], oracle, source, plan, x, SHARE * budget)
    runners = list(itertools.product([None] if basis is None else [None, basis], rules))
    seen: list[list[Any]] = []

    def made() -> int:
        return (oracle.njev - before) // plan.accumulate

    @cache
    def run(k: int, steps: int, lr: float) -> float:
        if seen and made() + steps > budget:
            return math.inf
        basis, rule = runners[k]
        runner = preconditioned(decayed(rule, lr, steps if math.isfinite(total) else math.inf, LANE), basis)
        method = wrap(runner)
        loss = course.loss(method, deliver(method), steps)
        seen.append([runner.name, lr, steps, loss])
        return loss

    rates, best = [FIRST] * len(runners), 0
    longest = max(int((budget - made()) / (LANES + len(runners) - 1)), 1)
    for steps in lengths(longest):
        climbers = list(range(len(runners)))
        if steps == longest > 1:
            climbers = [min(best, *climbers, key=lambda k: run(k, longest, rates[k]))]
        losses = [math.inf] * len(runners)
        for k in climbers:
            losses[k], rates[k] = climb(partial(run, k, steps), rates[k], 10.0 if steps == 1 else FINE, still)
        if min(losses) < math.inf:
            best = int(np.argmin(losses))
    return Choice(best % len(rules), rates[best], runners[best][0], made(), seen, [])


class Course(NamedTuple):
    """What all lanes have in common: the batches that they see, the rows that judge them, and where they start."""

    oracle: MiniBatch
    pool: list[list[Batch]]
    judges: list[Batch]
    x: np.ndarray

    def judge(self, x: np.ndarray) -> float:
        """The loss at `x`."""
        self.oracle.hold(self.judges)
        return self.oracle.value(x)

    def loss(self, method: Any, deliver: Callable[[np.ndarray, Any], np.ndarray], steps: int) -> float:
        """The loss after some steps; infinite where they diverge."""
        oracle, pool = self.oracle, self.pool
        point = oracle(self.x)
        oracle.hold(pool[0])
        memory = method.init(point)
        with np.errstate(all="ignore"):
            for t in range(1, steps + 1):
                oracle.hold(pool[(t - 1) % len(pool)])
                point, memory, _ = method.step(oracle(point.x), memory, float(t), oracle)
                if oracle.f is not None and not math.isfinite(oracle.f):
                    return math.inf
            end = deliver(point.x, memory)
            loss = self.judge(end) if np.isfinite(end).all() else math.inf
        return loss if math.isfinite(loss) else math.inf


def out_of_scale(table: Any) -> bool:
    """Whether the columns of a table are in units that differ, from each other or from 1, which an intercept goes with.

    Their largest numbers tell: a column that is seldom other than 0 is small on average in any unit.
    """
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.dtype.kind != "f":
        return False
    sizes = np.abs(table).max(axis=0)
    sizes = np.append(sizes[sizes > 0], 1.0)
    return bool(sizes.max() > SPREAD * sizes.min())


def basis_for(
    table: Any, oracle: MiniBatch, source: Source, plan: Plan, x: np.ndarray, budget: float
) -> np.ndarray | None:
    """Coordinates to race in beside the parameters, from gradients of the first batches at `x`.

    Where the parameters may be those of a linear model, as many as the columns of a table or one more, those in which
    gradients are white: its curvature hardly turns on the way. Else, if the columns' sizes say that units differ, those
    in which gradients are of one size. (Among networks gradients alone say little: those of 8 networks differed 200 to
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
            return whitening(found)
    return inverse_size(gradients(TASTES)) if out_of_scale(table) else None


def gradient(oracle: MiniBatch | Whole, group: list[Batch], x: np.ndarray) -> np.ndarray:
    """That of one step's batches at `x`."""
    oracle.hold(group)
    return oracle.pair(x)[1]


def lengths(longest: int) -> list[int]:
    """Those of the lanes, round by round: 1, ..., longest/16, longest/4, longest."""
    rounds = {1}
    while longest > 1:
        rounds.add(longest)
        longest //= GROWTH
    return sorted(rounds)


def climb(loss: Callable[[float], float], lr: float, ratio: float, still: float = math.inf) -> tuple[float, float]:
    """The lowest loss and its rate: from `lr` by factors of `ratio`, upwards or else downwards, until it rises.

    A rate that diverges is left first, downwards. `still` is the loss where nothing moves: if the first steps lead
    upwards at every rate, as a step of signs may do, smaller rates come ever nearer to it and tell nothing.
    """
    best = loss(lr)
    if best == math.inf:
        lower = ((loss(rate), rate) for rate in (lr / ratio**k for k in range(1, DOWN)))
        best, lr = next((pair for pair in lower if pair[0] < math.inf), (best, lr))
    for factor in (ratio, 1 / ratio):
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
