"""Numbers, places and directions as words, the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

FEW = 4  # coordinates that are written out


def number(value: float) -> str:
    """Three digits: 0.5, 6.91e+06, -2."""
    return f"{value:.3g}"


def count(value: float) -> str:
    """How many, or how many times: three digits, in groups up to a million."""
    if not 1e3 <= abs(value) < 1e7:
        return number(value)
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.0f}".replace(",", " ")


def at_least(value: float) -> str:
    """A finite count that must not sound smaller than it is: rounded up to three digits."""
    digits = max(math.floor(math.log10(max(value, 1.0))) - 2, 0)
    return count(math.ceil(value / 10**digits) * 10.0**digits)


def place(x: np.ndarray) -> str:
    """(3, 2), or in many dimensions what tells it apart: its largest coordinates."""
    if x.size == 1:
        return f"{x[0]:.4g}"
    if x.size <= FEW:
        return f"({', '.join(f'{v + 0.0:.4g}' for v in x)})"
    return f"({', '.join(f'{v + 0.0:.4g}' for v in x[:3])}, ... {x.size} numbers)"


def called(places: Any, i: int, name: str = "") -> str:
    """What number i of x is called: w[0] or b of a dict, x[0] of an array, x of a number; "" if it is not there.

    `places` is x with the index of each number in its place.
    """
    if isinstance(places, Mapping | list | tuple):
        parts = places.items() if isinstance(places, Mapping) else enumerate(places)
        inside = name if name or isinstance(places, Mapping) else "x"
        names = (called(part, i, f"{inside}[{key!r}]" if inside else str(key)) for key, part in parts)
        return next(filter(None, names), "")
    found = np.argwhere(np.asarray(places) == i)
    if not len(found):
        return ""
    return f"{name or 'x'}[{', '.join(map(str, found[0]))}]" if np.size(places) > 1 else name or "x"


def along(v: np.ndarray) -> str:
    """A direction: (0, 1), or the coordinates that it mostly consists of."""
    v = np.where(np.abs(v) < 5e-4 * np.abs(v).max(), 0.0, v) / max(float(np.linalg.norm(v)), 1e-300)
    if v.size == 1:
        return "x"
    if v.size <= FEW:
        return f"({', '.join(f'{c:.3g}' for c in v)})"
    largest = np.argsort(-np.abs(v), kind="stable")[:3]
    return "mostly " + ", ".join(f"{v[i]:+.2g} x[{i}]" for i in largest if v[i])


def literal(value: Any) -> str:
    """A value as Python source, numbers short."""
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, np.ndarray):
        return literal(value.tolist())
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        inner = ", ".join(map(literal, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if is_dataclass(value):
        parts = [(field.name, getattr(value, field.name), field.default) for field in fields(value)]
        home = type(value).__module__.rpartition(".")[2]
        prefix = f"{home}." if home in ("schedules", "sets", "stop") else ""  # public as modules
        inside = ", ".join(f"{name}={literal(v)}" for name, v, default in parts if v != default)
        return f"st.{prefix}{type(value).__name__}({inside})"
    return repr(value)


def rounded(value: float) -> float:
    """The nearest number of three digits, as a learning rate to suggest."""
    return float(f"{value:.3g}")
