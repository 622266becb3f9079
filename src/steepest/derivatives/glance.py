"""Steps at a glance: one look at two values, and where noise drowns the curvature a second one, much farther."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .calibration import BLUR, CHANGE, CURVATURE, SEEN, SLOPE, STEP, Ground, Steps, fit, moves

SHARE = 0.02  # of the gradient, the error up to which forward differences do; 0.1 costs as much, 0.3 twice
PROOF = 4.0  # noise levels: how well the difference of two values is known
FARTHER = 4.0  # times the first step: where a second look begins to tell more
MOST = 0.1  # of the scale, a step that slope and noise alone ask for
FURTHER = 5  # steps, each as long as the last one allows
HIDDEN = 50.0  # noise levels: a second difference that tells the second derivative
SURE = 4.0  # times its noise: how well a slope is known that another is compared with


@np.errstate(all="ignore")
def first_steps(
    ground: Ground,
    h: np.ndarray,
    side: np.ndarray,
    scale: np.ndarray,
    size: float | None,
    along: Callable[[np.ndarray], float],
) -> tuple[Steps, np.ndarray]:
    """What a glance tells of all coordinates, begun with steps `h`, and which of them remain to be measured.

    The values on the line along which the noise was measured prove it, and where that line is too short, the value
    on another, which ``along`` tells. How well they can is the least error that is told. `size` as in `glance_lost`;
    None where `scale` is known.
    """
    noise, all_ = ground.noise, np.arange(h.size)
    first = glance(ground, all_, h, side) if size is None else glance_lost(ground, h, side, size)
    line = np.zeros_like(h) if noise.line is None else noise.line
    steps, sure, agree = prove(first, line, noise.rise, noise.level)
    if agree and noise.relative and (clear(first) & ~sure).any():
        bend = h.size * np.sqrt(np.abs(first.curvature))
        line = np.where(side < 0, -1, 1) * np.minimum(first.h / 4, np.sqrt(2 * PROOF * noise.level) / bend)
        line = np.where(clear(first), line, 0.0)
        steps, sure, agree = prove(first, line, along(line) - ground.f, noise.level)
    doubtful = all_[~(sure & agree)]
    steps.h[doubtful] = h[doubtful]  # the walk begins where the scale says
    if agree and doubtful.size:
        second, certain = glance_again(ground, doubtful, h, first, scale)
        steps.put(doubtful, second)
        doubtful = doubtful[~certain]
    return steps, doubtful


@np.errstate(all="ignore")
def glance(ground: Ground, index: np.ndarray, h: np.ndarray, side: np.ndarray) -> Steps:
    """What one look of two evaluations tells of the coordinates `index`, with steps `h` to these sides."""
    h, side = fit(h, side, ground.down[index], ground.up[index])
    return told(ground, ground.look(index, h, side), side)


@np.errstate(all="ignore")
def glance_lost(ground: Ground, h: np.ndarray, side: np.ndarray, size: float) -> Steps:
    """The same of coordinates whose scale is not known, where f changes by `size` over it: single values tell at
    which step to look.

    Where f changes by d over h, its scale is at least h sqrt(size/2d), if bent, and at most h size/d, if straight. In
    the latter case noise e hides the second derivative where d^2 < e size; then a step of 0.1 of the former is tried.
    """
    level, far = ground.noise.at(ground.f), np.arange(h.size)
    h, side = fit(h, side, ground.down, ground.up)
    values, made = np.full((2, 2, h.size), np.nan)
    for left in reversed(range(FURTHER)):
        (values[0, far],), (made[0, far],) = ground.ask(far, moves(h, side)[:1, far])
        change = np.maximum(np.abs(values[0] - ground.f), SEEN * level)[far]
        hidden = change**2 < HIDDEN * level * size
        if not (left and hidden.any()):
            break
        far = far[hidden]
        longer = 0.1 * h[far] * np.sqrt(size / (2 * change[hidden]))
        h[far], side[far] = fit(longer, side[far], ground.down[far], ground.up[far])
    (values[1],), (made[1],) = ground.ask(np.arange(h.size), moves(h, side)[1:])
    return told(ground, ground.tell(values, made, h), side)


@np.errstate(all="ignore")
def told(ground: Ground, look: np.ndarray, side: np.ndarray) -> Steps:
    """What a look tells. Truncation is not seen by it: the third derivative is taken to be f''^2/|f'|, as for exp, and
    on average for powers and waves; so the result wants a proof."""
    slope, curvature, h, level = look[SLOPE], look[CURVATURE], look[STEP], ground.noise.at(ground.f)
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
def prove(first: Steps, line: np.ndarray, rise: float, level: float) -> tuple[Steps, np.ndarray, bool]:
    """A first glance with errors no less than can be proved by the `rise` of f along a `line`, where values are
    uncertain by `level`; which of it is sure if they agree, and whether they do."""
    bend = np.sqrt(np.abs(first.curvature)) @ np.abs(line)  # its square is s'Bs at most, where f is convex
    doubt = PROOF * level + bend * bend / 2
    steps = replace(first, error=first.error + doubt / np.abs(line))
    sure = clear(steps)
    told = np.where(sure, steps.error, np.abs(steps.slope)) @ np.abs(line)
    return steps, sure, bool(abs(steps.slope @ line - rise) <= told + doubt)


@np.errstate(all="ignore")
def glance_again(
    ground: Ground, index: np.ndarray, h: np.ndarray, first: Steps, scale: np.ndarray
) -> tuple[Steps, np.ndarray]:
    """A second glance at the coordinates `index`, where the `first`, with steps `h`, saw a slope but asks for much
    longer steps; and where they agree.

    The best step is (3 e/|f'''|)^(1/3). Where noise drowned f'', f''' is taken to be |f'|/scale^2: beside a level of
    1e8 one look finds what the walk, by factors of 4, needs five for. The slopes prove each other: noise blurs the
    first, truncation the second.
    """
    h, first, scale = h[index], first.take(index), scale[index]
    slope, level = np.abs(first.slope), ground.noise.at(ground.f)
    bent = np.where(np.abs(first.curvature) > first.blur, first.curvature**2 / slope, 0.0)
    best = np.minimum(np.cbrt(3 * level / np.maximum(bent, slope / scale**2)), MOST * scale)
    at = np.flatnonzero((first.error < slope) & (best > FARTHER * h))
    steps, sure = replace(first, h=h.copy()), np.zeros(h.size, bool)
    if at.size:
        second, least = glance(ground, index[at], best[at], first.side[at]), SURE * first.error[at]
        agree = np.abs(second.slope - first.slope[at]) <= second.error + least
        second.error = np.maximum(second.error, least)
        sure[at] = agree & clear(second)
        second.h = np.where(sure[at], second.h, best[at])  # the walk begins there
        steps.put(at, second)
    return steps, sure
