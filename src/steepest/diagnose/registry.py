"""The causes in the order in which they are looked for: the more specific first."""

from __future__ import annotations

from collections.abc import Callable

from . import broken, rates, rough, stationary
from .case import Case
from .verdict import Verdict

Cause = Callable[[Case], Verdict | None]

CAUSES: tuple[Cause, ...] = (
    broken.outside,
    broken.edge,
    rough.wandering,
    rough.staircase,
    rough.kink,  # before any rate is named: |x| looks exactly like a rate at its limit
    rates.too_large,
    rough.wrong_gradient,
    rates.growing,
    rates.cycle,
    broken.overflow,
    broken.endless,
    stationary.floor,
    stationary.saddle,
    stationary.plateau,
    stationary.levelling,
    stationary.lower_known,
    stationary.minimum,
    rates.oscillates,
    rates.too_small,
    rates.ill_conditioned,
    rates.falling,
    stationary.loose,
)
