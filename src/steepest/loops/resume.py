"""Runs that go on where they stopped, bit by bit: what a run knows, kept in a file and put back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..checkpoint import Journal
from ..errors import ArgumentError
from ..history import History
from ..methods.method import Method
from ..objective.foreign import LIBRARIES
from ..objective.oracle import Objective, Oracle
from . import state
from .loop import Iterate


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
        state.put_back(saved, oracle, history._x[0])
        for generator, its in zip(_generators(objective), saved["generators"], strict=True):
            generator.bit_generator.state = its
        size = max(abs(place.f), abs(history.first.f - place.f))
        if abs(value - place.f) > 1e-6 * size + 10 * derivative.noise(place.f):
            raise ArgumentError(
                f"{self.path} is of another function: it has f = {history.shown(place.f)} at its last point, "
                f"where fun gives {history.shown(value)}. Remove the file to begin anew, or name another one."
            )
        places = state.points(saved["places"], oracle)
        oracle.best = state.filled(saved["best"], places)
        return state.filled(saved["now"], places), history, saved["seconds"]

    def see(self, oracle: Oracle, now: Iterate, history: History) -> None:
        """Take down the state after a step; every so often write it."""
        places = state.Places()
        self._t, self._history = now.t, history
        self._state = {
            "now": places.put(now),
            "best": places.put(oracle.best),
            "places": places.kept,
            **state.parts(oracle),
            "generators": [generator.bit_generator.state for generator in _generators(oracle.objective)],
        }
        if self.due:
            self.write()

    def write(self) -> None:
        """Write the last state that was seen; if a step was interrupted in between, the older one stands."""
        if self._t >= 0 and self._t == self._history.last.t:
            history = {**self._history.to_arrays(), "sign": self._history.sign}
            self.put({**self._state, "history": history, "seconds": self._history.last.seconds})


def problem(x0: Any, posed: Any, method: Method) -> dict[str, Any]:
    """What a run can't be another one in."""
    jac = posed.jac if isinstance(posed.jac, str | bool | None) else "a function"
    words = {"method": method, "jac": jac, "term": posed.term, "sign": posed.sign}
    at = re.compile(r" at 0x[0-9a-f]+")  # where a function lies in memory says nothing about it
    texts = {name: at.sub("", repr(value)) for name, value in words.items()}
    return {"shape of x0": _shape(x0), "x0": posed.start, "bounds": list(posed.box or ()), **texts}


def _shape(tree: Any) -> str:
    if isinstance(tree, Mapping):
        return "{" + ", ".join(f"{key!r}: {_shape(part)}" for key, part in tree.items()) + "}"
    if isinstance(tree, list | tuple) and any(np.ndim(part) or isinstance(part, Mapping) for part in tree):
        return f"{type(tree).__name__} of {', '.join(map(_shape, tree))}"
    return f"{np.shape(tree)}"


def _generators(objective: Objective) -> Iterator[np.random.Generator]:
    """Those that the caller gave to fun."""
    return (arg for arg in objective.args if isinstance(arg, np.random.Generator))
