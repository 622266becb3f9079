"""What runs say to the logger "steepest": start, gradient, retries and verdicts, and at DEBUG every step."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .history import History
    from .loops.loop import Iterate
    from .objective.oracle import Oracle

logger = logging.getLogger("steepest")
logger.addHandler(logging.NullHandler())  # else Python would print warnings where nobody has asked for logs

See = Callable[["Iterate", "History"], None]


def begun(method: Any, x: Any, f: str, oracle: Oracle) -> None:
    """A run has its first point, and its gradient was proved."""
    if not logger.isEnabledFor(logging.INFO):
        return
    logger.info("%r begins at f = %s with %d numbers", method, f, x.size)
    wrong = getattr(oracle.derivative, "warning", "")
    logger.log(logging.WARNING if wrong else logging.INFO, "gradient: %s", oracle.derivative.report)


def stepwise(see: See | None) -> See | None:
    """What looks at every step: `see` and, if somebody listens at DEBUG, the log; None where nobody looks."""
    if not logger.isEnabledFor(logging.DEBUG):
        return see

    def told(now: Iterate, history: History) -> None:
        t, f, g, step, lr, *_ = history.last
        logger.debug("step %d: f = %s, gradient norm %.3g, length %.3g, lr %.3g", t, history.shown(f), g, step, lr)
        if see is not None:
            see(now, history)

    return told


def epoch(row: Any) -> None:
    """An epoch of training."""
    logger.debug("epoch %g: loss %.6g, validation %.6g, lr %.3g", row.epoch, row.loss, row.validation, row.lr)


def ended(result: Any) -> None:
    """The verdict: a warning if the run has solved nothing."""
    level = logging.INFO if result.success else logging.WARNING
    logger.log(level, "%s: %s", result.code, result.why)
    if result.advice and level == logging.WARNING:
        logger.info("try: %s", result.advice)


def again(changes: dict[str, Any]) -> None:
    """A call is made once more."""
    logger.info("again, with %s", ", ".join(f"{name}={value!r}" for name, value in changes.items()))
