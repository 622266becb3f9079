"""What a formula may call, in the words of Python floats, of NumPy, and of other array libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ..expression import OPERATIONS

Alphabet = Mapping[str, Callable[..., Any]]

# A formula's free names are bound to one of these, so that the same code object runs on floats and on arrays. The
# second keeps a float a float: NumPy's own float64 would turn arrays of float32 into float64.
FLOATS: Alphabet = {name: operation.scalar for name, operation in OPERATIONS.items()}
ARRAYS: Alphabet = dict(OPERATIONS)


def speak(formula: FunctionType, alphabet: Alphabet) -> FunctionType:
    """The same code, with the names of the alphabet bound to another library's functions."""
    scope = {**formula.__globals__, **alphabet}
    return FunctionType(formula.__code__, scope, formula.__name__, formula.__defaults__, formula.__closure__)
