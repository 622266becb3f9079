"""What can go wrong, as types; and how many of what, in words.

::

    SteepestError
    ├── ArgumentError (ValueError)    an argument that can't be right: which, its value, what was expected
    ├── ObjectiveError (ValueError)   fun, jac or callback gave back something that is no number of the right shape
    ├── FormulaError (ValueError)     text that is no formula, with the position of the fault
    ├── MissingExtraError (ImportError)   an optional package is needed: carries the exact install line
    └── Exhausted                     the budget of evaluations or seconds is spent (the loop catches it)
"""

from __future__ import annotations

LONG = 1000  # characters that a reader gets through; an argument shown in full may be a table of data


def counted(n: float, noun: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{n:.0f} {noun}{'' if n == 1 else 's'}"


class SteepestError(Exception):
    """Base of all errors that steepest itself raises; of a long message the middle is left out."""

    def __init__(self, message: str):
        half = LONG // 2
        super().__init__(message if len(message) <= LONG else f"{message[:half]} ... {message[-half:]}")


class ArgumentError(SteepestError, ValueError):
    """An argument that can't be right; the message names it, its value and what was expected."""


class ObjectiveError(SteepestError, ValueError):
    """The user's function gave back something unusable; the message says what, and what was expected."""


class FormulaError(SteepestError, ValueError):
    """Text that is no formula; ``position`` is the index of the offending character (from 0)."""

    def __init__(self, message: str, text: str = "", position: int = 0):
        self.text, self.position = text, position
        pointer = f"\n    {text}\n    {' ' * position}^" if text else ""
        super().__init__(message + pointer)


class MissingExtraError(SteepestError, ImportError):
    """An optional package is missing; the message carries the line that installs it."""

    def __init__(self, package: str, extra: str, purpose: str):
        super().__init__(f"{purpose} needs {package}: pip install 'steepest[{extra}]'")


class Exhausted(SteepestError):
    """The budget of evaluations or seconds is spent; raised before the call that would exceed it.

    Attributes
    ----------
    what : {"evaluations", "time"}
        Which budget.
    """

    def __init__(self, message: str, what: str):
        self.what = what
        super().__init__(message)
