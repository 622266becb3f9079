"""Expressions as machine code: printed in LLVM's language, optimised for this processor, and loaded."""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from string import Template
from typing import Any

from ..errors import MissingExtraError
from ..expression import OPERATIONS, Expression, postorder, source

HEAD = object.__basicsize__  # bytes that every object of Python begins with

# The types, by NumPy's names, and how LLVM marks its own functions with them.
TYPES = {"float32": "float", "float64": "double"}
MARKS = {"float": "f32", "double": "f64"}

# No operation carries LLVM's permissions to change numbers: IEEE arithmetic in the order of the formula gives the
# same bits as NumPy and Python do, so no result depends on the engine. (Permission to compute a*b + c in one rounding,
# and to multiply by an inverse, took a third off Adam's time for 1e4 float64, a tenth for float32, nothing for 1e6.)
#
# The operations on the type $T with mark $M: what computes %r from %a, %b, %c. A truth is 1.0 or 0.0, since
# NumPy multiplies by it, too.
_COMPARE = "%s = fcmp {} $T %a, %b\n  %r = uitofp i1 %s to $T"
BODIES = {
    "add": "%r = fadd $T %a, %b",
    "subtract": "%r = fsub $T %a, %b",
    "multiply": "%r = fmul $T %a, %b",
    "divide": "%r = fdiv $T %a, %b",
    "square": "%r = fmul $T %a, %a",
    "negate": "%r = fneg $T %a",
    "less": _COMPARE.format("olt"),
    "less_equal": _COMPARE.format("ole"),
    "greater": _COMPARE.format("ogt"),
    "greater_equal": _COMPARE.format("oge"),
    "equal": _COMPARE.format("oeq"),
    "not_equal": _COMPARE.format("une"),
    "where": "%s = fcmp une $T %a, 0.0\n  %r = select i1 %s, $T %b, $T %c",
    "minimum": "%r = call $T @llvm.minimum.$M($T %a, $T %b)",
    "maximum": "%r = call $T @llvm.maximum.$M($T %a, $T %b)",
    "abs": "%r = call $T @llvm.fabs.$M($T %a)",
    "sqrt": "%r = call $T @llvm.sqrt.$M($T %a)",
    "sign": """%s = fcmp ogt $T %a, 0.0
  %t = select i1 %s, $T 1.0, $T %a
  %u = fcmp olt $T %a, 0.0
  %r = select i1 %u, $T -1.0, $T %t""",
}
# a**b is 0 where b (1 - a) > 746, since log a <= a - 1 and e**-746 rounds to 0. C's pow is slow where it underflows, as
# Adam's beta1**t does from step 7000 on (a step of the compiled loop: 85 ns, else 41 ns); it is asked for a**0 there.
VANISHED = """%below = fsub double 1.0, %a
  %log = fmul double %below, %b
  %far = fcmp ogt double %log, 746.0
  %least = fcmp oge double %a, 0.0
  %most = fcmp olt double %a, 1.0
  %between = and i1 %least, %most
  %gone = and i1 %far, %between
  %exponent = select i1 %gone, double 0.0, double %b
  %p = call double @pow(double %a, double %exponent)
  %r = select i1 %gone, double 0.0, double %p"""
# The rest is C's, in double: every C library has it, and a float32 loses nothing by it.
C_NAMES = {"power": "pow", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2"}


def literal(value: float) -> str:
    """A double as LLVM reads it, to the last bit."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def instructions(
    outputs: Sequence[Expression], names: Mapping[Expression, str], kind: str, prefix: str
) -> tuple[list[str], list[str]]:
    """Instructions that compute `outputs`, and the names of the results.

    Parameters
    ----------
    outputs : sequence of Expression
    names : mapping of Expression to str
        What is at hand already; all symbols must be, and in float the numbers too.
    kind : {"float", "double"}
    prefix : str
        Of the names of intermediate results, unique in a function.

    Examples
    --------
    >>> from ..expression import symbol
    >>> x, y = symbol("x"), symbol("y")
    >>> instructions([x * y + x], {x: "%x", y: "%y"}, "double", "t")
    (['%t0 = call double @multiply.f64(double %x, double %y)',
      '%t1 = call double @add.f64(double %t0, double %x)'], ['%t1'])
    """
    nodes = postorder(outputs, lambda node: node.value is None and node not in names)
    numbers = {node: literal(node.value) for node in nodes if node.value is not None}
    return source(outputs, numbers | dict(names), _spelling(kind), f"%{prefix}")


@cache
def _spelling(kind: str) -> dict[str, str]:
    return {name: f"call {kind} @{name}.{MARKS[kind]}({', '.join(f'{kind} {{{i}}}' for i in range(o.arity))})"
            for name, o in OPERATIONS.items()}  # fmt: skip


def _definition(name: str, mark: str) -> str:
    """An operation as a function that is inlined wherever it is called."""
    kind = {mark: kind for kind, mark in MARKS.items()}[mark]
    letters = "abc"[: OPERATIONS[name].arity]
    body = BODIES.get(name) or _foreign(C_NAMES.get(name, name), letters, kind)
    parameters = ", ".join(f"{kind} %{a}" for a in letters)
    return (
        f"define internal {kind} @{name}.{mark}({parameters}) alwaysinline {{\n"
        f"  {Template(body).substitute(T=kind, M=mark)}\n  ret {kind} %r\n}}"
    )


def _foreign(name: str, letters: str, kind: str) -> str:
    """The body that calls C's function of that name."""
    if kind == "double":
        if name == "pow":
            return VANISHED
        return f"%r = call double @{name}({', '.join(f'double %{a}' for a in letters)})"
    widened = "\n  ".join(f"%{a}d = fpext float %{a} to double" for a in letters)
    arguments = ", ".join(f"double %{a}d" for a in letters)
    return f"{widened}\n  %d = call double @{name}({arguments})\n  %r = fptrunc double %d to float"


def _declaration(name: str) -> str:
    """C's function; pure, so that it may leave a loop: errno is nobody's concern here."""
    arguments = ", ".join(["double"] * OPERATIONS[name].arity)
    return f"declare double @{C_NAMES.get(name, name)}({arguments}) nounwind willreturn memory(none) nobuiltin"


def place(kind: str, name: str, array: str, index: str | int) -> str:
    return f"{name}.place = getelementptr inbounds {kind}, ptr {array}, i64 {index}"


def load(kind: str, name: str, array: str, index: str | int) -> list[str]:
    return [place(kind, name, array, index), f"{name} = load {kind}, ptr {name}.place"]


def store(kind: str, value: str, name: str, array: str, index: str | int) -> list[str]:
    return [place(kind, name, array, index), f"store {kind} {value}, ptr {name}.place"]


def unpack(array: str, k: int) -> list[str]:
    """The address of the numbers of the k-th argument; and its object, of which x's shape is read."""
    name = array.removesuffix(".array")
    return [
        *load("ptr", f"{name}.object", "%arguments", k),
        f"{name}.data = getelementptr i8, ptr {name}.object, i64 {HEAD}",
        f"{array} = load ptr, ptr {name}.data",
    ]


def python(name: str) -> str:
    """A function of Python's C interface, by its address."""
    return pointer(ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0)


def pointer(address: int) -> str:
    """An address of this process."""
    return f"inttoptr (i64 {address} to ptr)"


class _Definition(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


FASTCALL = 0x80  # METH_FASTCALL: the function takes (self, arguments, count)


class Code:
    """Machine code in this process, as long as this object or a function of it lives.

    Parameters
    ----------
    text : str
        Definitions in LLVM's language; they may call the operations, as ``@add.f64``.

    Raises
    ------
    MissingExtraError
        When llvmlite 0.45, which comes with Numba 0.62, or a later one is not installed.
    """

    def __init__(self, text: str):
        llvm, self._machine = processor()
        used = sorted({pair for pair in re.findall(r"@(\w+)\.(f32|f64)\(", text) if pair[0] in OPERATIONS})
        foreign = sorted({name for name, _ in used if name not in BODIES})
        parts = [*map(_declaration, foreign), *(_definition(*pair) for pair in used), text]
        self._module = llvm.parse_assembly("\n".join(parts))
        self._module.triple, self._module.data_layout = self._machine.triple, str(self._machine.target_data)
        self._module.verify()
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization = options.slp_vectorization = True
        passes = llvm.create_pass_builder(self._machine, options)
        passes.getModulePassManager().run(self._module, passes)
        self._engine = llvm.create_mcjit_compiler(self._module, self._machine)
        self._engine.finalize_object()
        self._definitions: list[_Definition] = []  # Python's functions point to them

    def function(self, name: str) -> Callable[..., Any]:
        """The function ``ptr @name(ptr %self, ptr %arguments, i64 %count)`` as one of Python's.

        A call takes less than 0.1 us; through ctypes 1 us, and the address of each array 0.4 us more.
        """
        definition = _Definition(name.encode(), self._engine.get_function_address(name), FASTCALL, None)
        self._definitions.append(definition)
        kind = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
        make = kind(("PyCFunction_NewEx", ctypes.pythonapi))
        # the function keeps this object, its `self`, alive
        return make(ctypes.addressof(definition), self, None)

    @property
    def assembly(self) -> str:
        """What the processor is told to do, to be looked at."""
        return self._machine.emit_assembly(self._module)


def processor() -> tuple[Any, Any]:
    """LLVM, and the processor that it makes code for."""
    try:
        import llvmlite
        import llvmlite.binding as llvm
    except ImportError as error:
        raise MissingExtraError("numba", "fast", "compiled code") from error
    if tuple(map(int, llvmlite.__version__.split(".")[:2])) < (0, 45):  # pointers had types before
        raise MissingExtraError("numba 0.62 or later", "fast", "compiled code")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )
    return llvm, machine
