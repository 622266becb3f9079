"""The whole loop in machine code: many steps in one call, where fun is a formula or compiled by Numba."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .derivatives import Proved
from .engine.kernels import exact, readable
from .engine.machine import Code, instructions, literal, load, place, pointer, python, unpack
from .engine.native import Native
from .engine.traced import coordinates, from_formula, from_rule
from .errors import MissingExtraError
from .expression import OPERATIONS, symbol
from .formula import Formula
from .history import COLUMNS, History
from .loop import Iterate
from .methods.lift import FLOAT64, Rule
from .oracle import Objective, Oracle
from .point import Point
from .stop import Criterion
from .watch import Margins, margins

# One step after the other as long as each ends within the margins; what is known of it is written down. The step that
# ends beyond them is forgotten: the caller makes it again, and asks the criterion. Squares of norms are compared,
# where they neither overflow nor vanish. A call gives back how many steps it made.
LOOP = """
define ptr @ahead(ptr %self, ptr %arguments, i64 %count) {{
start:
  {begin}
  br label %next
next:
  %made = phi i64 [0, %start], [%one.more, %within]
  %t = phi double [%t.0, %start], [%u, %within]
  {before}
  %u = fadd double %t, 1.0
  {step}
  {test}
  br i1 %in.5, label %within, label %end
within:
  %one.more = add nuw nsw i64 %made, 1
  %calls = fadd double %u, %offset.0
  {write}
  %more = fcmp olt double %u, %last.0
  br i1 %more, label %next, label %end
end:
  %steps = phi i64 [%made, %next], [%one.more, %within]
  {after}
  %result = call ptr {PyLong_FromLongLong}(i64 %steps)
  ret ptr %result
}}
"""
ARRAYS = ("numbers", "state", "rows", "places", "gradients")
SETTINGS = ("t", "last", "offset", "g.low", "g.high", "f.low", "step.low", "lr")
TINY, HUGE = 1e-145, 1e145  # norms whose squares keep all their digits

# The loop is written out for all coordinates; above, what it costs beside fun no longer matters.
MOST = 64
# Steps in a call: at first few, then as many as take some milliseconds, so that Ctrl-C and maxtime are heeded.
FIRST, LONGEST, SECONDS = 16, 1 << 13, 5e-3
# Steps after which compiling (60 ms) has cost no more than they did (8 us each, benchmarks/overhead.py).
WORTHWHILE = 7500

logger = logging.getLogger("steepest")

_loops: dict[tuple[type[Rule], Formula | Native, int], Callable[..., int] | None] = {}


def loop_text(rule: type[Rule], what: Formula | Native, n: int) -> str:
    """The loop in LLVM's language: ``ahead(numbers, state, rows, places, gradients) -> steps``.

    numbers: `SETTINGS` and the hyperparameters. state: x, g and the slots where the loop begins, and where it ends.
    Of each step made, rows of shape (steps, 7) holds what `Record` does, places and gradients x and g.
    """
    kinds = ["x", "g", *(f"slot{k}." for k in range(len(rule.slots)))]
    state = [[f"{kind}{i}" for i in range(n)] for kind in kinds]
    flat = [name for row in state for name in row]

    begin = [line for k, name in enumerate(ARRAYS) for line in unpack(f"%{name}", k)]
    begin += [f"%scratch = alloca double, i64 {3 * n + 1}"]
    for k, name in enumerate([*SETTINGS, *(f"h{j}" for j in range(len(rule.defaults)))]):
        begin += load("double", f"%{name}.0", "%numbers", k)
    for k, name in enumerate(flat):
        begin += load("double", f"%{name}.0", "%state", k)

    hyper = {symbol(name): f"%h{k}.0" for k, name in enumerate(rule.defaults)}
    formula = from_rule(rule)
    step: list[str] = []
    after: dict[str, str] = {}
    for i in range(n):
        arrays = ["x", "g", *rule.slots]
        at = {symbol(name): f"%{row[i]}" for name, row in zip(arrays, state, strict=True)}
        lines, (x, *slots) = instructions(formula, {symbol("t"): "%u", **hyper, **at}, "double", f"c{i}.")
        step += lines
        after |= dict(zip([row[i] for row in (state[0], *state[2:])], [x, *slots], strict=True))
    lines, (f, *g) = _evaluated(what, [after[name] for name in state[0]])
    step += lines
    after |= dict(zip(state[1], g, strict=True))

    known = {symbol(f".{name}"): after[name] for name in flat} | {
        symbol(f".old.{name}"): f"%{name}" for name in flat
    }
    squares = [sum((a * a for a in gs[1:]), gs[0] * gs[0]) for gs in (
        [symbol(f".{name}") for name in state[1]],
        [symbol(f".{name}") - symbol(f".old.{name}") for name in state[0]],
    )]  # fmt: skip
    lines, (g2, s2, g_norm, s_norm) = instructions(
        [*squares, *map(OPERATIONS["sqrt"], squares)], known, "double", "n"
    )
    conditions = [f"ogt double {g2}, %g.low.0", f"olt double {g2}, %g.high.0", f"ogt double {f}, %f.low.0",
                  f"olt double {f}, {literal(math.inf)}", f"ogt double {s2}, %step.low.0"]  # fmt: skip
    test = [*lines, "%in.0 = and i1 true, true"]
    for k, condition in enumerate(conditions):
        test += [f"%is.{k} = fcmp {condition}", f"%in.{k + 1} = and i1 %in.{k}, %is.{k}"]

    write = []
    rows = ["%u", f, g_norm, s_norm, "%lr.0", "%calls", "0.0"]
    for name, values in (("rows", rows), ("places", [after[x] for x in state[0]]), ("gradients", g)):
        write += [f"%{name}.row = mul nuw nsw i64 %made, {len(values)}"]
        for k, value in enumerate(values):
            write += [
                f"%{name}.{k} = add nuw nsw i64 %{name}.row, {k}",
                place("double", f"%{name}.{k}.at", f"%{name}", f"%{name}.{k}"),
            ]
            write += [f"store double {value}, ptr %{name}.{k}.at.place"]
    before = [f"%{name} = phi double [%{name}.0, %start], [{after[name]}, %within]" for name in flat]
    end = [f"%{name}.end = phi double [%{name}, %next], [{after[name]}, %within]" for name in flat]
    for k, name in enumerate(flat):
        end += [
            place("double", f"%{name}.end", "%state", k),
            f"store double %{name}.end, ptr %{name}.end.place",
        ]
    joined = "\n  ".join
    return LOOP.format(begin=joined(begin), before=joined(before), step=joined(step), test=joined(test),
                       write=joined(write), after=joined(end),
                       PyLong_FromLongLong=python("PyLong_FromLongLong"))  # fmt: skip


def _evaluated(what: Formula | Native, x: Sequence[str]) -> tuple[list[str], list[str]]:
    """Instructions for the value and the gradient at x, and their names."""
    n = len(x)
    if isinstance(what, Formula):
        return instructions(from_formula(what), dict(zip(coordinates(n), x, strict=True)), "double", "e")
    lines: list[str] = []
    for k, name in enumerate([*x, *x]):
        lines += [place("double", f"%to.{k}", "%scratch", k), f"store double {name}, ptr %to.{k}.place"]
    for name, k in (("again", n), ("value", 2 * n), ("gradient", 2 * n + 1)):
        lines.append(place("double", f"%{name}", "%scratch", k))
    passed = ", ".join(
        f"ptr {name}" for name in ("%scratch", "%again.place", "%value.place", "%gradient.place")
    )
    lines.append(f"call void {pointer(what.address())}({passed}, i64 {n})")
    results = [f"%from.{k}" for k in range(n + 1)]
    for k, name in enumerate(results):
        lines += load("double", name, "%scratch", 2 * n + k)
    return lines, results


class Ahead:
    """Who makes many steps at once where nothing else than the record is wanted of them.

    Parameters
    ----------
    rule : Rule
        With numbers as hyperparameters.
    what : Formula or Native
        The objective's function.
    objective : Objective
    history : History
        Where the steps are written down.
    criterion : Criterion
        One that has margins, within which it need not be asked.
    began : float
        `time.perf_counter` value.

    Attributes
    ----------
    begun : int or None
        The step from which on machine code ran.
    """

    def __init__(self, rule: Rule, what: Formula | Native, objective: Objective, history: History, criterion: Criterion,
                 began: float):  # fmt: skip
        self.rule, self.what, self.objective = rule, what, objective
        self.history, self.criterion, self.began = history, criterion, began
        self.begun: int | None = None
        self._margins: Margins | None = None

    @classmethod
    def of(
        cls, rule: Any, fun: Any, jac: Any, objective: Objective, start: np.ndarray, *rest: Any
    ) -> Ahead | None:
        """For a run that can be compiled; else None."""
        formula = isinstance(fun, Formula) and jac in (None, "auto", fun.gradient)
        what = fun if formula else Native.of(fun, jac)
        if what is None or not isinstance(rule, Rule) or not rule.plain or not exact(type(rule)):
            return None
        shaped = isinstance(what, Formula) or getattr(objective.restore(start), "shape", ()) == start.shape
        if objective.args or start.size > MOST or start.dtype is not FLOAT64 or not shaped:
            return None
        return cls(rule, what, objective, *rest)

    def __call__(self, now: Iterate, oracle: Oracle) -> Iterate:
        """The last of the steps after `now` that end within the margins; `now` itself if there is none."""
        loop = self._loop(now)
        if loop is None or not isinstance(oracle.derivative, Proved) or oracle.derivative.instead is not None:
            return now
        limits = self._margins = self._margins or margins(self.criterion, self.history.first.g_norm)
        if limits is None:
            return now
        n, (slots, _) = now.point.x.size, now.memory
        state = np.concatenate([now.point.x, now.point.g, *(np.asarray(slot, float) for slot in slots)])
        squares = (
            max(limits.g_low, TINY) ** 2,
            min(limits.g_high, HUGE) ** 2,
            limits.f_low,
            max(limits.step, TINY) ** 2,
        )
        hyper = self.rule.at(1.0)
        constant = [*squares, hyper.get("lr", math.nan), *hyper.values()]
        objective, chunk = self.objective, FIRST
        rows = g = np.empty((0, 0))
        while True:
            t, began = now.t, time.perf_counter()
            last = int(min(limits.t - 1, t + objective.maxfun - objective.nfev, t + chunk))
            if last <= t or began >= objective.deadline:
                return now
            if len(rows) < last - t:  # kept for the next chunk: new memory costs as much as the steps
                rows, g = np.empty((chunk, len(COLUMNS))), np.empty((chunk, n))
            x = np.empty((last - t, n))
            numbers = np.array([t, last, objective.nfev - t, *constant])
            if steps := loop(numbers, state, rows, x, g):
                ended = time.perf_counter()
                rows[:steps, -1] = np.linspace(began - self.began, ended - self.began, steps + 1)[1:]
                self._enter(rows[:steps], x[:steps], g, oracle)
                point = Point(x[steps - 1], float(rows[steps - 1, 1]), g[steps - 1].copy(), None, oracle)
                memory = tuple(state[2 * n :].copy().reshape(-1, n)), None
                self.history.now = now = Iterate(t + steps, point, memory, hyper.get("lr", math.nan))
                self.begun = t if self.begun is None else self.begun
                chunk = min(2 * chunk, LONGEST) if ended - began < SECONDS else chunk
            if t + steps < last:
                return now

    def _enter(self, rows: np.ndarray, x: np.ndarray, g: np.ndarray, oracle: Oracle) -> None:
        """Steps that were made become history; the lowest point of theirs may be the best one so far."""
        self.history.extend(rows, x)
        self.objective.nfev += len(rows)
        oracle.njev += len(rows)
        k = int(rows[:, 1].argmin())
        oracle.visited(Point(x[k].copy(), float(rows[k, 1]), g[k].copy(), None, oracle))

    def _loop(self, now: Iterate) -> Callable[..., int] | None:
        """The machine code, once it is compiled or the run is so long that compiling pays."""
        key = type(self.rule), self.what, now.point.x.size
        if key not in _loops:
            if now.t < WORTHWHILE:
                return None
            while len(_loops) >= 64:  # functions come and go
                _loops.pop(next(iter(_loops)))
            _loops[key] = _made(*key)
        return _loops[key]


def _made(rule: type[Rule], what: Formula | Native, n: int) -> Callable[..., int] | None:
    if not readable():
        return None
    try:
        return Code(loop_text(rule, what, n)).function("ahead")
    except MissingExtraError:
        return None
    except Exception as error:  # of Numba's compiler: functions that do not take a vector, or give none back
        if isinstance(what, Native):
            logger.info("the loop is not compiled: %s", error)
            return None
        raise
