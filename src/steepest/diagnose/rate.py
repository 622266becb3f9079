"""The learning rate of a run beside what the curvature allows, and the rate to suggest."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from ..methods.stability import stability
from .call import TESTS
from .case import Case
from .product import Product
from .verdict import Advice
from .words import number, rounded

PATIENCE = 20_000  # steps that are still worth advising


class Rate:
    """The learning rate of a run, beside what the curvature allows.

    Attributes
    ----------
    limit : float
        The largest stable rate at the curvature `L`; NaN where the method has no such rule.
    """

    def __init__(self, case: Case):
        self.case, self.lr = case, case.lr
        limit, self.formula, share, self.shared = stability(type(case.method))
        self.hyper = getattr(case.method, "hyper", {})
        beta = self.hyper.get("beta", 0.0)
        self.factor = limit(beta if isinstance(beta, float) else math.nan)
        self.boost = 1 / (1 - beta) if isinstance(beta, float) else 1.0
        self.share = share(beta if isinstance(beta, float) else 0.0)

    @cached_property
    def L(self) -> float:
        """The largest upward curvature at the point, or along the last steps."""
        c = self.case.curvature
        if c is None:
            return self.secant
        here = float(c.values[-1]) if c.complete or self.case.exact else self.case.steepest
        return max(here, self.secant) if not math.isnan(here) else math.nan

    @cached_property
    def secant(self) -> float:
        """The largest curvature along the last steps, or along the first ones of a run that left."""
        trail = self.case.trail
        return (
            trail.secant(trail.opening if self.case.away else trail.x, self.lr) if self.formula == "2/L" else -math.inf
        )

    @property
    def opening(self) -> float:
        """The largest curvature along the first steps, if their rate was that of the last."""
        trail = self.case.trail
        constant = self.formula == "2/L" and len(trail.lr) > 1 and trail.lr[1] == self.lr
        return trail.secant(trail.opening, self.lr) if constant else -math.inf

    @cached_property
    def limit(self) -> float:
        return self.factor / self.L if self.L > 0 else math.nan

    @cached_property
    def suggested(self) -> float:
        """1/L, with the largest curvature of either sign that was met: here, on the last steps, and at the start."""
        case = self.case
        known = self.L if case.curvature is None else case.steepest
        if not math.isfinite(known):
            return math.nan
        largest = max(self.secant, known, *map(self._power, self._elsewhere()))
        return rounded(self.share / largest) if 0 < largest < math.inf else math.nan

    def _elsewhere(self) -> list[np.ndarray]:
        """Places where the curvature may be larger: the start, and half and all of Newton's way to the minimum."""
        case, c = self.case, self.case.curvature
        places = [] if (case.start == case.x).all() else [case.start]
        if c is not None:
            places += [case.x + case.newton.step, case.x + case.newton.step / 2]
        return places

    def _power(self, x: np.ndarray) -> float:
        """The curvature at `x` by two power steps from the gradient; nothing where gradients are dear."""
        case = self.case
        if case.probes.left < 3:
            return -math.inf
        x = x.astype(case.x.dtype)
        g = case.probes.gradient(x)
        if g is None or not g.any():
            return -math.inf
        product, v = Product(case.probes, x, g, case.scale, case.free), g / np.linalg.norm(g)
        size = -math.inf
        for _ in range(2):
            image = product(v)
            if image is None or not image[0].any():
                break
            size = float(np.linalg.norm(image[0]))
            v = image[0] / size
        return size

    @cached_property
    def trusted(self) -> bool:
        """Whether Newton's step lowers f by half of what it foresees: on the way the curvature is then 1.5 L at most,
        and 1/L stable. Where nothing foretells that is taken for granted; no larger rate where f bends down here."""
        case, c = self.case, self.case.curvature
        if c is not None and c.smallest < -c.error and self.lr < self.suggested:
            return False
        drop = case.left[0]
        if c is None or not 10 * case.noise < drop < math.inf:
            return True
        return not case.f - case.value(case.newton.step) < drop / 2

    @property
    def best(self) -> str:
        """The suggested rate, and of which curvature it is made: mostly that of the limit."""
        largest = self.share / self.suggested
        if abs(largest / self.L - 1) < 0.01:
            return f"{number(self.suggested)} = {self.shared}"
        shared = self.shared.replace("L", number(largest))
        return f"{number(self.suggested)} = {shared}, of a curvature met elsewhere,"

    @property
    def evidence(self) -> dict[str, float]:
        return {"lr": self.lr, "limit": self.limit, "L": self.L}

    def needed(self, lr: float) -> float:
        """About how many steps the flattest direction takes at the rate `lr`; infinite where it was not seen."""
        c = self.case.curvature
        if c is None or not c.complete or c.smallest <= c.error or not self.formula:
            return math.inf
        # momentum itself forgets in 1/(1 - beta) steps, and f in half as many as the gradient
        slowest = max(1 / (lr * c.smallest * self.boost), 2 * self.boost if self.boost > 1 else 1.0)
        return math.log(1e9) * slowest

    def advice(self) -> Advice:
        """The same method at the suggested rate, if that arrives in a reasonable number of steps."""
        case, lr = self.case, self.suggested
        c = case.curvature
        if not math.isfinite(lr) or c is None or not self.formula or not self.trusted:
            return case.default()
        steps = self.needed(lr) if case.n > 1 or c.smallest > c.error else 1.0
        if steps > PATIENCE:
            return case.default()
        changes: dict[str, Any] = {"method": case.method.with_hyper(lr=lr), "lr": None}  # type: ignore[attr-defined]
        if steps > case.allowed:
            changes["maxiter"] = math.ceil(steps)
        if case.reason.converged:  # by a test that short steps fooled
            changes |= {test: None for test in TESTS if test in case.given}
        return case.advise(**changes)
