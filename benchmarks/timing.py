"""Fair timings on a noisy machine: contenders take turns, and only ratios within one run count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def interleave(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each contender, round by round: A B C A B C ..., after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def median_ratio(a: list[float], b: list[float]) -> float:
    """How many times as long A took as B: the median over the rounds."""
    return statistics.median(p / q for p, q in zip(a, b, strict=True))
