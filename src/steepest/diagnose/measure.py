"""The spectrum of the Hessian measured: by differences of gradients, or by second differences of values."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .bends import Bends, bends
from .lanczos import lanczos
from .probes import Probes
from .product import Product
from .spectrum import Curvature

FULL = 50  # up to here all n Hessian-vector products are made
# Above, so many, twice where x is not in one unit: 10 % negative directions are always found with 10 (measured at
# n = 100 and 1000).
LANCZOS = 30
LONG = 0.1  # share of the way that x may be expected to move: a step that shows small curvatures
CLEAR = 1e3  # times the noise of three values: what f must change by for three digits of a second difference
BY_VALUES = 4  # directions whose curvatures are measured by values where n^2/2 values are too many


class Spot(NamedTuple):
    """The point at which curvatures are measured, and what is known there.

    Attributes
    ----------
    probes : Probes
        The function, and how many evaluations are left.
    x, f, g
        The point, shape (n,), its value and its gradient.
    scale : ndarray, shape (n,)
        How far each coordinate may be expected to move.
    noise : float
        The uncertainty of one value.
    gain : float
        By how much f has changed over about that `scale`.
    diagonal : ndarray, shape (n,)
        Second derivatives along the coordinates, where the run's differences have measured them: no step is so short
        that they would not be seen above the noise.
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


def gradient_error(error: np.ndarray | None) -> Any:
    """The uncertainty of a gradient, from the bound that came with it; huge where nothing is known."""
    return 0.0 if error is None else np.nan_to_num(error.astype(float))


def measure(spot: Spot, free: np.ndarray, fresh: np.ndarray, steps: np.ndarray, rng: Any = 0) -> Curvature | None:
    """The curvatures in the coordinates that are `free`, shape (n,) of bool, by the method that the budget allows.

    With exact gradients the whole Hessian, or Lanczos where n is large. By values the whole Hessian where the budget
    has n(n + 3)/2 of them, else the Hessian within a few directions, in this order: concave coordinates; `fresh`, those
    that the run has not explored, shape (k, n); g; `steps`, its last steps, shape (k, n).
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
    directions = np.vstack([*(np.arange(free.size) == i for i in concave), fresh[: BY_VALUES - 1], g, steps]) * free
    basis = _span(directions[: len(fresh) + BY_VALUES + 1])[:, :BY_VALUES]
    while basis.shape[1] and basis.shape[1] * (basis.shape[1] + 3) // 2 > probes.left:
        basis = basis[:, :-1]
    if not basis.shape[1]:
        return None
    return _by_values(spot, basis, complete=False)


def _full(product: Product, index: np.ndarray) -> Curvature | None:
    """The Hessian within the coordinates `index`, a product with each."""
    n = product.x.size
    columns, errors = [], []
    for i in index:
        column = product(np.eye(1, n, i)[0])
        if column is None:
            return None
        columns.append(column[0][index])
        errors.append(column[1][index])
    H, rounding = np.array(columns), np.array(errors)
    # what is not symmetric is error: of rounding and of the third derivative
    asymmetry, H = np.abs(H - H.T) / 2, (H + H.T) / 2
    values, vectors = np.linalg.eigh(H)
    error = max(float(rounding.max()), float(np.linalg.norm(asymmetry)), product.least * float(np.abs(values).max()))
    size = np.sqrt(np.abs(np.diag(H)))
    worst = np.maximum(asymmetry, np.maximum(rounding, rounding.T))
    entries = 10 * np.maximum(worst, product.least * np.outer(size, size))
    basis = np.eye(n)[:, index]
    return Curvature(values, basis @ vectors, 10 * error, True, index.size, bends(H, entries, basis))


def _by_lanczos(product: Product, g: np.ndarray, free: np.ndarray, m: int, rng: Any) -> Curvature | None:
    """The ends of the spectrum by `m` products; the bends by `m` more, with x measured in its scale."""
    random = np.random.default_rng(rng).standard_normal(g.size) * free
    plain = lanczos(product, _mixture(g * free, random), m)
    if plain is None:
        return None
    values, vectors, _ = plain
    scale, scaled = product.scale, plain
    if np.ptp(scale[free]) > 0:

        def multiply(z: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
            image = product(scale * z)
            return None if image is None else (scale * image[0], scale * image[1])

        scaled = lanczos(multiply, _mixture(scale * g * free, random), m) or plain
    axes = vectors if scaled is plain else scale[:, None] * scaled[1]
    errors = [10 * max(error, product.least * float(np.abs(v).max())) for v, _, error in (plain, scaled)]
    axial = Bends(scaled[0], axes, np.full(scaled[0].size, errors[1]))
    return Curvature(values, vectors, errors[0], False, int(free.sum()), axial)


def _mixture(g: np.ndarray, random: np.ndarray) -> np.ndarray:
    """The direction of g plus a random one, so that no eigenvector is left out by symmetry."""
    start, norm = random / np.linalg.norm(random), float(np.linalg.norm(g))
    return start + g / norm if norm else start


def _by_values(spot: Spot, basis: np.ndarray, complete: bool) -> Curvature | None:
    """The Hessian within a basis, shape (n, k), by second differences: f(x +- t v) for its diagonal, f(x + t v + s w)
    for the rest."""
    probes, x, f, unit = spot.probes, spot.x, spot.f, float(np.finfo(spot.x.dtype).eps)
    k = basis.shape[1]
    lengths = _lengths(spot, basis)
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
    values, vectors = np.linalg.eigh(H)
    sizes = np.maximum(abs(f), np.maximum(np.abs(right), np.abs(left)))
    rounding = 4 * np.maximum(spot.noise, unit * np.maximum.outer(sizes, sizes)) / np.outer(lengths, lengths)
    truncation = _truncation(spot, basis, lengths, (right - left) / (2 * lengths))
    largest = np.sqrt(np.abs(np.diag(H)))
    error = float(max(rounding.max(), truncation.max())) + 1e-3 * float(np.abs(values).max())
    axes = bends(H, rounding + 1e-3 * np.outer(largest, largest) + truncation, basis)
    return Curvature(values, basis @ vectors, error, complete, x.size, axes)


def _lengths(spot: Spot, basis: np.ndarray) -> np.ndarray:
    """How far to go along each direction, shape (k,): so far that second differences rise above the noise of f."""
    x, unit = spot.x, float(np.finfo(spot.x.dtype).eps)
    size = min(abs(spot.f), spot.gain)
    relative = max(spot.noise / max(size, 1e-300), unit) if size else unit
    share = min(max(relative**0.25, unit**0.25), 0.1)  # balances noise with fourth derivatives
    lengths = np.array([share * float((spot.scale[v != 0] / np.abs(v[v != 0])).min()) for v in basis.T])
    if spot.diagonal is None:
        return lengths
    with np.errstate(divide="ignore"):
        least = np.sqrt(4 * CLEAR * spot.noise / (np.nan_to_num(np.abs(spot.diagonal)) @ basis**2))
    least = np.maximum(least, math.sqrt(unit) * np.abs(x) @ np.abs(basis))  # x itself is rounded
    return np.maximum(lengths, np.where(np.isfinite(least), least, 0.0))


def _truncation(spot: Spot, basis: np.ndarray, lengths: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """By how much third derivatives may falsify the mixed differences, shape (k, k): central slopes over t differ from
    the gradient by t^2/6 times such a derivative."""
    difference = np.abs(slopes - spot.g @ basis) - (np.abs(basis).T * spot.error).sum(axis=1) - 2 * spot.noise / lengths
    third = 6 * np.maximum(difference, 0.0) / lengths
    return np.sqrt(np.outer(third, third)) * (1 - np.eye(len(lengths)))


def by_a_long_step(spot: Spot, found: Curvature) -> float:
    """The curvature along the flattest direction found, by a step so long that values show it; no less than noise."""
    probes, x, f, scale, noise = spot.probes, spot.x, spot.f, spot.scale, spot.noise
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
