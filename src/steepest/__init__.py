"""Minimise anything you can call, by gradient descent and its descendants; an optimiser that never lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import codes, data, losses, problems, schedules, sets, stop
from .compare import compare
from .derivatives import check_gradient, derivative, gradient, hessian, hessian_vector_product, noise
from .diagnose import curvature, diagnose
from .errors import ArgumentError, FormulaError, MissingExtraError, ObjectiveError, SteepestError
from .findlr import LearningRate, find_lr
from .formula import formula
from .methods.conjugate import ConjugateGradient, HagerZhang
from .methods.directions import BFGS, LBFGS
from .methods.gradientwrappers import Accumulate, ClipNorm, ClipValue, GradientNoise
from .methods.iteratewrappers import Averaged, Lookahead, PolyakAveraged, WeightDecay
from .methods.leastsquares import LeastSquares, LevenbergMarquardt
from .methods.lengths import AdGD, Armijo, Polyak, ReduceOnPlateau, Wolfe
from .methods.lift import rule
from .methods.parameterfree import DAdaptAdam, DAdaptGD, DoG, DoWG, Prodigy
from .methods.proximal import FISTA, ISTA, SpaRSA
from .methods.registry import methods
from .methods.rules import (
    COCOB,
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
from .methods.spectral import BarzilaiBorwein
from .methods.stepper import Stepper
from .methods.stochastic import DoGAdam
from .minimize import descend_from as descend
from .minimize import maximize, minimize
from .regression import fit_formula
from .result import Result
from .samples import from_samples
from .sets import L1, Affine, Ball, Box, L1Ball, NonNegative, Simplex
from .sweeps.sweep import sweep
from .training.fit import fit

if TYPE_CHECKING:
    from . import plots

__version__ = "0.1.0"

__all__ = [
    "BFGS",
    "COCOB",
    "FISTA",
    "GD",
    "ISTA",
    "L1",
    "LBFGS",
    "AMSGrad",
    "Accumulate",
    "AdGD",
    "AdaBelief",
    "AdaGrad",
    "AdaMax",
    "Adadelta",
    "Adam",
    "AdamW",
    "Adan",
    "Affine",
    "ArgumentError",
    "Armijo",
    "Averaged",
    "Ball",
    "BarzilaiBorwein",
    "Box",
    "CenteredRMSProp",
    "ClipNorm",
    "ClipValue",
    "ConjugateGradient",
    "DAdaptAdam",
    "DAdaptGD",
    "DescentClassifier",
    "DescentRegressor",
    "DoG",
    "DoGAdam",
    "DoWG",
    "FormulaError",
    "GradientNoise",
    "HagerZhang",
    "L1Ball",
    "LearningRate",
    "LeastSquares",
    "LevenbergMarquardt",
    "Lion",
    "Lookahead",
    "MissingExtraError",
    "Momentum",
    "NAdam",
    "Nesterov",
    "NonNegative",
    "ObjectiveError",
    "Polyak",
    "PolyakAveraged",
    "Prodigy",
    "RAdam",
    "RMSProp",
    "ReduceOnPlateau",
    "Result",
    "Rprop",
    "ScheduleFreeAdam",
    "ScheduleFreeGD",
    "SignSGD",
    "Simplex",
    "SpaRSA",
    "SteepestError",
    "Stepper",
    "WeightDecay",
    "Wolfe",
    "Yogi",
    "check_gradient",
    "codes",
    "compare",
    "curvature",
    "data",
    "derivative",
    "descend",
    "diagnose",
    "find_lr",
    "fit",
    "fit_formula",
    "formula",
    "from_samples",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "losses",
    "maximize",
    "methods",
    "minimize",
    "noise",
    "plots",
    "problems",
    "rule",
    "schedules",
    "sets",
    "stop",
    "sweep",
]


# Loaded when they are first used: they need more than NumPy.
LAZY = {
    "plots": ".plots",
    "DescentRegressor": ".estimators",
    "DescentClassifier": ".estimators",
}


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module 'steepest' has no attribute {name!r}")
    import importlib

    module = importlib.import_module(LAZY[name], __name__)
    return module if name == "plots" else getattr(module, name)
