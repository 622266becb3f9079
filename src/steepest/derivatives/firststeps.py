"""The first gradient and steps: one three-point difference per coordinate, confirmed by f along a line; or two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .calibration import BLUR, CHANGE, CURVATURE, SEEN, SLOPE, STEP, Ground, Steps, fit, moves

SHARE = 0.02  # of the gradient, the error up to which forward differences do; 0.1 costs as much, 0.3 twice
PROOF = 4.0  # noise levels, the uncertainty of a difference of two values
FARTHER = 4.0  # times the first step: a second difference is made with steps longer than that
MOST = 0.1  # of the scale, the longest step where the curvature is below the noise
LONGER = 5  # steps at most where the scale is unknown, each as long as the last one allows
HIDDEN = 50.0  # noise levels: below that a second difference does not show the curvature
SURE = 4.0  # times the error of the first slope, the least error of a second one that is compared with it


@np.errstate(all="ignore")
def first_steps(
    ground: Ground,
    h: np.ndarray,
    side: np.ndarray,
    scale: np.ndarray,
    size: float | None,
    along: Callable[[np.ndarray], float],
) -> tuple[Steps, np.ndarray]:
    """Steps and slopes of all coordinates, and the indices of those that remain to be measured by `calibrate`.

    They come from three-point differences with steps `h`, shape (n,), whose truncation is guessed. The guess is
    confirmed by the change of f along the line on which the noise was measured, or, where that is too short, along
    another, by one more value, ``along(line)``. The errors returned are no less than such a line can confirm.

    Parameters
    ----------
    ground : Ground
        Of all n coordinates.
    h, side, scale : ndarray, shape (n,)
        The steps to begin with, their sides, and the scale of each coordinate.
    size : float or None
        The change of f over the scale, where coordinates have an unknown one (see `estimate_unscaled`); else None.
    along : callable
        The value of f at x + line, for a line of shape (n,).
    """
    noise, all_ = ground.noise, np.arange(h.size)
    first = estimate(ground, all_, h, side) if size is None else estimate_unscaled(ground, h, side, size)
    line = np.zeros_like(h) if noise.line is None else noise.line
    steps, sure, agree = confirm(first, line, noise.rise, noise.level)
    if agree and noise.relative and (clear(first) & ~sure).any():
        bend = h.size * np.sqrt(np.abs(first.curvature))
        line = np.where(side < 0, -1, 1) * np.minimum(first.h / 4, np.sqrt(2 * PROOF * noise.level) / bend)
        line = np.where(clear(first), line, 0.0)
        steps, sure, agree = confirm(first, line, along(line) - ground.f, noise.level)
    doubtful = all_[~(sure & agree)]
    steps.h[doubtful] = h[doubtful]  # calibration begins with the steps of the scale
    if agree and doubtful.size:
        second, certain = estimate_farther(ground, doubtful, h, first, scale)
        steps.put(doubtful, second)
        doubtful = doubtful[~certain]
    return steps, doubtful


@np.errstate(all="ignore")
def estimate(ground: Ground, index: np.ndarray, h: np.ndarray, side: np.ndarray) -> Steps:
    """Steps of the k coordinates `index` from one three-point difference each, with steps `h` to the sides `side`,
    each of shape (k,); 2 k evaluations."""
    h, side = fit(h, side, ground.down[index], ground.up[index])
    return steps_from(ground, ground.differences(index, h, side), side)


@np.errstate(all="ignore")
def estimate_unscaled(ground: Ground, h: np.ndarray, side: np.ndarray, size: float) -> Steps:
    """The same for all n coordinates where scales are unknown, but f changes by `size` over each of them. The step is
    first lengthened by single values until a three-point difference can show the curvature.

    If f changes by d over h, the scale is at least h sqrt(size/2d), if f is quadratic, and at most h size/d, if it is
    linear. In the latter case noise e hides the second derivative where d^2 < e size; then a step of 0.1 of the former
    is tried.
    """
    level, hidden = ground.noise.at(ground.f), np.arange(h.size)
    h, side = fit(h, side, ground.down, ground.up)
    values, actual = np.full((2, 2, h.size), np.nan)
    for left in reversed(range(LONGER)):
        (values[0, hidden],), (actual[0, hidden],) = ground.ask(hidden, moves(h, side)[:1, hidden])
        change = np.maximum(np.abs(values[0] - ground.f), SEEN * level)[hidden]
        still = change**2 < HIDDEN * level * size
        if not (left and still.any()):
            break
        hidden = hidden[still]
        longer = 0.1 * h[hidden] * np.sqrt(size / (2 * change[still]))
        h[hidden], side[hidden] = fit(longer, side[hidden], ground.down[hidden], ground.up[hidden])
    (values[1],), (actual[1],) = ground.ask(np.arange(h.size), moves(h, side)[1:])
    return steps_from(ground, ground.from_values(values, actual, h), side)


@np.errstate(all="ignore")
def steps_from(ground: Ground, differences: np.ndarray, side: np.ndarray) -> Steps:
    """Steps from three-point differences, shape (7, k). One difference does not show its truncation: the third
    derivative is taken to be f''^2/|f'|, which is exact for exp, and right on average for powers and waves."""
    slope, curvature, h = differences[SLOPE], differences[CURVATURE], differences[STEP]
    level = ground.noise.at(ground.f)
    third = curvature**2 / np.abs(slope)
    best = np.cbrt(3 * level / third)
    flat = ~(differences[CHANGE] > SEEN)
    return Steps(
        h=np.where(np.isfinite(best), np.clip(best, h / 4, 4 * h), h),
        slope=np.where(flat, 0.0, slope),
        error=np.where(flat | ~np.isfinite(third), np.inf, differences[BLUR] + third * h * h),
        curvature=np.where(flat, 0.0, curvature),
        blur=np.where(flat, np.inf, 4 * level / h**2),
        side=side,
        flat=flat,
    )


def clear(steps: Steps) -> np.ndarray:
    """Whether slope and curvature are known well enough for forward differences, shape (n,)."""
    return (steps.error <= SHARE * np.abs(steps.slope)) & (np.abs(steps.curvature) > steps.blur)


@np.errstate(all="ignore")
def confirm(first: Steps, line: np.ndarray, rise: float, level: float) -> tuple[Steps, np.ndarray, bool]:
    """Compare the `first` slopes with the `rise` of f over a `line`, shape (n,); values are uncertain by `level`.

    Returns the steps with errors no less than this comparison can exclude, which of them then are `clear`, shape (n,),
    and whether slopes and rise agree.
    """
    bend = np.sqrt(np.abs(first.curvature)) @ np.abs(line)  # its square is s'Bs at most, where f is convex
    doubt = PROOF * level + bend * bend / 2
    steps = replace(first, error=first.error + doubt / np.abs(line))
    sure = clear(steps)
    error = np.where(sure, steps.error, np.abs(steps.slope)) @ np.abs(line)
    return steps, sure, bool(abs(steps.slope @ line - rise) <= error + doubt)


@np.errstate(all="ignore")
def estimate_farther(
    ground: Ground, index: np.ndarray, h: np.ndarray, first: Steps, scale: np.ndarray
) -> tuple[Steps, np.ndarray]:
    """Steps of the k coordinates `index` from a second, much longer difference, where the `first`, with steps `h`,
    shows a slope but no curvature; and where both slopes agree, shape (k,).

    The best step is (3 e/|f'''|)^(1/3). Where noise e hides f'', f''' is taken to be |f'|/scale^2: in 1e8 + cosh(x)
    this takes one difference, where `calibrate`, by factors of 4, takes five. Noise blurs the first slope, truncation
    the second, so that each is a check of the other.
    """
    h, first, scale = h[index], first.take(index), scale[index]
    slope, level = np.abs(first.slope), ground.noise.at(ground.f)
    bent = np.where(np.abs(first.curvature) > first.blur, first.curvature**2 / slope, 0.0)
    best = np.minimum(np.cbrt(3 * level / np.maximum(bent, slope / scale**2)), MOST * scale)
    at = np.flatnonzero((first.error < slope) & (best > FARTHER * h))
    steps, sure = replace(first, h=h.copy()), np.zeros(h.size, bool)
    if at.size:
        second, least = estimate(ground, index[at], best[at], first.side[at]), SURE * first.error[at]
        agree = np.abs(second.slope - first.slope[at]) <= second.error + least
        second.error = np.maximum(second.error, least)
        sure[at] = agree & clear(second)
        second.h = np.where(sure[at], second.h, best[at])  # calibration begins with it
        steps.put(at, second)
    return steps, sure
