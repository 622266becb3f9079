"""Training of a linear model that goes on from call to call, on rows that come piece by piece."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..derivatives import Paired
from ..methods.method import Method
from ..methods.orthant import Orthant
from ..objective.params import Parameters
from ..objective.point import Point
from .linear import Model
from .minibatch import MiniBatch
from .plan import Plan
from .trainable import delivery


class Stepping(NamedTuple):
    """Training that goes on from call to call: the method with what it carries, on columns scaled as at first."""

    method: Method
    model: Model
    x: np.ndarray
    memory: Any
    t: int

    @classmethod
    def begin(cls, method: Method, model: Model) -> Stepping:
        """Before the first step."""
        x = Parameters(model.start).start
        if model.loss.l1:
            method = Orthant(method, model.penalties[0], 0.0)
        return cls(method, model, x, method.init(Point(x, math.nan)), 0)

    def over(self, plan: Plan) -> Stepping:
        """After one pass over the rows of a plan."""
        x, memory, t = self.x, self.memory, self.t
        loss = Paired(self.model.value_and_gradient, Parameters(self.model.start))
        oracle = MiniBatch(loss, loss)  # type: ignore[arg-type]  # it tells its own gradient: exact, not to be proved
        for group in replace(plan, source=self.model.source(plan.source)).batches(t):
            oracle.hold(group)
            point, memory, _ = self.method.step(oracle(x), memory, t + 1.0, oracle)
            x, t = point.x, t + 1
        return self._replace(x=x, memory=memory, t=t)

    @property
    def params(self) -> Any:
        """The parameters, in the units of the data."""
        x = delivery(self.method)(self.x, self.memory) if self.t else self.x
        return self.model.outer(Parameters(self.model.start).restore(x))
