"""Curvature: the eigenvalues of the Hessian, from gradients near a point or, without these, from values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..derivatives.choice import choose
from ..errors import ArgumentError
from ..objective.oracle import Objective, Oracle
from ..objective.params import Parameters
from .bends import Bends, bends
from .lanczos import lanczos
from .probes import Probes
from .product import Product
from .words import along, number

FULL = 50  # up to here all n Hessian-vector products are made
# Above, so many, twice where x is not in one unit: 10 % negative directions are always found with 10 (measured at
# n = 100 and 1000).
LANCZOS = 30
LONG = 0.1  # share of the way that x may be expected to move: a step that shows small curvatures
CLEAR = 1e3  # times the noise of three values: what f must change by for three digits of a second difference
BY_VALUES = 4  # directions whose curvatures are measured by values where n^2/2 values are too many


@dataclass(frozen=True)
class Curvature:
    """The curvatures of a function at a point.

    Attributes
    ----------
    values : ndarray, shape (k,)
        Eigenvalues of the Hessian, or estimates (Ritz values), in increasing order.
    vectors : ndarray, shape (n, k)
        Their directions, of length 1.
    error : float
        Bound on the error of a measured curvature; what is smaller counts as zero.
    complete : bool
        Whether all n directions (those that bounds leave free) were seen.
    n : int
        How many directions there are.
    bends : Bends
        The same free of units.
    evaluations : int
        What it cost.

    Examples
    --------
    >>> print(curvature(lambda x: x[0] ** 2 - x[1] ** 2, [0.0, 0.0]))
    curvature from -2 along (0, 1) to 2 along (1, 0): 1 negative of 2 directions; ...
    """

    values: np.ndarray
    vectors: np.ndarray
    error: float
    complete: bool
    n: int
    bends: Bends
    evaluations: int = 0

    @property
    def largest(self) -> float:
        """L, the largest curvature in size: gradient descent is stable below the rate 2/L."""
        return float(np.abs(self.values).max(initial=0.0))

    @property
    def smallest(self) -> float:
        """mu, the smallest curvature; negative at a saddle."""
        return float(self.values[0])

    @property
    def condition(self) -> float:
        """L/mu; infinite where mu is not above its error. A lower bound where not all directions were seen."""
        return self.largest / self.smallest if self.smallest > self.error else math.inf

    @property
    def negative(self) -> np.ndarray:
        """Directions along which f curves down, shape (n, k)."""
        return self.vectors[:, self.values < -self.error]

    @property
    def lowest(self) -> float:
        """No curvature is below this: the smallest minus its error where all directions were seen, else minus the
        bound of Kuczynski & Wozniakowski (1992) for Lanczos from a random start, 2.6 L (ln n/(m - 1))^2."""
        if self.complete:
            return self.smallest - self.error
        steps = max(self.values.size - 1, 1)
        return self.smallest - max(self.error, 2.6 * self.largest * (math.log(self.n) / steps) ** 2)

    def __repr__(self) -> str:
        ends = [f"{number(self.values[k])} along {along(self.vectors[:, k])}" for k in (0, -1)]
        seen = f"{self.negative.shape[1]} negative of {self.values.size} directions"
        if not self.complete:
            seen += f" seen, of {self.n}; none below {number(self.lowest)}"
        return f"curvature from {ends[0]} to {ends[1]}: {seen}; condition {number(self.condition)}"


def curvature(f: Callable[..., Any], x: Any, args: tuple[Any, ...] = (), jac: Any = None, rng: Any = 0) -> Curvature:
    """The curvatures of `f` at `x`: largest, smallest, condition number, negative directions.

    For n <= 50 the Hessian by n differences of gradients, above 30 steps of Lanczos (1950) with full
    orthogonalisation; the result then says below what no curvature lies.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float``.
    x : float, array_like, or dict / list / tuple of arrays
        Where.
    args : tuple
        Further arguments of `f`.
    jac : callable, True, str, or None
        As in `minimize`.
    rng : int or numpy.random.Generator
        For the start of Lanczos.

    Returns
    -------
    Curvature

    Raises
    ------
    ArgumentError
        When `f` is not finite at `x`.

    Examples
    --------
    >>> c = curvature(lambda x: x[0] ** 2 + 50 * x[1] ** 2, [3.0, 2.0])
    >>> round(c.largest, 3), round(c.smallest, 3), round(c.condition, 3)
    (100.0, 2.0, 50.0)
    """
    from ..derivatives.own import Paired

    parameters = Parameters(x, "x")
    objective = (Paired if jac is True else Objective)(f, parameters, args)
    start = parameters.start
    f0 = objective(start)
    if not math.isfinite(f0):
        raise ArgumentError(f"x={x!r}: f is {f0:g} there; expected a point where it is finite.")
    derivative = choose(objective, start, f0, jac, None, rng)
    g, error = derivative.gradient(start, f0)
    n = start.size
    probes = Probes(Oracle(objective, derivative), 2 * n + 10 if error is None else n * (n + 1), error is None)
    scale = np.where(start == 0, 1.0, np.abs(start)).astype(float)
    spot = Spot(probes, start, f0, g.astype(float), scale, derivative.noise(f0), error=doubt(error))
    found = measure(spot, np.ones(n, bool), np.zeros((0, n)), np.zeros((0, n)), rng)
    if found is None:
        raise ArgumentError(f"x={x!r}: f can't be evaluated around there; expected a point inside its domain.")
    return replace(found, n=n, evaluations=probes.spent)


class Spot(NamedTuple):
    """Where curvatures are measured, and what is known there.

    Attributes
    ----------
    probes, x, f, g
        Who is asked; the place, shape (n,), the value and the gradient there.
    scale : ndarray, shape (n,)
        How far each coordinate may be expected to move.
    noise : float
        The uncertainty of one value.
    gain : float
        By how much f has changed over about that `scale`.
    diagonal : ndarray, shape (n,)
        Second derivatives along the coordinates, where differences of the run have told them: no step is so short that
        they would not be seen above the noise.
    error : ndarray, shape (n,), or float
        The uncertainty of g.
    """

    probes: Probes
    x: np.ndarray
    f: float
    g: np.ndarray
    scale: np.ndarray
    noise: float
    gain: float = math.inf
    diagonal: np.ndarray | None = None
    error: Any = 0.0


def doubt(error: np.ndarray | None) -> Any:
    """The uncertainty of a gradient, from the bound that came with it; huge where nothing is known."""
    return 0.0 if error is None else np.nan_to_num(error.astype(float))


def measure(spot: Spot, free: np.ndarray, fresh: np.ndarray, steps: np.ndarray, rng: Any = 0) -> Curvature | None:
    """The curvatures in the directions that are `free`, shape (n,), by the way that the budget allows.

    `fresh` and `steps`, shape (k, n), are directions to look at first, and the last steps of a run: where gradients are
    dear, curvatures are measured along these and g between.
    """
    probes, g = spot.probes, spot.g
    index = np.flatnonzero(free)
    if not index.size:
        return None
    if probes.exact:
        product = Product(probes, spot.x, g, spot.scale, free, abs(spot.f) + spot.gain)
        if index.size <= min(FULL, probes.left):
            return _full(product, index)
        return _by_lanczos(product, g, free, min(LANCZOS, probes.left // 2), rng)
    k = index.size
    if k * (k + 3) // 2 <= probes.left:
        return _by_values(spot, np.eye(free.size)[:, index], complete=True)
    concave = np.flatnonzero([] if spot.diagonal is None else spot.diagonal < 0)[: BY_VALUES - 1]
    ways = np.vstack([*(np.arange(free.size) == i for i in concave), fresh[: BY_VALUES - 1], g, steps]) * free
    basis = _span(ways[: len(fresh) + BY_VALUES + 1])[:, :BY_VALUES]
    while basis.shape[1] and basis.shape[1] * (basis.shape[1] + 3) // 2 > probes.left:
        basis = basis[:, :-1]
    if not basis.shape[1]:
        return None
    return _by_values(spot, basis, complete=False)


def _full(product: Product, index: np.ndarray) -> Curvature | None:
    n = product.x.size
    columns, doubts = [], []
    for i in index:
        column = product(np.eye(1, n, i)[0])
        if column is None:
            return None
        columns.append(column[0][index])
        doubts.append(column[1][index])
    H, rounding = np.array(columns), np.array(doubts)
    # what is not symmetric is error: of rounding and of the third derivative
    apart, H = np.abs(H - H.T) / 2, (H + H.T) / 2
    values, vectors = np.linalg.eigh(H)
    error = max(float(rounding.max()), float(np.linalg.norm(apart)), product.least * float(np.abs(values).max()))
    size = np.sqrt(np.abs(np.diag(H)))
    doubt = 10 * np.maximum(np.maximum(apart, np.maximum(rounding, rounding.T)), product.least * np.outer(size, size))
    basis = np.eye(n)[:, index]
    return Curvature(values, basis @ vectors, 10 * error, True, index.size, bends(H, doubt, basis))


def _by_lanczos(product: Product, g: np.ndarray, free: np.ndarray, m: int, rng: Any) -> Curvature | None:
    """The ends of the spectrum as they are, and the bends with x measured in its scale."""
    random = np.random.default_rng(rng).standard_normal(g.size) * free
    plain = lanczos(product, _mixed(g * free, random), m)
    if plain is None:
        return None
    values, vectors, _ = plain
    scale, bent = product.scale, plain
    if np.ptp(scale[free]) > 0:

        def scaled(z: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
            image = product(scale * z)
            return None if image is None else (scale * image[0], scale * image[1])

        bent = lanczos(scaled, _mixed(scale * g * free, random), m) or plain
    along = vectors if bent is plain else scale[:, None] * bent[1]
    least = [10 * max(doubt, product.least * float(np.abs(v).max())) for v, _, doubt in (plain, bent)]
    axes = Bends(bent[0], along, np.full(bent[0].size, least[1]))
    return Curvature(values, vectors, least[0], False, int(free.sum()), axes)


def _mixed(g: np.ndarray, random: np.ndarray) -> np.ndarray:
    """The way of g, and something of all others, so that none is left out by symmetry."""
    start, norm = random / np.linalg.norm(random), float(np.linalg.norm(g))
    return start + g / norm if norm else start


def _by_values(spot: Spot, basis: np.ndarray, complete: bool) -> Curvature | None:
    """The Hessian within a basis: f(+-t v) for the diagonal, f(t (v + w)) for the rest, wrong by third derivatives."""
    probes, x, f, g, scale, noise, gain, diagonal, error = spot
    k = basis.shape[1]
    unit = float(np.finfo(x.dtype).eps)
    size = min(abs(f), gain)
    relative = max(noise / max(size, 1e-300), unit) if size else unit
    share = min(max(relative**0.25, unit**0.25), 0.1)
    lengths = np.array([share * float((scale[v != 0] / np.abs(v[v != 0])).min()) for v in basis.T])
    if diagonal is not None:
        with np.errstate(divide="ignore"):
            least = np.sqrt(4 * CLEAR * noise / (np.nan_to_num(np.abs(diagonal)) @ basis**2))
        least = np.maximum(least, math.sqrt(unit) * np.abs(x) @ np.abs(basis))  # x itself is rounded
        lengths = np.maximum(lengths, np.where(np.isfinite(least), least, 0.0))
    moves = basis * lengths
    right = np.array([probes.smooth((x + v).astype(x.dtype)) for v in moves.T])
    left = np.array([probes.smooth((x - v).astype(x.dtype)) for v in moves.T])
    H = np.diag((right - 2 * f + left) / lengths**2)
    for i in range(k):
        for j in range(i):
            both = probes.smooth((x + moves[:, i] + moves[:, j]).astype(x.dtype))
            mixed = (both - right[i] - right[j] + f) / (lengths[i] * lengths[j])
            H[i, j] = H[j, i] = mixed
    if not np.isfinite(H).all():
        return None
    sizes = np.maximum(abs(f), np.maximum(np.abs(right), np.abs(left)))
    values, vectors = np.linalg.eigh(H)
    # by how much the slope over 2t differs from the one here: t^2/6 times the third derivative
    apart = (
        np.abs((right - left) / (2 * lengths) - g @ basis) - (np.abs(basis).T * error).sum(axis=1) - 2 * noise / lengths
    )
    bent = 6 * np.maximum(apart, 0.0) / lengths
    bent = np.sqrt(np.outer(bent, bent)) * (1 - np.eye(k))
    largest = np.sqrt(np.abs(np.diag(H)))
    blur = 4 * np.maximum(noise, unit * np.maximum.outer(sizes, sizes)) / np.outer(lengths, lengths)
    wrong = float(max(blur.max(), bent.max())) + 1e-3 * float(np.abs(values).max())
    free = bends(H, blur + 1e-3 * np.outer(largest, largest) + bent, basis)
    return Curvature(values, basis @ vectors, wrong, complete, x.size, free)


def by_a_long_step(spot: Spot, found: Curvature) -> float:
    """The curvature along the flattest direction found, by a step so long that values show it; no less than noise."""
    probes, x, f, _, scale, noise, *_ = spot
    v = found.vectors[:, 0]
    h = LONG * float((scale[v != 0] / np.abs(v[v != 0])).min())
    right, left = (probes.smooth((x + t * v).astype(x.dtype)) for t in (h, -h))
    bend, least = (right - 2 * f + left) / h**2, 4 * noise / h**2
    return max(bend, least) if bend > -least else math.inf


def _span(rows: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the rows that are not (nearly) dependent, in their order; shape (n, k)."""
    basis: list[np.ndarray] = []
    for row in rows:
        size = float(np.linalg.norm(row))
        if not size or not math.isfinite(size):
            continue
        rest = row / size
        for v in basis:
            rest = rest - (rest @ v) * v
        if (left := float(np.linalg.norm(rest))) > 0.03:
            basis.append(rest / left)
    return np.array(basis).T if basis else np.zeros((rows.shape[1], 0))
