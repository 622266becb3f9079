"""A gradient from someone else, used as long as it is right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..errors import Exhausted
from ..objective.bounds import Bounds
from ..objective.oracle import Derivative, Objective
from ..objective.point import FEW
from .automatic import Primitive
from .check import Proof, prove
from .noise import Noise
from .own import OWN, USER, Paired


class Supplier(NamedTuple):
    """Who computes a gradient.

    Attributes
    ----------
    name : str
        `USER`, or the name of an automatic one.
    tell : callable
        x -> (value, gradient); the value is None where it is not known.
    source : str
        What the gradient is called in the report.
    """

    name: str
    tell: Primitive
    source: str


class Proved:
    """A gradient that someone else computes, proved against the function; differences where it is not right.

    Parameters
    ----------
    objective : Objective
        What it should be the gradient of.
    supplier : Supplier
        Who computes it.
    bounds : (low, high)
        Nothing is evaluated outside.
    rng : numpy.random.Generator
        Draws the directions of the proof.
    differences : callable
        x -> the derivative that stands in from there.

    Attributes
    ----------
    warning : str
        What is wrong with the caller's own gradient, or "".
    instead : Derivative or None
        The differences that stand in, once the gradient was found wrong.
    secant : (s, y) or None
        A step from where it was proved last, and the change of the gradient over it.
    """

    def __init__(
        self,
        objective: Objective,
        supplier: Supplier,
        bounds: Bounds | None,
        rng: np.random.Generator,
        differences: Callable[[np.ndarray], Derivative],
    ):
        self.name, self._tell, self._source = supplier
        self.warning = ""
        self._objective, self._bounds, self._rng, self._differences = objective, bounds, rng, differences
        self.instead: Derivative | None = None
        self._accused: tuple[np.ndarray, np.ndarray] | None = None  # the place, and what was claimed there
        self._scatter: Noise | None = None
        self.secant: tuple[np.ndarray, np.ndarray] | None = None
        self._first: tuple[np.ndarray, float | None, np.ndarray] | None = None  # x, value, gradient: proved
        self._rounding = 4 * float(np.finfo(objective.parameters.start.dtype).eps)
        self._size = 0.0  # of values where it was proved first
        self._outcome = self._fault = ""

    def begin(self, x: np.ndarray, f: float) -> None:
        """Prove the gradient where the run begins; a saved run goes on without, it has made its proof."""
        self._size = abs(f) if math.isfinite(f) else 0.0
        self._prove(x, f)

    @property
    def report(self) -> str:
        """One sentence: what is used, how far it was proved or why not, what that took."""
        return self._outcome if self.instead is None else f"{self.instead.report}; {self._outcome}"

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray | None]:
        """The gradient at `x`, where the value is `f`, and a bound on its error (None: exact to rounding)."""
        if self.instead is None:
            g, fault = self._ask(x, f)
            if not fault:
                return g, None
            self._reject(fault, x)
        assert self.instead is not None
        g, error = self.instead.gradient(x, f)
        if self._accused is not None:
            self._accuse(x, g, error)
        return g, error

    def _accuse(self, x: np.ndarray, g: np.ndarray, error: np.ndarray | None) -> None:
        """Tell which components of the caller's gradient are wrong, by the first one of the differences."""
        assert self._accused is not None
        (at, claimed), self._accused = self._accused, None
        if x.size == 1 or not (at == x).all() or error is None:
            return
        wrong = np.flatnonzero(~(np.abs(claimed - g) <= 10 * error + 1e-6 * np.abs(g)))
        if 0 < wrong.size < x.size:
            named = ", ".join(f"x[{i}]" for i in wrong[:5]) + (", ..." if wrong.size > 5 else "")
            self.warning += f"; its component{'s' * (wrong.size > 1)} {named} {'are' if wrong.size > 1 else 'is'} wrong"
            self._outcome = self.warning

    def pair(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The value and the gradient at `x`, by one call where that gives both; for training, where the function
        changes from batch to batch: the gradient was proved on the first one, and is taken as it is."""
        if self.instead is not None:
            f = self._objective(x)
            return f, self.instead.gradient(x, f)[0]
        if isinstance(self._objective, Paired):
            return self._objective.pair(x)
        if self.name == USER:
            return self._objective(x), self._tell(x)[1]
        value, g = self._tell(x)
        return self._objective(x) if value is None else value, g

    def noise(self, f: float) -> float:
        """The uncertainty of one value of fun near `f`: its rounding, or what was measured if it scatters."""
        if self.instead is not None:
            return self.instead.noise(f)
        return self._scatter.at(f) if self._scatter else self._rounding * abs(f)

    @property
    def measured(self) -> Noise | None:
        """What was found out about the noise of fun; None where it showed none."""
        return self._scatter

    @property
    def rough(self) -> bool:
        """Whether differences have met noise above rounding."""
        return bool(getattr(self.instead, "rough", False))

    def diagonal(self) -> np.ndarray | None:
        """Second derivatives, where differences brought them along."""
        return self.instead.diagonal() if self.instead is not None else None

    def refresh(self, x: np.ndarray, f: float, noise: bool = True) -> bool:
        """Prove the gradient again at `x`; True if it is wrong there, and replaced."""
        if self.instead is not None:
            return self.instead.refresh(x, f, noise)
        self._prove(x, f)
        # right at the start, not here: a kink or a jump more likely than a fault
        if self.instead is not None:
            self.warning, self._outcome = "", f"since {_brief(x)} the slopes of fun are others: {self._fault}"
        return self.instead is not None

    def _ask(self, x: np.ndarray, f: float) -> tuple[np.ndarray, str]:
        """The gradient at `x`, and what shows that it is none of fun."""
        first, self._first = self._first, None
        try:
            value, g = first[1:] if first is not None and np.array_equal(first[0], x) else self._tell(x)
        except Exhausted:
            raise
        except Exception as error:
            if self.name == USER:
                raise
            return x, _unfollowed(error)
        if not math.isfinite(f):
            return g, ""
        # a sum that is finite has finite terms; one that is not may have overflowed
        finite = g.size <= FEW and math.isfinite(sum(g.tolist()))
        if not (finite or np.isfinite(g).all()):
            return g, f"it is not finite at x = {_brief(x)}, where fun is {f:.6g}"
        # the same operations in the same order: more than rounding apart means that other code was followed
        if value not in (None, f) and abs(value - f) > 1e-6 * abs(f) + 1e-9 * self._size + 10 * self.noise(f):
            return g, f"it follows other code, to the value {value:.6g} where fun is {f:.6g}"
        return g, ""

    def _prove(self, x: np.ndarray, f: float) -> None:
        def tell(y: np.ndarray) -> np.ndarray:
            value, g = self._tell(y)
            if y is x and not self._objective.batches:  # the run asks there next, and of the same function
                self._first = x, value, g
            return g

        try:
            proof = prove(tell, self._objective, x, f, self._bounds, self._rng)
        except Exhausted:
            raise
        except Exception as error:
            if self.name == USER:
                raise
            proof = Proof(False, _unfollowed(error))
        self._scatter, self.secant = proof.noise, proof.secant
        if proof.agrees is False:
            self._reject(proof.sentence, x)
        else:
            self._outcome = f"{self._source}, {'proved' if proof.agrees else 'not proved'}: {proof.sentence}"

    def _reject(self, fault: str, x: np.ndarray) -> None:
        """Say what is wrong, and let differences stand in."""
        self._fault = fault
        if self.name == USER:
            self.warning = f"{OWN if self._source == OWN else 'your gradient'} is wrong: {fault}"
            self._accused = (x, np.asarray(self._tell(x)[1], dtype=float))
        self._outcome = self.warning or f"{self.name} does not do: {fault}"
        self.name = self.stand_in(x).name

    def stand_in(self, x: np.ndarray) -> Derivative:
        """Let differences stand in from now on."""
        self.instead = self._differences(x)
        return self.instead


def _unfollowed(error: Exception) -> str:
    """Why no gradient came, in one line."""
    text = str(error).partition("\n")[0]
    if ufunc := re.search(r"__array_ufunc__\(<ufunc '(\w+)'>", text):
        return f"it does not know {ufunc[1]}"
    return f"it can't follow fun ({type(error).__name__}: {text if len(text) <= 120 else text[:117] + '...'})"


def _brief(x: np.ndarray) -> str:
    return np.array2string(x, precision=6, threshold=6, edgeitems=2)
