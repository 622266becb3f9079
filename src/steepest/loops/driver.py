"""Who makes the steps of a run: the loop, machine code in its place, or the library that the arrays belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..history import History
from ..methods.method import Method
from ..objective.oracle import Oracle
from ..objective.params import Parameters
from ..objective.point import Point
from .compiled import CompiledLoop
from .loop import Iterate, descend
from .ondevice import OnDevice


class Driver:
    """Makes the steps of one run, in the fastest way that there is for it.

    Parameters
    ----------
    method : Method
    start : ndarray, shape (n,)
    """

    def __init__(self, method: Method, start: np.ndarray):
        self.method, self.start, self._name = method, start, method.engine(start)
        self._compiled: CompiledLoop | None = None
        self._on_device: OnDevice | None = None

    def leave_the_loop(self, fun: Any, jac: Any, parameters: Parameters, oracle: Oracle, *record: Any) -> None:
        """Where nobody looks at every step, take what makes many of them at once; `record` is for `CompiledLoop`."""
        self._on_device = OnDevice.of(self.method, parameters, jac, oracle)
        self._compiled = CompiledLoop.of(self.method, fun, jac, oracle, self.start, *record)

    def iterates(self, oracle: Oracle, first: Point | Iterate) -> Iterator[Iterate]:
        """Where the method goes."""
        if self._on_device is not None and isinstance(first, Point):
            return self._on_device.iterates(first)
        return descend(oracle, first, self.method, self._compiled)

    def arrive(self, history: History) -> str:
        """Bring the arrays home; what the steps were computed with, in order."""
        if self._on_device is not None:
            self._on_device.home(history)
            return self._on_device.engine
        names = [self._name, self.method.engine(self.start)]  # another one if it was compiled on the way
        if self._compiled is not None and self._compiled.begun is not None:
            names[self._compiled.begun > 0 :] = [self._compiled.engine]
        return " then ".join(dict.fromkeys(names))
