"""Steps that are too long or too short for the curvature, and runs that were stopped on the way."""

from __future__ import annotations

import math

import numpy as np

from ..errors import counted
from .case import Case
from .rate import PATIENCE
from .verdict import Verdict
from .words import along, at_least, count, number, place, rounded

TOO_SMALL = 0.01  # share of the limit: lr L < 0.02 for gradient descent
ILL = 1e3  # condition number from which a change of method is advised
FEW = 10  # steps, of which nothing is told
SLOW = 1e2  # the same where it is a lower bound that still grows with every step
CAREFUL = "stable here, but f may bend more on the way: let the library choose"
ENOUGH = 1e-6  # the factor by which a gradient should fall, in estimates of steps


def cycle(case: Case) -> Verdict | None:
    """The iterates jump between the same few places."""
    p = case.trail.period
    if not p or case.reason.converged or case.settled:
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
            f"{head}: lr = {number(rate.lr)} is exactly the limit {rate.formula} with the curvature L = "
            f"{number(rate.L)}. Any lr < {number(rate.limit)} converges there; {rate.best} is best tried first."
        )
    elif rate.lr < rate.limit and not rate.suggested < rate.lr:
        sentence = (
            f"{head}: lr = {number(rate.lr)} is below the limit {rate.formula} = {number(rate.limit)} of the curvature "
            f"here, {number(rate.L)}, but what they jump over bends more. Use smaller steps."
        )
        return Verdict("stalled.cycle", sentence, False, evidence, case.default())
    else:
        sentence = (
            f"{head}: lr = {number(rate.lr)} is too large for the curvature {number(rate.L)} (limit "
            f"{rate.formula} = {number(rate.limit)}). Use lr = {number(rate.suggested)}."
        )
    return Verdict("stalled.cycle", sentence, False, evidence, rate.advice())


def too_large(case: Case) -> Verdict | None:
    """f grows, or went to infinity, because the rate is above its limit."""
    if case.random or not (_grows(case) or _burst(case)) or case.curvature is None:
        return None
    if not case.rate.lr > 0.99 * case.rate.limit:
        return None
    rate, c = case.rate, case.curvature
    where = f" (along {along(c.vectors[:, -1])})" if case.n > 1 and c.values[-1] == rate.L else ""
    sentence = (
        f"Diverged: f grew {_speed(case)}. lr = {number(rate.lr)} is "
        f"{'above' if rate.lr > 1.01 * rate.limit else 'at'} the limit {rate.formula} = "
        f"{number(rate.limit)}, where L = {number(rate.L)} is the largest curvature{where}. Use lr = "
        f"{number(rate.suggested)}."
    )
    evidence = rate.evidence | {"growth": case.trail.growth}
    return Verdict("diverged.rate", sentence, False, evidence, rate.advice())


def growing(case: Case) -> Verdict | None:
    """f grows, and no rule tells how long steps may be."""
    if not _grows(case):
        return None
    rate = case.rate
    lr = f" with lr = {number(rate.lr)}" if math.isfinite(rate.lr) else ""
    sentence = f"Diverged: f grew {_speed(case)}, from {case.shown(case.trail.f[0])} at x0: the steps{lr} are too long."
    evidence = rate.evidence | {"growth": case.trail.growth}
    return Verdict("diverged.rate", sentence, False, evidence, rate.advice())


def _grows(case: Case) -> bool:
    f = case.trail.f[case.trail.finite]
    if f.size < 2 or case.reason.converged or not f[-1] - f[0] > 10 * case.noise:
        return False
    if case.reason.code in ("diverged", "nonfinite"):
        return True
    # what jumps between the same places grows by its rounding alone
    return bool(f[-1] > f[-2] and (f[-1] > 2 * abs(f[0]) or case.trail.turns) and not case.trail.period)


def _burst(case: Case) -> bool:
    """Whether f was too large a number after a few steps: an edge is named before."""
    return case.reason.code == "nonfinite" and case.last.f == math.inf and len(case.trail.f) <= FEW


def _speed(case: Case) -> str:
    speed = case.trail.growth
    return f"{number(speed)} times a step" if math.isfinite(speed) and speed < 1e6 else "beyond all bounds"


def oscillates(case: Case) -> Verdict | None:
    """The steps turn back on each other, and f does not fall any more, or only slowly."""
    if case.reason.converged or not case.trail.turns:
        return None
    rate = case.rate
    f = case.trail.f
    stuck = int(np.nanargmin(f)) < 0.8 * (len(f) - 1)
    close = math.isfinite(rate.limit) and rate.lr > 0.9 * rate.limit
    if not stuck and not close:
        return None
    evidence = rate.evidence | {"cosine": float(np.median(case.trail.cosines[-6:]))}
    step = number(float(case.trail.step[-1]))
    if math.isfinite(rate.limit):
        sentence = (
            f"Bouncing: each step (length {step}) turns back on the one before. lr = {number(rate.lr)} is "
            f"{number(rate.lr / rate.limit)} of the limit {rate.formula} = {number(rate.limit)} at the "
            f"curvature L = {number(rate.L)}. Use lr = {number(rate.suggested)}."
        )
    else:
        with_lr = f" with lr = {number(rate.lr)}" if math.isfinite(rate.lr) else ""
        sentence = (
            f"Bouncing: each step{with_lr} is still {step} long and turns back on the one before; f is "
            f"stuck at {case.shown(case.best.f)}."
        )
    return Verdict("stalled.oscillates", sentence, False, evidence, rate.advice())


def roams(case: Case) -> Verdict | None:
    """The steps are so long that f rises and falls, and comes no lower."""
    f, lr = case.trail.f, case.rate.lr
    half = len(f) // 2
    if not case.reason.code.startswith("budget") or half < FEW or not math.isfinite(lr):
        return None
    before, after = float(np.nanmin(f[:half])), float(np.nanmin(f[half:]))
    if not after > before + 1e-3 * abs(f[0] - before):
        return None
    sentence = (
        f"Roaming: f was {case.shown(before)} at step {int(np.nanargmin(f))}, but not below {case.shown(after)} in the "
        f"last {len(f) - half} steps. The steps with lr = {number(lr)} are too long to settle."
    )
    evidence = case.rate.evidence | {"cosine": float(np.median(case.trail.cosines[-6:]))}
    return Verdict("stalled.oscillates", sentence, False, evidence, case.default())


def too_small(case: Case) -> Verdict | None:
    """The learning rate is far below what the curvature allows."""
    rate, c = case.rate, case.curvature
    if not math.isfinite(rate.lr) or case.trail.turns or c is None or not c.error < c.largest:
        return None
    family = "budget" if case.reason.code.startswith("budget") else "stalled"
    short = f"{case.reason.sentence} But that is only because the steps are so short. "
    but = short if case.reason.converged else ""
    way = float(np.linalg.norm(case.x - case.start))
    left = case.left[1]
    if rate.formula:
        times = rate.suggested / rate.lr
        if not rate.lr < TOO_SMALL * rate.factor * rate.suggested / rate.share or times < 10:
            return None
        steps = _steps_left(case)
        share = f"{number(way / (way + left))} of the way" if math.isfinite(left) else number(way)
        ahead = "the gradient does not shrink yet"
        if math.isfinite(steps):
            ahead = f"at this rate a gradient 1e6 times smaller takes >= {at_least(steps)} more"
        sentence = (
            f"{but}The learning rate is too small: moved {share} in {counted(case.last_step, 'step')}; {ahead}. lr = "
            f"{number(rate.suggested)} = {rate.shared} (largest curvature L = "
            f"{number(rate.share / rate.suggested)}) is about {count(times)} times larger and "
            f"{'still stable' if rate.trusted else CAREFUL}."
        )
        evidence = {"lr": rate.lr, "suggested": rate.suggested, "times": times, "steps": steps, "L": rate.L}
        return Verdict(f"{family}.rate", sentence, False, evidence, rate.advice())
    # elsewhere a step is about lr long in each coordinate, whatever the gradient (Adam, RMSProp, signs)
    each = float(np.abs(case.trail.moves[-1]).max()) if len(case.trail.moves) else 0.0
    farthest = float(np.abs(case.newton.step).max())
    if not case.trail.straight or not each or not 100 * each <= farthest < math.inf or c.smallest <= c.error:
        return None
    steps = farthest / each
    lr = rounded(rate.lr * steps / 100)
    sentence = (
        f"{but}The learning rate is too small: a step moves no number by more than {number(each)}, but the "
        f"{case.minimum} is about {number(farthest)} away: >= {at_least(steps)} more steps. lr = "
        f"{number(lr)} would take some hundred."
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
        smallest = min(seen, smallest if smallest > c.error else math.inf, case.flattest)
    diagonal = case.oracle.derivative.diagonal()
    largest = max(c.largest, case.rate.opening, 0.0 if diagonal is None else float(np.nansum(diagonal)))
    if not 0 < smallest < math.inf or not (SLOW if _slows(case) else ILL) <= largest / smallest < math.inf:
        return None
    condition = largest / smallest
    family = "budget" if case.reason.code.startswith("budget") else "stalled"
    met = f"{case.reason.sentence} But " if case.reason.converged else ""
    left = case.left[1]
    rest = f" The {case.minimum} is still about {number(left)} away." if math.isfinite(left) else ""
    sentence = (
        f"{met}{'f' if met else 'The function'} is ill-conditioned: curvature ranges from {number(smallest)} along "
        f"{along(c.vectors[:, 0])} to {number(largest)} (condition {number(condition)}), so gradient "
        f"descent needs about {at_least(condition * math.log(1 / ENOUGH) / 2)} steps.{rest} Use a method "
        "that learns the curvature, or rescale x."
    )
    evidence = {"condition": condition, "largest": largest, "smallest": smallest, "left": left}
    return Verdict(f"{family}.conditioning", sentence, False, evidence, case.default())


def _slows(case: Case) -> bool:
    """Whether the gradient still shrinks ever more slowly: curvatures below all those seen come to light."""
    now, before = case.trail.rho, case.trail.rho_before
    return (
        not case.exact and case.curvature is not None and not case.curvature.complete and 1 - now < 0.75 * (1 - before)
    )


def falling(case: Case) -> Verdict | None:
    """Stopped while still on the way."""
    if not case.reason.code.startswith("budget"):
        return None
    what = {"evaluations": "maxfun", "time": "maxtime"}.get(case.reason.code.partition(".")[2], "maxiter")
    f = case.trail.f
    if len(f) < 2:
        return Verdict(
            case.reason.code, case.reason.sentence, False, {}, case.advise(f"without {what}", **{what: None})
        )
    steps = _steps_left(case)
    rho = case.trail.rho
    shrinks = f"the gradient shrinks {100 * (1 - rho):.3g} % a step"
    rate = shrinks if rho < 1 else f"f {case.falls}, the gradient does not shrink yet"
    if not f[-1] <= f[max(-len(f), -20)]:
        rate = "f is not falling at the moment"
    sentence = f"{case.reason.sentence} Still on the way: {rate}"
    evidence = {"rho": rho, "steps": steps, "gradient": case.slope}
    if math.isfinite(steps):
        sentence += f"; a gradient 1e6 times smaller than at the start takes >= {at_least(steps)} more steps."
        most = max(4 * (steps + case.last_step), case.rate.needed(case.rate.lr))
        if what == "maxiter" and most <= PATIENCE:
            return Verdict(case.reason.code, sentence, False, evidence, case.advise(maxiter=math.ceil(most)))
    else:
        sentence += "."
    advice = case.default() if what == "maxiter" else case.advise(f"without {what}", **{what: None})
    return Verdict(case.reason.code, sentence, False, evidence, advice)


def _steps_left(case: Case) -> float:
    """At least so many steps until the gradient is ENOUGH times that of the start (a lower bound while rho rises)."""
    rho, g = case.trail.rho, case.trail.g
    target = ENOUGH * g[0]
    if not 0 < rho < 1 or not case.slope > target:
        return math.inf
    steps = math.log(case.slope / target) / -math.log(rho) if target else math.inf
    return math.ceil(steps) if math.isfinite(steps) else math.inf
