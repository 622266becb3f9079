"""The mean of a loss over the rows of a source, and its gradient; that of one step."""

from __future__ import annotations

import math

import numpy as np

from ..data import CHUNK, Batch, Source
from ..derivatives import Paired
from ..objective.oracle import Objective
from .minibatch import MiniBatch
from .sparse import Whole


def mean_loss(objective: Objective, source: Source, x: np.ndarray, most: float = math.inf, seed: int = 0) -> float:
    """The mean loss over the rows of a source, or over `most` of them drawn at random."""
    total, rows, held = 0.0, 0, objective.args
    order = "full" if source.rows is not None and source.rows > most else None
    for batch in source.epoch(int(min(CHUNK, most)), order, np.random.default_rng([seed])):
        objective.args = batch
        n = batch[0].shape[0]
        total += objective(x) * n
        rows += n
        if rows >= most:
            break
    objective.args = held  # whoever asks next means the batch
    return total / rows


def mean_pair(objective: Paired, source: Source, x: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean loss over the rows of a source, and its gradient, in one pass."""
    f, g, rows = 0.0, np.zeros_like(x), 0
    for batch in source.epoch(CHUNK, None, np.random.default_rng(0)):
        objective.args = batch
        n = batch[0].shape[0]
        value, gradient = objective.pair(x)
        f += value * n
        g += gradient * n
        rows += n
    return f / rows, g / rows


def gradient(oracle: MiniBatch | Whole, group: list[Batch], x: np.ndarray) -> np.ndarray:
    """That of one step's batches at `x`."""
    oracle.hold(group)
    return oracle.pair(x)[1]
