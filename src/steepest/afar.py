"""A rule on the arrays of another library, where they are: x, gradient and slots stay on its device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from .derivatives import Proved
from .expression import Expression, Program, invariants, postorder, symbol
from .foreign import Library
from .history import History
from .kernels import traced
from .lift import Rule
from .loop import Iterate
from .oracle import Oracle
from .point import Point

Step = Callable[[Any, Any, tuple[Any, ...], Any], tuple[Any, ...]]


@cache
def split(rule: type[Rule]) -> tuple[Program, list[Expression], list[Expression]]:
    """What is computed once a step in float64 (t, then the hyperparameters), its parts, and the new x and slots."""
    outputs = traced(rule)
    parts = invariants(outputs, {"x", "g", *rule.slots})
    return Program([symbol("t"), *map(symbol, rule.defaults)], parts), parts, outputs


@cache
def step_of(rule: type[Rule], kind: type[Library]) -> Step | None:
    """``step(x, g, slots, parts) -> (new x, *new slots)`` in the library's words; None if it lacks one of them.

    What differs between hyperparameters and steps comes as one array, so that the library compiles but once.
    """
    _, parts, outputs = split(rule)  # type: ignore[arg-type]
    given = frozenset(parts)
    nodes = [
        node
        for node in postorder(outputs, lambda node: node not in given)
        if node not in given and node.operation
    ]
    words = {node.operation.name: kind.function(node.operation.ufunc) for node in nodes if node.operation}
    if None in words.values():
        return None

    def step(x: Any, g: Any, slots: tuple[Any, ...], numbers: Any) -> tuple[Any, ...]:
        known = dict(zip([symbol("x"), symbol("g"), *map(symbol, rule.slots)], [x, g, *slots], strict=True))
        known |= {part: numbers[k] for k, part in enumerate(parts)}
        for node in nodes:
            assert node.operation is not None
            arguments = [known[arg] for arg in node.args]
            if node.operation.name == "where":
                arguments[0] = arguments[0] != 0
            known[node] = words[node.operation.name](*arguments)  # type: ignore[misc]
        return tuple(known[output] for output in outputs)

    return kind.compiled(step)


class Afar:
    """A run whose arrays stay where they are; only numbers come back: f and two norms a step.

    Parameters
    ----------
    rule : Rule
        Without a length policy.
    library : Library
    oracle : Oracle
        Which has proved the library's gradient at the start; it counts.
    step : callable
        From `step_of`.
    """

    def __init__(self, rule: Rule, library: Library, oracle: Oracle, step: Step):
        self.rule, self.library, self.oracle, self._step = rule, library, oracle, step
        self._told = library.together(oracle.objective.raw)
        self.engine = f"{library.name} on {library.place}"

    @classmethod
    def of(cls, rule: Any, library: Library | None, oracle: Oracle) -> Afar | None:
        """For a run that can stay there, its gradient proved; else None."""
        derivative = oracle.derivative
        if library is None or not isinstance(derivative, Proved) or derivative.name != library.name:
            return None
        if not isinstance(rule, Rule) or not rule.free:
            return None
        step = step_of(type(rule), type(library))  # type: ignore[arg-type]
        return cls(rule, library, oracle, step) if step is not None else None

    def iterates(self, first: Point) -> Iterator[Iterate]:
        """What `descend` yields, with arrays of the library."""
        now = Iterate(
            0, self._point(self.library.array(first.x), first.f, self.library.array(first.g)), None, math.nan
        )
        slots = tuple(0 * now.point.x for _ in self.rule.slots)
        program = split(type(self.rule))[0]  # type: ignore[arg-type]
        dtype = first.x.dtype
        while True:
            yield now._replace(memory=(slots, None))
            hyper = self.rule.at(now.t + 1.0)
            numbers = np.array(program.floats([now.t + 1.0, *hyper.values()]), dtype)
            x, *slots = self._step(now.point.x, now.point.g, slots, self.library.array(numbers))  # type: ignore[assignment]
            slots = tuple(slots)
            value, g = self._told(x)
            self.oracle.njev += 1
            now = Iterate(now.t + 1, self._point(x, float(value), g), None, hyper.get("lr", math.nan))

    def home(self, history: History) -> None:
        """What the run ended with becomes arrays of NumPy, for the diagnosis and the result."""
        if self.oracle.best is not None:
            self.oracle.best = self._near(self.oracle.best)
        if history.now is not None:
            slots, length = history.now.memory
            memory = tuple(map(self.library.numpy, slots)), length
            history.now = history.now._replace(point=self._near(history.now.point), memory=memory)
            history.here = history.now.point.x

    def _point(self, x: Any, f: float, g: Any) -> Point:
        point = Point(x, f, g, None, self.oracle)
        self.oracle.visited(point)
        return point

    def _near(self, point: Point) -> Point:
        if isinstance(point.x, np.ndarray):
            return point
        return Point(self.library.numpy(point.x), point.f, self.library.numpy(point.g), None, self.oracle)
