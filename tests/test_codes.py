"""The codes of verdicts: those in the source are those in the table, and runs hold the figures that it promises."""

from __future__ import annotations

import ast
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from steepest.codes import CODES, FAMILIES, REMARKS, family, told
from test_diagnose import CAUSES, bowl
from test_diagnose import run as cause

SOURCE = Path(st.__file__).parent
# What stands for the parts of codes that are put together.
PARTS = {"family": ("budget", "stalled"), "error.what": ("evaluations", "time")}


def constants(node):
    """The texts that an expression can give, as far as they are written out; nothing for what is passed on."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from constants(node.body)
            yield from constants(node.orelse)
        case ast.JoinedStr():
            texts = [""]
            for part in node.values:
                more = [part.value] if isinstance(part, ast.Constant) else PARTS[ast.unparse(part.value)]
                texts = [text + end for text in texts for end in more]
            yield from texts


def produced():
    """Every code that the source makes: in a Verdict, in a Reason, as `code`, or put into an array of codes."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name("Verdict" | "Reason"), args=[first, *_]):
                    yield from constants(first)
                case ast.Assign(targets=[ast.Name("code"), *_], value=value):
                    yield from constants(value)


def test_every_code_of_the_source_is_in_the_table_and_no_other():
    assert {*produced()} == {*CODES}


def test_families():
    assert {code.partition(".")[0] for code in CODES} == {*FAMILIES}
    assert all(row.meaning.endswith(".") for row in CODES.values())
    assert family("of.my.own").status == family("callback").status == 99


def test_a_code_in_words():
    for code in CODES:
        assert told(code).startswith(f"{code}: {CODES[code].meaning}")
    with pytest.raises(st.ArgumentError, match=r"Did you mean 'stalled\.kink'"):
        told("staled.kink")
