"""Verdict and Advice: what a diagnosis gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .words import literal

LONG = 150  # characters
SETTLED = 0.01  # share of what a run has gained, that may be left where training, or a test that was asked for, ends


class Advice(str):
    """The next call to make, as text that can be pasted, and as the arguments that it changes.

    Parameters
    ----------
    changes : dict
        Keyword arguments of `minimize` to change; None takes one away.
    hint : str
        What to do where no argument helps, or beside them.
    function : str
        ``minimize``, ``maximize`` or ``fit``.

    Examples
    --------
    >>> print(Advice({"x0": [0.0, 0.7], "maxiter": 500}))
    st.minimize(f, [0, 0.7], maxiter=500)
    """

    changes: dict[str, Any]
    _made_of: tuple[dict[str, Any], str, str]

    def __new__(cls, changes: dict[str, Any], hint: str = "", function: str = "minimize") -> Advice:
        texts = {name: _written(v) for name, v in changes.items() if v is not None}
        # what is too long to paste is in the advice itself, of a result that is called r in all examples
        texts = {name: text if len(text) < LONG else f'r.advice.changes["{name}"]' for name, text in texts.items()}
        begun = "loss, params, data" if function == "fit" else f"f, {texts.pop('x0', 'x0')}"
        parts = [begun, *(f"{name}={text}" for name, text in texts.items())]
        call = f"st.{function}({', '.join(parts)})" if changes else ""
        advice = super().__new__(cls, "  # ".join(part for part in (call, hint) if part))
        advice.changes = changes
        advice._made_of = changes, hint, function
        return advice

    def __getnewargs__(self) -> tuple[dict[str, Any], str, str]:  # type: ignore[override]
        """What a copy is made of, in another process say."""
        return self._made_of


def _written(value: Any) -> str:
    """A method with those of its hyperparameters that are not its defaults; anything else as it is."""
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
