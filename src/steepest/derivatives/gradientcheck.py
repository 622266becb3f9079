"""check_gradient: is a hand-written gradient right, and if not, which component, and by how much?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted
from ..objective.oracle import Objective
from ..objective.params import Parameters
from ..objective.point import Point
from .check import APART, prove
from .components import Components, compare, measure
from .faults import Evidence, explain
from .own import Paired, written
from .slopes import FINE, scale_of

SHOWN = 10  # rows of the table, the worst
PLACES = 8  # where a relation between yours and the gradient must hold before it is named


@dataclass(frozen=True)
class GradientCheck:
    """A comparison of a gradient with differences of its function; true where it is right.

    Attributes
    ----------
    agrees : bool or None
        The outcome of the proof by directional differences; None where they could not tell.
    guess : str
        What is wrong, in words.
    taylor : float
        Order of the remainder f(x + h d) - f(x) - h g'd in h: 2 (or more) for a right gradient, 1 for a wrong
        one; NaN where it drowns in rounding.
    x : ndarray, shape (n,)
        Where: the point asked about, or one near it if only there something is wrong.
    beside : bool
        Whether it is one near it.
    index : ndarray of int, shape (k,)
        The components that were measured, in the order of the flat x.
    yours, measured, error : ndarray, shape (k,)
        These components, claimed and measured, and the bound on the error of the measurement.
    wrong : ndarray of int
        The wrong components.
    evaluations : int
        Calls of the function.
    """

    agrees: bool | None
    guess: str
    taylor: float
    x: np.ndarray
    beside: bool
    index: np.ndarray
    yours: np.ndarray
    measured: np.ndarray
    error: np.ndarray
    wrong: np.ndarray
    evaluations: int

    @property
    def ok(self) -> bool:
        """The gradient was proved right; False also where nothing could be proved."""
        return self.agrees is True and not self.wrong.size

    @property
    def ratio(self) -> np.ndarray:
        """yours / measured, shape (k,)."""
        with np.errstate(all="ignore"):
            return self.yours / self.measured

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        verdict = "right" if self.ok else "wrong" if self.wrong.size or self.agrees is False else "not proved"
        lines = [f"gradient {verdict}: {self.guess}"]
        if self.beside:
            lines.append(f"right at x itself, not beside it, at ({_list(self.x)}):")
        off = np.abs(self.yours - self.measured) / (self.error + FINE * np.abs(self.measured) + 1e-300)
        worst = np.argsort(-np.where(np.isnan(off), math.inf, off), kind="stable")[:SHOWN]
        if worst.size:
            lines.append(f"{'component':>9} {'yours':>14} {'measured':>14} {'± error':>9} {'ratio':>10}")
        for k in sorted(worst.tolist()):
            mark = "  <- wrong" if self.index[k] in self.wrong else ""
            lines.append(
                f"{self.index[k]:>9} {self.yours[k]:>14.7g} {self.measured[k]:>14.7g} {self.error[k]:>9.1g} "
                f"{self.ratio[k]:>10.6g}{mark}"
            )
        if self.index.size > SHOWN:
            lines.append(f"({counted(self.index.size - SHOWN, 'more component')} measured)")
        order = f"Taylor remainder of order {self.taylor:.2f} (right: 2, wrong: 1)"
        return "\n".join([*lines, f"{order}; {counted(self.evaluations, 'evaluation')}"])


def check_gradient(f: Callable[..., Any], jac: Any, x: Any, args: tuple[Any, ...] = (), rng: Any = 0) -> GradientCheck:
    """Compare a hand-written gradient with differences, component by component, and say what is wrong.

    Directional differences decide whether anything is wrong, at `x` and close to it. Up to 50 components are
    then measured one by one; of more, blocks are, and wrong components in them are found by halving (4 log2 n
    evaluations each). If something is wrong, relations like a forgotten factor are tried at further places.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float``.
    jac : callable or True
        ``jac(x, *args)``, shaped like x; True: `f` returns (value, gradient).
    x : float, array_like, or dict / list / tuple of arrays
        Where; not a special point such as all zeros, at which wrong terms may vanish.
    args : tuple
        Further arguments of both.
    rng : int or numpy.random.Generator
        For directions and places.

    Returns
    -------
    GradientCheck

    Raises
    ------
    ArgumentError
        When `jac` is no function, or `f` is not finite at `x`.

    Examples
    --------
    >>> import numpy as np
    >>> check = check_gradient(lambda x: x @ x, lambda x: 2 * x * [1, 1, -1], [1.0, 2.0, 3.0])
    >>> bool(check), check.wrong
    (False, array([2]))
    >>> print(check.guess)
    component 2: yours is -1 times the gradient everywhere: the sign is wrong
    """
    if jac is not True and not callable(jac):
        raise ArgumentError(f"jac={jac!r}: expected a function, or True if f returns (value, gradient).")
    rng = np.random.default_rng(rng)
    parameters = Parameters(x, "x")
    objective = Paired(f, parameters, args) if jac is True else Objective(f, parameters, args)
    gradient = objective.gradient if isinstance(objective, Paired) else written(jac, objective)

    def claimed(y: np.ndarray) -> Point:
        return Point(y, objective(y), gradient(y))

    start = parameters.start
    f0 = objective(start)
    if not math.isfinite(f0):
        raise ArgumentError(f"x={x!r}: f is {f0:g} there; expected a point where it is finite.")
    point = Point(start, f0, gradient(start))
    proof = prove(gradient, objective, start, f0, rng=rng)
    found = compare(objective, point, rng)
    beside = proof.agrees is False and not found.wrong.size
    if beside:
        point = claimed(_beside(point, APART, rng))
        found = compare(objective, point, rng)
    guess = proof.sentence
    if found.wrong.size:
        guess = _at_place(point, found) or _relation(objective, claimed, point, found.wrong, rng)
    return GradientCheck(
        agrees=proof.agrees,
        guess=guess,
        taylor=_order(objective, point, rng),
        x=point.x,
        beside=beside,
        index=found.index,
        yours=point.g[found.index],
        measured=found.measured,
        error=found.error,
        wrong=found.wrong,
        evaluations=objective.nfev,
    )


def _beside(point: Point, apart: float, rng: np.random.Generator) -> np.ndarray:
    """A random place about `apart` times the scale of each coordinate away, shape (n,)."""
    x = point.x
    return (x + apart * scale_of(x, point.f, point.g) * rng.standard_normal(x.size)).astype(x.dtype)


def _order(objective: Objective, point: Point, rng: np.random.Generator) -> float:
    """The order of f(x + h d) - f(x) - h g'd in h, from the smallest steps where it is no rounding."""
    x, f, g = point.x, point.f, point.g
    d = scale_of(x, f, g) * rng.choice([-1.0, 1.0], x.size)
    steps = 0.1 * 2.0 ** -np.arange(24)
    points = (x + steps[:, None] * d).astype(x.dtype)
    with np.errstate(all="ignore"):
        moves = points.astype(float) - x
        rest = np.abs(objective.batch(points) - f - moves @ g)
        size = abs(f) + np.abs(moves) @ np.abs(g)
        clear = np.isfinite(rest) & (rest > 1e3 * float(np.finfo(x.dtype).eps) * size)
    last = np.flatnonzero(clear)[-6:]
    if last.size < 2:
        return math.nan
    return float(np.polyfit(np.log(steps[last]), np.log(rest[last]), 1)[0])


def _at_place(point: Point, found: Components) -> str:
    """What is wrong, in words, as far as the components at the place itself show it; else ""."""
    g, wrong = point.g, found.wrong
    if not np.isfinite(g[wrong]).all():
        i = wrong[~np.isfinite(g[wrong])][0]
        return f"component {i} is {g[i]}"
    true = found.measured[np.isin(found.index, wrong)]
    if wrong.size > 1 and np.allclose(np.sort(g[wrong]), np.sort(true), rtol=1e-5, atol=0):
        return f"components {_list(wrong)} are the right numbers in another order"
    missing = wrong[g[wrong] == 0]
    if missing.size and missing.size < g.size:
        return f"missing: component {_list(missing)} is 0, measured {_list(true[g[wrong] == 0])}"
    return ""


def _relation(
    objective: Objective,
    claimed: Callable[[np.ndarray], Point],
    point: Point,
    wrong: np.ndarray,
    rng: np.random.Generator,
) -> str:
    """The relation of wrong components to the gradient that holds at several places, in words."""
    chosen, n = wrong[:3], point.x.size
    places = [point.x, *(_beside(point, 0.3, rng) for _ in range(PLACES - 1))]
    rows = []
    for there in map(claimed, places):
        if math.isfinite(there.f):
            slopes, blur = measure(objective, there, chosen, rng)
            rows.append(np.array([there.g[chosen], slopes, blur, there.x[chosen], np.full(chosen.size, there.f)]))
    evidence = np.array(rows)  # (places, 5, components)
    if said := explain(Evidence(*evidence.transpose(1, 0, 2).reshape(5, -1)), n):
        return said if wrong.size == n else f"component {_list(wrong)}: {said}"
    each = {int(i): explain(Evidence(*evidence[:, :, k].T), n) for k, i in enumerate(chosen)}
    if any(each.values()):
        return "; ".join(f"component {i}: {said}" for i, said in each.items() if said)
    with np.errstate(all="ignore"):
        ratios = evidence[:, 0] / evidence[:, 1]
    return f"no constant factor: yours / measured runs from {np.nanmin(ratios):.3g} to {np.nanmax(ratios):.3g}"


def _list(numbers: np.ndarray) -> str:
    return ", ".join(f"{number:.4g}" for number in numbers[:5]) + (", ..." if numbers.size > 5 else "")
