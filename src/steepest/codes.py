"""The codes of verdicts: what each one means, the figures that come with it, and what is advised. New ones go here."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple

from .errors import ArgumentError


class Family(NamedTuple):
    """The first word of a code.

    Attributes
    ----------
    status : int
        What scipy calls status.
    meaning : str
    """

    status: int
    meaning: str


class Code(NamedTuple):
    """What a code stands for.

    Attributes
    ----------
    meaning : str
        When a run ends so.
    evidence : tuple of str
        The figures that `Result.evidence` may hold.
    advice : str
        What is advised; empty where there is nothing to do better.
    """

    meaning: str
    evidence: tuple[str, ...] = ()
    advice: str = ""


FAMILIES = {
    "converged": Family(0, "Solved to the accuracy that is claimed: `success` is True."),
    "target": Family(0, "The value that was asked for is reached: `success` is True."),
    "budget": Family(1, "Steps, evaluations or time were used up on the way."),
    "diverged": Family(2, "f grew."),
    "nonfinite": Family(2, "f or its gradient is NaN or infinite."),
    "unbounded": Family(2, "f falls without limit."),
    "stalled": Family(3, "The run came to rest, or goes round in circles, where f is not solved."),
    "error": Family(4, "The function raised an error."),
    "interrupted": Family(5, "Ctrl-C."),
    "callback": Family(99, "Your own callback, or a criterion of your own, ended it."),
}

SOLVED = ("f", "gradient", "smallest", "largest", "left")
RATE = ("lr", "limit", "L")
SHORT = ("lr", "suggested", "times", "steps", "L")
ILL = ("condition", "largest", "smallest", "left")
FALLING = ("rho", "steps", "gradient")
TRAINED = ("gained", "last", "further")  # of `fit`
# of `stochastic=True`: means of repeated calls at the start and at the end, and their standard errors
WEIGHED = ("start", "start_error", "end", "end_error", "change", "change_error", "gradient_error", "start_gradient",
           "looks")  # fmt: skip
# Any verdict may have these besides: what was wrong with your gradient, which coordinates f does not depend on; and
# of `fit` the noise of its gradients and the race for the rate.
REMARKS = ("gradient", "idle", "noise_scale", "race", "basis", "race_steps", "warm_start", "rule", "lr", "setbacks")

FIGURES = {
    "f": "the value at the end",
    "gradient": "its norm at the end, or what was wrong with yours",
    "smallest": "the smallest curvature",
    "largest": "the largest curvature",
    "left": "how far f can still fall, or how far away the minimum is",
    "distance": "how far away the minimum, or a lower value, is",
    "noise": "how uncertain one value of f is",
    "average": "the mean of f over the last quarter of the run",
    "gain": "by how much it fell from the quarter before",
    "drop": "by how much f falls there, or can still fall",
    "known": "the lowest value that is known",
    "lower": "the lowest value on the way",
    "lr": "the learning rate",
    "limit": "the largest stable rate; of a function that levels off: the value it goes to",
    "L": "the largest curvature, here or on the last steps",
    "suggested": "the rate to try",
    "times": "how many times larger that is",
    "steps": "how many more are needed, at least",
    "rho": "the factor by which the gradient shrinks in a step",
    "growth": "the factor by which f grew in a step",
    "condition": "largest by smallest curvature",
    "period": "the number of places that are jumped between",
    "cosine": "that of the angle between steps that follow each other",
    "x": "the place",
    "slopes": "on both sides of the kink",
    "leap": "by how much f jumps",
    "direction": "as a vector",
    "step": "how far to go along it",
    "curvature": "along it",
    "slope": "the norm of the gradient",
    "values": "how many places were tried",
    "claimed": "the slope by your gradient",
    "measured": "the slope by differences of f",
    "error": "how uncertain that is",
    "coordinate": "the index that leads out of the domain",
    "edge": "where the domain ends",
    "side": "below or above it f is not finite",
    "idle": "the indices of coordinates that f does not depend on",
    "best_epoch": "that of the lowest validation loss",
    "gained": "by how much the loss fell",
    "last": "by how much in the last epoch",
    "further": "by how much it fell in the steps of a look beyond the end",
    "unscaled": "the columns that are out of scale",
    "noise_scale": "rows in a batch below which the noise of its gradient rules (McCandlish et al. 2018)",
    "rule": "the winner of the race for the rate",
    "race": "the losses of the rates that raced",
    "race_steps": "how many steps that took",
    "warm_start": "where the best lane of the race ended and the run went on, as one row of the numbers trained",
    "setbacks": "steps and rates at which it went back to the best parameters, to go on with a tenth of the rate",
    "basis": "of the coordinates that it steps in, where they are others than the parameters",
    "start": "f at the start, a mean of calls",
    "end": "f at the end, a mean of calls",
    "change": "their difference",
    "start_gradient": "the norm of the mean gradient at the start",
    "looks": "how many calls each mean is of",
    **{f"{name}_error": f"the standard error of `{name}`" for name in ("start", "end", "change", "gradient")},
}

DEFAULT = "leave method, step and tests to the library"
SLOWER = "the same method at the rate 1/L, where that arrives in time; else the default method"
LONGER = "more steps, as many as the rate so far asks for; without an end in sight the default method"
DECAY = "the same method with a rate that falls to zero"

CODES = {
    "converged.gradient": Code("The gradient fell below the tolerance, and nothing contradicts a minimum.", SOLVED),
    "converged.step": Code("The last step was shorter than `xtol`, at a minimum.", SOLVED),
    "converged.change": Code("The last step changed f by less than `ftol`, at a minimum.", SOLVED),
    "converged.promise": Code("The model of a quasi-Newton method promises next to nothing more.", SOLVED),
    "converged.floor": Code("The next step promises less than f, or the gradient, can tell.", SOLVED),
    "converged.precision": Code(
        "No test was met, yet what is left to gain is below the rounding of f or of x.",
        ("left", "noise", "gradient"),
    ),
    "converged.noise": Code(
        "What is left to gain is below the noise of f.",
        ("left", "noise", "gradient", "average", "gain", "drop", *WEIGHED),
    ),
    "converged.kink": Code(
        "A minimum with a kink: the slope of f jumps there from falling to rising.",
        ("x", "slopes", "direction", "left"),
    ),
    "converged.local": Code(
        "A minimum, but the catalogue knows a lower one.", ("f", "known"), "start at that one, or elsewhere"
    ),
    "converged.validation": Code(
        "`fit`: the validation loss does not fall any more; the best parameters are returned.",
        ("best_epoch", *TRAINED),
        "as many epochs, a penalty, or more data",
    ),
    "converged.settled": Code(
        "`fit`: the last epoch, and the second half of them, changed the loss by less than 1 % of the gain, or the "
        "rate fell to zero; and ten steps of L-BFGS (SpaRSA under l1) from there lower it by less.",
        TRAINED,
    ),
    "target": Code("f is at most `target`.", ("f",)),
    "budget.steps": Code("`maxiter` was used up while f was still falling.", (*FALLING, *TRAINED), LONGER),
    "budget.evaluations": Code("`maxfun` was used up while f was still falling.", FALLING, "no `maxfun`"),
    "budget.time": Code("`maxtime` was used up while f was still falling.", (*FALLING, *TRAINED), "no `maxtime`"),
    "budget.epochs": Code(
        "`fit`: all epochs are done, and the loss was still falling, or can fall.",
        (*TRAINED, "unscaled"),
        "twice as many epochs",
    ),
    "budget.patience": Code(
        "`fit`: no epoch was better for as long as `patience` says, though the loss can fall.",
        (*TRAINED, "unscaled"),
        "a rate that falls to zero",
    ),
    "budget.rate": Code("The learning rate is far too small: the steps hardly moved.", SHORT, SLOWER),
    "budget.conditioning": Code(
        "Slow because the curvatures differ by a factor of a thousand and more.", ILL, DEFAULT
    ),
    "budget.noise": Code(
        "f is random, and its average was still falling.",
        ("noise", "average", "gain", "gradient", *WEIGHED),
        "more steps",
    ),
    "budget.unproved": Code(
        "A test was met, but `maxfun` or `maxtime` left nothing to prove the minimum with.",
        ("f", "gradient"),
        "without that limit",
    ),
    "diverged": Code(
        "f grew, or a loss did, to beyond its start.", (*RATE, "unscaled"), "`fit`: `lr=\"auto\"`, columns standardised"
    ),
    "diverged.rate": Code(
        "f grew because the steps are longer than the curvature allows.", (*RATE, "growth"), SLOWER
    ),
    "nonfinite": Code("f or its gradient is not finite, and the run was not diagnosed."),
    "nonfinite.start": Code("f is not finite where the run begins: begin elsewhere."),
    "nonfinite.gradient": Code(
        "f is finite, and its gradient is not, or unknown: all around is NaN, or errors.", ("x",), '`jac="fd"`'
    ),
    "nonfinite.domain": Code(
        "A step left the domain of f.", ("edge", "coordinate", "side"), "bounds that keep inside, the default method"
    ),
    "nonfinite.overflow": Code("Steps so long that f overflowed.", ("f",), DEFAULT),
    "unbounded": Code("f falls without limit along a direction.", ("direction",), "is its sign right? Else bounds"),
    "stalled": Code("No lower point was found along the direction, and no better cause."),
    "stalled.scale": Code("Products of gradient and step overflow or vanish: take other units of f or x."),
    "stalled.rate": Code("A test was met only because the steps are so short.", SHORT, SLOWER),
    "stalled.tolerance": Code("A test was met far from the minimum.", ("left", "distance"), DEFAULT),
    "stalled.conditioning": Code("A test was met on the way through an ill-conditioned valley.", ILL, DEFAULT),
    "stalled.cycle": Code("The iterates jump between the same places for ever.", (*RATE, "period"), SLOWER),
    "stalled.oscillates": Code("Each step turns back on the one before.", (*RATE, "cosine"), SLOWER),
    "stalled.noise": Code(
        "f is random, and the run wanders at that level.",
        ("noise", "average", "gain", "gradient", *WEIGHED),
        f"{DECAY}; or average values of f",
    ),
    "stalled.kink": Code(
        "f has a kink, and the steps zigzag across it or end there.", ("x", "slopes", "direction"), DECAY
    ),
    "stalled.jump": Code("f itself jumps.", ("x", "leap"), "remove the jump from f"),
    "stalled.steps": Code("f is a staircase: constant around the point, not farther away.", ("x", "leap"), "smooth f"),
    "stalled.constant": Code("f does not depend on x at all.", ("values",), "make fun depend on x"),
    "stalled.gradient": Code(
        "Your gradient is not that of f where the run ended.", ("claimed", "measured", "error", "x"), '`jac="fd"`'
    ),
    "stalled.saddle": Code(
        "The gradient vanishes, but f falls along a direction.",
        ("curvature", "direction", "step", "drop", "largest"),
        "the default method, from a point down that direction",
    ),
    "stalled.maximum": Code(
        "The gradient vanishes at a maximum.",
        ("curvature", "direction", "step", "drop", "largest"),
        "the default method, from a point beside it",
    ),
    "stalled.plateau": Code(
        "Almost no slope here, yet f is much lower not far away; `fit`: no progress.",
        ("slope", "distance", "drop", "gradient", "lr", "L", "unscaled"),
        "begin there; `fit`: `lr=\"auto\"`",
    ),
    "stalled.overfitting": Code(
        "`fit`: from the first epoch on the validation loss rose while the training loss fell.",
        ("best_epoch", *TRAINED),
        "a penalty, or more data",
    ),
    "stalled.slope": Code(
        "f still falls a long way off along a direction in which no curvature was seen.",
        ("direction", "distance", "drop"),
        "begin there; units in which the numbers of x are alike",
    ),
    "stalled.rough": Code("f ripples on a scale that its gradient does not know.", ("distance", "drop"), "smooth f"),
    "stalled.levelling": Code(
        "f falls ever more slowly, to a limit that it never reaches.", ("slope", "limit"), "bound x, or add a penalty"
    ),
    "stalled.passed": Code("The run ended above a point that it had passed.", ("lower",), "go on from that point"),
    "stalled.labels": Code("`fit`: all targets are the same."),
    "error": Code("Your function raised an error; all that was found before is kept.", ("f",)),
    "interrupted": Code("Ctrl-C; the best point so far is kept.", ("f",), "go on from the best point"),
    "callback": Code("The callback returned True.", ("f",)),
}  # fmt: skip


def family(code: str) -> Family:
    """The family of a code; that of your own criteria for words which are not steepest's."""
    return FAMILIES.get(code.partition(".")[0], FAMILIES["callback"])


def told(code: str) -> str:
    """What a code means, in words.

    Raises
    ------
    ArgumentError
        When there is no such code.

    Examples
    --------
    >>> print(told("stalled.jump"))
    stalled.jump: f itself jumps.
      family: The run came to rest, or goes round in circles, where f is not solved.
      x:      the place
      leap:   by how much f jumps
      advice: remove the jump from f
    """
    if code not in CODES:
        raise ArgumentError(f"{code!r} is no code of a verdict.{near(code)}")
    meaning, evidence, advice = CODES[code]
    rows = {"family": family(code).meaning, **{name: FIGURES[name] for name in evidence}, "advice": advice}
    width = max(map(len, rows)) + 1
    lines = [f"  {name + ':':<{width}} {text}" for name, text in rows.items() if text]
    return "\n".join([f"{code}: {meaning}", *lines])


def near(code: str) -> str:
    """A question for who has mistyped a code; empty where nothing is like it."""
    alike = get_close_matches(code, CODES, 1)
    return f" Did you mean {alike[0]!r}?" if alike else ""
