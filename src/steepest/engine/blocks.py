"""Loops in LLVM's language, over one number at a time or 64 bytes at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .machine import TYPES, load, place, store

# Numbers are worked on 64 bytes at a time, whatever the registers hold: sums have the same order on every processor.
BYTES = 64

Lines = list[Any]  # of text, and of lists of lines


def each(i: str, count: str, body: Lines, *sums: tuple[str, str, str, str]) -> Lines:
    """The lines of `body` for %i = 0, 1, ..., count - 1.

    A sum is (name, type, first value, value after a round): ``%name.sofar`` within the loop, ``%name`` behind it.
    """
    return [
        f"br label %{i}.enter", f"{i}.enter:",
        f"%{i}.any = icmp sgt i64 {count}, 0", f"br i1 %{i}.any, label %{i}.head, label %{i}.exit",
        f"{i}.head:", f"%{i} = phi i64 [0, %{i}.enter], [%{i}.next, %{i}.latch]",
        *[f"%{name}.sofar = phi {kind} [{first}, %{i}.enter], [{last}, %{i}.latch]"
          for name, kind, first, last in sums],
        *body,
        f"br label %{i}.latch", f"{i}.latch:",
        f"%{i}.next = add nuw nsw i64 %{i}, 1", f"%{i}.more = icmp slt i64 %{i}.next, {count}",
        f"br i1 %{i}.more, label %{i}.head, label %{i}.exit", f"{i}.exit:",
        *[f"%{name} = phi {kind} [{first}, %{i}.enter], [{last}, %{i}.latch]"
          for name, kind, first, last in sums],
    ]  # fmt: skip


def flat(lines: Lines) -> str:
    """All lines as text."""
    return "\n  ".join(flat(line) if isinstance(line, list) else line for line in lines)


def index(name: str, row: str, width: str, column: str) -> Lines:
    """``%name = row * width + column``."""
    return [f"%{name}.0 = mul nuw nsw i64 {row}, {width}", f"%{name} = add nuw nsw i64 %{name}.0, {column}"]


class Writer:
    """The lines for arrays of one precision.

    Parameters
    ----------
    dtype : dtype
    classes : str
        How many scores a sample has.
    """

    def __init__(self, dtype: np.dtype, classes: str):
        self.kind, self.bytes, self.classes = TYPES[dtype.name], dtype.itemsize, classes
        self.lanes = BYTES // dtype.itemsize
        self.vector = f"<{self.lanes} x {self.kind}>"

    def at(self, name: str, array: str, where: str) -> Lines:
        """Load a number."""
        return load(self.kind, f"%{name}", array, where)

    def put(self, value: str, array: str, where: str, name: str) -> Lines:
        """Store a number."""
        return store(self.kind, value, f"%{name}", array, where)

    def block(self, name: str, array: str, where: str) -> Lines:
        """Load 64 bytes."""
        return [
            place(self.kind, f"%{name}", array, where),
            f"%{name} = load {self.vector}, ptr %{name}.place, align {self.bytes}",
        ]

    def put_block(self, value: str, array: str, where: str, name: str) -> Lines:
        """Store 64 bytes."""
        return [
            place(self.kind, f"%{name}", array, where),
            f"store {self.vector} {value}, ptr %{name}.place, align {self.bytes}",
        ]

    def together(self, name: str, vector: str) -> Lines:
        """The sum of the numbers of a vector: of its halves, again and again."""
        lines, width = [], self.lanes
        while width > 1:
            half = width // 2
            for part, start in (("low", 0), ("high", half)):
                mask = ", ".join(f"i32 {start + k}" for k in range(half))
                kind = f"<{width} x {self.kind}>"
                lines.append(
                    f"%{name}.{part}.{half} = shufflevector {kind} {vector}, {kind} poison, <{half} x i32> <{mask}>"
                )
            vector = f"%{name}.{half}"
            lines.append(f"{vector} = fadd <{half} x {self.kind}> %{name}.low.{half}, %{name}.high.{half}")
            width = half
        return [*lines, f"%{name} = extractelement <1 x {self.kind}> {vector}, i32 0"]

    def everywhere(self, name: str, number: str) -> Lines:
        """A vector of one number."""
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return [f"%{name}.one = insertelement {self.vector} poison, {self.kind} {number}, i32 0",
                f"%{name} = shufflevector {self.vector} %{name}.one, {self.vector} poison, {zeros}"]  # fmt: skip

    def double(self, name: str, number: str) -> str:
        """A number in double precision."""
        same = f"fadd double {number}, -0.0"
        return f"%{name} = " + (same if self.kind == "double" else f"fpext float {number} to double")

    def narrow(self, name: str, number: str) -> str:
        """A number of double precision in this one."""
        same = f"fadd double {number}, -0.0"
        return f"%{name} = " + (same if self.kind == "double" else f"fptrunc double {number} to float")
