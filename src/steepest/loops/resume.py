"""Runs that go on where they stopped, bit by bit: what a run knows, kept in a file and put back."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np

from ..checkpoint import Journal
from ..errors import ArgumentError
from ..history import History
from ..methods.proximal import Composed, Composite
from ..methods.wrappers import Through, View
from ..objective.foreign import LIBRARIES
from ..objective.oracle import Objective, Oracle
from ..objective.point import Point
from .loop import Iterate


class At(NamedTuple):
    """In the file, a point: its number among the places."""

    place: int


class Place(NamedTuple):
    """In the file, what is known about a point; `inner` is the one that a `View` or a `Composed` is made of."""

    kind: str
    x: np.ndarray
    f: float
    g: np.ndarray | None
    error: np.ndarray | None
    inner: At | None


class Keeper(Journal):
    """Keeps one run of `minimize` in a file, and finds it there again."""

    kind = "checkpoint"
    _t = -1  # the step that was seen last

    @property
    def abroad(self) -> bool:
        """Whether another library told the gradient, which is known by what fun gives back."""
        return self.saved["parts"][2].get("name") in {kind.name for kind in LIBRARIES.values()}

    def put_back(self, objective: Objective, oracle: Oracle) -> tuple[Iterate, History, float]:
        """The state of the saved run put into its fresh parts: where it is, its history, its seconds so far.

        Raises
        ------
        ArgumentError
            When `fun` has another value there than it had.
        """
        saved, derivative = self.saved, oracle.derivative
        columns = saved["history"]
        history = History.from_arrays(columns, columns.pop("sign"))
        place = saved["places"][saved["now"].point.place]
        while place.inner is not None:  # a term is added to the value of fun
            place = saved["places"][place.inner.place]
        value = objective(place.x)  # which does not count: only so one can see which function it was
        if saved["instead"] is not None:
            _learn(derivative.stand_in(history._x[0]), saved["instead"])  # type: ignore[attr-defined]
        for part, state in zip((objective, oracle, derivative), saved["parts"], strict=True):
            _learn(part, state)
        for generator, state in zip(_generators(objective), saved["generators"], strict=True):
            generator.bit_generator.state = state
        size = max(abs(place.f), abs(history.first.f - place.f))
        if abs(value - place.f) > 1e-6 * size + 10 * derivative.noise(place.f):
            raise ArgumentError(
                f"{self.path} is of another function: it has f = {history.shown(place.f)} at its last point, "
                f"where fun gives {history.shown(value)}. Remove the file to begin anew, or name another one."
            )
        places: list[Point] = []
        for kept in saved["places"]:
            places.append(_point(kept, places, oracle))
        oracle.best = _filled(saved["best"], places)
        return _filled(saved["now"], places), history, saved["seconds"]

    def see(self, oracle: Oracle, now: Iterate, history: History) -> None:
        """Take down the state after a step; every so often write it."""
        places = _Places()
        self._t, self._history = now.t, history
        objective, derivative = oracle.objective, oracle.derivative
        instead = getattr(derivative, "instead", None)
        self._state = {
            "now": places.put(now),
            "best": places.put(oracle.best),
            "places": places.kept,
            "parts": [_known(part) for part in (objective, oracle, derivative)],
            "instead": None if instead is None else _known(instead),
            "generators": [generator.bit_generator.state for generator in _generators(objective)],
        }
        if self.due:
            self.write()

    def write(self) -> None:
        """Write the last state that was seen; if a step was interrupted in between, the older one stands."""
        if self._t >= 0 and self._t == self._history.last.t:
            history = {**self._history.to_arrays(), "sign": self._history.sign}
            self.put({**self._state, "history": history, "seconds": self._history.last.seconds})


def problem(x0: Any, start: np.ndarray, box: Any, **words: Any) -> dict[str, Any]:
    """What a run can't be another one in."""
    at = re.compile(r" at 0x[0-9a-f]+")  # where a function lies in memory says nothing about it
    texts = {name: at.sub("", repr(value)) for name, value in words.items()}
    return {"shape of x0": _shape(x0), "x0": start, "bounds": list(box or ()), **texts}


def _shape(tree: Any) -> str:
    if isinstance(tree, Mapping):
        return "{" + ", ".join(f"{key!r}: {_shape(part)}" for key, part in tree.items()) + "}"
    if isinstance(tree, list | tuple) and any(np.ndim(part) or isinstance(part, Mapping) for part in tree):
        return f"{type(tree).__name__} of {', '.join(map(_shape, tree))}"
    return f"{np.shape(tree)}"


# --- parts: their attributes that are plain data ------------------------------------------------------------

LIMITS = ("maxfun", "deadline", "vectorized")  # of an objective, which each call sets anew


def _known(part: Any) -> dict[str, Any]:
    """The attributes of an object that are plain data, copied: functions and other objects stay where they are."""
    known = {}
    for name, value in vars(part).items():
        if isinstance(value, np.random.Generator):
            known[name] = value.bit_generator.state
        elif name not in LIMITS and _plain(value):
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


def _generators(objective: Objective) -> Iterator[np.random.Generator]:
    """Those that the caller gave to fun."""
    return (arg for arg in objective.args if isinstance(arg, np.random.Generator))


# --- points: kept once each, wherever they stand ------------------------------------------------------------


class _Places:
    """The points of a tree, in the order in which they are met."""

    def __init__(self) -> None:
        self.kept: list[Place] = []
        self._seen: dict[int, At] = {}

    def put(self, tree: Any) -> Any:
        """The tree with its points taken out."""
        if isinstance(tree, Point):
            return self._at(tree)
        if isinstance(tree, tuple):
            parts = [self.put(part) for part in tree]
            return type(tree)._make(parts) if hasattr(tree, "_make") else tuple(parts)
        return tree

    def _at(self, point: Point) -> At:
        if (key := id(point)) not in self._seen:
            inner = None
            if isinstance(point, View):
                if point.known_g is None:  # what the wrapper will make of it depends on the step
                    raise ArgumentError(
                        "checkpoint: a wrapped FISTA can't be kept in a file. Leave one of the two out."
                    )
                inner = self._at(point.true)
            elif isinstance(point, Composed):
                inner = self._at(point.smooth)
            g = point.known_g
            error = None if g is None else point.error
            self.kept.append(Place(type(point).__name__, point.x, point.f, g, error, inner))
            self._seen[key] = At(len(self.kept) - 1)
        return self._seen[key]


def _filled(tree: Any, places: list[Point]) -> Any:
    """The tree with its points again."""
    if isinstance(tree, At):
        return places[tree.place]
    if isinstance(tree, tuple):
        parts = [_filled(part, places) for part in tree]
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
        point = Point(x, f, g, error, oracle)
    return point
