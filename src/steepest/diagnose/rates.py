"""Steps that are too long or too short for the curvature, and runs that were stopped on the way."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from .case import TESTS, Case
from .curvature import Product
from .verdict import Advice, Verdict
from .words import along, count, number, ordinal, place, rounded

# The largest stable rate on a quadratic of curvature L, and how it is written: GD, heavy ball (Polyak 1964) and
# Nesterov (1983), whose recurrences' roots leave the unit circle there (O'Donoghue & Candes 2015).
LIMITS: dict[str, tuple[Callable[[float], float], str]] = {
    "GD": (lambda beta: 2.0, "2/L"),
    "Momentum": (lambda beta: 2 * (1 + beta), "2 (1 + beta)/L"),
    "Nesterov": (lambda beta: 2 * (1 + beta) / (1 + 2 * beta), "2 (1 + beta)/((1 + 2 beta) L)"),
}
SHARES: dict[str, tuple[Callable[[float], float], str]] = {
    "Momentum": (lambda beta: 1 - beta, "(1 - beta)/L"),
    "Nesterov": (lambda beta: 0.5, "1/(2 L)"),
}
TOO_SMALL = 0.01  # share of the limit: lr L < 0.02 for gradient descent
ILL = 1e3  # condition number from which a change of method is advised
ENOUGH = 1e-6  # the factor by which a gradient should fall, in estimates of steps
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
        name = type(case.method).__name__
        factor, self.formula = LIMITS.get(name, (lambda beta: math.nan, ""))
        self.hyper = getattr(case.method, "hyper", {})
        beta = self.hyper.get("beta", 0.0)
        self.factor = factor(beta if isinstance(beta, float) else math.nan)
        self.boost = 1 / (1 - beta) if isinstance(beta, float) else 1.0
        # heavy balls can cycle for ever well below their limit where the curvature varies (Lessard et al. 2016)
        self.share, self.shared = SHARES.get(name, (lambda beta: 1.0, "1/L"))
        self.share = self.share(beta if isinstance(beta, float) else 0.0)

    @cached_property
    def L(self) -> float:
        """The largest upward curvature at the point, or along the last steps."""
        c = self.case.curvature
        here = (
            -math.inf
            if c is None
            else float(c.values[-1])
            if c.complete or self.case.exact
            else self.case.steepest
        )
        return max(here, self.secant) if not math.isnan(here) else math.nan

    @cached_property
    def secant(self) -> float:
        """The largest curvature along the last steps, from steps alone (s' y/s' s with y = g+ - g, s = -lr g)."""
        trail = self.case.trail
        moves = trail.first_moves if self.case.away else trail.moves
        if self.formula != "2/L" or len(moves) < 2 or not math.isfinite(self.lr):
            return -math.inf
        a, b = moves[:-1], moves[1:]
        with np.errstate(all="ignore"):
            square = (a * a).sum(axis=1)
            # steps are differences of places, so they are rounded: count what is left of q at worst
            rounding = (
                4
                * float(np.finfo(self.case.x.dtype).eps)
                * np.abs(trail.opening if self.case.away else trail.x).max()
                / np.sqrt(square)
            )
            q = (1 - (a * b).sum(axis=1) / square - rounding) / self.lr
        q = q[np.isfinite(q)]
        return float(q.max()) if q.size else -math.inf

    @cached_property
    def limit(self) -> float:
        return self.factor / self.L if self.L > 0 else math.nan

    @cached_property
    def suggested(self) -> float:
        """1/L, with the largest curvature of either sign that was met: here, on the last steps, and at the start."""
        case = self.case
        if not math.isfinite(case.steepest):
            return math.nan
        largest = max(self.secant, case.steepest, *map(self._power, self._elsewhere()))
        return rounded(self.share / largest) if 0 < largest < math.inf else math.nan

    def _elsewhere(self) -> list[np.ndarray]:
        """Places where the curvature may be larger: the start, and half and all of Newton's way to the minimum."""
        case, c = self.case, self.case.curvature
        places = [] if (case.start == case.x).all() else [case.start]
        if c is not None:
            part = c.vectors.T @ case.g
            with np.errstate(all="ignore"):
                newton = c.vectors @ np.where(c.values > c.error, part / c.values, 0.0)
            places += [case.x - newton, case.x - newton / 2]
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

    @property
    def evidence(self) -> dict[str, float]:
        return {"lr": self.lr, "limit": self.limit, "L": self.L}

    def needed(self, lr: float) -> float:
        """About how many steps the flattest direction takes at the rate `lr`; infinite where it was not seen."""
        c = self.case.curvature
        if c is None or not c.complete or c.smallest <= c.error or not self.formula:
            return math.inf
        return math.log(1e9) * max(
            1 / (lr * c.smallest * self.boost), 2 * self.boost if self.boost > 1 else 1.0
        )

    def advice(self) -> Advice:
        """The same method at the suggested rate, if that arrives in a reasonable number of steps."""
        case, lr = self.case, self.suggested
        c = case.curvature
        if not math.isfinite(lr) or c is None or not self.formula:
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


def cycle(case: Case) -> Verdict | None:
    """The iterates jump between the same few places."""
    p = case.trail.period
    if not p or case.reason.converged:
        return None
    rate = case.rate
    places = case.trail.x[-p:]
    first = int(np.argmin(np.linalg.norm(places - case.start, axis=1)))
    between = " and ".join(map(place, np.roll(places, -first, axis=0))) if p <= 3 else f"{p} places"
    head = f"The iterates jump between {between} for ever"
    evidence = rate.evidence | {"period": p}
    if not math.isfinite(rate.limit):
        sentence = f"{head}: the steps are too long to settle."
    elif abs(rate.lr / rate.limit - 1) < 1e-2:
        sentence = (
            f"{head}: lr = {number(rate.lr)} is exactly the limit {rate.formula} with the curvature L = {number(rate.L)}. "
            f"Any lr < {number(rate.limit)} converges there; {number(rate.suggested)} = {rate.shared} is best tried first."
        )
    else:
        sentence = (
            f"{head}: lr = {number(rate.lr)} is too large for the curvature {number(rate.L)} (limit {rate.formula} = "
            f"{number(rate.limit)}). Use lr = {number(rate.suggested)}."
        )
    return Verdict("stalled.cycle", sentence, False, evidence, rate.advice())


def too_large(case: Case) -> Verdict | None:
    """f grows, or went to infinity, because the rate is above its limit."""
    if not _grows(case) or case.curvature is None or not case.rate.lr > 0.99 * case.rate.limit:
        return None
    rate, c = case.rate, case.curvature
    where = f" (along {along(c.vectors[:, -1])})" if case.n > 1 and c.values[-1] == rate.L else ""
    sentence = (
        f"Diverging: f grows {_speed(case)}. lr = {number(rate.lr)} is {'above' if rate.lr > 1.01 * rate.limit else 'at'} the limit {rate.formula} = "
        f"{number(rate.limit)}, where L = {number(rate.L)} is the largest curvature{where}. Use lr = {number(rate.suggested)}."
    )
    return Verdict(
        "diverged.rate", sentence, False, rate.evidence | {"growth": case.trail.growth}, rate.advice()
    )


def growing(case: Case) -> Verdict | None:
    """f grows, and no rule tells how long steps may be."""
    if not _grows(case):
        return None
    rate = case.rate
    lr = f" with lr = {number(rate.lr)}" if math.isfinite(rate.lr) else ""
    sentence = f"Diverging: f grows {_speed(case)}, from {case.shown(case.trail.f[0])} at x0: the steps{lr} are too long."
    return Verdict(
        "diverged.rate", sentence, False, rate.evidence | {"growth": case.trail.growth}, rate.advice()
    )


def _grows(case: Case) -> bool:
    f = case.trail.f[case.trail.finite]
    if f.size < 2 or case.reason.converged or not f[-1] > f[0]:
        return False
    if case.reason.code in ("diverged", "nonfinite"):
        return True
    return bool(f[-1] > f[-2] and (f[-1] > 2 * abs(f[0]) or case.trail.turns))


def _speed(case: Case) -> str:
    speed = case.trail.growth
    return f"{number(speed)} times a step" if math.isfinite(speed) and speed < 1e6 else "beyond all bounds"


def oscillates(case: Case) -> Verdict | None:
    """The steps turn back on each other, and f does not fall any more, or only slowly."""
    if case.reason.converged or not case.trail.turns:
        return None
    rate = case.rate
    f = case.trail.f
    stuck = int(np.nanargmin(f)) < 0.8 * len(f)
    close = math.isfinite(rate.limit) and rate.lr > 0.9 * rate.limit
    if not stuck and not close:
        return None
    evidence = rate.evidence | {"cosine": float(np.median(case.trail.cosines[-6:]))}
    step = number(float(case.trail.step[-1]))
    if math.isfinite(rate.limit):
        sentence = (
            f"Bouncing: each step (length {step}) turns back on the one before. lr = {number(rate.lr)} is "
            f"{number(rate.lr / rate.limit)} of the limit {rate.formula} = {number(rate.limit)} at the curvature "
            f"L = {number(rate.L)}. Use lr = {number(rate.suggested)}."
        )
    else:
        with_lr = f" with lr = {number(rate.lr)}" if math.isfinite(rate.lr) else ""
        sentence = f"Bouncing: each step{with_lr} is still {step} long and turns back on the one before; f is stuck at {case.shown(case.best.f)}."
    return Verdict("stalled.oscillates", sentence, False, evidence, rate.advice())


def too_small(case: Case) -> Verdict | None:
    """The learning rate is far below what the curvature allows."""
    rate, c = case.rate, case.curvature
    if not math.isfinite(rate.lr) or case.trail.turns or c is None or not c.error < rate.L:
        return None
    family = "budget" if case.reason.code.startswith("budget") else "stalled"
    but = (
        f"{case.reason.sentence} But that is only because the steps are so short. "
        if case.reason.converged
        else ""
    )
    way = float(np.linalg.norm(case.x - case.start))
    drop, left = case.remaining
    if math.isfinite(rate.limit):
        if rate.lr >= TOO_SMALL * rate.limit or not math.isfinite(rate.suggested):
            return None
        times = rate.suggested / rate.lr
        if times < 10:
            return None
        steps = _steps_left(case)
        moved = (
            f"moved {number(way / (way + left))} of the way"
            if math.isfinite(left)
            else f"moved {number(way)}"
        )
        sentence = (
            f"{but}The learning rate is too small: {moved} in {case.history.last.t:.0f} steps; at this rate a gradient 1e6 times "
            f"smaller takes >= {ordinal(steps)} more. lr = {number(rate.suggested)} = {rate.shared} (largest curvature L = "
            f"{number(rate.share / rate.suggested)}) is about {count(times)} times larger and still stable."
        )
        evidence = {"lr": rate.lr, "suggested": rate.suggested, "times": times, "steps": steps, "L": rate.L}
        return Verdict(f"{family}.rate", sentence, False, evidence, rate.advice())
    # elsewhere a step is about lr long in each coordinate, whatever the gradient (Adam, RMSProp, signs)
    each = float(np.abs(case.trail.moves[-1]).max()) if len(case.trail.moves) else 0.0
    part = c.vectors.T @ case.g
    farthest = float(np.abs(c.vectors @ (part / np.maximum(c.values, c.error + 1e-300))).max())
    if not case.trail.straight or not each or farthest < 100 * each or c.smallest <= c.error:
        return None
    steps = farthest / each
    lr = rounded(rate.lr * steps / 100)
    sentence = (
        f"{but}The learning rate is too small: a step moves no number by more than {number(each)}, but the {case.minimum} is about "
        f"{number(farthest)} away: >= {ordinal(steps)} more steps. lr = {number(lr)} would take some hundred."
    )
    evidence = {"lr": rate.lr, "suggested": lr, "times": lr / rate.lr, "steps": steps}
    advice = case.default(f"or lr={number(lr)}")
    return Verdict(f"{family}.rate", sentence, False, evidence, advice)


def ill_conditioned(case: Case) -> Verdict | None:
    """Slow because the curvatures differ by orders of magnitude."""
    c = case.curvature
    if c is None or case.away or not c.largest > 0:
        return None
    smallest = c.smallest
    if not c.complete or smallest <= c.error:
        rho, lr = case.trail.rho, case.rate.lr
        seen = (1 - rho) / (lr * case.rate.boost) if case.rate.formula and rho < 1 else math.inf
        smallest = min(seen, smallest if smallest > c.error else math.inf)
    diagonal = case.oracle.derivative.diagonal()
    largest = max(c.largest, 0.0 if diagonal is None else float(np.nansum(diagonal)))
    if not 0 < smallest < math.inf or largest < ILL * smallest:
        return None
    condition = largest / smallest
    family = "budget" if case.reason.code.startswith("budget") else "stalled"
    met = f"{case.reason.sentence} But " if case.reason.converged else ""
    left = case.remaining[1]
    rest = f" The {case.minimum} is still about {number(left)} away." if math.isfinite(left) else ""
    sentence = (
        f"{met}{'f' if met else 'F'} is ill-conditioned: curvature ranges from {number(smallest)} along "
        f"{along(c.vectors[:, 0])} to {number(largest)} (condition {number(condition)}), so gradient descent needs about "
        f"{ordinal(condition * math.log(1 / ENOUGH) / 2)} steps.{rest} Use a method that learns the curvature, or rescale x."
    )
    evidence = {"condition": condition, "largest": largest, "smallest": smallest, "left": left}
    return Verdict(f"{family}.conditioning", sentence, False, evidence, case.default())


def falling(case: Case) -> Verdict | None:
    """Stopped while still on the way."""
    if not case.reason.code.startswith("budget") or len(case.trail.f) < 2:
        return None
    steps = _steps_left(case)
    f = case.trail.f
    rho = case.trail.rho
    rate = (
        f"the gradient shrinks {100 * (1 - rho):.3g} % a step"
        if rho < 1
        else f"f {case.falls}, the gradient not yet"
    )
    if not f[-1] <= f[max(-len(f), -20)]:
        rate = "f is not falling at the moment"
    sentence = f"{case.reason.sentence} Still on the way: {rate}"
    evidence = {"rho": rho, "steps": steps, "gradient": case.slope}
    what = {"evaluations": "maxfun", "time": "maxtime"}.get(case.reason.code.partition(".")[2], "maxiter")
    if math.isfinite(steps):
        sentence += f"; a gradient 1e6 times smaller than at the start takes >= {ordinal(steps)} more steps."
        most = max(4 * (steps + case.last_step), case.rate.needed(case.rate.lr))
        if what == "maxiter" and most <= PATIENCE:
            return Verdict("budget.falling", sentence, False, evidence, case.advise(maxiter=math.ceil(most)))
    else:
        sentence += "."
    return Verdict(
        "budget.falling", sentence, False, evidence, case.default(**{} if what == "maxiter" else {what: None})
    )


def _steps_left(case: Case) -> float:
    """At least so many steps until the gradient is ENOUGH times that of the start (a lower bound while rho rises)."""
    rho, g = case.trail.rho, case.trail.g
    target = ENOUGH * g[0]
    if not 0 < rho < 1 or not case.slope > target:
        return math.inf
    return math.ceil(math.log(case.slope / target) / -math.log(rho))
