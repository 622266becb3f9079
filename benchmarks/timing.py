"""Fair timings on a noisy machine: contenders take turns, and only ratios within one run count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def interleave(
    contenders: dict[Name, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[Name, list[float]]:
    """Seconds of each contender, round by round: A B C A B C ..., after one round that does not count."""
    seconds: dict[Name, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, run in contenders.items():
            began = clock()
            run()
            if turn:
                seconds[name].append(clock() - began)
    return seconds


def median_ratio(a: list[float], b: list[float]) -> float:
    """How many times as long A took as B: the median over the rounds."""
    return statistics.median(p / q for p, q in zip(a, b, strict=True))
