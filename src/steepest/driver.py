"""Who makes the steps of a run: the loop, machine code ahead of it, or the library that the arrays belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .afar import Afar
from .ahead import Ahead
from .history import History
from .loop import Iterate, descend
from .methods.method import Method
from .oracle import Oracle
from .params import Parameters
from .point import Point


class Driver:
    """Makes the steps of one run, in the fastest way that there is for it.

    Parameters
    ----------
    method : Method
    start : ndarray, shape (n,)
    """

    def __init__(self, method: Method, start: np.ndarray):
        self.method, self.start, self._name = method, start, method.engine(start)
        self._ahead: Ahead | None = None
        self._afar: Afar | None = None

    def leave_the_loop(self, fun: Any, jac: Any, parameters: Parameters, oracle: Oracle, *watch: Any) -> None:
        """Where nobody looks at every step, take what makes many of them at once; `watch` is for `Ahead`."""
        self._afar = Afar.of(self.method, parameters, jac, oracle)
        self._ahead = Ahead.of(self.method, fun, jac, oracle, self.start, *watch)

    def iterates(self, oracle: Oracle, first: Point | Iterate) -> Iterator[Iterate]:
        """Where the method goes."""
        if self._afar is not None and isinstance(first, Point):
            return self._afar.iterates(first)
        return descend(oracle, first, self.method, self._ahead)

    def arrive(self, history: History) -> str:
        """Bring home what is still far away; what the steps were computed with, in order."""
        if self._afar is not None:
            self._afar.home(history)
            return self._afar.engine
        names = [self._name, self.method.engine(self.start)]  # another one if it was compiled on the way
        if self._ahead is not None and self._ahead.begun is not None:
            names[self._ahead.begun > 0 :] = [self._ahead.engine]
        return " then ".join(dict.fromkeys(names))
