"""A rule as one fused loop over its arrays: traced, split into what is computed once a step and what for each
element, and made machine code."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np

from ..errors import MissingExtraError
from ..expression import Expression, invariants, postorder, symbol
from .machine import BODIES, HEAD, TYPES, Code, instructions, load, place, pointer, python, unpack
from .traced import from_rule

if TYPE_CHECKING:
    from ..methods.lift import Rule

Function = TypeVar("Function", bound=Callable[..., Any])


def cached(most: int | None = None) -> Callable[[Function], Function]:
    """`functools.lru_cache` that keeps the type of the function; rules are classes, which mypy takes for unhashable."""
    return cast(Any, lru_cache(most))


# The loop over the elements. Its arrays are `noalias`, so LLVM need not prove that they don't overlap. What
# is the same for all elements comes in as %h0, %h1, ... in the precision of the arrays: one double among
# floats would make the whole loop double, and a power in it would keep it from being vectorised (37 times
# slower, performance.md Q2).
LOOP = """
define internal void @loop(i64 %n, {parameters}) noinline {{
start:
  br label %next
next:
  %i = phi i64 [0, %start], [%j, %next]
  {read}
  {each}
  {write}
  %j = add nuw nsw i64 %i, 1
  %more = icmp slt i64 %j, %n
  br i1 %more, label %next, label %end
end:
  ret void
}}
"""

# What Python calls, with (t, until, numbers, ...). The addresses of an array's numbers and of its shape stand in
# its object, where NumPy's C macros PyArray_DATA and PyArray_DIMS read them. While a loop is long, other
# threads may run.
CALL = """
define ptr @call(ptr %self, ptr %arguments, i64 %count) {{
start:
  %t.object = load ptr, ptr %arguments
  %from = call double {PyFloat_AsDouble}(ptr %t.object)
  %until.argument = getelementptr ptr, ptr %arguments, i64 1
  %until.object = load ptr, ptr %until.argument
  %until = call double {PyFloat_AsDouble}(ptr %until.object)
  {unpack}
  {read}
  %shape.place = getelementptr i8, ptr %x0.object, i64 {shape}
  %shape = load ptr, ptr %shape.place
  %n = load i64, ptr %shape
  %long = icmp sgt i64 %n, {long}
  br label %next
next:
  %t = phi double [%from, %start], [%later, %done]
  {once}
  br i1 %long, label %alone, label %together
together:
  call void @loop(i64 %n, {arguments})
  br label %done
alone:
  %state = call ptr {PyEval_SaveThread}()
  call void @loop(i64 %n, {arguments})
  call void {PyEval_RestoreThread}(ptr %state)
  br label %done
done:
  %later = fadd double %t, 1.0
  %more = fcmp ole double %later, %until
  br i1 %more, label %next, label %end
end:
  call void {Py_IncRef}(ptr {none})
  ret ptr {none}
}}
"""
COMPILING = 1e8  # ns that loading llvmlite and compiling take (benchmarks/latency.py)
LONG = 20_000  # elements: some 10 us, against 0.1 us to let other threads run


class Elements(NamedTuple):
    """A loop over the elements of arrays, as the function ``@loop(n, arguments)`` in LLVM's language.

    Attributes
    ----------
    loop : str
    once : list of str
        What is computed before it is called, of the numbers ``%p0``, ``%p1``, ... and ``%t``.
    arrays : list of str
        ``%x0.array``, ...: the addresses of the arrays that go into it.
    arguments : str
        What it is called with, behind n.
    """

    loop: str
    once: list[str]
    arrays: list[str]
    arguments: str


def elements(
    dtype: np.dtype,
    inputs: Sequence[Expression],
    outputs: Sequence[tuple[Expression | None, Expression]],
    numbers: Sequence[Expression],
) -> Elements:
    """The loop that computes `outputs` of `inputs`.

    Parameters
    ----------
    dtype : dtype
        Of the arrays: float32 or float64.
    inputs : sequence of Expression
        What comes as arrays.
    outputs : sequence of (Expression or None, Expression)
        What is computed for each element; written over that input, or (None) into a new array.
    numbers : sequence of Expression
        The symbols besides `t` that come as numbers.
    """
    kind = TYPES[dtype.name]
    names = [f"x{k}" for k in range(len(inputs))]
    own = dict(zip(inputs, names, strict=True))
    new = [f"y{k}" for k, (target, _) in enumerate(outputs) if target is None]
    targets = [f"y{k}" if target is None else own[target] for k, (target, _) in enumerate(outputs)]

    arriving = {node: f"%{name}" for node, name in own.items()}
    known = {node: f"%p{k}" for k, node in enumerate(numbers)} | {symbol("t"): "%t"}
    varying = frozenset().union(*(node.symbols for node in inputs if node.operation is None))
    values = [value for _, value in outputs]
    hoisted = [node for node in invariants(values, varying) if node not in arriving]
    once, doubles = instructions(hoisted, known | arriving, "double", "a")
    each, results = instructions(values, arriving | {node: f"%h{k}" for k, node in enumerate(hoisted)}, kind, "b")
    narrow = "fptrunc double {} to float" if kind == "float" else "fadd double {}, -0.0"
    constants = [f"%h{k} = {narrow.format(name)}" for k, name in enumerate(doubles)]

    loads = [line for name in names for line in load(kind, f"%{name}", f"%{name}.array", "%i")]
    places = [place(kind, f"%{name}", f"%{name}.array", "%i") for name in new]
    stores = [f"store {kind} {value}, ptr %{name}.place" for name, value in zip(targets, results, strict=True)]
    arrays = [f"%{name}.array" for name in (*names, *new)]
    passed = [("ptr noalias", array) for array in arrays] + [(kind, f"%h{k}") for k in range(len(hoisted))]
    arguments = ", ".join(f"{kind} {name}" for kind, name in passed)
    lines = "\n  ".join
    loop = LOOP.format(parameters=arguments, read=lines(loads), each=lines(each), write=lines(places + stores))
    return Elements(loop, once + constants, arrays, arguments)


def function_text(
    dtype: np.dtype,
    inputs: Sequence[Expression],
    outputs: Sequence[tuple[Expression | None, Expression]],
    numbers: Sequence[Expression],
) -> str:
    """The loop of `elements`, and a function of Python's that calls it.

    Returns
    -------
    str
        With the function ``call(t, until, numbers, *inputs, *new)`` for Python: the loop is run for t, t + 1, ...,
        until; floats, float64 of shape (k,), and arrays of shape (n,), in the order above.
    """
    loop, once, arrays, arguments = elements(dtype, inputs, outputs, numbers)
    read = [line for k in range(len(numbers)) for line in load("double", f"%p{k}", "%numbers", k)]
    unpacked = [line for k, array in enumerate(["%numbers", *arrays], 2) for line in unpack(array, k)]
    lines = "\n  ".join
    return loop + CALL.format(
        unpack=lines(unpacked),
        read=lines(read),
        once=lines(once),
        arguments=arguments,
        shape=HEAD + 16,
        long=LONG,
        none=pointer(id(None)),
        **{
            name: python(name)
            for name in ("PyFloat_AsDouble", "PyEval_SaveThread", "PyEval_RestoreThread", "Py_IncRef")
        },
    )


@cached()
def kernel(
    rule: type[Rule], dtype: np.dtype, varying: tuple[Expression, ...] = (), in_place: bool = True
) -> Callable[..., None]:
    """The rule as a function of arrays, in machine code; **nothing is checked**.

    Parameters
    ----------
    rule : type
    dtype : dtype
        float32 or float64.
    varying : tuple of Expression
        What would be computed once but comes as an array, since hyperparameters in it differ.
    in_place : bool
        Whether x and the slots are changed, or new ones are written.

    Returns
    -------
    callable
        ``kernel(t, t, hyper, x, g, *slots, *varying)``, with the new x and slots behind where it is not in
        place: t a float; hyper the hyperparameters in order, float64; x of shape (n,), and all others of its
        size and precision, C-contiguous, without overlap. With a second t that is greater, steps t, t + 1, ...
        are made with the same g.

    Raises
    ------
    MissingExtraError
        When llvmlite, which comes with Numba, is not installed, or this Python keeps its arrays in another way.
    """
    if not readable():
        raise MissingExtraError("CPython with NumPy's usual arrays", "fast", "compiled code")
    return Code(kernel_text(rule, dtype, varying, in_place)).function("call")


def kernel_text(rule: type[Rule], dtype: np.dtype, varying: Sequence[Expression] = (), in_place: bool = True) -> str:
    """What `kernel` compiles."""
    states = [symbol(name) for name in ("x", *rule.slots)]
    inputs = [states[0], symbol("g"), *states[1:], *varying]
    targets = states if in_place else [None] * len(states)
    return function_text(dtype, inputs, [*zip(targets, from_rule(rule), strict=True)], [*map(symbol, rule.defaults)])


@cached()
def readable() -> bool:
    """Whether an array's object holds the addresses of its numbers and of its shape where kernels read them."""
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    probe = np.arange(35.0).reshape(5, 7)[1:]
    numbers, dimensions, shape = (ctypes.c_int64.from_address(id(probe) + HEAD + k).value for k in (0, 8, 16))
    known = numbers == probe.ctypes.data and dimensions & 0xFFFFFFFF == 2  # so the address behind them is one
    return known and (ctypes.c_int64 * 2).from_address(shape)[:] == [4, 7]


def alike(x: np.ndarray, *others: np.ndarray) -> bool:
    """Whether a kernel can read these arrays: each shaped like x and of its kind, its numbers side by side."""
    shape, dtype = x.shape, x.dtype
    for a in (x, *others):  # a loop, and one look at the flags (writeable, too): `all` takes half as long again
        if type(a) is not np.ndarray or a.dtype is not dtype or a.shape != shape or not a.flags.carray:
            return False
    return True


_known: dict[tuple[type[Rule], np.dtype], Callable[..., None] | None] = {}


def kernel_when_worthwhile(rule: type[Rule], dtype: np.dtype, n: int, t: float) -> Callable[..., None] | None:
    """The kernel that writes new arrays, once it is compiled or NumPy has worked as long as compiling takes.

    Whatever the run's length, it takes at most twice the time of the better choice; and since both engines
    compute the same bits, nobody sees when it changes. None: go on with NumPy, as always with a formula
    whose functions IEEE does not fix (``exp``, ``tanh``, ...).
    """
    key = rule, dtype
    if key not in _known:
        if t * (10_000 + 3 * n) < COMPILING:  # ns that NumPy took so far
            return None
        try:
            _known[key] = kernel(rule, dtype, in_place=False) if exact(rule) else None
        except MissingExtraError:
            _known[key] = None
    return _known[key]


@cached()
def exact(rule: type[Rule]) -> bool:
    """Whether the part that is computed for each element has the same bits on every engine."""
    arrays = {"x", "g", *rule.slots}
    try:
        outputs = from_rule(rule)
    except Exception:  # a formula that calls what has no symbols
        return False
    nodes = [node for node in postorder(outputs) if node.operation and node.symbols & arrays]
    return all(node.operation.name in BODIES for node in nodes if node.operation)


def plain_kernel(rule: type[Rule]) -> Callable[..., None]:
    """The same function by NumPy alone, in place."""

    def call(t: float, until: float, hyper: np.ndarray, x: np.ndarray, g: np.ndarray, *slots: np.ndarray) -> None:
        arrays = [*[x] * rule.takes_x, g, *slots, *[t] * rule.takes_t, *hyper.tolist()]
        with np.errstate(all="ignore"):
            result = rule._array(*arrays)
            step, *new = result if rule.slots else (result,)
            x += step
        for slot, value in zip(slots, new, strict=True):
            slot[...] = value

    return call
