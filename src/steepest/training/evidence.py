"""What the verdict on a training run looks at."""

from __future__ import annotations

import itertools
import math
from functools import partial

import numpy as np

from ..data import CHUNK, Arrays, Source
from ..diagnose.trained import Trained
from ..diagnose.verdict import SETTLED
from ..losses import Logistic, Softmax
from ..methods.rules import GD, Momentum, Nesterov
from ..stop import Reason
from .further import further
from .means import gradient
from .table import columns
from .trainable import innermost
from .training import Training

GROUPS = 8  # steps whose batches tell


def case_of(training: Training, reason: Reason, x: np.ndarray) -> Trained:
    """The case of a run that has found `x`."""
    plan, source, choice, best = training.plan, training.source, training.choice, training.best
    oracle, model, x0 = training.oracle, training.task.model, training.task.start
    groups = list(itertools.islice(plan.batches(0), GROUPS)) if source.again else []

    def loss(x: np.ndarray) -> float:
        """Over the first batches: at two places the same rows, so that their scatter plays no part."""
        values = [(oracle.hold(group), oracle.value(x))[1] for group in groups]
        return float(np.mean(values)) if values else math.nan

    scored = training.held is not None or not source.again
    start, end = (training.first, best.score) if scored and best else (loss(x0), loss(x))
    rule = innermost(training.method)
    hyper = getattr(rule, "hyper", {})
    lr = hyper.get("lr")
    # in coordinates where gradients are white, columns are in scale, if only they get anywhere
    white = choice is not None and choice.basis is not None and choice.basis.ndim == 2
    white = white and start - end > SETTLED * abs(start)
    return Trained(
        reason=reason,
        epochs=columns(training.table),
        start=start,
        end=end,
        steps=training.t,
        lr=lr if isinstance(lr, float) else math.nan,
        boost=1 / (1 - hyper.get("beta", 0.0)) if isinstance(rule, GD | Momentum | Nesterov) else math.nan,
        x0=x0,
        x=x,
        gradients=[partial(gradient, oracle, group) for group in groups],
        rows=plan.size * plan.accumulate,
        columns=None if white else spread(source),
        constant="" if model is None else constant(source),
        best_epoch=best.epoch if best else 0,
        steady=plan.steady,
        endless=model is not None and isinstance(model.loss, Logistic | Softmax) and not model.penalised,
        rated=lr is not None and choice is None,
        further=partial(further, training, x),
        setbacks=choice.setbacks if choice else (),
    )


def spread(source: Source) -> tuple[str, np.ndarray, np.ndarray] | None:
    """The name of a table that comes with targets, and the means and deviations of its columns."""
    if not isinstance(source, Arrays) or len(source.arrays) < 2 or source.change is not None:
        return None
    X = source.arrays[0]
    if not isinstance(X, np.ndarray) or X.ndim != 2:
        return None
    rows = X[:CHUNK]
    return source.names[0], rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)


def constant(source: Source) -> str:
    """What to say of targets that are all the same, or ""."""
    y = source.arrays[1] if isinstance(source, Arrays) and len(source.arrays) > 1 else None
    if not isinstance(y, np.ndarray) or y.ndim != 1 or len(y) < 2 or (y != y[0]).any():
        return ""
    return f"All {len(y)} targets {source.names[1]} are {y[0]:g}"  # type: ignore[attr-defined]
