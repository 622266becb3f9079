"""Minimise anything you can call, by gradient descent and its descendants; an optimiser that never lies."""

from __future__ import annotations

from . import problems, schedules, stop
from .derivatives import check_gradient, derivative, gradient, hessian, hessian_vector_product, noise
from .directions import BFGS, LBFGS, ConjugateGradient, HagerZhang
from .errors import ArgumentError, FormulaError, MissingExtraError, ObjectiveError, SteepestError
from .formula import formula
from .lengths import AdGD, Armijo, BarzilaiBorwein, Polyak, ReduceOnPlateau, Wolfe
from .lift import rule
from .methods import methods
from .minimize import descend_from as descend
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
from .samples import from_samples

__version__ = "0.1.0"

__all__ = [
    "BFGS",
    "GD",
    "LBFGS",
    "AMSGrad",
    "AdGD",
    "AdaBelief",
    "AdaGrad",
    "AdaMax",
    "Adadelta",
    "Adam",
    "AdamW",
    "Adan",
    "ArgumentError",
    "Armijo",
    "BarzilaiBorwein",
    "CenteredRMSProp",
    "ConjugateGradient",
    "FormulaError",
    "HagerZhang",
    "Lion",
    "MissingExtraError",
    "Momentum",
    "NAdam",
    "Nesterov",
    "ObjectiveError",
    "Polyak",
    "RAdam",
    "RMSProp",
    "ReduceOnPlateau",
    "Result",
    "Rprop",
    "ScheduleFreeAdam",
    "ScheduleFreeGD",
    "SignSGD",
    "SteepestError",
    "Wolfe",
    "Yogi",
    "check_gradient",
    "derivative",
    "descend",
    "formula",
    "from_samples",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "maximize",
    "methods",
    "minimize",
    "noise",
    "problems",
    "rule",
    "schedules",
    "stop",
]
