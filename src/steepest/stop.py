"""When to stop: frozen, pure criteria that combine with | and &, and give a sentence with its numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from .errors import counted
from .history import History


class Reason(NamedTuple):
    """Why a run stopped.

    Attributes
    ----------
    code : str
        Stable name of the cause, such as ``converged.gradient`` or ``budget.steps``.
    sentence : str
        One sentence with the numbers behind it.
    """

    code: str
    sentence: str

    @property
    def converged(self) -> bool:
        """Whether it means success."""
        return self.code.startswith(("converged", "target"))


class Criterion:
    """Asked after every step with the history so far: a `Reason` to stop, or None.

    Combine criteria: ``GradientNorm(1e-6) | Steps(1000)`` stops at the first that is met,
    ``StepLength(1e-9) & Change(1e-12)`` when both are.
    """

    def __call__(self, history: History) -> Reason | None:
        raise NotImplementedError

    def __or__(self, other: Criterion) -> Criterion:
        return Either((*parts(self, Either), *parts(other, Either)))

    def __and__(self, other: Criterion) -> Criterion:
        return Both((*parts(self, Both), *parts(other, Both)))


@dataclass(frozen=True)
class Either(Criterion):
    """Stops with the first of its criteria that is met."""

    criteria: tuple[Criterion, ...]

    def __call__(self, history: History) -> Reason | None:
        for criterion in self.criteria:
            if reason := criterion(history):
                return reason
        return None


@dataclass(frozen=True)
class Both(Criterion):
    """Stops when all of its criteria are met at once."""

    criteria: tuple[Criterion, ...]

    def __call__(self, history: History) -> Reason | None:
        reasons = [criterion(history) for criterion in self.criteria]
        met = [reason for reason in reasons if reason]
        if len(met) < len(reasons):
            return None
        weakest = min(met, key=lambda reason: reason.converged)  # a budget among them: no success
        return Reason(weakest.code, " And: ".join(reason.sentence for reason in met))


def parts(criterion: Criterion, kind: type[Either] | type[Both]) -> tuple[Criterion, ...]:
    """The members of a combination of this kind; any other criterion is its own only member."""
    return criterion.criteria if isinstance(criterion, kind) else (criterion,)


@dataclass(frozen=True)
class GradientNorm(Criterion):
    """The Euclidean norm of the gradient is at most `tol`, in units of f per unit of x.

    An absolute bound means something only where those units are known; `GradientDrop` has none.
    """

    tol: float = 1e-5

    def __call__(self, history: History) -> Reason | None:
        g = history.last.g_norm
        if g <= self.tol:
            return Reason("converged.gradient", f"Converged: gradient norm {g:.3g} <= {self.tol:.3g} (gtol).")
        return None


@dataclass(frozen=True)
class GradientDrop(Criterion):
    """The gradient's norm fell to `factor` times what it was at the start: free of units."""

    factor: float = 1e-8

    def __call__(self, history: History) -> Reason | None:
        g, g0 = history.last.g_norm, history.first.g_norm
        if g <= self.factor * g0:
            return Reason(
                "converged.gradient",
                f"Converged: gradient norm {g:.3g} <= {self.factor:.3g} times {g0:.3g}, that of the start.",
            )
        return None


@dataclass(frozen=True)
class StepLength(Criterion):
    """The last step was at most `tol` long, in units of x."""

    tol: float

    def __call__(self, history: History) -> Reason | None:
        step = history.last.step
        if step <= self.tol:
            return Reason("converged.step", f"Converged: last step {step:.3g} <= {self.tol:.3g} (xtol).")
        return None


@dataclass(frozen=True)
class Change(Criterion):
    """The last step changed f by at most `tol` times max(|f|, |f before|) (relative, as scipy's ftol)."""

    tol: float

    def __call__(self, history: History) -> Reason | None:
        if history.last.t <= history.first.t:
            return None
        now, before = history.last.f, history.previous.f
        if abs(before - now) <= self.tol * max(abs(now), abs(before)):
            return Reason(
                "converged.change",
                f"Converged: f changed by {abs(before - now):.3g} in the last step, "
                f"<= {self.tol:.3g} (ftol) of {max(abs(now), abs(before)):.6g}.",
            )
        return None


@dataclass(frozen=True)
class Steps(Criterion):
    """`n` steps were made."""

    n: float

    def __call__(self, history: History) -> Reason | None:
        record = history.last
        if record.t >= self.n:
            return Reason(
                "budget.steps",
                f"Stopped after {counted(record.t, 'step')} (maxiter={self.n:g}), not converged: "
                f"f = {history.shown(record.f)}, gradient norm {record.g_norm:.3g}.",
            )
        return None


@dataclass(frozen=True)
class Evaluations(Criterion):
    """`n` calls of fun were made (checked between steps; minimize's maxfun is a hard cap)."""

    n: float

    def __call__(self, history: History) -> Reason | None:
        record = history.last
        if record.nfev >= self.n:
            return Reason(
                "budget.evaluations",
                f"Stopped after {counted(record.nfev, 'evaluation')} of fun (limit {self.n:g}), not converged: "
                f"f = {history.shown(record.f)}, gradient norm {record.g_norm:.3g}.",
            )
        return None


@dataclass(frozen=True)
class Seconds(Criterion):
    """`n` seconds have passed."""

    n: float

    def __call__(self, history: History) -> Reason | None:
        record = history.last
        if record.seconds >= self.n:
            return Reason(
                "budget.time",
                f"Stopped after {record.seconds:.3g} s (maxtime={self.n:g}), not converged: "
                f"f = {history.shown(record.f)}, gradient norm {record.g_norm:.3g}.",
            )
        return None


@dataclass(frozen=True)
class Target(Criterion):
    """f is at most `value`."""

    value: float

    def __call__(self, history: History) -> Reason | None:
        f = history.last.f
        if f <= self.value:
            return Reason("target", f"Target reached: f = {history.shown(f)} (target {history.shown(self.value)}).")
        return None


@dataclass(frozen=True)
class NonFinite(Criterion):
    """f or its gradient is NaN or infinite."""

    def __call__(self, history: History) -> Reason | None:
        record = history.last
        if math.isfinite(record.f) and math.isfinite(record.g_norm):
            return None
        if record.f == -math.inf:
            return Reason("unbounded", f"f is {history.shown(record.f)} at step {record.t:.0f}: it has no optimum.")
        what = (
            f"f = {history.shown(record.f)}"
            if not math.isfinite(record.f)
            else f"the gradient has norm {record.g_norm}"
        )
        return Reason("nonfinite", f"Not finite at step {record.t:.0f}: {what}.")


@dataclass(frozen=True)
class Stuck(Criterion):
    """Two steps in a row had length 0: a search found no lower point, and would not find one again.

    `natural` is the method's own test: it may know that there is none.
    """

    natural: Criterion

    def __call__(self, history: History) -> Reason | None:
        record = history.last
        if record.lr == 0.0 == history.previous.lr:
            return self.natural(history) or Reason(
                "stalled",
                f"Stalled: no lower point was found in two searches; f = {history.shown(record.f)}, "
                f"gradient norm {record.g_norm:.3g}.",
            )
        return None


@dataclass(frozen=True)
class Diverged(Criterion):
    """The gradient's norm is `factor` times that of the start, and f is above its start: free of units.

    By more than 1e-8 of it: from a saddle, where the slope is rounding, both may grow a little on the way down.
    """

    factor: float = 1e6

    def __call__(self, history: History) -> Reason | None:
        now, start = history.last, history.first
        if now.g_norm > self.factor * start.g_norm and now.f - start.f > 1e-8 * abs(start.f):
            return Reason(
                "diverged",
                f"Diverged: after {counted(now.t, 'step')} f = {history.shown(now.f)} is worse than f(x0) = "
                f"{history.shown(start.f)}, and the gradient norm {now.g_norm:.3g} is more than {self.factor:.0g} "
                f"times that of the start ({start.g_norm:.3g}).",
            )
        return None
