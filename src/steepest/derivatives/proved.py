"""A gradient from someone else, used as long as it is right."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..errors import Exhausted
from ..oracle import Derivative, Objective
from .automatic import Primitive
from .check import Box, Proof, prove
from .noise import Noise

USER = "user"  # the name of gradients that the caller wrote


class Proved:
    """A gradient that someone else computes, proved against the function; differences where it is not right.

    Parameters
    ----------
    name : str
        `USER`, or the name of an automatic one.
    tell : callable
        x -> (value, gradient); the value is NaN where it is not known.
    objective : Objective
        What it should be the gradient of.
    x0, f0 : ndarray of shape (n,), float
        Where it is proved first.
    bounds : (low, high)
        Nothing is evaluated outside.
    rng : numpy.random.Generator
        Draws the directions of the proof.
    differences : callable
        (x, f) -> the derivative that stands in.

    Attributes
    ----------
    warning : str
        What is wrong with the caller's own gradient, or "".
    """

    def __init__(
        self,
        name: str,
        tell: Primitive,
        objective: Objective,
        x0: np.ndarray,
        f0: float,
        bounds: Box | None,
        rng: np.random.Generator,
        differences: Callable[[np.ndarray, float], Derivative],
    ):
        self.name, self.report, self.warning = name, "", ""
        self._tell, self._objective, self._bounds, self._rng = tell, objective, bounds, rng
        self._differences = differences
        self._instead: Derivative | None = None
        self._rounding, self._size = 4 * float(np.finfo(x0.dtype).eps), abs(f0) if math.isfinite(f0) else 0.0
        self._stochastic: Noise | None = None
        self._prove(x0, f0)

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray | None]:
        """The gradient at `x`, where the value is `f`, and a bound on its error (None: exact to rounding)."""
        if self._instead is None:
            g = self._right(x, f)
            if g is not None:
                return g, None
        assert self._instead is not None
        return self._instead.gradient(x, f)

    def noise(self, f: float) -> float:
        """The uncertainty of one value of fun near `f`: its rounding, or what was measured where it scatters."""
        if self._instead is not None:
            return self._instead.noise(f)
        return self._stochastic.at(f) if self._stochastic else self._rounding * abs(f)

    def diagonal(self) -> np.ndarray | None:
        """Second derivatives, where differences brought them along."""
        return self._instead.diagonal() if self._instead is not None else None

    def refresh(self, x: np.ndarray, f: float) -> bool:
        """Prove the gradient again at `x`; True if it is wrong there, and replaced."""
        if self._instead is not None:
            return self._instead.refresh(x, f)
        self._prove(x, f)
        return self._instead is not None

    def _right(self, x: np.ndarray, f: float) -> np.ndarray | None:
        """The gradient at `x`, unless what came is visibly no gradient of fun."""
        try:
            value, g = self._tell(x)
        except Exhausted:
            raise
        except Exception as error:
            if self.name == USER:
                raise
            return self._reject(f"it can't follow fun ({type(error).__name__}: {error})", x, f)
        if not math.isfinite(f):
            return g
        if not np.isfinite(g).all():
            return self._reject(f"it is not finite at {_brief(x)}, where fun is {f:.6g}", x, f)
        # the same operations in the same order: more than rounding apart means that other code was followed
        if abs(value - f) > 1e-6 * abs(f) + 1e-9 * self._size + 10 * self.noise(f):
            return self._reject(f"it follows other code (value {value:.6g} where fun is {f:.6g})", x, f)
        return g

    def _prove(self, x: np.ndarray, f: float) -> None:
        try:
            proof = prove(lambda y: self._tell(y)[1], self._objective, x, f, self._bounds, self._rng)
        except Exhausted:
            raise
        except Exception as error:
            if self.name == USER:
                raise
            proof = Proof(False, f"it can't follow fun ({type(error).__name__}: {error})")
        self._stochastic = proof.noise
        if proof.agrees is False:
            self._reject(proof.sentence, x, f)
        else:
            self.report = f"{self.name}, {'proved' if proof.agrees else 'not proved'}: {proof.sentence}"

    def _reject(self, reason: str, x: np.ndarray, f: float) -> None:
        """Let differences stand in from now on."""
        self._instead = self._differences(x, f)
        whose = "your gradient is wrong" if self.name == USER else f"{self.name} does not do"
        self.report = f"{self._instead.report}, because {whose}: {reason}"
        if self.name == USER:
            self.warning = (
                f"{whose}: {reason}; differences are used, steepest.check_gradient shows where it is"
            )
        self.name = self._instead.name


def _brief(x: np.ndarray) -> str:
    return np.array2string(x, precision=6, threshold=6, edgeitems=2)
