"""One run, driven to its end: points become history, a criterion or a mishap becomes the reason, nothing is lost."""

from __future__ import annotations

import inspect
import logging
import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from .codes import family
from .diagnose import Verdict, judge
from .errors import Exhausted, counted
from .history import History, Record
from .limits import Limits
from .loops.loop import Iterate
from .loops.thresholds import Within, margins, never
from .methods.method import Method
from .objective.oracle import Objective, Oracle
from .objective.params import Parameters
from .objective.point import Point, distance, norm
from .result import Result
from .stop import Criterion, Reason

logger = logging.getLogger("steepest")


class Run:
    """The consumer of a stream of iterates.

    Parameters
    ----------
    parameters : Parameters
        The border to the caller's shapes.
    sign : float
        1.0 when minimising, -1.0 when what is minimised is the negative of what the caller maximises.
    limits : Limits
        What ends it.
    """

    def __init__(self, parameters: Parameters, sign: float = 1.0, limits: Limits = Limits()):  # noqa: B008 (frozen)
        self.parameters, self.sign, self.limits = parameters, sign, limits
        self.began = time.perf_counter()
        self.history = History(sign)
        self.error: BaseException | None = None

    @property
    def deadline(self) -> float:
        """The `time.perf_counter` value after which no call of fun is begun."""
        return self.began + self.limits.maxtime

    def resume(self, now: Iterate, history: History, seconds: float) -> Iterate:
        """Take over what an earlier run left."""
        self.history, self.began = history, self.began - seconds
        return now

    def criterion(self, stop: Criterion | None, natural: Criterion) -> Criterion:
        """All that may end the run: the caller's test or the method's `natural` one, guards, limits."""
        return self.limits.criterion(stop or natural, self.sign)

    def follow(
        self,
        iterates: Iterable[Iterate],
        oracle: Oracle,
        stop: Criterion,
        callback: Callable[..., Any] | None,
        see: Callable[[Iterate, History], None] | None = None,
    ) -> Reason:
        """Write the history, call back and ask `stop` after every step, until there is a reason to stop."""
        report = self._reporter(callback) if callback is not None else None
        history, objective, began, clock = self.history, oracle.objective, self.began, time.perf_counter
        append, new = history.append, tuple.__new__  # Record(...) takes twice as long
        within: Within | None = None
        for now in iterates:
            t, point, _, lr = now
            x, f, g_norm = point.x, point.f, norm(point.g)
            step = math.nan if history.here is None else distance(x, history.here)
            if t > history.last[0]:
                append(new(Record, (t, f, g_norm, step, lr, objective.nfev, clock() - began)), x)
            else:  # a run that goes on has its first one already
                history.here = x
            history.now = now
            if see is not None:
                see(now, history)
            if report is not None and report(now):
                return Reason("callback", f"The callback stopped the run at step {t}.")
            if within is None or not within(t, f, g_norm, step, lr):
                if reason := stop(history):
                    return reason
                if within is None:
                    limits = margins(stop, history.first.g_norm)
                    within = limits.within() if limits else never
        raise AssertionError("a stream of iterates is endless")

    def mishap(self, error: BaseException, nfev: int) -> Reason:
        """The reason when something broke in; an error of the user's function is kept to be raised."""
        if isinstance(error, Exhausted):
            return Reason(f"budget.{error.what}", f"Stopped, not converged: {error}.")
        if isinstance(error, KeyboardInterrupt):
            return Reason("interrupted", f"Interrupted after {counted(nfev, 'evaluation')} of fun.")
        self.error = error
        if isinstance(error, TypeError) and nfev == 1:
            error.add_note("steepest calls fun(x, *args): all numbers of x0 come in one argument")
        what = f": {error}".rstrip(" .:")
        return Reason("error", f"{type(error).__name__} at evaluation {nfev} of fun{what}.")

    def carry(self, result: Result) -> BaseException:
        """The error that was kept, with the partial result as its attribute `result`."""
        assert self.error is not None
        self.error.result = result  # type: ignore[attr-defined]
        self.error.add_note(
            f"steepest stopped after {counted(result.nit, 'step')}; what it has is in this error's .result"
        )
        return self.error

    def ended(
        self,
        reason: Reason,
        oracle: Oracle | None,
        objective: Objective,
        method: Method,
        given: dict[str, Any] | None,
        **more: Any,
    ) -> Result:
        """Everything so far: the verdict, and the best finite point seen in the caller's shapes and sign; `given` is
        what the caller has called, None where the end is not to be diagnosed."""
        nfev = objective.nfev
        verdict = self.judged(reason, oracle, method, given)
        diagnosed = objective.nfev - nfev
        objective.end()
        restore, start = self.parameters.restore, self.parameters.start
        best = self.best(oracle) if oracle else objective.begun
        x, f, g = (best.x, best.f, self._gradient(best, reason)) if best else (start, math.nan, None)
        if failure := objective.failure:
            more |= {"skipped": objective.skipped, "failure": f"{type(failure).__name__}: {failure}"}
        return Result(
            x=restore(x.copy()),
            fun=self.sign * f,
            jac=restore(np.full_like(start, math.nan) if g is None else self.sign * g),
            **outcome(reason, verdict),
            nit=max(int(self.history.last.t), 0),
            nfev=objective.nfev - diagnosed,
            njev=oracle.njev if oracle else 0,
            diagnosis_nfev=diagnosed,
            seconds=time.perf_counter() - self.began,
            gradient=oracle.derivative.report if oracle else "none yet",
            method=repr(method),
            **more,
            history=self.history,
        )

    def judged(self, reason: Reason, oracle: Oracle | None, method: Method, given: dict[str, Any] | None) -> Verdict:
        """The diagnosis; the bare reason where none is wanted, or where the function fails in it."""
        now = self.history.now
        if given is not None:
            try:
                return judge(reason, self.history, oracle, method, now and now.point, given)
            except (Exception, KeyboardInterrupt):  # a diagnosis must not lose what the run has found
                logger.warning("the diagnosis failed", exc_info=True)
        alone = " Only this test says so: nothing was looked at around." if reason.code.startswith("converged") else ""
        return Verdict(reason.code, reason.sentence + alone, reason.converged)

    def _gradient(self, best: Point, reason: Reason) -> np.ndarray | None:
        """The gradient there: of a place that only an average was made of, nobody has asked for it yet."""
        if best.known_g is None and not reason.code.startswith(
            ("error", "interrupted", "budget.evaluations", "budget.time")
        ):
            with suppress(Exception, KeyboardInterrupt):  # what was found must not be lost
                return best.g
        return best.known_g

    def best(self, oracle: Oracle) -> Point | None:
        """The best finite point seen; the last one, if values of fun can't tell it from that."""
        best, now = oracle.best, self.history.now
        if best is None or now is None:
            return best
        near = -math.inf < now.point.f <= best.f + oracle.derivative.noise(best.f)
        return now.point if near else best

    def _reporter(self, callback: Callable[..., Any]) -> Callable[[Iterate], bool]:
        """`callback` in the form that its signature asks for; tells whether it wants to stop."""
        restore = self.parameters.restore
        named = asks_for_result(callback)

        def report(now: Iterate) -> bool:
            x = restore(now.point.x.copy())
            try:
                if named:
                    g = restore(self.sign * now.point.g)
                    intermediate = Result(x=x, fun=self.sign * now.point.f, jac=g, nit=now.t, lr=now.lr)
                    return agreed(callback(intermediate_result=intermediate))
                return agreed(callback(x))
            except StopIteration:
                return True

        return report


def outcome(reason: Reason, verdict: Verdict) -> dict[str, Any]:
    """What a result says of why its run ended."""
    return {
        "success": verdict.success,
        "status": family(verdict.code).status,
        "message": verdict.sentence,
        "code": verdict.code,
        "evidence": verdict.evidence,
        "advice": verdict.advice,
        "stopped": list(reason),
    }


def asks_for_result(callback: Callable[..., Any]) -> bool:
    """Whether a callback wants more than x: by the name of its one argument, as scipy's do."""
    try:
        return set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):
        return False


def agreed(answer: Any) -> bool:
    """Whether a callback said True: comparisons of arrays give NumPy's own."""
    return isinstance(answer, bool | np.bool_) and bool(answer)
