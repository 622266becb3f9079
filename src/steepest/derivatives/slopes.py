"""What a function does along a direction beyond what its gradient foresees: the measurement in a proof."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Exhausted

FINE = 1e-6  # relative error of a gradient that is let pass: gradients by differences, or in float32
BLURRED = 1e-3  # relative error above which other steps are tried
COARSE = 0.03  # relative error above which a measurement proves nothing
SETTLED = 1e-4  # relative change between steps that is small enough to stop at
BENT = 10.0  # times itself a slope may change per unit of scale, where a difference of two values is believed
REST = 10.0  # a gap counts when it is this many times the error of the measurement


@dataclass(frozen=True)
class Slope:
    """One comparison of claimed and measured slope.

    Attributes
    ----------
    gap : float
        Measured minus claimed slope.
    error : float
        Bound on the error of the measurement.
    h : float
        The step.
    noise : float
        The noise of one value as it shows in a difference that should vanish; one sample.
    claimed, size : float
        The claimed slope, sum g_i d_i, and the sum of |g_i d_i|, which the gap is compared with.
    """

    gap: float
    error: float
    h: float
    noise: float = 0.0
    claimed: float = 0.0
    size: float = 0.0

    @property
    def wrong(self) -> bool:
        return abs(self.gap) > REST * self.error + FINE * self.size

    @property
    def flat(self) -> bool:
        return self.size == 0 and abs(self.gap) <= self.error < math.inf

    @property
    def clear(self) -> bool:
        return self.exactness < BLURRED

    @property
    def sharp(self) -> bool:
        return self.error < COARSE * max(self.size, abs(self.gap))

    @property
    def exactness(self) -> float:
        """How far the agreement is proved, relative to the slope."""
        return max(abs(self.gap), self.error) / self.size if self.size else math.inf

    @property
    def measured(self) -> float:
        return self.claimed + self.gap

    def under(self, noise: float) -> Slope:
        """The same when one value is uncertain by `noise`: sqrt(65/72) noise/h is the deviation of R."""
        return replace(self, error=self.error + noise / self.h)


@dataclass(eq=False)
class Place:
    """A point where slopes are measured and compared with the gradient claimed there.

    Parameters
    ----------
    batch : callable
        The values at the rows of an array of shape (k, n).
    x, g : ndarray, shape (n,)
        The point and the gradient claimed there.
    f : float
        The value there.
    scale : ndarray, shape (n,)
        The scale of each coordinate, 0 where it must not move.
    reach : ndarray, shape (n,)
        How far each coordinate may move.
    blur : ndarray, shape (n,)
        The uncertainty of `g`, one standard deviation.

    secant : (s, y) or None
        The step of the latest `trapezoid`, and the change of the gradient over it, each of shape (n,).
    """

    batch: Callable[[np.ndarray], np.ndarray]
    x: np.ndarray
    f: float
    g: np.ndarray
    scale: np.ndarray
    reach: np.ndarray
    blur: np.ndarray
    secant: tuple[np.ndarray, np.ndarray] | None = None

    def direction(self, noise: float, rng: np.random.Generator, along: bool) -> np.ndarray:
        """A random direction, shape (n,), in which all components of the gradient contribute about as much to the
        slope, as far as these contributions exceed the noise, so that an error of 1 % in any of them changes the slope
        alike. With `along` all contributions are positive, so that a wrong factor shows; else signs are random."""
        contributions = np.abs(self.g) * self.scale
        visible = max(1e4 * noise / step_of(self.x), 1e-6 * contributions.max())
        level = max(contributions.min(), visible)
        weights = level / np.maximum(contributions, level) if level > 0 else 1.0
        signs = rng.choice([-1.0, 1.0], self.x.size)
        if along and self.g.any():
            # what is 0 with a derivative of 0 has no scale known, and a wrong one would spoil all the others
            signs = np.where(self.g == 0, np.where(self.x == 0, 0.0, signs), np.sign(self.g))
        return signs * rng.uniform(0.5, 1.0, self.x.size) * self.scale * weights

    def slope(self, d: np.ndarray, h: float) -> Slope:
        """Differences at h and 2h of r(y) = f(y) - f(x) - g'(y - x), whose slope is 0 where g is right.

        Richardson's R = (4 D(h) - D(2h))/3 is the gap. Its error is bounded by what the extrapolation took
        away, plus half the angle between the slopes on either side, extrapolated likewise (a kink at x; the
        second differences S give (2 S(h) - S(2h)/2)/2h), plus the uncertainty of the gradient itself.
        """
        right, left, right2, left2 = self.rests(d, h * np.array([1.0, -1.0, 2.0, -2.0]))
        if not math.isfinite(right + left + right2 + left2):
            return Slope(0.0, math.inf, h)
        near, far = (right - left) / (2 * h), (right2 - left2) / (4 * h)
        kink = abs(2 * (right + left) - (right2 + left2) / 2) / (2 * h)
        products = self.g * d
        return Slope(
            gap=(4 * near - far) / 3,
            error=abs(near - far) / 3 + kink + float(np.linalg.norm(self.blur * d)),
            h=h,
            noise=abs(right2 + left2 - 4 * (right + left)) / math.sqrt(70),
            claimed=float(products.sum()),
            size=float(np.abs(products).sum()),
        )

    def trapezoid(self, d: np.ndarray, noise: float, jac: Callable[[np.ndarray], np.ndarray]) -> Slope | None:
        """The gap from one value and one gradient, at x + h d: by the trapezoidal rule f changes by h times the mean of
        the slopes at both ends. None where it does not, or the slope changes so much that nothing can be concluded.

        h is the shortest step at which the noise of the values is below the tolerance `FINE`, at most that at which
        noise equals the truncation h^2 f3/12, with the third derivative f3 taken to be twelve times the slope.
        """
        products = self.g * d
        size = float(np.abs(products).sum())
        blurred = noise / size if size > 0 else math.inf
        h = max(float(np.finfo(self.x.dtype).eps) ** (1 / 3), min(blurred ** (1 / 3), REST * blurred / FINE))
        h = min(h, self.farthest(d))
        slack = max(FINE, REST * blurred / h)
        if self.blur.any() or not slack <= BLURRED:
            return None
        (rest,), there = self.rests(d, np.array([h])), (self.x + h * d).astype(self.x.dtype)
        try:
            self.secant = s, y = there.astype(float) - self.x, jac(there).astype(float) - self.g
        except Exhausted:
            raise
        except Exception:
            return None
        turn = float(y @ s)
        gap = (rest - turn / 2) / h
        if not (abs(gap) <= slack * size and abs(turn) <= 2 * h * max(BLURRED, BENT * h) * size):  # NaN is not
            return None
        return Slope(gap, abs(gap), h, claimed=float(products.sum()), size=size)

    def rests(self, d: np.ndarray, steps: np.ndarray) -> list[float]:
        """f(x + h d) - f(x) - h g'd for each of the `steps` h; NaN where fun has no value."""
        points = (self.x + steps[:, None] * d).astype(self.x.dtype)
        try:
            values = self.batch(points)
        except Exhausted:
            raise
        except Exception:  # outside its domain fun may raise as well as give NaN
            return [math.nan] * steps.size
        # the points are rounded, so the gradient is asked about the moves that were really made
        rests: list[float] = (values - self.f - (points.astype(float) - self.x) @ self.g).tolist()
        return rests

    def farthest(self, d: np.ndarray) -> float:
        """The largest allowed step along `d`."""
        moving = d != 0
        return float((self.reach[moving] / np.abs(2 * d[moving])).min(initial=math.inf))

    def first(self, d: np.ndarray) -> Slope:
        """The slope at the step that suits most functions."""
        return self.slope(d, min(step_of(self.x), self.farthest(d)))

    def settle(self, d: np.ndarray, first: Slope, noise: float) -> Slope:
        """The slope at which ever smaller steps than that of `first`, or larger ones, agree; up to 48 values.

        The error is at least the change from one step to the next. Of steps that contradict each other the smaller is
        right, unless noise blurs it: with large steps sin(1e6 x) + x has the slope 1 everywhere.
        """
        farthest, first = self.farthest(d), first.under(noise)
        ladder = [first]
        for factors in ([1 / 8] * 10, [8.0] * 2):
            now, settled = first, 0
            for factor in factors:
                before = now
                if before.h * factor > farthest:
                    break
                now = self.slope(d, before.h * factor).under(noise)
                doubt = min(before.error, now.error) + abs(now.gap - before.gap)
                ladder.append(replace(now, error=max(now.error, doubt)))
                settled = settled + 1 if doubt <= SETTLED * max(now.size, abs(now.gap)) else 0
                if settled == 2 or noise / now.h > max(now.size, abs(now.gap)):
                    break
            if settled == 2:
                break
        ladder.sort(key=lambda slope: slope.h)
        best = ladder[0]
        for slope in ladder[1:]:
            near = abs(slope.gap - best.gap) <= REST * (slope.error + best.error)
            if slope.error < best.error and (near or not best.sharp):
                best = slope
        return best


def step_of(x: np.ndarray) -> float:
    """The first step in units of scale: u^(1/5) balances the rounding u/h with the truncation h^4."""
    return float(np.finfo(x.dtype).eps) ** 0.2


def scale_of(x: np.ndarray, f: float, g: np.ndarray) -> np.ndarray:
    """How far each coordinate may be expected to move: |x_i|; at 0, what changes f by itself, at most 1."""
    with np.errstate(all="ignore"):
        alike = np.abs(f / g)
    unknown = np.where((alike > 0) & (alike < 1), alike, 1.0)
    return np.where(x == 0, unknown, np.abs(x)).astype(float)
