"""Schedules: a hyperparameter as a function of the step, ``schedule(t) -> value`` with t = 1, 2, ....

Where torch or optax has the same schedule the values are theirs, whose count begins at 0: ``schedule(t)`` is
their value after t - 1 steps. So the first step is made with the value that is written first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .errors import ArgumentError


def validate(owner: object, expected: str, holds: Callable[[float], bool], *names: str) -> None:
    """Raise an ArgumentError that names the first of the fields `names` which is no number that `holds`."""
    for name in names:
        value = getattr(owner, name)
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not holds(value):
            raise ArgumentError(f"{type(owner).__name__}: {name}={value!r}; expected {expected}.")


def positive(owner: object, *names: str) -> None:
    """The fields `names` must be positive."""
    validate(owner, "a positive number", lambda value: value > 0, *names)


def nonnegative(owner: object, *names: str) -> None:
    """The fields `names` must not be negative."""
    validate(owner, "a number that is at least 0", lambda value: value >= 0, *names)


def counts(owner: object, *names: str) -> None:
    """The fields `names` must be numbers of steps."""
    validate(owner, "a whole number of steps, at least 1", lambda v: v >= 1 and v == int(v), *names)


def fractions(owner: object, *names: str) -> None:
    """The fields `names` must lie above 0 and not above 1."""
    validate(owner, "a number above 0, at most 1", lambda value: 0 < value <= 1, *names)


class Schedule:
    """A value for every step: ``schedule(t)``, t = 1.0, 2.0, ...."""

    def __call__(self, t: float) -> float:
        raise NotImplementedError

    def then(self, second: Callable[[float], float], at: float) -> Join:
        """This schedule for the first `at` steps, then `second`, whose t begins at 1 again.

        Examples
        --------
        >>> lr = Warmup(0.1, steps=2).then(StepDecay(0.1, every=1, factor=0.5), at=2)
        >>> [lr(t) for t in (1, 2, 3, 4, 5)]
        [0.05, 0.1, 0.1, 0.05, 0.025]
        """
        return Join(self, second, at)


@dataclass(frozen=True)
class Join(Schedule):
    """`first` up to and including step `at`, then `second`, whose t begins at 1 again."""

    first: Callable[[float], float]
    second: Callable[[float], float]
    at: float

    def __post_init__(self) -> None:
        counts(self, "at")
        for name in ("first", "second"):
            if not callable(getattr(self, name)):
                raise ArgumentError(f"Join: {name}={getattr(self, name)!r}; expected a schedule, t -> value.")

    def __call__(self, t: float) -> float:
        return self.first(t) if t <= self.at else self.second(t - self.at)


@dataclass(frozen=True)
class Constant(Schedule):
    """The same value at every step."""

    value: float

    def __post_init__(self) -> None:
        nonnegative(self, "value")

    def __call__(self, t: float) -> float:
        return self.value


@dataclass(frozen=True)
class StepDecay(Schedule):
    """start * factor^floor((t - 1)/every): the value falls by `factor` every so many steps (torch StepLR).

    He, Zhang, Ren & Sun (2016), "Deep residual learning for image recognition", section 3.4: by 0.1.
    """

    start: float
    every: float
    factor: float = 0.1

    def __post_init__(self) -> None:
        nonnegative(self, "start")
        counts(self, "every")
        fractions(self, "factor")

    def __call__(self, t: float) -> float:
        return self.start * self.factor ** ((t - 1) // self.every)


@dataclass(frozen=True)
class Exponential(Schedule):
    """start * factor^(t - 1), towards 0 (torch ExponentialLR, optax exponential_decay)."""

    start: float
    factor: float

    def __post_init__(self) -> None:
        nonnegative(self, "start")
        fractions(self, "factor")

    def __call__(self, t: float) -> float:
        return self.start * self.factor ** (t - 1)


@dataclass(frozen=True)
class Polynomial(Schedule):
    """end + (start - end) (1 - (t - 1)/steps)^power; `end` after `steps` (torch PolynomialLR, optax
    polynomial_schedule). ``power=1`` is linear.

    Linear decay to zero is worst-case optimal for the last iterate of SGD: Defazio, Cutkosky, Mehta &
    Mishchenko (2023), "When, why and how much?".
    """

    start: float
    steps: float
    end: float = 0.0
    power: float = 1.0

    def __post_init__(self) -> None:
        nonnegative(self, "start", "end")
        counts(self, "steps")
        positive(self, "power")

    def __call__(self, t: float) -> float:
        left = max(1 - (t - 1) / self.steps, 0.0)
        return self.end + (self.start - self.end) * left**self.power


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """peak * min(t/warmup, sqrt(warmup/t)), towards 0: Vaswani et al. (2017), "Attention is all you need",
    eq. 3, with the largest value, reached at t = warmup, in place of d_model."""

    peak: float
    warmup: float = 1

    def __post_init__(self) -> None:
        nonnegative(self, "peak")
        counts(self, "warmup")

    def __call__(self, t: float) -> float:
        return self.peak * min(t / self.warmup, math.sqrt(self.warmup / t))


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from `start` to `end` in `steps`, then `end`: Loshchilov & Hutter (2017), eq. 5.

    As optax cosine_decay_schedule; torch CosineAnnealingLR is the same up to `steps`, and rises again.

    Examples
    --------
    >>> [round(Cosine(0.1, steps=4)(t), 4) for t in (1, 2, 3, 4, 5, 6)]
    [0.1, 0.0854, 0.05, 0.0146, 0.0, 0.0]
    """

    start: float
    steps: float
    end: float = 0.0

    def __post_init__(self) -> None:
        nonnegative(self, "start", "end")
        counts(self, "steps")

    def __call__(self, t: float) -> float:
        return cosine(self.start, self.end, min((t - 1) / self.steps, 1.0))


def cosine(start: float, end: float, share: float) -> float:
    """Half a cosine from `start` (share 0) to `end` (share 1)."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True)
class Warmup(Schedule):
    """peak * min(t/steps, 1): linear from peak/steps at the first step, never 0 (torch LinearLR with
    ``start_factor=1/steps, total_iters=steps - 1``). Join it with what follows by `then`.

    Goyal et al. (2017), "Accurate, large minibatch SGD", section 2.2.
    """

    peak: float
    steps: float

    def __post_init__(self) -> None:
        nonnegative(self, "peak")
        counts(self, "steps")

    def __call__(self, t: float) -> float:
        return self.peak * min(t / self.steps, 1.0)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from peak/divide to `peak` over a share `rise` of the steps, then down to peak/divide/vanish, both
    half cosines; stays there (torch OneCycleLR). Smith & Topin (2018), "Super-convergence"."""

    peak: float
    steps: float
    rise: float = 0.3
    divide: float = 25.0
    vanish: float = 1e4

    def __post_init__(self) -> None:
        nonnegative(self, "peak")
        counts(self, "steps")
        validate(self, "a number between 0 and 1", lambda value: 0 < value < 1, "rise")
        if self.rise * self.steps <= 1:
            raise ArgumentError(
                f"OneCycle: steps={self.steps!r} with rise={self.rise!r} leaves no step to rise in; "
                f"expected more than {math.floor(1 / self.rise)} steps."
            )
        validate(self, "a number that is at least 1", lambda value: value >= 1, "divide", "vanish")

    def __call__(self, t: float) -> float:
        top, low = self.rise * self.steps - 1, self.peak / self.divide
        if t - 1 <= top:
            return cosine(low, self.peak, (t - 1) / top)
        return cosine(self.peak, low / self.vanish, min((t - 1 - top) / (self.steps - 1 - top), 1.0))


@dataclass(frozen=True)
class Restarts(Schedule):
    """Cosines from `start` to `end`, again and again, each `grow` times as long as the one before: SGDR,
    Loshchilov & Hutter (2017), eq. 5 (torch CosineAnnealingWarmRestarts)."""

    start: float
    steps: float
    grow: float = 1
    end: float = 0.0

    def __post_init__(self) -> None:
        nonnegative(self, "start", "end")
        counts(self, "steps", "grow")

    def __call__(self, t: float) -> float:
        k, period = t - 1, self.steps
        if self.grow == 1:
            return cosine(self.start, self.end, k % period / period)
        while k >= period:  # at most log2(t) times
            k, period = k - period, period * self.grow
        return cosine(self.start, self.end, k / period)
