"""Method: what the loop asks of an optimiser, and how scipy calls one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Criterion, GradientDrop


class Method:
    """An optimiser: where to start, and how to get from one point to the next.

    A rule (`steepest.rule`) and a direction (`steepest.BFGS`) both are one. Each instance is also a custom
    method of scipy: ``scipy.optimize.minimize(f, x0, method=Adam(lr=0.01))``.
    """

    name: str

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        """The method's formula as assignments (name, expression); the last one is ``step``."""
        raise NotImplementedError

    def init(self, point: Point) -> Any:
        """What is carried from step to step, before the first one."""
        raise NotImplementedError

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        """Step `t` (1.0, 2.0, ...): the new point, the new memory, and the step length (rate) used."""
        raise NotImplementedError

    def convergence(self, dtype: np.dtype) -> Criterion:
        """The method's own test for convergence, used where the caller asks for none; free of units."""
        return GradientDrop(float(np.sqrt(np.finfo(dtype).eps)))

    def engine(self, x: np.ndarray) -> str:
        """What the steps at a point like `x` are computed with, for the result."""
        return "NumPy"

    def __call__(
        self,
        fun: Callable[..., Any],
        x0: Any,
        args: tuple[Any, ...] = (),
        jac: Any = None,
        bounds: Any = None,
        callback: Callable[..., Any] | None = None,
        hess: Any = None,
        hessp: Any = None,
        constraints: Any = (),
        **options: Any,
    ) -> Any:
        """Minimise as a custom method of `scipy.optimize.minimize`, which calls with these names."""
        from ..minimize import minimize_for_scipy  # the one call upwards: scipy hands us the whole problem

        unused = {"hess": hess, "hessp": hessp, "constraints": constraints}
        return minimize_for_scipy(self, fun, x0, args, jac, bounds, callback, unused, options)
