"""What do units cost? Evaluations of the default in other units, over those that it takes in the plain ones.

    python benchmarks/units.py                          # Andrei's problems, the tuning half, n = 2 and 10
    python benchmarks/units.py --half report --n 10     # those on which nothing was tuned
    python benchmarks/units.py --quick                  # seconds

Calls are counted as in `profiles.py`, until f - f* <= 1e-6 (f0 - f*); f* is the closed form or the least value that
any of the runs of a problem found. "mixed" are x_i in units of 10^u_i, u_i uniform in -6..6 and different for each
seed. From "zero" the problem is moved so that it starts at x = 0, where nothing tells the units; its plain run is, too.
"""

from __future__ import annotations

import argparse
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from andrei import half
from peers import MODES, PEERS, run
from profiles import Problem, markdown

SOLVED = 1e-6
BUDGET = 1000  # times n + 1
ROUNDING = 8 * float(np.finfo(float).eps)  # of a level that is added to f: what can't be seen beside it
STARTS = ("given", "zero")


@dataclass(frozen=True)
class InUnits:
    """A problem with x in other units and f = factor (f + level), which starts where the plain one does or at 0."""

    plain: Problem
    unit: np.ndarray | float = 1.0
    factor: float = 1.0
    level: float = 0.0
    start: str = "given"

    def place(self, x: np.ndarray) -> np.ndarray:
        """Where the plain problem has what this one has at `x`."""
        return x / self.unit + (self.plain.x0(x.size) if self.start == "zero" else 0.0)

    def x0(self, n: int) -> np.ndarray:
        x = self.plain.x0(n) * self.unit
        return np.zeros_like(x) if self.start == "zero" else x

    def fun(self, x: np.ndarray) -> float:
        return self.factor * (float(self.plain.fun(self.place(x))) + self.level)

    def gradient(self, x: np.ndarray) -> np.ndarray:
        return self.factor * self.plain.gradient(self.place(x)) / self.unit


def settings(n: int, seeds: int) -> dict[str, list[dict[str, Any]]]:
    """What is compared with the plain problem, by name."""
    mixed = [10.0 ** np.random.default_rng(seed).uniform(-6, 6, n) for seed in range(seeds)]
    return {
        "x in units of 1e-6": [{"unit": 1e-6}],
        "x in units of 1e6": [{"unit": 1e6}],
        "f in units of 1e-10": [{"factor": 1e-10}],
        "f + 1e8": [{"level": 1e8}],
        "mixed units": [{"unit": unit} for unit in mixed],
    }


def ratio(plain: dict[str, Any], other: dict[str, Any], goal: float) -> float:
    """Evaluations over those of the plain run; infinite where only that is solved, NaN where it is not."""

    def cost(trace: dict[str, Any]) -> float:
        steps = zip(trace["evaluations"], trace["values"], strict=True)
        return next((count for count, f in steps if f <= goal), math.inf)

    return cost(other) / cost(plain) if cost(plain) < math.inf else math.nan


def measure(problem: Problem, n: int, mode: str, seeds: int, start: str) -> list[tuple[str, float, bool]]:
    """(setting, ratio, success too soon) of all runs on one problem."""
    size = problem.size(n)
    runs = []
    for name, cases in {"plain": [{}], **settings(size, seeds)}.items():
        for case in cases:
            stated = InUnits(problem, start=start, **case)
            # further down in plain units: those of the judge's first step would be other ones
            trace = run(PEERS["steepest"], stated, n, mode, BUDGET * (size + 1), judge=(problem, stated.place))
            trace["values"] = np.array(trace["values"]) / stated.factor - stated.level
            runs.append((name, trace, ROUNDING * stated.level))
    known = [trace["values"].min() for _, trace, _ in runs]
    least = min(known) if problem.least(n) is None else min(*known, problem.least(n))
    gap = SOLVED * (problem.fun(problem.x0(n)) - least)
    found = []
    for name, trace, lost in runs[1:]:
        early = bool(trace["success"]) and trace["below"] > gap + lost
        found.append((name, ratio(runs[0][1], trace, least + max(gap, lost)), early))
    return found


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=["tune", "report"], default="tune")
    parser.add_argument("--mode", choices=MODES, nargs="+", default=MODES)
    parser.add_argument("--n", type=int, nargs="+", default=[2, 10])
    parser.add_argument("--start", choices=STARTS, nargs="+", default=STARTS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="four problems at n = 2, one seed")
    chosen = parser.parse_args()
    problems, sizes, seeds = half(chosen.half), chosen.n, chosen.seeds
    if chosen.quick:
        problems, sizes, seeds = problems[::10], [2], 1
    warnings.simplefilter("ignore")
    for mode in chosen.mode:
        for n in sizes:
            for start in chosen.start:
                with np.errstate(all="ignore"):
                    found = [row for problem in problems for row in measure(problem, n, mode, seeds, start)]
                table = {}
                for name in settings(n, seeds):
                    kept = [(ratio, early) for which, ratio, early in found if which == name and ratio == ratio]
                    r, early = map(np.array, zip(*kept, strict=True))
                    quartiles = np.quantile(r, [0.25, 0.5, 0.75, 0.9], method="lower")
                    counts = np.isinf(r).sum(), early.sum(), r.size
                    table[name] = [*(f"{q:.2f}" for q in quartiles), *map(str, counts)]
                columns = ["a quarter", "median", "three quarters", "nine tenths", "unsolved", "too soon", "runs"]
                print(markdown(f"{mode}, n = {n}, start {start}", columns, table))


if __name__ == "__main__":
    main()
