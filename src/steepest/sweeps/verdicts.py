"""The verdicts on many runs of one rule: where they ended, beside the curvature there and at their starts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..codes import CODES
from ..diagnose.hessians import Hessians
from ..diagnose.rates import ILL, TOO_SMALL
from ..diagnose.verdict import SETTLED, Advice, Verdict
from ..diagnose.words import number, place, rounded
from ..methods.lift import Rule
from ..methods.stability import stability
from .batch import Outcome, Task

SAME = 1e-6  # share of |f| below which two minima are one, as for a single run
DOUBTED = 1e3  # times what Newton's estimate leaves: a lower value beyond that is no matter of accuracy
LEVEL = 1e-4  # share of the curvature elsewhere or before; x^3 keeps 1e-5 of it where a run ends at its plateau
STRAIGHT = 0.5  # of its length: how far from its start a path leads at least, if it hardly bends


@dataclass
class Ends(Sequence[Verdict]):
    """Many runs judged from their ends, each a Verdict that is written when it is asked for.

    Attributes
    ----------
    rule : type
    values : mapping
        Its hyperparameters: a number, or an array of shape (runs,).
    code : ndarray of str, shape (runs,)
        As of single runs; the bare reason where the ends do not tell the cause.
    limit, L, suggested, condition, gradient, left : ndarray, shape (runs,)
        The largest stable rate, the curvature that it is made of, a rate to try; NaN where there is no such rule.
        The condition number, the norm of the gradient at the end, and by how much f can still fall.
    unclear : ndarray of int
        The runs whose cause is in their paths, not in their ends.
    known : dict of int to Verdict
        What was found out about runs by other means.
    """

    rule: type[Rule]
    values: Mapping[str, Any]
    code: np.ndarray
    limit: np.ndarray
    L: np.ndarray
    suggested: np.ndarray
    condition: np.ndarray
    gradient: np.ndarray
    left: np.ndarray
    unclear: np.ndarray
    known: dict[int, Verdict] = field(default_factory=dict)

    def __setitem__(self, k: int, verdict: Verdict) -> None:
        """Take the verdict on run k from elsewhere."""
        self.known[k], self.code[k] = verdict, verdict.code

    def __len__(self) -> int:
        return len(self.code)

    def __getitem__(self, k: Any) -> Any:
        k = range(len(self))[k]
        return self.known[k] if k in self.known else self._written(k)

    def _written(self, k: int) -> Verdict:
        """What the numbers of run k say."""
        code = str(self.code[k])
        meaning = CODES[code].meaning if code in CODES else code
        if code.endswith(".rate") and 0 < self.suggested[k] < math.inf:
            return self._of_rate(k, code, meaning)
        name = "condition" if code.endswith(".conditioning") else "gradient"
        success = code.startswith(("converged", "target"))
        left = {"left": float(self.left[k])} if success and math.isfinite(self.left[k]) else {}
        return Verdict(code, meaning, success, {name: float(getattr(self, name)[k])} | left)

    def _of_rate(self, k: int, code: str, meaning: str) -> Verdict:
        """That its rate was too large or too small, beside the limit, and the one to try."""
        values = {name: v[k].item() if np.ndim(v) else v for name, v in self.values.items()}
        limit, L, suggested = (float(v[k]) for v in (self.limit, self.L, self.suggested))
        lr, lost, beside = values["lr"], code.startswith("diverged"), ""
        if limit > 0 and lost == (lr > limit):  # else f is more curved on the way than at both ends
            beside = (
                f" lr = {number(lr)} is {number(lr / limit)} times the limit {number(limit * L)}/L = {number(limit)}, "
                f"where L = {number(L)} is the largest curvature."
            )
        sentence = f"{meaning}{beside} Use lr = {number(suggested)}."
        evidence = {"lr": lr} | ({"L": L} if limit > 0 else {})
        evidence |= {"limit": limit} if lost else {"suggested": suggested, "times": suggested / lr}
        return Verdict(code, sentence, False, evidence, Advice({"method": self.rule(**{**values, "lr": suggested})}))


class Rates(NamedTuple):
    """The learning rates of runs beside those that the curvatures at their starts and ends allow, each (runs,).

    Attributes
    ----------
    lr, L, limit, suggested : ndarray
        The rate; and as in `Ends`.
    ahead : ndarray of bool
        Whether the steps hardly turned back: such as zigzag, at a kink say, are not too short.
    short : ndarray of bool
        Whether the steps were too short to arrive.
    """

    lr: np.ndarray
    L: np.ndarray
    limit: np.ndarray
    suggested: np.ndarray
    ahead: np.ndarray
    short: np.ndarray

    @classmethod
    def of(cls, task: Task, out: Outcome, start: Hessians, end: Hessians, lost: np.ndarray) -> Rates:
        """From the curvatures at both ends; of runs that are `lost` the start counts as well."""
        known = stability(task.rule)
        lr = np.broadcast_to(np.asarray(task.values.get("lr", math.nan), float), (out.fun.size,))
        met = np.fmax(start.largest, end.largest)
        L = np.where(lost, met, end.values[:, -1])  # upward: where f only bends down no rate is too large
        way = out.x - task.starts
        if known.formula:
            beta = task.values.get("beta", 0.0)
            limit, suggested = np.where(L > 0, known.limit(beta) / L, math.nan), known.share(beta) / met
            slope = np.minimum(np.linalg.norm(end.g, axis=0), np.linalg.norm(start.g, axis=0))
            ahead = np.linalg.norm(way, axis=0) >= STRAIGHT * out.steps * lr / (1 - beta) * slope
            short = (lr < TOO_SMALL * limit) & (suggested >= 10 * lr) & ahead
        else:  # as in Adam a step is about lr long, whatever the gradient
            each, far = np.abs(way).max(axis=0) / out.steps, np.abs(end.newton).max(axis=0)
            limit, suggested = np.full(lr.shape, math.nan), lr * far / each / 100
            ahead = each >= STRAIGHT * lr
            short = ahead & (suggested >= lr) & (suggested < math.inf)
        return cls(lr, L, limit, suggested, ahead, short)


@np.errstate(all="ignore")
def judge_many(task: Task, out: Outcome) -> Ends:
    """Judge runs from their ends, by 2n + 4 batches of gradients, above n = 50 by 64."""
    one = (task.starts == task.starts[:, :1]).all()
    start = Hessians.at(task.starts[:, :1] if one else task.starts, task.batch)
    end = Hessians.at(np.ascontiguousarray(out.x), task.batch)
    lost = np.isin(out.code, ("diverged", "nonfinite", "unbounded"))
    met_test = np.array([str(c).startswith("converged") for c in out.code])
    spent = out.code == "budget.steps"
    rates = Rates.of(task, out, start, end, lost)
    noise, gain = task.noise(np.where(np.isfinite(end.f), end.f, 0.0)), start.f - end.f
    condition = np.where(end.smallest > end.error, end.largest / end.smallest, math.nan)
    loose = (end.left > SETTLED * gain) & (end.left > 10 * noise) & np.isfinite(end.left)
    code = np.where(out.code == "diverged", "diverged.rate", out.code)
    for where, name in (  # the later ones count
        (lost & (out.code == "nonfinite") & (rates.lr > 0.99 * rates.limit), "diverged.rate"),
        (spent & (condition >= 0.999 * ILL) & ~(rates.lr > rates.limit), "budget.conditioning"),
        (spent & rates.short, "budget.rate"),
        (spent & (end.left <= 2 * noise), "converged.precision"),
        (met_test & loose, "stalled.tolerance"),
        (met_test & loose & rates.short, "stalled.rate"),
        (met_test & _falls(task, end, out.x, noise), "stalled.saddle"),
    ):
        code = np.where(where, name, code)
    judged = met_test | spent | lost | (out.code == "target")  # not what a search or fun itself ran into
    doubtful = (end.smallest < -end.error) | _odd(task.rule, rates)
    unclear = (spent & (code != "converged.precision") & doubtful) | (code == "nonfinite") | ~judged
    if not issubclass(task.rule, Rule):  # what a step promises may be small where f only levels off
        curved = np.maximum(np.abs(start.along(end.vectors[:, :, 0])), end.largest)
        unclear |= met_test & ~(end.smallest > np.maximum(end.error, LEVEL * curved))
    suggested, slope = np.array([rounded(rate) for rate in rates.suggested]), np.linalg.norm(end.g, axis=0)
    return Ends(task.rule, task.values, code, rates.limit, rates.L, suggested, condition, slope, end.left,
                np.flatnonzero(unclear))  # fmt: skip


def _odd(rule: type[Rule], rates: Rates) -> np.ndarray | bool:
    """Where the path has to tell: steps about as long as the limit may cycle, oscillate or grow; short ones that do not
    get ahead have met a kink."""
    near, short = ~(rates.lr < 0.9 * rates.limit), rates.lr < TOO_SMALL * rates.limit
    return (stability(rule).formula != "") & (near | short & ~rates.ahead)


def local(x: np.ndarray, fun: np.ndarray, ends: Sequence[Verdict]) -> dict[int, Verdict]:
    """The verdicts on those of many runs that solved a minimum of which another run has found a lower one.

    Parameters
    ----------
    x, fun : ndarray, shape (runs, n) and (runs,)
    ends : sequence of Verdict
    """
    if not np.isfinite(fun).any():
        return {}
    best = int(np.nanargmin(fun))
    found = {}
    for k in np.flatnonzero(fun > fun[best] + SAME * abs(fun[best])).tolist():
        verdict = ends[k]
        left = verdict.evidence.get("left", math.inf)
        if verdict.code.startswith("converged") and fun[k] - fun[best] > DOUBTED * left:
            sentence = (
                f"{verdict.sentence} A local minimum only: f = {fun[k]:.6g} here, but {fun[best]:.6g} at "
                f"{place(x[best])}, where another run ended."
            )
            evidence = {"f": float(fun[k]), "known": float(fun[best])}
            found[k] = Verdict("converged.local", sentence, True, evidence, Advice({"x0": x[best]}))
    return found


def _falls(task: Task, end: Hessians, x: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Where f is lower a little along the direction of the smallest curvature, if that is negative."""
    curved = end.smallest < -end.error
    if not curved.any():
        return curved
    v = end.vectors[:, :, 0].T
    t = np.maximum(np.sqrt(20 * noise / -end.smallest), 1e-3 * np.maximum(np.abs(x).max(axis=0), 1e-3))
    lower = np.fmin(*(task.batch((x + sign * t * v).astype(x.dtype))[0] for sign in (1, -1)))
    return curved & (lower < end.f - 3 * noise)
