"""The choice of a gradient: the caller's, an automatic one, or differences; proved before it is trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..objective.bounds import Bounds
from ..objective.oracle import Derivative, Objective
from .adaptive import Finite
from .automatic import Function, Primitive, autograd
from .complexstep import ComplexStep
from .finite import ThreePoint, TwoPoint
from .ladder import Accurate
from .own import OWN, USER, Paired, written
from .proved import Proved, Supplier

# x -> (value, gradient) for a function of a flat NumPy array; other libraries: see objective/foreign.py
AUTOMATIC: dict[str, Callable[[Function], Primitive]] = {"autograd": autograd}

DIFFERENCES: dict[str, Callable[..., Any]] = {
    "fd": Finite,
    "2-point": TwoPoint,
    "3-point": ThreePoint,
    "accurate": Accurate,
    "cs": ComplexStep,
}


def choose(
    objective: Objective,
    x0: np.ndarray,
    f0: float | None,
    jac: Any = None,
    bounds: Bounds | None = None,
    rng: Any = None,
    otherwise: str = "fd",
) -> Derivative:
    """How the gradient of `objective` is obtained.

    Parameters
    ----------
    objective : Objective
        A `Paired` one for ``jac=True``.
    x0 : ndarray, shape (n,)
        Where a gradient is proved.
    f0 : float
        The value there; None leaves the proof out.
    jac : callable, True, str, or None
        See `steepest.minimize`.
    bounds : (low, high)
        Nothing is evaluated outside.
    rng : int or numpy.random.Generator
        Draws the directions of the proof; left out, the same ones each time, so that equal runs are equal.
    otherwise : str
        The differences that stand in for a gradient that is not right.

    Raises
    ------
    ArgumentError
        When `jac` is none of these.
    """
    try:
        rng = np.random.default_rng(0 if rng is None else rng)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"rng={rng!r}: expected a whole number, at least 0, or a Generator.") from error
    if isinstance(jac, str) and jac in DIFFERENCES:
        return DIFFERENCES[jac](objective, x0, bounds, rng)

    def differences(x: np.ndarray) -> Derivative:
        return DIFFERENCES[otherwise](objective, x, bounds, rng)

    supplier = _supplier(objective, jac)
    if supplier is None:
        return differences(x0)
    derivative = Proved(objective, supplier, bounds, rng, differences)
    if f0 is not None:
        derivative.begin(x0, f0)
    return derivative


def _supplier(objective: Objective, jac: Any) -> Supplier | None:
    """The caller, or automatic differentiation; None where the library that x0 belongs to has none."""
    if jac is True:
        assert isinstance(objective, Paired), "jac=True needs a Paired objective"
        return Supplier(USER, lambda x: (None, objective.gradient(x)), objective.source)
    if callable(jac):
        gradient = written(jac, objective)
        brought = jac == getattr(objective.fun, "gradient", None)
        return Supplier(USER, lambda x: (None, gradient(x)), OWN if brought else USER)
    # whose arrays x0 is made of; or fun turns NumPy's into its own, as functions of JAX do
    if jac in (None, False, "auto") and (library := objective.parameters.library or objective.library) is not None:
        if not library.differentiates:
            return None
        tell = library.over_batches(objective) if objective.batches else library.differentiate(objective.raw)
        return Supplier(library.name, tell, library.name)
    name = "autograd" if jac in (None, False, "auto") else jac
    if name not in AUTOMATIC:
        names = ", ".join(repr(name) for name in ["auto", *AUTOMATIC, *DIFFERENCES])
        raise ArgumentError(f"jac={jac!r}: expected a function, True, or one of {names}.")
    return Supplier(name, AUTOMATIC[name](objective.raw), name)
