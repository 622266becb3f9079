"""Limits of a run: steps, evaluations, seconds and tolerances, gathered from where callers put them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .errors import ArgumentError
from .hints import argument
from .stop import Change, Criterion, Diverged, GradientNorm, NonFinite, StepLength, Steps, Stuck, Target


@dataclass(frozen=True)
class Limits:
    """What ends a run; each is a keyword of `minimize` and a key of its `options`.

    Attributes
    ----------
    maxiter : float
        Steps.
    maxfun : float
        Calls of fun, those for differences included; a hard cap, never exceeded (scipy's maxfev is the same).
    maxtime : float
        Seconds; a call of fun in flight is not broken off.
    gtol : float
        Euclidean norm of the gradient, in units of f per unit of x.
    xtol : float
        Euclidean length of a step, in units of x.
    ftol : float
        Change of f in a step, relative to max(abs(f), abs(f before)).
    target : float
        Value of f that is good enough.
    """

    maxiter: float = 10_000
    maxfun: float = math.inf
    maxtime: float = math.inf
    gtol: float | None = None
    xtol: float | None = None
    ftol: float | None = None
    target: float | None = None

    @classmethod
    def of(cls, tol: float | None, options: dict[str, Any] | None, keywords: dict[str, Any]) -> Limits:
        """Gather limits; keywords win over `options`, both over `tol`, which is another name of gtol."""
        if not isinstance(options, Mapping | None):
            raise ArgumentError(f"options={options!r}: expected a dict, such as {{'maxiter': 100}}.")
        options = dict(options or {})
        if "maxfev" in options:
            options["maxfun"] = options.pop("maxfev")
        names = [field.name for field in fields(cls)]
        for name in options:
            if name not in names:
                hint = argument(name, names) or f"Options are {', '.join(names)}, maxfev."
                raise ArgumentError(f"options[{name!r}] is unknown. {hint}")
        everywhere = {"gtol": tol} | options | {name: v for name, v in keywords.items() if v is not None}
        given = {name: value for name, value in everywhere.items() if value is not None}
        for name, value in given.items():
            number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            if not number or math.isnan(value) or (value < 0 and name != "target"):
                least = "" if name == "target" else ", at least 0"
                raise ArgumentError(f"{name}={value!r}: expected a number{least}.")
        return cls(**given)

    @property
    def given(self) -> dict[str, float]:
        """Those that are not the defaults."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {field.name: values[field.name] for field in fields(self) if values[field.name] != field.default}

    def criterion(self, natural: Criterion, sign: float = 1.0) -> Criterion:
        """The tests that were asked for, or else the `natural` one; the guards and the budget in any case."""
        kinds = {"gtol": GradientNorm, "xtol": StepLength, "ftol": Change}
        asked = [kind(getattr(self, name)) for name, kind in kinds.items() if getattr(self, name) is not None]
        stop: Criterion = NonFinite()
        for test in asked or [natural]:
            stop |= test
        if self.target is not None:
            stop |= Target(sign * self.target)
        return stop | Stuck(natural) | Diverged() | Steps(self.maxiter)
