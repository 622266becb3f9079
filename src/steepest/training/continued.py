"""Training of a linear model that goes on from call to call, on rows that come piece by piece."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..data import Source
from ..methods.lift import Rule
from ..params import Parameters
from .linear import Model
from .plan import Plan
from .trainable import delivery


class Stepping(NamedTuple):
    """Training that goes on from call to call: the rule with what it carries, on columns scaled as at first."""

    rule: Rule
    model: Model
    x: np.ndarray
    slots: tuple[Any, ...]
    t: int

    @classmethod
    def begin(cls, rule: Rule, model: Model) -> Stepping:
        """Before the first step."""
        x = Parameters(model.start).start
        return cls(rule, model, x, tuple(np.zeros_like(x) for _ in rule.slots), 0)

    def over(self, rows: Source, plan: Plan) -> Stepping:
        """After one pass over these rows."""
        x, slots, t = self.x, self.slots, self.t
        parameters = Parameters(self.model.start)
        for (batch,) in plan.batches(self.model.source(rows), t):
            _, g = self.model.value_and_gradient(parameters.restore(x), *batch)
            step, slots, _ = self.rule.move(x, parameters.ravel(g, "gradient"), slots, t + 1.0)
            x, t = x + step, t + 1
        return self._replace(x=x, slots=slots, t=t)

    @property
    def params(self) -> Any:
        """The parameters, in the units of the data."""
        x = delivery(self.rule)(self.x, (self.slots, None)) if self.t else self.x
        return self.model.outer(Parameters(self.model.start).restore(x))
