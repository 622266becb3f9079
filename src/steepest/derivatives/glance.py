"""Steps at a glance: one look at two values, and where noise drowns the curvature a second one, much farther."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .calibration import BLUR, CHANGE, CURVATURE, ENOUGH, SEEN, SLOPE, Ground, Steps, fit
from .noise import Noise

SHARE = 0.02  # of the gradient, the error up to which forward differences do; 0.1 costs as much, 0.3 twice
PROOF = 4.0  # noise levels: how well the difference of two values is known
FARTHER = 4.0  # times the first step: where a second look begins to tell more
MOST = 0.1  # of the scale, a step that slope and noise alone ask for
SURE = 4.0  # times its noise: how well a slope is known that another is compared with


@np.errstate(all="ignore")
def glance(ground: Ground, index: np.ndarray, h: np.ndarray, side: np.ndarray) -> Steps:
    """What one look of two evaluations tells of the coordinates `index`, with steps `h` to these sides.

    Truncation is not seen by it. The third derivative is taken to be f''^2/|f'|, as for exp, and on average for
    powers and waves: so the result wants a proof.
    """
    h, side = fit(h, side, ground.down[index], ground.up[index])
    look = ground.look(index, h, side)
    slope, curvature, level = look[SLOPE], look[CURVATURE], ground.noise.at(ground.f)
    third = curvature**2 / np.abs(slope)
    best = np.cbrt(3 * level / third)
    flat = ~(look[CHANGE] > SEEN)
    return Steps(
        h=np.where(np.isfinite(best), np.clip(best, h / 4, 4 * h), h),
        slope=np.where(flat, 0.0, slope),
        error=np.where(flat | ~np.isfinite(third), np.inf, look[BLUR] + third * h * h),
        curvature=np.where(flat, 0.0, curvature),
        blur=np.where(flat, np.inf, 4 * level / h**2),
        side=side,
        flat=flat,
    )


def clear(steps: Steps) -> np.ndarray:
    """Whether slope and curvature are known well enough for forward differences, shape (n,)."""
    return (steps.error <= SHARE * np.abs(steps.slope)) & (np.abs(steps.curvature) > steps.blur)


@np.errstate(all="ignore")
def prove(first: Steps, noise: Noise, lost: np.ndarray) -> tuple[Steps, np.ndarray, bool]:
    """A first glance with errors no less than the values on the line of `noise` can prove; which of it is sure if they
    agree, and whether they do. Of the coordinates that are `lost` nothing told the scale."""
    line = np.zeros_like(first.h) if noise.line is None else noise.line
    slack = PROOF * noise.level
    steps = replace(first, error=first.error + slack / np.abs(line))
    sure = clear(steps) & (~lost | (first.error <= ENOUGH * np.abs(first.slope)))
    told = np.where(sure, steps.error, np.abs(steps.slope)) @ np.abs(line)
    return steps, sure, bool(abs(steps.slope @ line - noise.rise) <= told + slack)


@np.errstate(all="ignore")
def glance_again(ground: Ground, h: np.ndarray, first: Steps, scale: np.ndarray) -> tuple[Steps, np.ndarray]:
    """A second glance, where the `first`, with steps `h`, saw a slope but asks for much longer steps; where they agree.

    The best step is (3 e/|f'''|)^(1/3). Where noise drowned f'', f''' is taken to be |f'|/scale^2: beside a level of
    1e8 one look finds what the walk, by factors of 4, needs five for. The slopes prove each other: noise blurs the
    first, truncation the second.
    """
    slope, level = np.abs(first.slope), ground.noise.at(ground.f)
    bent = np.where(np.abs(first.curvature) > first.blur, first.curvature**2 / slope, 0.0)
    best = np.minimum(np.cbrt(3 * level / np.maximum(bent, slope / scale**2)), MOST * scale)
    at = np.flatnonzero((first.error < slope) & (best > FARTHER * h))
    steps, sure = replace(first, h=h.copy()), np.zeros(h.size, bool)
    if at.size:
        second, least = glance(ground, at, best[at], first.side[at]), SURE * first.error[at]
        agree = np.abs(second.slope - first.slope[at]) <= second.error + least
        second.error = np.maximum(second.error, least)
        sure[at] = agree & clear(second)
        second.h = np.where(sure[at], second.h, best[at])  # the walk begins there
        steps.put(at, second)
    return steps, sure
