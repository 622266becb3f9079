"""The text of a whole loop in LLVM's language: steps of a rule, fun and its gradient, the record, the tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..expression import OPERATIONS, symbol
from ..formula import Formula
from .machine import HEAD, instructions, literal, load, place, pointer, python, store, unpack
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
    state = [[f"{kind}{i}" for i in range(n)] for kind in ("x", "g", *(f"slot{k}." for k in range(len(rule.slots))))]
    names = [name for row in state for name in row]
    step, f, after = _stepped(rule, what, state)
    test, g_norm, step_norm = _tested(state, f, after)
    before = [f"%{name} = phi double [%{name}.0, %start], [{after[name]}, %next]" for name in names]
    record = ["%u", f, g_norm, step_norm, "%lr.0", "%calls", "0.0"]
    write = [line for array, values in (
        ("rows", record), ("places", [after[x] for x in state[0]]), ("gradients", [after[g] for g in state[1]]),
    ) for line in _written(array, values)]  # fmt: skip
    none = pointer(id(None))
    kept = [line for k, name in enumerate(names) for line in (
        f"%{name}.end = select i1 %failed, double %{name}, double {after[name]}",
        *store("double", f"%{name}.end", f"%{name}.end", "%state", k),
    )]  # fmt: skip
    result = f"%result = select i1 {'%failed' if what is None else 'false'}, ptr null, ptr {none}"
    joined = "\n  ".join
    return LOOP.format(begin=joined(_begun(rule, what, names, n)), before=joined(before), step=joined(step),
                       test=joined(test), write=joined(write), after=joined([*kept, result]),
                       Py_IncRef=python("Py_IncRef"), none=none)  # fmt: skip


def _begun(rule: type[Rule], what: What, names: Sequence[str], n: int) -> list[str]:
    """The arguments, the settings and the state where the loop begins."""
    arguments = ARRAYS if what is not None else (*ARRAYS, *CALLED)
    lines = [line for k, name in enumerate(arguments) for line in unpack(f"%{name}", k)]
    lines += [f"%scratch = alloca double, i64 {3 * n + 1}"]
    for k, name in enumerate([*SETTINGS, *(f"h{j}" for j in range(len(rule.defaults)))]):
        lines += load("double", f"%{name}.0", "%numbers", k)
    for k, name in enumerate(names):
        lines += load("double", f"%{name}.0", "%state", k)
    return lines


def _stepped(rule: type[Rule], what: What, state: list[list[str]]) -> tuple[list[str], str, dict[str, str]]:
    """A step of the rule, then fun: instructions, the name of the value, and those of the state after the step."""
    hyper = {symbol(name): f"%h{k}.0" for k, name in enumerate(rule.defaults)}
    formula, lines = from_rule(rule), list[str]()
    after: dict[str, str] = {}
    for i, (x, g, *slots) in enumerate(zip(*state, strict=True)):
        known = zip(("x", "g", *rule.slots), (x, g, *slots), strict=True)
        at = {symbol(name): f"%{number}" for name, number in known}
        moved, results = instructions(formula, {symbol("t"): "%u", **hyper, **at}, "double", f"c{i}.")
        lines += moved
        after |= dict(zip((x, *slots), results, strict=True))
    evaluated, (f, *gradient) = _evaluated(what, [after[name] for name in state[0]])
    return [*lines, *evaluated], f, after | dict(zip(state[1], gradient, strict=True))


def _tested(state: list[list[str]], f: str, after: dict[str, str]) -> tuple[list[str], str, str]:
    """Whether all is within the margins, ``%in.5``: instructions, and the names of the norms of gradient and step."""
    known = {symbol(f".{name}"): number for name, number in after.items()}
    known |= {symbol(f".old.{name}"): f"%{name}" for name in state[0]}
    squares = [sum((a * a for a in rest), first * first) for first, *rest in (
        [symbol(f".{name}") for name in state[1]],
        [symbol(f".{name}") - symbol(f".old.{name}") for name in state[0]],
    )]  # fmt: skip
    norms = map(OPERATIONS["sqrt"], squares)
    lines, (g2, step2, g_norm, step_norm) = instructions([*squares, *norms], known, "double", "n")
    conditions = [f"ogt double {g2}, %g.low.0", f"olt double {g2}, %g.high.0", f"ogt double {f}, %f.low.0",
                  f"olt double {f}, {literal(math.inf)}", f"ogt double {step2}, %step.low.0"]  # fmt: skip
    lines = [*lines, "%in.0 = and i1 true, true"]
    for k, condition in enumerate(conditions):
        lines += [f"%is.{k} = fcmp {condition}", f"%in.{k + 1} = and i1 %in.{k}, %is.{k}"]
    return lines, g_norm, step_norm


def _written(array: str, values: Sequence[str]) -> list[str]:
    """Values stored as the next row of an array."""
    lines = [f"%{array}.row = mul nuw nsw i64 %made, {len(values)}"]
    for k, value in enumerate(values):
        lines += [f"%{array}.{k} = add nuw nsw i64 %{array}.row, {k}",
                  *store("double", value, f"%{array}.{k}.at", f"%{array}", f"%{array}.{k}")]  # fmt: skip
    return lines


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
        lines += store("double", name, f"%to.{k}", "%scratch", k)
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
        lines += store("double", name, f"%to.{k}", "%asked", k)
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
