"""What a run knows, as plain data for a file, and put back: its parts, and its points, each once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError
from ..methods.proximal import Composed, Composite
from ..methods.wrappers import Through, View
from ..objective.oracle import Oracle
from ..objective.point import Point

LIMITS = ("maxfun", "deadline", "vectorized")  # of an objective, which each call sets anew


class At(NamedTuple):
    """In the file, a point: its number among the places."""

    place: int


class Place(NamedTuple):
    """In the file, what is known about a point; `inner` is the one that a `View` or a `Composed` is made of."""

    kind: str
    x: np.ndarray
    f: float | None
    g: np.ndarray | None
    error: np.ndarray | None
    inner: At | None


# --- parts: their attributes that are plain data ------------------------------------------------------------


def parts(oracle: Oracle, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """What an oracle, its objective and its derivative know, but for the attributes of these names."""
    derivative = oracle.derivative
    instead = getattr(derivative, "instead", None)
    return {
        "parts": [_known(part, without) for part in (oracle.objective, oracle, derivative)],
        "instead": None if instead is None else _known(instead, without),
    }


def put_back(saved: dict[str, Any], oracle: Oracle, start: np.ndarray) -> None:
    """Let a fresh oracle know what another one has known."""
    derivative = oracle.derivative
    if saved["instead"] is not None:
        _learn(derivative.stand_in(start), saved["instead"])  # type: ignore[attr-defined]
    for part, state in zip((oracle.objective, oracle, derivative), saved["parts"], strict=True):
        _learn(part, state)


def _known(part: Any, without: tuple[str, ...]) -> dict[str, Any]:
    """The attributes of an object that are plain data, copied: functions and other objects stay where they are."""
    known = {}
    for name, value in vars(part).items():
        if isinstance(value, np.random.Generator):
            known[name] = value.bit_generator.state
        elif name not in LIMITS + without and _plain(value):
            known[name] = copy.deepcopy(value)
    return known


def _learn(part: Any, known: dict[str, Any]) -> None:
    for name, value in known.items():
        old = getattr(part, name, None)
        # which may be shared, or the caller's: it stays the same one
        if isinstance(old, np.random.Generator):
            old.bit_generator.state = value
        else:
            setattr(part, name, value)


def _plain(value: Any) -> bool:
    if value is None or isinstance(value, str | bool | int | float | np.ndarray | np.generic):
        return True
    if isinstance(value, tuple | list):
        return all(map(_plain, value))
    return is_dataclass(value) and all(_plain(getattr(value, field.name)) for field in fields(value))


# --- points: kept once each, wherever they stand ------------------------------------------------------------


class Places:
    """The points of a tree, in the order in which they are met."""

    def __init__(self) -> None:
        self.kept: list[Place] = []
        self._seen: dict[int, At] = {}

    def put(self, tree: Any) -> Any:
        """The tree with its points taken out."""
        return _changed(tree, Point, self._at)

    def _at(self, point: Point) -> At:
        if (key := id(point)) not in self._seen:
            inner = None
            if isinstance(point, View):
                if point.known_g is None:  # what the wrapper will make of it depends on the step
                    raise ArgumentError(
                        "checkpoint: a wrapped FISTA, or average of places, can't be kept in a file where the wrapper "
                        "changes gradients. Leave one of them out."
                    )
                inner = self._at(point.true)
            elif isinstance(point, Composed):
                inner = self._at(point.smooth)
            g = point.known_g
            error = None if g is None else point.error
            self.kept.append(Place(type(point).__name__, point.x, point.known_f, g, error, inner))
            self._seen[key] = At(len(self.kept) - 1)
        return self._seen[key]


def points(kept: list[Place], oracle: Oracle) -> list[Point]:
    """The points that the places of a file describe."""
    places: list[Point] = []
    for place in kept:
        places.append(_point(place, places, oracle))
    return places


def filled(tree: Any, places: list[Point]) -> Any:
    """The tree with its points put back."""
    return _changed(tree, At, lambda at: places[at.place])


def _changed(tree: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """The tree with each part of that kind changed."""
    if isinstance(tree, kind):
        return change(tree)
    if isinstance(tree, tuple):
        parts = [_changed(part, kind, change) for part in tree]
        return type(tree)._make(parts) if hasattr(tree, "_make") else tuple(parts)
    return tree


def _point(place: Place, places: list[Point], oracle: Oracle) -> Point:
    kind, x, f, g, error, inner = place
    point: Point
    if kind == "View":
        true = places[inner.place]  # type: ignore[union-attr]
        point = View(x, Through(true.oracle or oracle, np.asarray), true)
        point._g = g
    elif kind == "Composed":
        assert isinstance(oracle, Composite)
        point = Composed(places[inner.place], oracle)  # type: ignore[union-attr]
        point._g, point._error = g, error
    else:
        point = oracle.recalled(x, f, g, error)
    return point
