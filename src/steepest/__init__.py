"""Minimise anything you can call, by gradient descent and its descendants; an optimiser that never lies."""

from __future__ import annotations

from .errors import ArgumentError, FormulaError, MissingExtraError, ObjectiveError, SteepestError
from .lift import rule
from .minimize import descend_from as descend
from .minimize import maximize, minimize
from .result import Result
from .rules import GD, AdaGrad, Adam, Momentum, Nesterov, RMSProp

__version__ = "0.1.0"
