"""The call that a run was made by: what it asked for, and how its caller speaks of f and x."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..history import History
from ..limits import Limits
from ..objective.oracle import Oracle
from ..stop import Reason
from .verdict import Advice
from .words import called

# what a caller may have chosen, and the library would choose better
TESTS = ("stop", "tol", "gtol", "xtol", "ftol")
CHOICES = ("method", "lr", *TESTS, "maxiter", "options")


class Call:
    """What was called, `given` these keyword arguments; a `Case` is one that is looked at."""

    reason: Reason
    history: History
    oracle: Oracle
    given: dict[str, Any]

    @property
    def sign(self) -> float:
        """1.0 where a minimum was asked for, -1.0 where a maximum."""
        return self.history.sign

    @property
    def last_step(self) -> int:
        """The number of the last step."""
        return int(self.history.last.t)

    @property
    def allowed(self) -> float:
        """How many steps the call allows."""
        if self.reason.code == "budget.steps":
            return self.last_step
        options = self.given.get("options") or {}
        return float(self.given.get("maxiter") or options.get("maxiter") or Limits.maxiter)

    @property
    def asked(self) -> bool:
        """Whether the caller chose the test for convergence."""
        return any(test in self.given or test in (self.given.get("options") or {}) for test in TESTS)

    def tolerance(self, name: str) -> float:
        """A tolerance that the caller gave; infinite where the test came without one."""
        options = self.given.get("options") or {}
        return float(self.given.get(name, options.get(name, math.inf)))

    def called(self, i: int) -> str:
        """What the caller calls number i of x."""
        start = self.oracle.objective.parameters.start
        return called(self.oracle.objective.restore(np.arange(start.size, dtype=start.dtype)), int(i))

    def shown(self, f: float) -> str:
        """A value of f as the caller knows it."""
        return self.history.shown(f)

    @property
    def minimum(self) -> str:
        return "minimum" if self.sign > 0 else "maximum"

    @property
    def falls(self) -> str:
        return "falls" if self.sign > 0 else "rises"

    @property
    def climbs(self) -> str:
        return "rises" if self.sign > 0 else "falls"

    def advise(self, hint: str = "", **changes: Any) -> Advice:
        """Advice in terms of the function that was called."""
        return Advice(changes, hint, "minimize" if self.sign > 0 else "maximize")

    def default(self, hint: str = "", **changes: Any) -> Advice:
        """Advice to leave method, step and tests to the library."""
        return self.advise(hint, **{name: None for name in CHOICES if name in self.given} | changes)
