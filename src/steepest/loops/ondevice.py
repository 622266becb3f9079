"""A rule on the arrays of another library, where they are: x, gradient and slots stay on its device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..derivatives import Proved
from ..derivatives.own import USER
from ..engine.kernels import cached
from ..engine.traced import from_rule
from ..expression import OPERATIONS, Expression, Program, invariants, postorder, symbol
from ..history import History
from ..methods.lift import Rule
from ..objective.foreign import Library
from ..objective.oracle import Objective, Oracle
from ..objective.params import Parameters
from ..objective.point import Point
from .loop import Iterate

COMPARISONS = [OPERATIONS[name] for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")]
Step = Callable[[Any, Any, tuple[Any, ...], Any], tuple[Any, ...]]


@cached()
def split(rule: type[Rule]) -> tuple[Program, list[Expression], list[Expression]]:
    """What is computed once a step in float64 (t, then the hyperparameters), its parts, and the new x and slots."""
    outputs = from_rule(rule)
    parts = invariants(outputs, {"x", "g", *rule.slots})
    return Program([symbol("t"), *map(symbol, rule.defaults)], parts), parts, outputs


@cached()
def step_of(rule: type[Rule], library: Library) -> Step | None:
    """``step(x, g, slots, parts) -> (new x, *new slots)`` in the library's words; None if it lacks one of them.

    What differs between hyperparameters and steps comes as one array, so that the library compiles but once.
    """
    _, parts, outputs = split(rule)
    given = frozenset(parts)
    nodes = [
        node for node in postorder(outputs, lambda node: node not in given) if node not in given and node.operation
    ]
    words = {node.operation.name: library.function(node.operation.ufunc) for node in nodes if node.operation}
    if None in words.values():
        return None

    def step(x: Any, g: Any, slots: tuple[Any, ...], numbers: Any) -> tuple[Any, ...]:
        known = dict(zip([symbol("x"), symbol("g"), *map(symbol, rule.slots)], [x, g, *slots], strict=True))
        known |= {part: numbers[k] for k, part in enumerate(parts)}
        for node in nodes:
            assert node.operation is not None
            arguments = [known[arg] for arg in node.args]
            truth = node.args[0] not in given and node.args[0].operation in COMPARISONS
            if node.operation.name == "where" and not truth:
                arguments[0] = arguments[0] != 0
            known[node] = words[node.operation.name](*arguments)  # type: ignore[misc]
        return tuple(known[output] for output in outputs)

    return library.compiled(step)


class OnDevice:
    """A run whose arrays stay where they are; only numbers come back: f and two norms a step.

    The library tells value and gradient by one call, which `nfev` counts once. Where the gradient is not finite and the
    value is, the run ends (``nonfinite``): no differences stand in.

    Parameters
    ----------
    rule : Rule
        Without a length policy.
    library : Library
    oracle : Oracle
        Which has proved the gradient at the start; it counts.
    step : callable
        From `step_of`.
    evaluate : callable
        x -> (value, gradient), all of them flat arrays of the library.
    """

    def __init__(
        self, rule: Rule, library: Library, oracle: Oracle, step: Step, evaluate: Callable[[Any], tuple[Any, Any]]
    ):
        self.rule, self.library, self.oracle, self._step, self._evaluate = rule, library, oracle, step, evaluate
        self.engine = f"{library.name} on {library.place}"

    @classmethod
    def of(cls, rule: Any, parameters: Parameters, jac: Any, oracle: Oracle) -> OnDevice | None:
        """For a run that can stay there, its gradient proved; else None."""
        library, derivative = parameters.library, oracle.derivative
        if library is None or not isinstance(derivative, Proved) or not isinstance(rule, Rule) or not rule.free:
            return None
        evaluate = None
        if derivative.name == library.name:
            evaluate = library.together(oracle.objective.raw)
        elif derivative.name == USER and callable(jac) and parameters.single:
            evaluate = _both(oracle.objective, jac, library)
        step = step_of(type(rule), library)
        return cls(rule, library, oracle, step, evaluate) if evaluate and step else None

    def iterates(self, first: Point) -> Iterator[Iterate]:
        """What `descend` yields, with arrays of the library."""
        now = Iterate(0, self._point(self.library.array(first.x), first.f, self.library.array(first.g)), None, math.nan)
        slots = tuple(0 * now.point.x for _ in self.rule.slots)
        program = split(type(self.rule))[0]
        dtype = first.x.dtype
        while True:
            yield now._replace(memory=(slots, None))
            hyper = self.rule.at(now.t + 1.0)
            numbers = np.array(program.floats([now.t + 1.0, *hyper.values()]), dtype)
            x, *slots = self._step(now.point.x, now.point.g, slots, self.library.array(numbers))  # type: ignore[assignment]
            slots = tuple(slots)
            value, g = self._evaluate(x)
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


def _both(objective: Objective, jac: Callable[..., Any], library: Library) -> Callable[[Any], tuple[Any, Any]]:
    """The caller's value and gradient, where x is a single array."""
    return lambda x: (
        objective.raw(x),
        library.reshape(jac(objective.restore(x), *objective.args), x.shape),
    )
