"""The causes in the order in which they are looked for: the more specific first."""

from __future__ import annotations

from collections.abc import Callable

from . import blind, broken, faults, flat, jumps, kinks, levelling, looks, precision, rates, ripples, rough, stationary
from .case import Case
from .verdict import Verdict

Cause = Callable[[Case], Verdict | None]

# These take the gradient for the slope of f; beside a set or a penalty it is the length of a proximal step.
SMOOTH: tuple[Cause, ...] = (
    broken.endless,
    rough.staircase,
    kinks.kink,
    faults.wrong_gradient,
    stationary.plateau,
    levelling.levelling,
)

CAUSES: tuple[Cause, ...] = (
    broken.outside,
    blind.unseen,
    broken.edge,
    broken.walled,
    rough.wandering,
    rough.staircase,
    jumps.beside,
    kinks.kink,  # before any rate is named: |x| looks exactly like a rate at its limit
    rates.too_large,
    faults.wrong_gradient,
    rates.growing,
    broken.endless,
    rates.cycle,
    broken.overflow,
    kinks.balanced,
    precision.floor,
    looks.edged,
    ripples.stuck,
    looks.unread,
    looks.slanted,
    looks.cornered,
    kinks.kinked,
    stationary.saddle,
    looks.lower,
    ripples.rough,
    stationary.plateau,
    levelling.levelling,
    precision.searched,
    stationary.lower_known,
    flat.thrown,
    ripples.creeping,
    stationary.composed,
    stationary.slight,
    stationary.minimum,
    rates.oscillates,
    rates.roams,
    rates.too_small,
    rates.ill_conditioned,
    rates.falling,
    stationary.loose,
)
