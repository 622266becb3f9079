"""The text of a whole loop in LLVM's language: steps of a rule, fun and its gradient, the record, the tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..expression import OPERATIONS, symbol
from ..formula import Formula
from .machine import HEAD, instructions, literal, load, place, pointer, python, unpack
from .native import Native
from .traced import coordinates, from_formula, from_rule

if TYPE_CHECKING:
    from ..methods.lift import Rule

What = Formula | Native | None  # None: Python's functions are called

# One step after the other as long as each ends within the margins; what is known of each is written down. The last one
# may end beyond them: the caller asks the criterion. Squares of norms are compared, where they neither overflow nor
# vanish. Where fun is called and raises, its error goes on to the caller, and the steps before it are kept.
LOOP = """
define ptr @steps(ptr %self, ptr %arguments, i64 %count) {{
start:
  {begin}
  br label %next
next:
  %made = phi i64 [0, %start], [%one.more, %next]
  %t = phi double [%t.0, %start], [%u, %next]
  {before}
  %u = fadd double %t, 1.0
  {step}
  {test}
  %calls = fadd double %u, %offset.0
  {write}
  %one.more = add nuw nsw i64 %made, 1
  %early = fcmp olt double %u, %last.0
  %more = and i1 %in.5, %early
  br i1 %more, label %next, label %end
end:
  {after}
  %whole = select i1 %failed, i64 %made, i64 %one.more
  %steps = uitofp i64 %whole to double
  store double %steps, ptr %numbers
  call void {Py_IncRef}(ptr {none})
  ret ptr %result
}}
"""
ARRAYS = ("numbers", "state", "rows", "places", "gradients")
CALLED = ("asked", "never", "told")  # where fun is called
SETTINGS = ("made", "t", "last", "offset", "g.low", "g.high", "f.low", "step.low", "lr")


def steps_text(rule: type[Rule], what: What, n: int) -> str:
    """The loop in LLVM's language: ``steps(numbers, state, rows, places, gradients)``.

    numbers: `SETTINGS` and the hyperparameters; the first becomes how many steps were made. state: x, g and the slots
    where the loop begins, and where it ends. Of each step made, rows of shape (steps, 7) holds what `Record` does,
    places and gradients x and g. Where fun is called, three arguments more: an array for x, the answer in place of an
    error, and ``told(x) -> (float, float64 array of shape (n,))``.
    """
    kinds = ["x", "g", *(f"slot{k}." for k in range(len(rule.slots)))]
    state = [[f"{kind}{i}" for i in range(n)] for kind in kinds]
    flat = [name for row in state for name in row]

    begin = [line for k, name in enumerate(ARRAYS) for line in unpack(f"%{name}", k)]
    if what is None:
        begin += [line for k, name in enumerate(CALLED, len(ARRAYS)) for line in unpack(f"%{name}", k)]
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

    known = {symbol(f".{name}"): after[name] for name in flat} | {symbol(f".old.{name}"): f"%{name}" for name in flat}
    squares = [sum((a * a for a in gs[1:]), gs[0] * gs[0]) for gs in (
        [symbol(f".{name}") for name in state[1]],
        [symbol(f".{name}") - symbol(f".old.{name}") for name in state[0]],
    )]  # fmt: skip
    lines, (g2, s2, g_norm, s_norm) = instructions([*squares, *map(OPERATIONS["sqrt"], squares)], known, "double", "n")
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
    before = [f"%{name} = phi double [%{name}.0, %start], [{after[name]}, %next]" for name in flat]
    end = []
    for k, name in enumerate(flat):
        end += [
            f"%{name}.end = select i1 %failed, double %{name}, double {after[name]}",
            place("double", f"%{name}.end", "%state", k),
            f"store double %{name}.end, ptr %{name}.end.place",
        ]
    none = pointer(id(None))
    end.append(f"%result = select i1 {'%failed' if what is None else 'false'}, ptr null, ptr {none}")
    joined = "\n  ".join
    return LOOP.format(begin=joined(begin), before=joined(before), step=joined(step), test=joined(test),
                       write=joined(write), after=joined(end),
                       Py_IncRef=python("Py_IncRef"), none=none)  # fmt: skip


def _evaluated(what: What, x: Sequence[str]) -> tuple[list[str], list[str]]:
    """Instructions for the value and the gradient at x, and their names; and whether that ``%failed``."""
    n = len(x)
    if isinstance(what, Formula):
        lines, names = instructions(from_formula(what), dict(zip(coordinates(n), x, strict=True)), "double", "e")
        return [*lines, "%failed = icmp ne i64 0, 0"], names
    if what is None:
        return _called(x)
    lines = []
    for k, name in enumerate([*x, *x]):
        lines += [place("double", f"%to.{k}", "%scratch", k), f"store double {name}, ptr %to.{k}.place"]
    for name, k in (("again", n), ("value", 2 * n), ("gradient", 2 * n + 1)):
        lines.append(place("double", f"%{name}", "%scratch", k))
    passed = ", ".join(f"ptr {name}" for name in ("%scratch", "%again.place", "%value.place", "%gradient.place"))
    lines.append(f"call void {pointer(what.address())}({passed}, i64 {n})")
    results = [f"%from.{k}" for k in range(n + 1)]
    for k, name in enumerate(results):
        lines += load("double", name, "%scratch", 2 * n + k)
    return [*lines, f"%failed = fcmp uno double {results[0]}, 0.0"], results


def _called(x: Sequence[str]) -> tuple[list[str], list[str]]:
    """The same, of Python: where the call raises, the answer is `never`, whose NaN ends the loop."""
    lines = []
    for k, name in enumerate(x):
        lines += [place("double", f"%to.{k}", "%asked", k), f"store double {name}, ptr %to.{k}.place"]
    lines += [
        f"%answer = call ptr {python('PyObject_CallOneArg')}(ptr %told.object, ptr %asked.object)",
        "%failed = icmp eq ptr %answer, null",
        "%pair = select i1 %failed, ptr %never.object, ptr %answer",
        f"%value.object = call ptr {python('PyTuple_GetItem')}(ptr %pair, i64 0)",
        f"%value = call double {python('PyFloat_AsDouble')}(ptr %value.object)",
        f"%gradient.object = call ptr {python('PyTuple_GetItem')}(ptr %pair, i64 1)",
        f"%gradient.data = getelementptr i8, ptr %gradient.object, i64 {HEAD}",
        "%gradient = load ptr, ptr %gradient.data",
    ]
    results = [f"%from.{k}" for k in range(len(x))]
    for k, name in enumerate(results):
        lines += load("double", name, "%gradient", k)
    return [*lines, f"call void {python('Py_DecRef')}(ptr %answer)"], ["%value", *results]
