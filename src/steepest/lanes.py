"""Many runs in few coordinates, side by side in vector registers: watch and steps are one fused loop, and the function
too where it is a formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from .batch import INTERRUPTED, Outcome, Task, run_batch
from .engine.alphabet import ARRAYS, speak
from .engine.kernels import cached, function_text
from .engine.machine import Code
from .expression import OPERATIONS, Expression, symbol
from .methods.lift import Rule
from .watch import Moment, Watch, history

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
    told = [] if meaning else [symbol(".f"), *(symbol(f".g.{i}") for i in range(n))]
    f, *g = meaning or told
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
    return Code(function_text(np.dtype(float), [*run.values(), *told], outputs, fixed)).function("call")


def _apart(rows: np.ndarray) -> np.ndarray:
    """The same rows, none of them a multiple of 4096 bytes behind another: of such places a cache keeps 8 or 12, and
    with 512 runs, 18 rows of 4096 bytes, a step took four times as long."""
    runs = rows.shape[1]
    apart = np.empty((len(rows), runs + (24 - runs) % 512))[:, :runs]
    apart[...] = rows
    return apart


def run_lanes(task: Task, meaning: tuple[Expression, ...] | None) -> Outcome:
    """What `run_batch` does, for few coordinates in float64; `meaning` is what the task evaluates, if it is known.

    Raises
    ------
    MissingExtraError
        When llvmlite, which comes with Numba, is not installed.
    """
    rule, limit, out = task.rule, task.limit, task.unfinished()
    n, runs = task.starts.shape
    names = rows(rule, n, task.varied)
    at = {name: k for k, name in enumerate(names)}
    here, old, best = (slice(at[f"{name}.0"], at[f"{name}.0"] + n) for name in ("x", ".old", ".best"))
    hyper = np.array([task.values[name] for name in rule.defaults if name not in task.varied], float)
    with np.errstate(all="ignore"):
        first = Moment.at(task.starts, task.batch)
        watch = Watch.of(task.criterion, first.g_norm)
        call = compiled(rule, n, task.varied, meaning, watch.step, watch.change)
        state = _apart(np.zeros((len(names), runs)))
        state[here] = state[best] = task.starts
        state[old] = state[at[".f_old"]] = math.nan
        state[at[".lowest"]], state[at[".going"]], state[at[".f_low"]] = math.inf, 1.0, watch.f_low
        state[at[".g_low"]], state[at[".g_high"]] = watch.g_low**2, watch.g_high**2
        for name in task.varied:
            state[at[name]] = task.values[name]
        going, views, t = np.arange(runs), list(state), 0.0
        try:
            while going.size:
                if meaning is None:
                    f, g = task.batch(state[here])
                    t += 1
                    call(t, t, hyper, *views, f, *g)
                else:
                    begin, t = t + 1, min(t + BLOCK, limit + 1)
                    call(begin, t, hyper, *views)
                waiting = state[at[".going"]] == 0
                if t <= limit and not waiting.any():
                    continue
                # What waits is still where it was judged; where the steps are used up, x is one step too far.
                ended = waiting | (t > limit)
                chosen = state[:, ended]
                x, f = np.where(waiting[ended], chosen[here], chosen[old]), chosen[at[".f_old"]]
                asked = np.flatnonzero(waiting[ended])
                doubtful, codes = [], np.full(f.size, "budget.steps", object)
                if asked.size:
                    now = Moment.at(np.ascontiguousarray(x[:, asked]), task.batch)
                    before = Moment(chosen[old][:, asked], f[asked], now.g, now.g_norm)
                    f[asked] = now.f
                    begun = first.of(going[ended][asked])
                    for k, run in enumerate(going[ended][asked]):
                        steps = int(chosen[at[".steps"], asked[k]])
                        reason = task.criterion(history(k, steps, now, before, begun))
                        codes[asked[k]] = reason.code if reason else INTERRUPTED
                        if not reason:
                            doubtful.append(run)
                steps = np.minimum(chosen[at[".steps"]], limit)
                runs = going[ended]
                out.put(runs, task.ended(steps, codes, (x, f), (chosen[best], chosen[at[".lowest"]])))
                for run in doubtful:  # within rounding of a limit: alone, it is asked at every step
                    out.put(np.array([run]), run_batch(task.of(np.array([run]))))
                    if out.code[run] == INTERRUPTED:
                        raise KeyboardInterrupt
                going, state = going[~ended], _apart(state[:, ~ended])
                views = list(state)
        except KeyboardInterrupt:
            left = out.code[going] == INTERRUPTED
            chosen, code = state[:, left], out.code[going[left]]
            last, known = (chosen[old], chosen[at[".f_old"]]), (chosen[best], chosen[at[".lowest"]])
            out.put(going[left], task.ended(np.maximum(chosen[at[".steps"]] - 1, 0), code, last, known))
    return out
