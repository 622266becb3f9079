"""What a race has found, and the method that this makes: a rule with a rate that falls, in coordinates of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..methods.lift import Rule
from ..methods.preconditioned import Preconditioned
from ..methods.rules import ScheduleFreeAdam, ScheduleFreeGD
from ..schedules import Polynomial

# The rate of a run falls to zero as a square: what a rate is too large in the beginning then hardly matters in the end.
# That of a lane falls as a fourth root. A short run favours small rates (Wu, Ren, Liao & Grosse 2018: short-horizon
# bias), and the more so the less it travels; but where noise rules, the longer run wants the smaller rate. On the 42
# tasks older than tasks/held.py of benchmarks/training_auto.py, three seeds, budgets from 48 to 12 600 steps, the gap
# (ratios below 1 counted as 1) is 1.90 times the hand-tuned one; with a square root for the lanes 2.18, with a cube
# for the run 2.06, with a run that begins where the caller does 2.28. With lanes that begin there, too, fall as a
# square root, are a sixteenth of the run, and climb upwards first, it was 2.50. A standard error is 0.15 of these.
POWER, LANE = 2.0, 0.25


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
