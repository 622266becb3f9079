"""Line searches: generators that ask for lengths and know nothing else.

A search yields a length `a`, is sent a `Trial` of it, and so on; it returns the length it accepts, one of those
it yielded, or 0.0 when it found none. Arrays, oracles and counting are the business of who drives it
(`steepest.lengths.along`), so a search is tested on scalar functions.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple, Protocol

C1 = 1e-4  # sufficient decrease: Nocedal & Wright (2006), section 3.1
C2 = 0.9  # curvature, for quasi-Newton directions: the same
TRIALS = 30  # with the least shrinkage, one half, this is a factor 1e9


class Trial(Protocol):
    """What is found at one length along a direction."""

    @property
    def phi(self) -> float:
        """The value."""
        ...

    @property
    def slope(self) -> float:
        """The derivative along the direction; to read it may cost a gradient."""
        ...


Search = Generator[float, Trial, float]


def backtracking(
    phi0: float,
    slope0: float,
    first: float = 1.0,
    noise: float = 0.0,
    reference: float | None = None,
    c1: float = C1,
) -> Search:
    """Shorten the step until phi(a) <= reference + c1 a slope0 + 2 noise.

    Armijo (1966); nonmonotone where `reference` is the largest of several values before: Grippo, Lampariello &
    Lucidi (1986). The next length minimises the quadratic, then the cubic through what is known, within 0.1 to
    0.5 of the last (Nocedal & Wright 2006, section 3.5). It never asks for a slope. Where phi is not finite the
    step is shortened to a tenth.

    Parameters
    ----------
    phi0, slope0 : float
        The value and the (negative) slope at 0.
    first : float
        The first length.
    noise : float
        The uncertainty of one value, in units of phi: two values that agree within it count as equal (Berahas,
        Byrd & Nocedal 2019, eq. 2.17).
    reference : float, optional
        The value to get below; `phi0` where it is left out.
    c1 : float
        In (0, 1).
    """
    ceiling = (phi0 if reference is None else reference) + 2 * noise
    a, before = first, None
    for _ in range(TRIALS):
        phi = (yield a).phi
        if phi <= ceiling + c1 * a * slope0:
            return a
        now = (a, phi) if math.isfinite(phi) else None
        a = _clip(_least(phi0, slope0, now, before), 0.1 * a, 0.5 * a)
        before = now
    return 0.0


def _least(
    phi0: float, slope0: float, now: tuple[float, float] | None, before: tuple[float, float] | None
) -> float:
    """Where the quadratic (or the cubic, if `before` is known) through value and slope at 0 is least."""
    if now is None:
        return 0.0
    a, excess = now[0], now[1] - phi0 - now[0] * slope0
    quadratic = _ratio(-slope0 * a * a, 2 * excess)
    if before is None:
        return quadratic
    b, other = before[0], before[1] - phi0 - before[0] * slope0
    # phi0 + slope0 t + q t^2 + c t^3 through both: Nocedal & Wright (2006), eq. 3.58
    p, r = _ratio(excess, a * a), _ratio(other, b * b)
    c = _ratio(p - r, a - b)
    q = p - c * a
    root = q * q - 3 * c * slope0
    return _ratio(-slope0, q + math.sqrt(root)) if root >= 0 and q > 0 else quadratic


class Known(NamedTuple):
    """A length, the value there, and the slope where it is known (else NaN)."""

    a: float
    phi: float
    slope: float


def strong_wolfe(
    phi0: float,
    slope0: float,
    first: float = 1.0,
    noise: float = 0.0,
    c1: float = C1,
    c2: float = C2,
) -> Search:
    """Find a length with phi(a) <= phi0 + c1 a slope0 + 2 noise and abs(slope(a)) <= c2 abs(slope0).

    Bracketing and sectioning: Fletcher (1987), section 2.6; Nocedal & Wright (2006), algorithms 3.5 and 3.6, with
    cubic interpolation and the safeguards of Moré & Thuente (1994). A slope is asked for only where the value is
    low enough, since slopes may be dear. Where phi is not finite the step is shortened to a tenth. When lengths
    run out, or values differ by noise alone, the best length of sufficient decrease is returned.

    Parameters
    ----------
    phi0, slope0, first, noise, c1
        As in `backtracking`.
    c2 : float
        In (c1, 1): how much flatter the function must have become.
    """
    low, high = Known(0.0, phi0, slope0), None
    a, widths = first, [math.inf, math.inf]
    for _ in range(TRIALS):
        trial = yield a
        phi = trial.phi
        if phi == -math.inf:
            return a
        if not phi <= phi0 + c1 * a * slope0 + 2 * noise or (low.a > 0 and phi >= low.phi):
            high = Known(a, phi, math.nan)
        else:
            slope = trial.slope
            if abs(slope) <= -c2 * slope0 or phi0 - phi <= 2 * noise:
                return a
            now = Known(a, phi, slope)
            if not slope < 0 if low.a <= a else slope < 0:
                high = low
            before, low = low, now
        if high is None:
            a = _clip(_cubic(before, low), *(low.a + k * (low.a - before.a) for k in GROWTH))
            continue
        width = high.a - low.a
        if not math.isfinite(high.phi):
            a = low.a + 0.1 * width
        elif abs(width) > 0.66 * abs(widths[-2]):  # two trials must shrink the bracket by a third
            a = low.a + 0.5 * width
        else:
            a = low.a + _clip((_cubic(low, high) - low.a) / width, 0.1, 0.9) * width
        widths.append(width)
    return low.a
