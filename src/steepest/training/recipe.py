"""How the method of a training run is made: as the caller says or a race has found, clipped, kept sparse, averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..methods.gradientwrappers import ClipNorm
from ..methods.iteratewrappers import Averaged
from ..methods.lift import Rule
from ..methods.method import Method
from ..methods.orthant import Orthant
from ..methods.proximal import FISTA, Proximal
from ..methods.registry import find
from .choice import Choice
from .epoch import Epoch
from .plan import Plan
from .task import Task
from .trainable import Deliver, delivery, entrants, innermost, suited


@dataclass(frozen=True)
class Recipe:
    """How the method of a run is made, at its begin and again when a rate that a race chose is lowered.

    Attributes
    ----------
    task, plan
        Of the run.
    steps : float
        Of the run, as far as that is known at its begin.
    rules : sequence of Rule
        To be raced; none where the caller says the rate.
    said : Method
        As the caller says it; the first of the rules.
    proximal : bool
        Whether it takes proximal steps for the l1 penalty.
    wrappers : sequence of callable
        What is put around it, from the innermost outwards.
    """

    task: Task
    plan: Plan
    steps: float
    rules: Sequence[Rule]
    said: Method
    proximal: bool
    wrappers: Sequence[Callable[[Method], Method]]

    @classmethod
    def of(cls, method: Any, lr: Any, clip: float | None, average: float | None, task: Task, plan: Plan) -> Recipe:
        """By what the caller gives to `fit`.

        Raises
        ------
        ArgumentError
            When the method can't train on this data.
        """
        source, l1, n = task.source, task.l1, task.start.size
        steady, kinked = plan.steady, l1 is not None
        if steady and kinked and method is lr is clip is None:
            method = FISTA()
        rules = entrants(method, lr, n, plan)
        said = rules[0] if rules else suited(find(method, n, lr), steady, kinked)
        proximal = steady and kinked and isinstance(said, Proximal)
        wrappers: list[Callable[[Method], Method]] = []
        if clip is not None:
            wrappers.append(partial(ClipNorm, limit=clip))
        if l1 is not None and not proximal:
            wrappers.append(partial(Orthant, l1=l1, share=1 / source.steps(plan.size)))
        if average is not None:
            wrappers.append(partial(Averaged, decay=average))
        return cls(task, plan, plan.steps, rules, said, proximal, wrappers)

    def wrapped(self, method: Method) -> Method:
        """The method with all that is put around it."""
        for wrapper in self.wrappers:
            method = wrapper(method)
        return method

    def prepared(self, choice: Choice | None) -> tuple[Method, Deliver, Epoch | None]:
        """The method that a race has chosen, or the caller says; what of it is handed out; who makes its steps in
        machine code, where that can be and pays."""
        method = self.wrapped(self.said if choice is None else choice.method(self.rules, self.steps))
        engine = Epoch.of(method, self.task.model, self.plan)
        if engine is None and isinstance(rule := innermost(method), Rule):
            rule.prepare(self.task.start, self.steps)
        return method, delivery(method), engine

    def evidence(self, choice: Choice | None) -> dict[str, Any]:
        """What a race has found, for the result."""
        return {} if choice is None else choice._asdict() | {"rule": self.rules[choice.rule].name}
