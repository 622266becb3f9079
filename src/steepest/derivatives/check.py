"""The proof of a gradient: at the start, before it is trusted, and again when a search along it fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Exhausted, counted
from ..objective.bounds import Bounds
from ..objective.oracle import Objective
from .faults import name_factor
from .line import Site, sizes
from .noise import Noise, estimate_noise
from .slopes import COARSE, Place, Slope, scale_of, step_of

COST = 14  # calls of fun for a proof without suspicion, where the gradient itself is traced and needs two
APART = 0.05  # distance of the second place, in units of the scale of x: at x = 0 many a wrong term is 0, too


@dataclass(frozen=True)
class Proof:
    """What came out of comparing a gradient with differences of fun.

    Attributes
    ----------
    agrees : bool or None
        None: nothing could be proved.
    sentence : str
        The outcome in words.
    noise : Noise or None
        How much fun scatters, where it was found to be stochastic.
    secant : (s, y) or None
        A short step from there, and the change of the gradient over it, which the proof brought along.
    """

    agrees: bool | None
    sentence: str
    noise: Noise | None = None
    secant: tuple[np.ndarray, np.ndarray] | None = None


def prove(
    jac: Callable[[np.ndarray], np.ndarray],
    objective: Objective,
    x: np.ndarray,
    f: float,
    bounds: Bounds | None = None,
    rng: np.random.Generator | int | None = None,
) -> Proof:
    """Compare the gradient that `jac` gives with differences of `objective` at `x` and at a place nearby.

    One random direction at each, one value and gradient a direction where fun is smooth and four values more elsewhere,
    one value to see whether fun repeats itself: 4 to 12 calls. Only where they disagree, or see nothing, the noise is
    measured and ever smaller and larger steps are tried: up to 90 more, so that neither noise, nor a kink, nor a bad
    scale raises a false alarm.

    Parameters
    ----------
    jac : callable
        x -> gradient, each of shape (n,).
    objective : Objective
        Counted; a proof that more than half of the calls left would go into is not begun.
    x : ndarray, shape (n,)
        Where.
    f : float
        The value there.
    bounds : (low, high)
        Nothing is evaluated outside.

    Returns
    -------
    Proof
    """
    if not math.isfinite(f):
        return Proof(None, f"fun is {f:g} there")
    if bounds is not None and (bounds[0] == bounds[1]).all():
        return Proof(None, "the bounds leave nothing to move")
    if objective.maxfun - objective.nfev < 2 * COST:
        return Proof(None, f"maxfun={objective.maxfun:g} leaves too few evaluations")
    began = objective.nfev
    try:
        with np.errstate(all="ignore"):  # the points are ours: outside the domain NaN is an answer
            proof = _Trial(jac, objective, x, f, bounds, np.random.default_rng(rng)).verdict()
    except Exhausted as error:
        return Proof(None, str(error))
    return replace(proof, sentence=f"{proof.sentence} ({counted(objective.nfev - began, 'evaluation')})")


class _Trial:
    """A gradient on trial at `x` and at a place nearby."""

    def __init__(
        self,
        jac: Callable[[np.ndarray], np.ndarray],
        objective: Objective,
        x: np.ndarray,
        f: float,
        bounds: Bounds | None,
        rng: np.random.Generator,
    ):
        self.jac, self.objective, self.x, self.f, self.bounds, self.rng = jac, objective, x, f, bounds, rng
        self.unit = float(np.finfo(x.dtype).eps)
        self.claimed = jac(x)  # before a value is spent on a proof: it may not be able to follow fun
        self.noise = self.measured() if objective(x) != f else None

    def verdict(self) -> Proof:
        """Whether its slopes are those of fun."""
        x, noise, (g, blur) = self.x, self.noise, self.claim(self.x, self.claimed)
        if not np.isfinite(g).all():
            i = int(np.flatnonzero(~np.isfinite(g))[0])
            return Proof(False, f"component {i} is {g[i]} where fun is {self.f:.6g}", noise)
        places = self.places(g, blur)
        if not places:
            return Proof(None, "fun can't be evaluated around there", noise)
        if len(places) == 1:  # too far away: another direction from the first
            places *= 2
        first = self.slopes(places, noise)
        slopes = [
            slope.under(max(self.level(place, noise), slope.noise))
            for place, (_, slope) in zip(places, first, strict=True)
        ]
        if any(slope.wrong for slope in slopes) or not any(slope.clear or slope.flat for slope in slopes):
            known = noise or self.measured()
            if known.level > 10 * self.unit * abs(self.f):  # weights that noise allows to see
                first = self.slopes(places, known)
            slopes = [
                place.settle(d, slope, self.level(place, known))
                for place, (d, slope) in zip(places, first, strict=True)
            ]
        return Proof(*_verdict(slopes, x.size), noise, places[0].secant)

    def measured(self) -> Noise:
        """The noise of fun."""
        return estimate_noise(Site(self.objective, self.x, self.f, sizes(self.x), self.bounds, self.rng))

    def level(self, place: Place, noise: Noise | None) -> float:
        """The noise of a value at a place, as far as it is known."""
        return max(self.unit * abs(place.f), noise.at(place.f) if noise else 0.0)

    def claim(self, y: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradient at y, of which `g` is one evaluation, and its standard deviation; each of shape (n,). Where fun
        is random the gradient may be, too: it is then the mean of four evaluations."""
        if self.noise is None:
            return g.astype(float), np.zeros(y.size)
        claims = np.array([g, *(self.jac(y) for _ in range(3))], float)
        return claims.mean(axis=0), claims.std(axis=0, ddof=1) / 2

    def places(self, g: np.ndarray, blur: np.ndarray) -> list[Place]:
        """x and a place nearby, those of them where fun and the gradient can be evaluated."""
        x, f = self.x, self.f
        low, high = self.bounds or (np.full(x.size, -math.inf), np.full(x.size, math.inf))
        scale = np.minimum(scale_of(x, f, g), (high - low) / 4)
        margin = 2 * step_of(x) * scale
        places = []
        for aside in (0.0, APART * scale * self.rng.standard_normal(x.size)):
            y = np.clip(x + aside, low + margin, high - margin).astype(x.dtype)
            here = (y == x).all()
            try:
                value, (g_y, blur_y) = (f, (g, blur)) if here else (self.objective(y), self.claim(y, self.jac(y)))
            except Exhausted:
                raise
            except Exception:  # outside its domain fun may raise as well as give NaN
                continue
            if math.isfinite(value) and np.isfinite(g_y).all():
                reach = np.minimum(y - low, high - y)
                places.append(Place(self.objective.batch, y, value, g_y, scale, reach, blur_y))
        return places

    def slopes(self, places: list[Place], noise: Noise | None) -> list[tuple[np.ndarray, Slope]]:
        """A direction at each place, and the slope along it."""
        slopes = []
        for k, place in enumerate(places):
            level = self.level(place, noise)
            d = place.direction(level, self.rng, along=k == 0)
            slopes.append((d, place.trapezoid(d, level, self.jac) or place.first(d)))
        return slopes


def _verdict(slopes: list[Slope], n: int) -> tuple[bool | None, str]:
    if any(slope.wrong for slope in slopes):
        return False, _disagreement(slopes, n)
    if sharp := [slope.exactness for slope in slopes if slope.exactness < COARSE]:
        return True, f"directional differences agree to {max(sharp):.0e}"
    known = [slope for slope in slopes if slope.error < math.inf]
    if not known:
        return None, "fun can't be evaluated around there"
    if all(slope.flat for slope in known):
        return None, "fun does not change there beyond its rounding"
    blur = min(slope.error / slope.size if slope.size else math.inf for slope in known)
    return None, f"noise or a kink blurs the slopes of fun by {blur:.0%}"


def _disagreement(slopes: list[Slope], n: int) -> str:
    """What is wrong, as far as two slopes tell."""
    ratios = [slope.claimed / slope.measured for slope in slopes if slope.measured]
    if ratios and max(ratios) - min(ratios) <= 1e-3 * abs(ratios[0]) and abs(ratios[0] - 1) > 1e-3:
        return f"its slope is {name_factor(ratios[0], n)} times that of fun"
    gap = max(abs(slope.gap) / max(slope.size, abs(slope.measured)) for slope in slopes if slope.wrong)
    return f"its slope differs from that of fun by {gap:.1%}"
