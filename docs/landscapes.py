"""Where the methods of the documentation walk, and how they do: a ravine, a valley, and a ravine of ten numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

import steepest as st
from steepest.methods.method import Method
from steepest.methods.parameterfree import ParameterFree
from steepest.methods.proximal import Proximal
from steepest.methods.registry import describe

FREE = (ParameterFree, st.COCOB)  # they find their rate
RATES = [float(f"{digit}e{power}") for power in range(-5, 2) for digit in (1, 2, 5)]
LAST = 10  # a rate is judged by the highest of so many last values: a single low one may be chance
MOST = 3000  # steps that are tried in the ravine of ten numbers


@dataclass(frozen=True, eq=False)
class Landscape:
    """A function of two numbers whose level lines have a closed form."""

    title: str
    f: Callable[[np.ndarray], Any]
    gradient: Callable[[np.ndarray], np.ndarray]
    start: np.ndarray
    minimum: np.ndarray
    outline: Callable[..., Any]  # level -> where f is that high, as a patch of matplotlib
    levels: tuple[float, ...]
    box: tuple[float, float, float, float]
    steps: int
    project: st.Box | None = None


# The ravine is (u^2 + 30 v^2)/2 in coordinates u, v that are turned against x: a method that scales each
# coordinate on its own can't make it round.
CONDITION, ANGLE = 30.0, math.radians(-25)
AXES = np.array([[math.cos(ANGLE), math.sin(ANGLE)], [-math.sin(ANGLE), math.cos(ANGLE)]])  # rows: u and v
HESSIAN = AXES.T @ np.diag([1.0, CONDITION]) @ AXES
BOTTOM = np.array([1.0, 0.5])
WALL = 1.0


def ravine(x: np.ndarray) -> Any:
    return (x - BOTTOM) @ HESSIAN @ (x - BOTTOM) / 2


def ravine_slope(x: np.ndarray) -> np.ndarray:
    return HESSIAN @ (x - BOTTOM)


def ellipse(level: float, **style: Any) -> Any:
    from matplotlib.patches import Ellipse

    width = math.sqrt(8 * level)
    return Ellipse(tuple(BOTTOM), width, width / math.sqrt(CONDITION), angle=math.degrees(ANGLE), **style)


def valley(x: np.ndarray) -> Any:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def valley_slope(x: np.ndarray) -> np.ndarray:
    away = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * away, 200 * away])


def banana(level: float, **style: Any) -> Any:
    from matplotlib.patches import Polygon

    size = math.sqrt(level)
    low, high = max(1 - size, -2.0), min(1 + size, 2.0)  # not far outside of the picture
    x = (low + high) / 2 + (high - low) / 2 * np.cos(np.linspace(0, math.pi, 45))
    half = np.sqrt(np.maximum(level - (1 - x) ** 2, 0)) / 10
    edge = [[*x, *x[::-1]], [*(x**2 + half), *(x**2 - half)[::-1]]]
    return Polygon(np.transpose(edge), **style)


@cache
def ravine_for(steps: int, wall: bool = False) -> Landscape:
    """The ravine; with a wall that its minimum lies behind, the lowest point is on the wall."""
    slide = HESSIAN[0, 1] / HESSIAN[0, 0] * (WALL - BOTTOM[1])
    return Landscape(
        f"Ravine, x1 at least {WALL:g}" if wall else f"Ravine, condition number {CONDITION:g}",
        ravine,
        ravine_slope,
        BOTTOM + np.array([-4.0, 1.0]) @ AXES,
        np.array([BOTTOM[0] - slide, WALL]) if wall else BOTTOM,
        ellipse,
        (0.1, 0.7, 2.5, 6.0, 12.0, 22.0, 36.0, 60.0),
        (-3.6, 2.8, -0.9, 3.5),
        steps,
        st.Box(low=np.array([-math.inf, WALL])) if wall else None,
    )


@cache
def valley_for(steps: int) -> Landscape:
    return Landscape(
        "Rosenbrock's valley",
        valley,
        valley_slope,
        np.array([-1.2345, 0.9876]),  # from round numbers steps of one length would hit the minimum by chance
        np.ones(2),
        banana,
        (0.1, 0.5, 1.5, 4.0, 12.0, 40.0, 120.0),
        (-1.75, 1.65, -0.6, 1.9),
        steps,
    )


def landscapes(kind: type[Method]) -> list[Landscape]:
    """Where a method is shown; those that first have to find their rate get more steps."""
    if issubclass(kind, Proximal):
        return [ravine_for(30, wall=True)]
    if issubclass(kind, FREE):
        return [ravine_for(300), valley_for(1000)]
    return [ravine_for(100), valley_for(500)]


class Run(NamedTuple):
    """A method, where it went, and how far above the minimum it was."""

    method: Method
    x: np.ndarray
    gap: np.ndarray


def run(method: Method, place: Landscape) -> Run:
    """Let the method walk until it says that it has converged or diverged."""
    result = st.minimize(
        place.f, place.start, method=method, jac=place.gradient, project=place.project, maxiter=place.steps
    )
    return Run(method, result.history.x, result.history["f"] - place.f(place.minimum))


@cache
def best(kind: type[Method], place: Landscape) -> Run:
    """The run with the best rate, for methods that want one: the lowest at its end that never was above its start."""
    runs = [run(method, place) for method in candidates(kind)]
    if len(runs) > 1:
        runs = [r for r in runs if max(r.gap) <= r.gap[0]]
    return min(runs, key=lambda r: (max(r.gap[-LAST:]), len(r.gap)))


def pair(kind: type[Method], place: Landscape) -> tuple[Run, Run]:
    """Gradient descent, and the method; on the page of gradient descent itself that with ``lr="auto"``."""
    return best(st.GD, place), run(st.GD(lr="auto"), place) if kind is st.GD else best(kind, place)


def ravine10(turned: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A quadratic of 10 numbers with curvatures from 1 to 1000, along the coordinates or turned against them."""
    rng = np.random.default_rng(0)
    q = np.linalg.qr(rng.normal(size=(10, 10)))[0] if turned else np.eye(10)
    hessian, bottom = q @ np.diag(np.logspace(0, 3, 10)) @ q.T, rng.normal(size=10)
    return lambda x: (x - bottom) @ hessian @ (x - bottom) / 2, lambda x: hessian @ (x - bottom)


def steps_needed(kind: type[Method], turned: bool) -> str:
    """How many steps to a millionth of the first gap, with the best of the rates."""
    f, gradient = ravine10(turned)
    least = MOST + 1
    for method in candidates(kind)[::-1]:
        path = st.descend(f, np.zeros(10), method, jac=gradient)
        start = next(path).point.f
        for now in islice(path, least - 1):
            if not now.point.f < 1e6 * start:
                break
            if now.point.f <= 1e-6 * start:
                least = now.t
                break
    return f"{least}" if least <= MOST else f"over {MOST}"


def candidates(kind: type[Method]) -> list[Any]:
    """The method with each of the rates, or as it is where it finds its own."""
    tuned = "lr" in describe(kind).defaults and not issubclass(kind, FREE)
    return [kind(lr=lr) for lr in RATES] if tuned else [kind()]
