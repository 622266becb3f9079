"""Which methods can train on batches, which rates are raced, and what of a method is handed out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..methods.descent import Descent
from ..methods.gradientwrappers import ClipNorm
from ..methods.lengths import AdGD
from ..methods.lift import Rule
from ..methods.method import Method
from ..methods.orthant import Orthant
from ..methods.preconditioned import Preconditioned
from ..methods.registry import find
from ..methods.rules import Adam, ScheduleFreeAdam, ScheduleFreeGD
from ..methods.spectral import BarzilaiBorwein
from ..methods.wrappers import Wrapper
from .plan import Plan

# Adam with this decay came as close as gradient descent and momentum did on each task tuned on, or closer; without
# them lanes are longer at the same cost.
CANDIDATES = (Adam(),)
WITHOUT_BUDGET = (ScheduleFreeGD(), ScheduleFreeAdam())

Deliver = Callable[[np.ndarray, Any], np.ndarray]  # (place, memory) -> the parameters to hand out


def entrants(method: Any, lr: Any, n: int, plan: Plan) -> list[Rule]:
    """The rules whose rates are to be raced; none where the caller says the rate, or every step sees all rows."""
    said = isinstance(method, Method) and lr != "auto"
    if plan.steady or said or not (lr is None or lr == "auto"):
        return []
    if method is None:
        return list(CANDIDATES if math.isfinite(plan.steps) else WITHOUT_BUDGET)
    rule = find(method, n)
    return [rule] if isinstance(rule, Rule) and "lr" in rule.hyper else []


def suited(method: Method, steady: bool, kinked: bool) -> Method:
    """The method, if it can do with a gradient that is another one for every batch, or with the kinks of l1."""
    inner = innermost(method)
    policy = getattr(inner, "hyper", {}).get("lr")
    if not steady and (isinstance(inner, Descent) or isinstance(policy, BarzilaiBorwein | AdGD)):
        raise ArgumentError(
            f"method={method!r} compares the gradients of successive steps, which are of different batches: expected "
            "a rule such as Adam(lr=0.001), or batch_size=None (all rows in each step)."
        )
    if kinked and isinstance(inner, Descent):
        raise ArgumentError(
            f"method={method!r} needs a smooth loss, and l1 has a kink where a coefficient is 0: none would become "
            "exactly 0. Expected FISTA() (or neither method nor clip), or a rule such as Adam(lr=0.01)."
        )
    return method


def innermost(method: Method) -> Method:
    """The method within all wrappers."""
    while isinstance(method, Wrapper):
        method = method.method
    return method


def delivery(method: Method) -> Deliver:
    """What of (place, memory) is handed out: of schedule-free rules the average, which their paper calls x; under l1
    with the zeros of the place, which an average of many would blur."""
    if isinstance(method, ClipNorm):
        return delivery(method.method)
    if isinstance(method, Orthant):
        inner, l1 = delivery(method.method), method.l1
        return lambda x, memory: np.where((l1 > 0) & (x == 0), x, inner(x, memory[0]))
    if isinstance(method, Preconditioned):
        inner = delivery(method.method)
        return lambda x, memory: method.outer(inner(method.inner(x), memory))
    if isinstance(method, ScheduleFreeGD | ScheduleFreeAdam):
        mean = method.slots.index("mean")
        return lambda x, memory: np.asarray(memory[0][mean], x.dtype)
    return lambda x, memory: x
