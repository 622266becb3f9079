"""What the batches and the columns of a training run say: the curvature, the noise of gradients, scales out of line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .trained import Trained
from .words import count, number

SPREAD = 10.0  # ratio of the deviations of columns that slows every first-order method


def too_small(case: Trained, L: float) -> str:
    """That the rate is far below 1/L, where it is."""
    if not (math.isfinite(case.lr) and math.isfinite(case.boost) and 0 < case.lr * case.boost * L < 0.02):
        return ""
    times = count(1 / (case.lr * case.boost * L))
    return f" lr = {number(case.lr)} is {times} times smaller than 1/L = {number(1 / L)}."


def curvature(case: Trained) -> float:
    """The largest curvature of the first batch at the start, by six power steps on differences of gradients."""
    if not case.gradients:
        return math.nan
    g, x = case.gradients[0], case.x0
    base = g(x)
    v = base / (np.linalg.norm(base) or 1.0)
    t = float(np.sqrt(np.finfo(x.dtype).eps)) * max(1.0, float(np.linalg.norm(x)))
    size = math.nan
    for _ in range(6):
        image = (g((x + t * v).astype(x.dtype)) - base) / t
        size = float(np.linalg.norm(image))
        if not size > 0 or not math.isfinite(size):
            break
        v = image / size
    return size


def noise(case: Trained) -> dict[str, Any]:
    """The gradient-noise scale tr(S)/|G|^2 at the parameters returned: McCandlish et al. (2018), eq. 2.9 and A.2.

    Batches much smaller than it waste steps, much larger ones waste rows.
    """
    if len(case.gradients) < 4 or case.diverged:
        return {}
    gradients = np.array([g(case.x) for g in case.gradients], float)
    small = float((gradients**2).sum(axis=1).mean())
    big = float((gradients.mean(axis=0) ** 2).sum())
    b, B = case.rows, case.rows * len(gradients)
    G2, S = (B * big - b * small) / (B - b), (small - big) / (1 / b - 1 / B)
    if not (S > 0 and math.isfinite(S)):
        return {}
    scale = S / G2 if G2 > 0 else math.inf
    hint = f"Gradient noise scale: {count(scale) if math.isfinite(scale) else 'more than ' + count(B)} rows."
    return {"noise_scale": scale, "hint": hint}


def unscaled_columns(case: Trained) -> tuple[str, list[int]]:
    """The columns whose deviations or means are out of scale, and what to do."""
    if case.columns is None:
        return "", []
    name, mean, deviation = case.columns
    usual = float(np.median(deviation))
    size = np.maximum(deviation, np.abs(mean))
    odd = np.flatnonzero((size > SPREAD * usual) | (size > SPREAD) | ((deviation > 0) & (deviation < usual / SPREAD)))
    if not odd.size or (deviation.max() <= SPREAD * deviation.min() and size.max() <= SPREAD):
        return "", []
    listed = ", ".join(f"{name}[:, {i}] (mean {number(mean[i])}, deviation {number(deviation[i])})" for i in odd[:4])
    more = f" and {odd.size - 4} more" if odd.size > 4 else ""
    return (
        f"Columns out of scale: {listed}{more}. Standardise them: X = (X - X.mean(axis=0)) / X.std(axis=0).",
        odd.tolist(),
    )
