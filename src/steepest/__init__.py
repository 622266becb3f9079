"""Minimise anything you can call, by gradient descent and its descendants; an optimiser that never lies."""

from __future__ import annotations

from .derivatives import check_gradient, derivative, gradient, hessian, hessian_vector_product, noise
from .errors import ArgumentError, FormulaError, MissingExtraError, ObjectiveError, SteepestError
from .lift import rule
from .minimize import descend_from as descend
from .methods import methods
from .minimize import maximize, minimize
from .result import Result
from .rules import (
    GD,
    AdaBelief,
    Adadelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    Adan,
    AMSGrad,
    CenteredRMSProp,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    RAdam,
    RMSProp,
    Rprop,
    ScheduleFreeAdam,
    ScheduleFreeGD,
    SignSGD,
    Yogi,
)

__version__ = "0.1.0"
