"""stochastic=True: a run that believes no single value, and its end weighed against its start by many."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .diagnose import Verdict
from .diagnose.verdict import Advice
from .errors import ArgumentError, Exhausted, counted
from .history import History
from .limits import Limits
from .loops.loop import Iterate
from .objective.oracle import Oracle
from .objective.params import Parameters
from .objective.point import Point, norm
from .run import Run
from .stop import Criterion, Reason, Steps

LAST = 0.2  # of the run, whose gradients tell that of its end: there its rate falls from a fifth to zero
SMALL = 0.1  # a mean gradient of at most this share of that at the start is called stationary


@dataclass(frozen=True)
class Spending:
    """How a run on noisy values spends its budget: one call a step, and a twentieth to weigh its end.

    Attributes
    ----------
    budget, kept : int
        Calls of fun in all, and those that are kept for the end.
    seconds : float
        In all; a twentieth is kept as well.
    """

    budget: int
    kept: int
    seconds: float

    @classmethod
    def of(cls, limits: Limits, jac: Any) -> Spending:
        """The plan within these limits.

        Raises
        ------
        ArgumentError
            When there is no noisy gradient, tests are asked for that a single noisy value passes by luck, or the
            budget is too small.
        """
        if jac is not True and not callable(jac):
            raise ArgumentError(
                f"jac={jac!r}: stochastic=True needs noisy gradients, by jac=True (fun returns value and gradient) or "
                "jac=function. For noisy values alone leave stochastic out: minimize measures their noise."
            )
        for name in ("gtol", "xtol", "ftol", "target"):
            if getattr(limits, name) is not None:
                raise ArgumentError(
                    f"{name}={getattr(limits, name):g} is given, but with stochastic=True single values pass such a "
                    "test by luck: give the budget, maxiter or maxfun, or a criterion of your own as stop=."
                )
        budget = min(limits.maxiter, limits.maxfun)
        if not 20 <= budget < math.inf:
            raise ArgumentError(f"maxiter={budget:g}: stochastic=True needs a budget of at least 20 calls.")
        return cls(int(budget), max(10, int(budget) // 20), limits.maxtime)

    @property
    def steps(self) -> int:
        """The steps of the run; the start is a call, too."""
        return self.budget - self.kept - 1

    def limits(self) -> Limits:
        """The limits of the run alone."""
        return Limits(self.steps, self.budget - self.kept, 0.95 * self.seconds)


class Stochastic(Run):
    """A run whose values are noisy: nothing ends it but its budget, and its end is weighed against its start."""

    def __init__(self, parameters: Parameters, sign: float, spending: Spending):
        super().__init__(parameters, sign, spending.limits())
        self.spending = spending
        self._verdict: Verdict | None = None

    def criterion(self, stop: Criterion | None, natural: Criterion) -> Criterion:
        """The caller's criterion, if any, and the budget; nothing that noise could trip."""
        budget = Steps(self.spending.steps)
        return budget if stop is None else stop | budget

    def follow(
        self,
        iterates: Iterable[Iterate],
        oracle: Oracle,
        stop: Criterion,
        callback: Callable[..., Any] | None,
        see: Callable[[Iterate, History], None] | None = None,
    ) -> Reason:
        """Follow the run to its end, and weigh that; the run's last point then is the one to return."""
        objective, spending = oracle.objective, self.spending
        tail = Gradients(self.parameters.start.size)
        try:
            reason = super().follow(tail.of(iterates, (1 - LAST) * spending.steps), oracle, stop, callback, see)
        except Exhausted as error:
            reason = self.mishap(error, objective.nfev)
        objective.maxfun, objective.deadline = spending.budget, self.began + spending.seconds
        now, history = self.history.now, self.history
        assert now is not None
        point, evidence = weigh(oracle, history._x[0], now.point.x, spending.kept, tail)
        history.now = now._replace(point=point)
        self._verdict = verdict(reason, evidence, history.sign, objective.nfev)
        return Reason(self._verdict.code, self._verdict.sentence)

    def judged(self, reason: Reason, *diagnosis: Any) -> Verdict:
        """What was weighed; the bare reason where the run got no further."""
        return self._verdict or Verdict(reason.code, reason.sentence, reason.converged)


class Gradients:
    """The mean of gradients and its spread, of which only sums are kept."""

    def __init__(self, n: int, gradients: Iterable[np.ndarray] = ()):
        self.count, self.sum, self.squares = 0, np.zeros(n), np.zeros(n)
        for g in gradients:
            self.add(g)

    def add(self, g: np.ndarray) -> None:
        """One more, if it is finite."""
        if np.isfinite(g).all():
            self.count, self.sum, self.squares = self.count + 1, self.sum + g, self.squares + g * g

    def of(self, iterates: Iterable[Iterate], since: float) -> Iterator[Iterate]:
        """The iterates as they come, of which those from step `since` on count, once a step was made from them."""
        for iterate in iterates:
            yield iterate
            if iterate.t >= since and iterate.point.known_g is not None:
                self.add(np.asarray(iterate.point.known_g, float))

    def spread(self) -> tuple[np.ndarray, float]:
        """The mean, and the standard error of its norm, roughly."""
        if self.count < 2:
            return np.full_like(self.sum, math.nan), math.inf
        mean = self.sum / self.count
        variance = np.maximum(self.squares / self.count - mean**2, 0.0).sum() / (self.count - 1)
        return mean, math.sqrt(float(variance))

    def __add__(self, other: Gradients) -> Gradients:
        both = Gradients(self.sum.size)
        both.count, both.sum = self.count + other.count, self.sum + other.sum
        both.squares = self.squares + other.squares
        return both


def weigh(
    oracle: Oracle, start: np.ndarray, end: np.ndarray, kept: int, tail: Gradients
) -> tuple[Point, dict[str, float]]:
    """The better of both ends of a run by the means of `kept` further calls, and the figures.

    The change of f is told twice: by values at both ends, and by the slopes at places spread evenly between them,
    whose mean is the change, too. Each counts by the inverse of its variance, so the one helps where the other is
    noisy. The end is taken if it is clearly better, the start if not. The gradient at the end is told by the looks
    there and by the gradients of the last part of the run, its `tail`.
    """
    way = np.asarray(end - start, float)
    looks: list[list[Point]] = [[], [], []]  # at the start, at the end, between
    for i in range(kept):  # in turn, so that a drift of the noise does not look like a change
        j = i // 3
        share = (0.0, 1.0, (j + 0.5) / (kept // 3))[i % 3]
        try:
            point = oracle((start, end, (start + share * way).astype(start.dtype))[i % 3])
            _ = point.g  # drawn now, with its value
        except Exhausted:
            if i < 6:  # too few to tell anything
                raise
            break
        looks[i % 3].append(point)
    (f0, e0), (f1, e1) = (mean([point.f for point in part]) for part in looks[:2])
    with np.errstate(all="ignore"):  # what is not finite is left out of means
        slope, slope_error = mean([float(point.g @ way) for point in looks[2]])
    change, error = combined((f1 - f0, math.hypot(e0, e1)), (slope, slope_error))
    better = change < -sure(len(looks[0])) * error
    first, last = (Gradients(end.size, (np.asarray(p.g, float) for p in part)) for part in looks[:2])
    g, g_error = last.spread()
    if not norm(g) > sure(last.count) * g_error:  # else steps to and fro would hide a slope
        g, g_error = (last + tail).spread()
    x, f, (g, g_error) = (end, f1, (g, g_error)) if better else (start, f0, first.spread())
    return Point(x, f, g.astype(x.dtype), None, oracle), {
        "start": f0,
        "start_error": e0,
        "end": f1,
        "end_error": e1,
        "change": change,
        "change_error": error,
        "gradient": norm(g),
        "gradient_error": g_error,
        "start_gradient": norm(first.spread()[0]),
        "looks": len(looks[1]),
    }


def combined(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Two estimates and their errors as one; one without a finite error is left out, one without error decides."""
    for one, other in ((first, second), (second, first)):
        if one[1] == 0 or not math.isfinite(other[0]) or not math.isfinite(other[1]):
            return one
    largest = max(first[1], second[1])  # squares could overflow or vanish
    weights = [(largest / error) ** 2 for _, error in (first, second)]
    value = (weights[0] * first[0] + weights[1] * second[0]) / sum(weights)
    return value, largest / math.sqrt(sum(weights))


def sure(looks: float) -> float:
    """How many standard errors are no chance: roughly the 97.5 % quantile of Student's t."""
    return 2 + 3 / max(looks - 1, 1)


def verdict(reason: Reason, evidence: dict[str, float], sign: float, calls: int) -> Verdict:
    """What the figures say."""
    change, error, times = evidence["change"], evidence["change_error"], sure(evidence["looks"])
    for name in ("start", "end", "change"):
        evidence[name] *= sign
    shown = {name: f"{value:.2g}" for name, value in evidence.items()}
    ends = (
        f"{evidence['end']:.6g} ± {shown['end_error']} at the end, {evidence['start']:.6g} ± {shown['start_error']} at "
        f"the start (means of {evidence['looks']} calls)"
    )
    slope = f"mean gradient {shown['gradient']} ± {shown['gradient_error']}"
    more = Advice({"maxiter": 4 * calls}, "", "minimize" if sign > 0 else "maximize")
    spent = reason.code.startswith("budget")
    if not math.isfinite(evidence["start"]) and not math.isfinite(evidence["end"]):
        return Verdict("nonfinite.start", "f is mostly not finite at the start: begin where it is finite.")
    if not change < -times * error:
        still = evidence["gradient"] == evidence["gradient_error"] == 0
        said = f"x0 is returned, since the end of {counted(calls, 'call')} is not clearly better: {ends}; {slope}."
        if not spent:
            return Verdict(reason.code, f"{reason.sentence} {said}", reason.converged, dict(evidence))
        if still:
            return Verdict("converged.gradient", f"Converged: {said}", True, dict(evidence))
        return Verdict("stalled.noise", said, False, dict(evidence), more)
    fell = "fell" if sign > 0 else "rose"
    said = f"f {fell} by {abs(change):.3g} ± {error:.2g}, {ends}; {slope}"
    if not spent:
        return Verdict(reason.code, f"{reason.sentence} So far {said}.", reason.converged, dict(evidence))
    said += f", at the start {shown['start_gradient']}"
    if evidence["gradient"] + times * evidence["gradient_error"] <= SMALL * evidence["start_gradient"]:
        sentence = f"Converged as far as the noise lets see: {said}."
        return Verdict("converged.noise", sentence, True, dict(evidence))
    sentence = f"{counted(calls, 'call')} used up: {said}, so more may be had."
    return Verdict("budget.noise", sentence, False, dict(evidence), more)


def mean(values: Sequence[float]) -> tuple[float, float]:
    """The mean of the finite values, infinite where half of them are not, and its standard error."""
    finite = np.array([f for f in values if math.isfinite(f)])
    if len(finite) <= len(values) / 2:
        return math.inf, 0.0
    error = float(finite.std(ddof=1)) / math.sqrt(len(finite)) if len(finite) > 1 else math.inf
    return float(finite.mean()), error
