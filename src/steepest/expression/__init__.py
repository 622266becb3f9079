"""Scalar expressions as a graph: traced or parsed once, then differentiated, printed and computed.

``OPERATIONS`` is the one table of functions by name, the alphabet a rule is traced with: called on symbols
they build the graph, on numbers and arrays they compute.
"""

from __future__ import annotations

from .differentiate import differentiate
from .graph import CONSTANTS, Expression, Operation, express, number, postorder, symbol, text
from .latex import latex, latex_name
from .operations import OPERATIONS
from .parse import FUNCTIONS, names, parse
from .program import Program, invariants, source

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "OPERATIONS",
    "Expression",
    "Operation",
    "Program",
    "differentiate",
    "express",
    "invariants",
    "latex",
    "latex_name",
    "names",
    "number",
    "parse",
    "postorder",
    "source",
    "symbol",
    "text",
]
