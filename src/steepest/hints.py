"""Hints for names that other libraries have: what an argument or a method is called here, or what there is instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

ARGUMENTS = {
    "constraints": "Take bounds= for limits, project= for a set to stay in (Simplex, Ball, Affine, ...); "
    "for others see docs/wrappers.md, the augmented Lagrangian.",
    "hess": "Leave it out: no method here takes second derivatives from outside.",
    "hessp": "Leave it out: no method here takes second derivatives from outside.",
    "disp": "print(result) says how it ended, logging.getLogger('steepest') the steps.",
    "verbose": "print(result) says how it ended, logging.getLogger('steepest') the steps.",
    "eps": "Leave it out: the steps of differences are measured.",
    "finite_diff_rel_step": "Leave it out: the steps of differences are measured.",
    "maxcor": "Write method=LBFGS(memory=...).",
    "maxls": "Leave it out: searches are bounded.",
    "return_all": "result.history.x has all places.",
    "betas": "Write method=Adam(beta1=..., beta2=...).",
    "momentum": "Write method=Momentum(lr=..., beta=...).",
    "weight_decay": "Write AdamW(decay=...), or WeightDecay(method, decay=...).",
}
ARGUMENTS |= {
    theirs: f"Did you mean {ours}?"
    for ours, names in {
        "maxiter": "max_iter n_iter num_iters iterations nit steps max_steps",
        "maxfun": "max_nfev maxfeval max_evals",
        "maxtime": "timeout time_limit max_time",
        "lr": "learning_rate alpha eta step_size eta0",
        "jac": "grad gradient fprime",
        "epochs": "n_epochs num_epochs max_epochs",
        "batch_size": "batchsize",
        "rng": "seed random_state",
        "xtol": "xatol x_tol",
        "ftol": "fatol f_tol",
        "workers": "n_jobs",
    }.items()
    for theirs in names.split()
}

HYPERPARAMETERS = {  # ours, and what torch, optax and papers call it
    "beta": "momentum mu",
    "beta1": "b1 betas",
    "beta2": "b2",
    "beta3": "b3",
    "rho": "alpha decay_rate",
    "decay": "weight_decay",
    "lr": "learning_rate alpha eta step_size eta0",
    "eps": "epsilon",
    "start": "initial_accumulator_value",
}

SAME = {"cg": "conjugategradient", "lbfgsb": "lbfgs"}  # scipy's names of methods that are here

WITHOUT = "Leave method out; without jac= its place is taken by differences that follow the noise of fun."
INSTEAD = {
    "neldermead": WITHOUT,
    "powell": WITHOUT,
    "cobyla": WITHOUT,
    "cobyqa": WITHOUT,
    "slsqp": f"Leave method out. {ARGUMENTS['constraints']}",
    "trustconstr": f"Leave method out. {ARGUMENTS['constraints']}",
    "sgd": "It is 'gd' here; batches are steepest.fit.",
    "nag": "It is 'nesterov' here.",
    "heavyball": "It is 'momentum' here.",
    "lm": "It is method=LevenbergMarquardt() here, for fun=LeastSquares(residuals, jac).",
} | dict.fromkeys(
    ("newtoncg", "tnc", "dogleg", "trustncg", "trustexact", "trustkrylov"),
    "Leave method out: the default learns the curvature by itself.",
)


def argument(name: str, names: Iterable[str]) -> str:
    """What to write for the argument `name`, which is none of `names`; empty where nobody can guess it."""
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    near = get_close_matches(name, list(names), 1)
    return f"Did you mean {near[0]}?" if near else ""


def hyperparameter(name: str, names: Iterable[str]) -> str:
    """What to write for the hyperparameter `name` of a method that has `names`; empty where nobody can guess it."""
    for ours, theirs in HYPERPARAMETERS.items():
        if ours in names and name in theirs.split():
            return f"Did you mean {ours!r}?"
    near = get_close_matches(name, list(names), 1)
    return f"Did you mean {near[0]!r}?" if near else ARGUMENTS.get(name, "")


def spelled(call: Callable[P, R]) -> Callable[P, R]:
    """The same function; of an argument that it does not have, its error says what to write instead."""
    names = inspect.signature(call).parameters

    @wraps(call)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in names:
                hint = argument(name, names)
                raise TypeError(f"{call.__name__}() has no argument {name!r}. {hint}".rstrip())
        return call(*args, **keywords)

    return checked
