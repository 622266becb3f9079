"""What a verdict on training looks at: the run, its first batches, and a few steps beyond its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import counted
from ..stop import Reason

Gradient = Callable[[np.ndarray], np.ndarray]


class Further(NamedTuple):
    """What some steps on many rows have brought, from where training has ended.

    Attributes
    ----------
    fall : float
        Of the loss.
    steps : int
    rows : int
        On which each step was made.
    method : str
        What made them.
    waning : bool
        Whether no step was missed, and the later ones brought no more than the earlier: else little is told.
    """

    fall: float
    steps: int
    rows: int
    method: str
    waning: bool

    def __str__(self) -> str:
        return f"{counted(self.steps, 'step')} of {self.method} from there, on {counted(self.rows, 'row')},"


@dataclass
class Trained:
    """What a verdict on training looks at.

    Attributes
    ----------
    reason : Reason
        What ended the run.
    epochs : dict
        The columns of the table of epochs.
    start, end : float
        The loss of the first batches at the start and at the parameters returned; of the validation data, where
        there are any.
    steps : int
        Made.
    lr : float
        The rate that the caller has set; NaN where it was chosen.
    boost : float
        1/(1 - beta) of a momentum, else 1; NaN where rates do not scale with curvature, as in Adam.
    x0, x : ndarray, shape (n,)
        The parameters at the start, and those returned.
    gradients : sequence of callables
        The gradients of the first batches.
    rows : int
        In each of these.
    columns : (name, ndarray, ndarray) or None
        Of the table among the data: mean and deviation of each column.
    constant : str
        What of the data is all the same, or "".
    best_epoch : int
    steady : bool
        Whether each step saw all rows: an epoch is one step then.
    endless : bool
        Whether the loss has no minimum where all rows are told apart, only a limit of 0: logistic and softmax without
        a penalty.
    rated : bool
        Whether the caller has set a rate, a schedule too.
    further : callable
        Takes some steps more; None where the data cannot be read again.
    setbacks : sequence of (step, rate)
        Where a rate that was chosen had led astray.
    """

    reason: Reason
    epochs: dict[str, np.ndarray]
    start: float
    end: float
    steps: int
    lr: float
    boost: float
    x0: np.ndarray
    x: np.ndarray
    gradients: Sequence[Gradient]
    rows: int
    columns: tuple[str, np.ndarray, np.ndarray] | None
    constant: str
    best_epoch: int
    steady: bool = False
    endless: bool = False
    rated: bool = False
    further: Callable[[], Further | None] = lambda: None
    setbacks: Sequence[Sequence[float]] = ()

    @property
    def loss(self) -> np.ndarray:
        """The mean loss of each epoch."""
        return self.epochs["loss"]

    @property
    def validated(self) -> bool:
        """Whether there are validation data."""
        return bool(np.isfinite(self.epochs["validation"]).any())

    @property
    def diverged(self) -> bool:
        """Whether the loss ended far above where it began, or at no number at all."""
        if self.reason.code == "nonfinite":
            return True
        return bool(
            len(self.loss)
            and self.loss[-1] > 10 * abs(self.start)
            and (self.loss[-1] > self.loss.min() or self.best_epoch == 0)
        )
