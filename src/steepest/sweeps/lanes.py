"""Many runs in few coordinates, side by side in vector registers: tests and steps are one fused loop, and the function
too where it is a formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..engine.alphabet import ARRAYS, speak
from ..engine.kernels import cached, function_text
from ..engine.machine import Code
from ..expression import OPERATIONS, Expression, symbol
from ..loops.thresholds import Moment, Thresholds, history
from ..methods.lift import Rule
from .batch import INTERRUPTED, Outcome, Task, run_batch

# Coordinates; the loop is written out for all of them, and compiling takes the longer.
FEW = 8
# Steps between two looks at the runs; one that has ended waits for so long.
BLOCK = 32

where, maximum, absolute = (OPERATIONS[name] for name in ("where", "maximum", "abs"))


def rows(rule: type[Rule], n: int, varied: Sequence[str]) -> list[str]:
    """The names of what is known of each run; those with a dot in front can't be those of a rule's slots."""
    vectors = [f"{name}.{i}" for name in ("x", ".old", ".best", *rule.slots) for i in range(n)]
    return [*vectors, ".f_old", ".lowest", ".g_low", ".g_high", ".f_low", ".going", ".steps", *varied]


@cached(64)  # functions come and go
def compiled(
    rule: type[Rule],
    n: int,
    varied: tuple[str, ...],
    meaning: tuple[Expression, ...] | None,
    step: float,
    change: float,
) -> Callable[..., None]:
    """The loop over the runs: ``call(t, until, hyper, *rows)``, with f and g behind where their meaning is not known.

    It evaluates where each run is. Within its limits the run makes step t; beyond, it waits there to be asked.
    """
    run = {name: symbol(name) for name in rows(rule, n, varied)}
    x, old, best = ([run[f"{name}.{i}"] for i in range(n)] for name in ("x", ".old", ".best"))
    slots = [[run[f"{slot}.{i}"] for slot in rule.slots] for i in range(n)]
    evaluated = [] if meaning else [symbol(".f"), *(symbol(f".g.{i}") for i in range(n))]
    f, *g = meaning or evaluated
    square = sum((a * a for a in g[1:]), g[0] * g[0])
    going = run[".going"]
    for inside in (square > run[".g_low"], square < run[".g_high"], f > run[".f_low"], f < math.inf):
        going = where(inside, going, 0)
    if step >= 0:
        moved = [a - b for a, b in zip(x, old, strict=True)]
        going = where(sum((a * a for a in moved[1:]), moved[0] * moved[0]) <= step**2, 0, going)
    if change >= 0:
        size = maximum(absolute(f), absolute(run[".f_old"]))
        going = where(absolute(run[".f_old"] - f) <= change * size, 0, going)
    better = where(f < run[".lowest"], f > -math.inf, 0)
    after = {".going": going, ".steps": run[".steps"] + going, ".f_old": where(going, f, run[".f_old"])}
    after[".lowest"] = where(better, f, run[".lowest"])
    numbers = [*[symbol("t")] * rule.takes_t, *map(symbol, rule.defaults)]
    for i in range(n):
        given = [*[x[i]] * rule.takes_x, g[i], *slots[i], *numbers]
        result = speak(rule.formula, ARRAYS)(*given)
        move, *new = result if rule.slots else (result,)
        after |= {f"x.{i}": where(going, x[i] + move, x[i]), f".old.{i}": where(going, x[i], old[i])}
        after |= {f".best.{i}": where(better, x[i], best[i])}
        for slot, before, value in zip(rule.slots, slots[i], new, strict=True):
            after[f"{slot}.{i}"] = where(going, value, before)
    fixed = [symbol(name) for name in rule.defaults if name not in varied]
    outputs = [(run[name], value) for name, value in after.items()]
    return Code(function_text(np.dtype(float), [*run.values(), *evaluated], outputs, fixed)).function("call")


def _apart(rows: np.ndarray) -> np.ndarray:
    """The same rows, none of them a multiple of 4096 bytes behind another: of such places a cache keeps 8 or 12, and
    with 512 runs, 18 rows of 4096 bytes, a step took four times as long."""
    runs = rows.shape[1]
    apart = np.empty((len(rows), runs + (24 - runs) % 512))[:, :runs]
    apart[...] = rows
    return apart


@dataclass(frozen=True)
class Lanes:
    """Runs that go on: a row for each thing that is known of them, a column for each run.

    Attributes
    ----------
    at : dict
        The row of each name (see `rows`).
    state : ndarray, shape (rows, runs)
    going : ndarray, shape (runs,)
        Which of the task's runs these are.
    n : int
        The number of coordinates.
    """

    at: dict[str, int]
    state: np.ndarray
    going: np.ndarray
    n: int

    @classmethod
    def beginning(cls, task: Task, limits: Thresholds) -> Lanes:
        """All runs of a task at their starts, with the limits within which they need not be asked."""
        n, runs = task.starts.shape
        at = {name: k for k, name in enumerate(rows(task.rule, n, task.varied))}
        lanes = cls(at, _apart(np.zeros((len(at), runs))), np.arange(runs), n)
        for name, value in {
            **dict.fromkeys([".old", ".f_old"], math.nan), ".lowest": math.inf, ".going": 1.0,
            "x": task.starts, ".best": task.starts,
            ".g_low": limits.g_low**2, ".g_high": limits.g_high**2, ".f_low": limits.f_low,
            **{name: task.values[name] for name in task.varied},
        }.items():  # fmt: skip
            lanes[name][...] = value
        return lanes

    def __getitem__(self, name: str) -> np.ndarray:
        """What is known by that name: of shape (n, runs) where it is a vector, else (runs,)."""
        if name in self.at:
            return self.state[self.at[name]]
        begin = self.at[f"{name}.0"]
        return self.state[begin : begin + self.n]

    def of(self, which: np.ndarray) -> Lanes:
        """The same for some of the runs."""
        return replace(self, state=_apart(self.state[:, which]), going=self.going[which])


def run_lanes(task: Task, meaning: tuple[Expression, ...] | None) -> Outcome:
    """What `run_batch` does, for few coordinates in float64; `meaning` is what the task evaluates, if it is known.

    Raises
    ------
    MissingExtraError
        When llvmlite, which comes with Numba, is not installed.
    """
    rule, limit, out, t = task.rule, task.limit, task.unfinished(), 0.0
    hyper = np.array([task.values[name] for name in rule.defaults if name not in task.varied], float)
    with np.errstate(all="ignore"):
        first = Moment.at(task.starts, task.batch)
        limits = Thresholds.of(task.criterion, first.g_norm)
        call = compiled(rule, len(task.starts), task.varied, meaning, limits.step, limits.change)
        lanes = Lanes.beginning(task, limits)
        views = list(lanes.state)
        try:
            while lanes.going.size:
                begin, t = t + 1, t + 1 if meaning is None else min(t + BLOCK, limit + 1)
                f, g = task.batch(lanes["x"]) if meaning is None else ((), ())
                call(begin, t, hyper, *views, *([f, *g] if meaning is None else []))
                waiting = lanes[".going"] == 0
                if t > limit or waiting.any():
                    _enter(task, out, lanes.of(waiting | (t > limit)), first)
                    lanes = lanes.of(~waiting & (t <= limit))
                    views = list(lanes.state)
        except KeyboardInterrupt:
            left = lanes.of(out.code[lanes.going] == INTERRUPTED)
            steps = np.maximum(left[".steps"] - 1, 0)
            out.put(left.going, _ended(task, left, left[".old"], left[".f_old"], steps, out.code[left.going]))
    return out


def _enter(task: Task, out: Outcome, lanes: Lanes, first: Moment) -> None:
    """How these runs ended: those that wait are asked why; the steps of the others are used up.

    What waits is still where it was judged; where the steps are used up, x is one step too far.
    """
    waiting = lanes[".going"] == 0
    x, f = np.where(waiting, lanes["x"], lanes[".old"]), lanes[".f_old"].copy()
    codes = np.full(f.size, "budget.steps", object)
    asked = np.flatnonzero(waiting)
    if asked.size:
        now = Moment.at(np.ascontiguousarray(x[:, asked]), task.batch)
        before = Moment(lanes[".old"][:, asked], f[asked], now.g, now.g_norm)
        begun = first.of(lanes.going[asked])
        f[asked] = now.f
        for k, run in enumerate(asked):
            reason = task.criterion(history(k, int(lanes[".steps"][run]), now, before, begun))
            codes[run] = reason.code if reason else INTERRUPTED
    steps = np.minimum(lanes[".steps"], task.limit)
    out.put(lanes.going, _ended(task, lanes, x, f, steps, codes))
    for run in lanes.going[codes == INTERRUPTED]:  # within rounding of a limit: alone, it is asked at every step
        out.put(np.array([run]), run_batch(task.of(np.array([run]))))
        if out.code[run] == INTERRUPTED:
            raise KeyboardInterrupt


def _ended(task: Task, lanes: Lanes, x: np.ndarray, f: np.ndarray, steps: np.ndarray, codes: np.ndarray) -> Outcome:
    return task.ended(steps, codes, (x, f), (lanes[".best"], lanes[".lowest"]))
