"""How far the loss of a training run still falls when a method for functions goes on from its end."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np

from ..derivatives import choose
from ..diagnose.trained import Further
from ..errors import Exhausted
from ..loops.loop import descend
from ..methods.directions import LBFGS
from ..methods.proximal import SpaRSA
from ..objective.oracle import Oracle
from .sparse import Whole
from .training import Training

ROWS = 4096  # a step on so many costs less than an epoch of any larger data
STEPS = 10  # of L-BFGS found 60 % and more of what 200 find, mostly
CALLS = 20  # of the loss of all these rows, at most; or
TRIED = 4  # calls of a search, from which on that tells something
SLIGHT = 0.1  # of what was found before, or less: a search that is cut short has found as good as nothing
DIGITS = 1e-12  # of the loss, that a step changes it by where nothing is left
SHARE = 0.25  # of what the run has cost, if that is more


def further(training: Training, x: np.ndarray) -> Further | None:
    """What some steps bring from `x`: by L-BFGS, or by SpaRSA under an l1 penalty; None of data that are gone.

    Steps on some of the rows learn these by heart in the end: what counts is the lowest loss on the way of others, or
    of the validation data.
    """
    task, objective = training.task, training.oracle.objective
    source = task.source
    if not source.again:
        return None
    oracle = Oracle(objective, training.oracle.derivative)
    method: SpaRSA | LBFGS = LBFGS()
    if task.l1 is not None:
        smooth = task.objective(proximal=True)
        oracle = Whole(smooth, choose(smooth, x, None, True), task.l1)
        method = SpaRSA()
    size = source.rows if source.rows is not None and source.rows < 2 * ROWS else ROWS
    batches = source.epoch(size, "full", np.random.default_rng([training.plan.seed]))
    rows = oracle.objective.args = next(batches)
    others = next(batches, rows)
    cost = objective.nfev * training.plan.size / rows[0].shape[0]  # of the run, in calls with all these rows
    oracle.objective.maxfun = oracle.nfev + max(CALLS, SHARE * cost)
    path, short, before = [oracle(x)], False, objective.nfev
    try:
        for now in islice(descend(oracle, path[0], method), 1, STEPS + 1):
            path.append(now.point)
            before = objective.nfev
            if now.lr == 0 or abs(path[-2].f - now.point.f) <= DIGITS * abs(now.point.f):
                break  # searches of what is lost in rounding would take all the calls
    except Exhausted:
        last = path[-1].f
        slight = max(DIGITS * abs(last), SLIGHT * (path[0].f - last))
        short = objective.nfev - before < TRIED or oracle.best is None or oracle.best.f < last - slight
    finally:
        oracle.objective.maxfun = math.inf
    values = [point.f for point in path]
    middle = values[len(values) // 2]
    waning = not short and middle - values[-1] <= values[0] - middle
    if training.held is not None:
        values = [training.validation(point.x) for point in path[::2]]
    elif others is not rows:
        oracle.objective.args = others
        values = [oracle(point.x).f for point in path[::2]]
    if oracle.objective is not objective:
        objective.nfev += oracle.nfev
    return Further(values[0] - min(values), len(path) - 1, rows[0].shape[0], method.name, waning)
