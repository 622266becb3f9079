"""Verdict and Advice: what a diagnosis gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .words import literal


@dataclass(frozen=True)
class Advice:
    """The next call to make.

    Attributes
    ----------
    changes : dict
        Keyword arguments of `minimize` to change; None takes one away.
    hint : str
        What to do where no argument helps, or beside them.
    function : str
        ``minimize`` or ``maximize``.

    Examples
    --------
    >>> print(Advice({"x0": [0.0, 0.7], "maxiter": 500}))
    st.minimize(f, [0, 0.7], maxiter=500)
    """

    changes: dict[str, Any] = field(default_factory=dict)
    hint: str = ""
    function: str = "minimize"

    def __str__(self) -> str:
        if not self.changes:
            return self.hint
        named = {name: value for name, value in self.changes.items() if name != "x0" and value is not None}
        start = literal(self.changes["x0"]) if "x0" in self.changes else "x0"
        parts = ["f", start, *(f"{name}={self._written(value)}" for name, value in named.items())]
        call = f"st.{self.function}({', '.join(parts)})"
        return f"{call}  # {self.hint}" if self.hint else call

    @staticmethod
    def _written(value: Any) -> str:
        defaults = getattr(value, "defaults", None)
        if defaults is None:
            return literal(value)
        changed = [(name, v) for name, v in value.hyper.items() if v != defaults[name] or name == "lr"]
        return f"st.{value.name}({', '.join(f'{name}={literal(v)}' for name, v in changed)})"


@dataclass(frozen=True)
class Verdict:
    """Why a run ended as it did.

    Attributes
    ----------
    code : str
        Stable name of the cause; its first word is the family that `Result.status` stands for.
    sentence : str
        The cause in one or two sentences with their numbers.
    success : bool
        Whether the point is solved to the accuracy that is claimed.
    evidence : dict
        The figures: numbers, lists of numbers, or words.
    advice : Advice or None
        The next call to make; None where there is nothing to do better.
    """

    code: str
    sentence: str
    success: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)
    advice: Advice | None = None
