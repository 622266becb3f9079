"""Why a training run ended as it did: what its epochs, its batches and its columns say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import counted
from .batches import curvature, noise, too_small, unscaled_columns
from .trained import Further, Trained
from .verdict import SETTLED, Advice, Verdict
from .words import number

OVER = 1.05  # of the best validation loss: beyond that, the last epochs are overfitting
LEFT = 0.05  # of the loss that is left, if that is a tenth of SETTLED: a start far off makes the gain a poor measure
NOTHING = 1e-3  # of the loss, that ten more steps find, and what hardly changed it began near a minimum
APART = 1e-3  # of the loss of the start, log(classes): the mean probability of a wrong class is about as small


def judge(case: Trained) -> Verdict:
    """The first cause that fits; at most 30 gradients of a batch, and about a dozen of some thousand rows."""
    with np.errstate(all="ignore"):
        verdict = next((found for cause in CAUSES if (found := cause(case))), None) or Verdict(
            *case.reason, success=case.reason.converged
        )
        evidence = noise(case)
    hint = evidence.pop("hint", "")
    sentence = f"{verdict.sentence} {hint}" if hint and verdict.code.startswith("budget") else verdict.sentence
    for t, lr in case.setbacks:
        sentence += (
            f" At step {t:.0f} the run was worse than its best parameters: it went back to them, and from lr = "
            f"{number(lr)}, which the race had chosen, to a tenth."
        )
    if case.endless and 0 <= case.end < APART * case.start and not case.diverged:
        sentence += (
            " The classes of the training data are told apart without error: the loss has no minimum, only a limit, "
            "and the parameters grow the longer it is trained. A penalty bounds them (l2=0.001, say)."
        )
    return Verdict(verdict.code, sentence, verdict.success, evidence | verdict.evidence, verdict.advice)


def broken(case: Trained) -> Verdict | None:
    """Errors, interruptions: nothing is asked any more."""
    if case.reason.code.startswith(("error", "interrupted", "callback")):
        return Verdict(*case.reason)
    return None


def constant(case: Trained) -> Verdict | None:
    """Targets that are all the same."""
    if not case.constant:
        return None
    return Verdict("stalled.labels", f"{case.constant}: there is nothing to learn from them. {case.reason.sentence}")


def nowhere(case: Trained) -> Verdict | None:
    """A loss that is not defined where training begins."""
    if math.isfinite(case.start) or math.isfinite(case.end):
        return None
    return Verdict("nonfinite.start", f"The loss is {case.start:g} at the start: begin where it is finite.", False)


def diverged(case: Trained) -> Verdict | None:
    """The rate beside the measured curvature, and columns that are out of scale."""
    if not case.diverged:
        return None
    unscaled, names = unscaled_columns(case)
    L = curvature(case)
    limit = 2 / L if L > 0 else math.nan
    evidence = {"lr": case.lr, "L": L, "limit": limit} | ({"unscaled": names} if names else {})
    end = f"the loss went from {case.start:.4g} to {case.loss[-1]:.4g}" if len(case.loss) else case.reason.sentence
    said = math.isfinite(case.lr) and math.isfinite(case.boost)
    rate = ""
    if said and math.isfinite(limit):
        rate = f" lr = {number(case.lr)}, where about 2/L = {number(limit)} is the limit (L = {number(L)}, of a batch)."
    advice = Advice({"lr": "auto"}, unscaled, "fit")
    if not unscaled and said and math.isfinite(limit) and case.lr * case.boost < limit / 4:
        rate += " So the rate is not what did it: look for values out of range in the loss or the data."
    return Verdict("diverged", f"Diverged: {end}.{rate}{' ' + unscaled if unscaled else ''}", False, evidence, advice)


def overfitted(case: Trained) -> Verdict | None:
    """The validation loss rose while the training loss fell."""
    if not case.validated:
        return None
    held = case.epochs["validation"]
    if case.best_epoch == 0:
        return _overfitted_at_once(case, float(held[-1]))
    best = float(np.nanmin(held))
    if not (held[-1] > OVER * best + 1e-300 and case.loss[-1] < case.loss[case.best_epoch - 1]):
        return None
    sentence = (
        f"Overfitting: after epoch {case.best_epoch} the validation loss rose from {best:.4g} to {held[-1]:.4g}, "
        f"while the training loss fell to {case.loss[-1]:.4g}. The parameters of epoch {case.best_epoch} are returned."
    )
    # the longest wait for a better epoch on the way: so patient, a run ends with the same parameters, only earlier
    scores = np.array([case.start, *held[: case.best_epoch]])
    better = np.flatnonzero(np.diff(np.minimum.accumulate(scores), prepend=np.inf) < 0)
    sooner = {} if case.reason.converged else {"patience": int(np.diff(better).max(initial=1))}
    advice = Advice(sooner, "for a lower validation loss, penalise the parameters, or use more data", "fit")
    return Verdict("converged.validation", sentence, True, {"best_epoch": case.best_epoch}, advice)


def _overfitted_at_once(case: Trained, held: float) -> Verdict | None:
    """No epoch was better than the start on the validation data, though ever better on those of training."""
    if not (held > OVER * case.start and case.loss[-1] < case.loss[0]):
        return None
    sentence = (
        f"Overfitting from the first epoch on: the validation loss rose from {case.start:.4g} to {held:.4g}, while the "
        f"training loss fell from {case.loss[0]:.4g} to {case.loss[-1]:.4g}. What was learnt holds for the training "
        "data alone; the start is returned."
    )
    advice = Advice({}, "penalise the parameters, have fewer of them, or use more data", "fit")
    return Verdict("stalled.overfitting", sentence, False, {"best_epoch": 0}, advice)


def flat(case: Trained) -> Verdict | None:
    """No progress at all."""
    if len(case.loss) < 2 or case.reason.converged:
        return None
    gain = case.start - case.end
    if gain > SETTLED * abs(case.start) and gain > 0:
        return None
    largest = max((float(np.abs(g(case.x)).max()) for g in case.gradients), default=0.0)
    if largest == 0:
        sentence = f"The loss stayed at {case.loss[-1]:.4g}: its gradient is 0 on every batch that was tried."
        return Verdict("stalled.plateau", f"{sentence} Does it depend on the parameters?", False, {"gradient": 0.0})
    more, went = case.further(), f"the loss went from {case.start:.6g} to {case.end:.6g}"
    if more and more.waning and more.fall <= NOTHING * abs(case.end):
        near = f"it began near a minimum: {more} lower it by {number(more.fall)}"
        sentence = f"{case.reason.sentence.rstrip('.')}: {went}; {near}."
        return Verdict("converged.settled", sentence, True, {"gained": gain, "further": more.fall})
    L = curvature(case)
    unscaled, names = unscaled_columns(case)
    sentence = f"No progress: in {counted(case.steps, 'step')} {went}.{too_small(case, L)}"
    evidence = {"lr": case.lr, "L": L, "gradient": largest} | ({"unscaled": names} if names else {})
    advice = Advice({} if unscaled and not math.isfinite(case.lr) else {"lr": "auto"}, unscaled, "fit")
    return Verdict("stalled.plateau", f"{sentence} {unscaled}".strip(), False, evidence, advice)


def finished(case: Trained) -> Verdict | None:
    """The budget is used: has the loss settled, or is there something left?"""
    if not case.reason.code.startswith("budget") or not len(case.loss):
        return None
    losses = case.epochs["validation"] if case.validated else case.loss
    gained = case.start - losses.min()
    last, window, falling = _last_change(case, losses)
    evidence: dict[str, Any] = {"gained": float(gained), "last": last}
    what = "validation loss" if case.validated else "loss"
    state = f"{case.reason.sentence.rstrip('.')}: {what} {losses[-1]:.4g}, from {case.start:.4g}"
    # of steps that fall ever more slowly, as many again at the pace of the last one
    going_on = len(losses) * abs(last) if case.steady else abs(last)
    least = SETTLED * gained
    still = len(losses) > 1 and going_on <= least
    # where the rate fell to zero, a fall in the second half is of scatter, too: what is left tells a look from the end
    more = case.further() if still or (falling and last > 0) else None
    if more:
        evidence["further"] = more.fall
    changed = f"the {window} changed it by {number(0.0 - last)}"  # no -0
    lower = more is not None and more.fall > min(least, max(LEFT * abs(losses[-1]), least / 10))
    if more and lower and still:
        return _unsettled(case, more, f"{state}; {changed}", evidence)
    if (still or (more and more.waning)) and not lower:
        beyond = f", and {more} found {number(more.fall)} beyond" if more and not still else ""
        unseen = "" if more else " Data that can be read once allow no look beyond."
        return Verdict("converged.settled", f"{state}; settled: {changed}{beyond}.{unseen}", True, evidence)
    if last < 0:
        sentence = f"{state}; it scatters ({number(-last)} up in the {window}): the rate is too large for the end."
        advice = Advice({"lr": "auto"}, unscaled_columns(case)[0], "fit")
        return Verdict(case.reason.code, sentence, False, evidence, advice)
    return _still_falling(case, f"by {number(last)} in the {window}" if last else "", state, evidence)


def _last_change(case: Trained, losses: np.ndarray) -> tuple[float, str, bool]:
    """By how much the loss has fallen of late, over which part of the run, and whether its rate fell to zero.

    Where the rate fell to zero the last epochs could not move, and an epoch of small steps changes little, though many
    of them may change much: there the second half counts.
    """
    rates, half = case.epochs["lr"], len(losses) // 2
    falling = len(rates) > 1 and rates[-1] < 0.1 * rates[0]
    since = half if falling else len(losses) - 1
    last = float(losses[since - 1] - losses[-1]) if len(losses) > 1 else float(case.start - losses.min())
    if not falling and not case.steady:
        few = max(len(losses) // 8, 1)
        trend = float(losses[half : half + few].mean() - losses[-few:].mean())
        if trend > abs(last):
            return trend, "second half", falling
    return last, "second half" if falling else "last epoch", falling


def _still_falling(case: Trained, fall: str, state: str, evidence: dict[str, Any]) -> Verdict:
    """The run was too short, or its rate too small."""
    unscaled, names = unscaled_columns(case)
    small = too_small(case, curvature(case))
    fell = f"it was still falling, {fall}" if fall else "nothing was gained yet"
    sentence = f"{state}; {fell}.{small} {unscaled}".strip()
    evidence |= {"unscaled": names} if names else {}
    changes = {"lr": "auto"} if small else _longer(case)
    return Verdict(case.reason.code, sentence, False, evidence, Advice(changes, "", "fit"))


def _longer(case: Trained) -> dict[str, Any]:
    """As many epochs again."""
    longer = {"epochs": 2 * max(math.ceil(case.epochs["epoch"][-1]), 1)}
    return longer | ({"patience": None} if case.reason.code == "budget.patience" else {})


def _unsettled(case: Trained, more: Further, state: str, evidence: dict[str, Any]) -> Verdict:
    """The loss hardly moves any more, but can fall: a rate that is too small, or falls to zero, settles anywhere."""
    unscaled, names = unscaled_columns(case)
    sentence = (
        f"{state}, but it has not settled: {more} lower it by {number(more.fall)}; returned is where the run itself "
        f"has led. {unscaled}"
    )
    evidence |= {"unscaled": names} if names else {}
    changes = {"lr": "auto"} if case.rated else _longer(case)
    advice = Advice(changes, "" if case.steady else "or with batch_size=None", "fit")
    return Verdict(case.reason.code, sentence.strip(), False, evidence, advice)


CAUSES = (broken, constant, nowhere, diverged, overfitted, flat, finished)
