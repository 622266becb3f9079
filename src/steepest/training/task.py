"""What a training run minimises: a loss over rows, with its parameters; of linear models as they are scaled inside."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import Source, split
from ..derivatives import OWN, Paired, choose
from ..errors import ArgumentError
from ..history import History
from ..losses import Linear
from ..objective.negative import function
from ..objective.oracle import Objective
from ..objective.params import Parameters
from .linear import Model
from .minibatch import MiniBatch
from .plan import Plan
from .sparse import Whole


@dataclass(frozen=True)
class Task:
    """A loss and its data.

    Attributes
    ----------
    loss : callable
        Of a batch.
    jac : callable, True, str, or None
        Its gradient, see `fit`.
    parameters : Parameters
        Where to start.
    source, held : Source
        The training data, and those to validate on or None.
    model : Model or None
        Of a linear loss.
    """

    loss: Callable[..., Any]
    jac: Any
    parameters: Parameters
    source: Source
    held: Source | None
    model: Model | None = None

    @classmethod
    def of(cls, loss: Any, params: Any, data: Any, weights: Any, validation: Any, jac: Any, seed: int) -> Task:
        """What the caller gives to `fit`.

        Raises
        ------
        ArgumentError
            When data, parameters or loss can't be right.
        """
        source, held = split(data, weights, validation, seed)
        if isinstance(loss, Linear):
            model = Model(loss, params, source)
            source, held = model.source(source), held and model.source(held)
            return cls(model.value_and_gradient, True, started(model.start), source, held, model)
        if isinstance(loss, type) and issubclass(loss, Linear):
            raise ArgumentError(f"loss={loss.__name__}: expected one of them, {loss.__name__}().")
        loss, parameters = function(loss, "loss"), started(params)
        return cls(loss if weights is None else weighted(loss), jac, parameters, source, held)

    @property
    def start(self) -> np.ndarray:
        """The parameters at the start, shape (n,)."""
        return self.parameters.start

    @property
    def l1(self) -> np.ndarray | None:
        """The l1 penalty of each parameter, if there is one."""
        return self.model.penalties[0] if self.model and self.model.loss.l1 else None

    def objective(self, proximal: bool) -> Objective:
        """The loss as a counted function; without the l1 penalty where the method takes proximal steps for that."""
        loss = self.model.smooth().value_and_gradient if self.model and proximal else self.loss
        objective = (Paired if self.jac is True else Objective)(loss, self.parameters)
        objective.batches = True
        if self.model and isinstance(objective, Paired):
            objective.source = OWN
        return objective

    def oracle(self, objective: Objective, plan: Plan, proximal: bool) -> MiniBatch | Whole:
        """Who is asked about the loss; its gradient is proved on the first batch."""
        objective.args = next(plan.batches(0))[0]
        derivative = choose(objective, self.start, objective(self.start), self.jac)
        if proximal:
            assert self.l1 is not None
            return Whole(objective, derivative, self.l1)
        return MiniBatch(objective, derivative)

    def outer(self, x: np.ndarray) -> Any:
        """Flat parameters in the caller's shapes and units."""
        params = self.parameters.restore(x)
        return self.model.outer(params) if self.model else params

    def gradient(self, g: np.ndarray, x: np.ndarray) -> Any:
        """The gradient at `x` likewise."""
        restore = self.parameters.restore
        return self.model.gradient(restore(g), restore(x)) if self.model else restore(g)

    @property
    def scaled(self) -> bool:
        """Whether what is trained are other columns than those of the data."""
        return self.model is not None and self.model.scaled

    def rescaled(self, history: History) -> History:
        """The history with places in the units of the data."""
        return history.seen(self.model.places) if self.model and self.scaled and len(history) else history

    def picture(self, objective: Objective) -> Objective:
        """What is drawn below that history."""
        if self.model is None:
            return objective
        return Objective(self.model.loss, self.parameters, getattr(self.source, "arrays", ()))


def started(params: Any) -> Parameters:
    """Where to start."""
    parameters = Parameters(params, "params")
    if not np.isfinite(parameters.start).all():
        bad = parameters.start[~np.isfinite(parameters.start)][0]
        raise ArgumentError(f"params holds {bad}: expected finite numbers to start from.")
    return parameters


def weighted(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The loss of a batch whose last array is its weights."""
    try:
        names = list(inspect.signature(loss).parameters.values())
    except (TypeError, ValueError):
        names = []
    if names and not any(p.name == "weights" or p.kind is p.VAR_KEYWORD for p in names):
        raise ArgumentError(
            "weights are given, but loss takes none: write it as loss(params, X, y, weights), which returns "
            "numpy.mean(weights * losses)."
        )
    return lambda params, *batch: loss(params, *batch[:-1], weights=batch[-1])
