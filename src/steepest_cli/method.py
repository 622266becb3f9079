"""The options of a method and of where a run ends, declared once for all commands; from text to methods."""

from __future__ import annotations

import inspect
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import click

from .function import Function, load, resolve, takes_function
from .program import Failure, option, stack, stronger
from .values import Bounds, MethodSpec, Number, Pairs, Range, Spec, Values

METHOD, STOP = "Method", "Stopping"

takes_one_method = stack(
    option(
        METHOD,
        "--method",
        type=MethodSpec(),
        metavar="NAME[:SETTING=VALUE,...]",
        help="gd, bfgs, adam:lr=0.1,beta1=0.8, ...; see `steepest methods`.  [default: chosen by size]",
    ),
    option(METHOD, "--lr", type=Number("auto"), help="Learning rate of the method, or auto."),
)
takes_methods = option(
    METHOD,
    "--method",
    type=MethodSpec(),
    multiple=True,
    metavar="NAME[:SETTING=VALUE,...]",
    help="gd, bfgs, adam:lr=0.1,beta1=0.8, ...; may be repeated; see `steepest methods`.",
)
takes_rates = option(METHOD, "--lr", type=Values(), metavar="RANGE", help="Learning rates, such as 1e-5..1e-1:log:30.")
takes_gradient = option(
    METHOD,
    "--jac",
    default="auto",
    show_default=True,
    help="Gradient: auto, 2-point, 3-point, cs, accurate, or module:function.",
)
takes_bounds = option(
    "Function",
    "--bounds",
    type=Bounds(),
    help="low:high for each coordinate, open ends left out, such as -2:2,0: (a single pair is for all); "
    "or usual, those of a catalogue FUNC.",
)
LIMITS = {
    "maxiter": "Most steps.  [default: 10000]",
    "maxfun": "Most calls of the function; never exceeded.",
    "maxtime": "Most seconds.",
    "gtol": "Stop at this norm of the gradient.",
    "xtol": "Stop at this length of a step.",
    "ftol": "Stop at this relative change of the value.",
    "target": "Stop at this value.",
}
takes_limits = stack(*(option(STOP, f"--{name}", type=Number(), help=text) for name, text in LIMITS.items()))


def takes_problem(*methods: Any) -> Any:
    """What is minimised, by which methods, and where it ends: the options of all commands that make runs."""
    return stack(takes_function, takes_bounds, *methods, takes_gradient, takes_limits)


def posed(ctx: click.Context) -> tuple[Function, Any, dict[str, Any]]:
    """The function, where it starts, and what else of the problem and its limits `minimize` is told."""
    given = ctx.params
    function = resolve(ctx)
    start = function.place(given["x0"])
    limits = {name: given[name] for name in LIMITS if given[name] is not None}
    jac, box = _gradient(function, given["jac"]), _bounds(given["bounds"], function, start)
    return function, start, {"jac": jac, "bounds": box, **limits}


def _gradient(function: Function, jac: str) -> Any:
    """What ``--jac`` says, for `minimize`."""
    if jac == "auto":
        return function.gradient
    return load(jac) if ":" in jac else jac


def _bounds(given: Pairs | None, function: Function, start: Any) -> Any:
    """What ``--bounds`` says, for `minimize`."""
    if given is None:
        return None
    if given.pairs is None:
        if function.bounds is None:
            raise Failure(f"--bounds usual is for functions of the catalogue, and {function.name!r} is none.")
        return function.bounds
    return list(given.pairs * size(start) if len(given.pairs) == 1 else given.pairs)


def size(start: Any) -> int:
    """How many numbers a start has."""
    return len(start) if isinstance(start, list) else 1


def with_rate(ctx: click.Context, spec: Spec | None) -> Spec | None:
    """The method with the learning rate of ``--lr``, which must not contradict it."""
    lr = ctx.params.get("lr")
    if lr is None:
        return spec
    spec = spec or Spec("gd", {}, "gd")
    if "lr" in spec.settings:
        level = stronger(ctx, "lr", "method")
        if not level:
            raise click.UsageError(f"lr is given twice, by --lr and by --method {spec}.")
        if level < 0:
            return spec
    return replace(spec, settings={**spec.settings, "lr": lr}, text=f"{spec} --lr {lr}")


def method(spec: Spec | None, n: int) -> Any:
    """The method that a text means, for functions of `n` numbers.

    A range becomes an array along an axis of its own, in the order in which they are written.
    """
    if spec is None or not spec.settings:
        return spec and kind(spec, n)()
    made = kind(spec, n)
    known = list(inspect.signature(made).parameters)
    for name in spec.settings:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            has = f"its settings are {', '.join(known)}" if known else "it has none"
            raise Failure(f"--method {spec.name}: it has no setting {name!r}; {has}.{hint}")
    import numpy as np

    ranges = [name for name, value in spec.settings.items() if isinstance(value, Range)]
    settings = dict(spec.settings)
    for axis, name in enumerate(ranges):
        after = len(ranges) - axis - 1
        settings[name] = np.reshape(spec.settings[name].values, (-1, *[1] * after))
    return made(**settings)


def single(spec: Spec | None, command: str) -> Spec | None:
    """The same, if it holds no range."""
    for name, value in (spec.settings if spec else {}).items():
        if isinstance(value, Range):
            raise Failure(f"--method {spec}: {name} has several values; `steepest sweep` tries them, not {command}.")
    return spec


def kind(spec: Spec | None, n: int) -> Any:
    """The class of a method."""
    from steepest.methods.registry import find

    return type(find(spec.name if spec else None, n))
