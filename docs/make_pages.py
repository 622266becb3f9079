"""Write the generated parts of the pages of methods, and draw their pictures: ``python docs/make_pages.py``.

What stands in a page between the markers comes from `steepest.methods` and from runs made here; all other
sentences are written by hand and left alone. To run it again changes nothing.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import steepest as st

sys.path.append(str(Path(__file__).resolve().parent.parent / "examples"))  # documentation draws as they do
from pictures import BLUE, INK, ORANGE, STYLE, line, note
from steepest.lengths import AUTO
from steepest.method import Method
from steepest.methods import METHODS, describe
from steepest.parameterfree import ParameterFree
from steepest.proximal import Proximal

DOCS = Path(__file__).resolve().parent
PAGES, PICTURES = DOCS / "methods", DOCS / "pictures"
BEGIN, END = "<!-- begin: written by docs/make_pages.py -->", "<!-- end -->"

RATES = [float(f"{digit}e{power}") for power in range(-5, 2) for digit in (1, 2, 5)]
LAST = 10  # a rate is judged by the highest of so many last values: a single low one may be chance
SEEN = 1e-9  # smaller gaps are told as "below": their digits may be rounding
MOST = 3000  # steps that are tried for the table of methods
FLOOR = 1e-12  # the gap curves end here
DOTS = 21  # places that are marked with a dot, the start included
STYLES = (
    {"color": BLUE, "linewidth": 1.2},
    {"color": ORANGE, "linewidth": 1.8},
)  # gradient descent, the method
SVG = {
    "svg.hashsalt": "steepest",  # the same names of parts whenever it is drawn
    "svg.fonttype": "none",  # text stays text
    "font.sans-serif": ["DejaVu Sans"],
    "path.simplify_threshold": 1.0,
}
NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # neither the day nor the version is written
SAID = {AUTO: '"auto"'}
SHADES = ("#FFFFFF", "#F5F7F9", "#EBEFF3", "#E2E8ED", "#D8E0E7", "#CED8E1", "#C5D0DB", "#BBC9D5", "#B1C1CF")


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
    x = (low + high) / 2 + (high - low) / 2 * np.cos(np.linspace(0, math.pi, 41))
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
        np.array(
            [-1.2345, 0.9876]
        ),  # steps by the sign stay on a lattice: from round numbers it holds the minimum
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
    if issubclass(kind, ParameterFree):
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
    return (
        runs[0]
        if len(runs) == 1
        else min((r for r in runs if max(r.gap) <= r.gap[0]), key=lambda r: (max(r.gap[-LAST:]), len(r.gap)))
    )


def pair(kind: type[Method], place: Landscape) -> tuple[Run, Run]:
    """Gradient descent, and the method; on the page of gradient descent itself that with ``lr="auto"``."""
    return best(st.GD, place), run(st.GD(lr="auto"), place) if kind is st.GD else best(kind, place)


def words(method: Method) -> str:
    """The method and its rate, where it needed one: ``Adam(lr=0.5)``."""
    rate = (
        ""
        if isinstance(method, ParameterFree)
        else {**vars(method), **getattr(method, "hyper", {})}.get("lr", "")
    )
    given = f"lr={SAID.get(rate, rate)}" if rate else ""
    return f"{type(method).__name__}({given})"


def draw(kind: type[Method]) -> Any:
    """The figure of a method: on each landscape the paths, and how far above the minimum they were."""
    from matplotlib import pyplot

    places = landscapes(kind)
    figure, grid = pyplot.subplots(len(places), 2, figsize=(7.2, 2.75 * len(places)), squeeze=False)
    for place, (left, right) in zip(places, grid, strict=True):
        runs = pair(kind, place)
        draw_map(left, place, runs)
        draw_gaps(right, place, runs)
    return figure


def draw_map(axes: Any, place: Landscape, runs: tuple[Run, Run]) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curve

    for k, level in enumerate(reversed(place.levels)):
        axes.add_patch(place.outline(level, facecolor=SHADES[k], edgecolor="#8795A4", linewidth=0.5))
    if place.project is not None:
        axes.axhspan(place.box[2], WALL, color="white", alpha=0.7, linewidth=0)
        axes.axhline(WALL, color=INK, linewidth=1)
        note(axes, "outside the set", (place.box[0], WALL), (4, -12))
    for path, style in zip(runs, STYLES, strict=True):
        line(axes, *path.x.T, **style)
        steps = np.repeat(path.x[:DOTS], 2, axis=0)  # dots as shortest lines: a tenth of the bytes of markers
        steps[1::2, 0] += 1e-3
        codes = [Curve.MOVETO, Curve.LINETO] * (len(steps) // 2)
        dots = {"edgecolor": style["color"], "linewidth": 2.2 * style["linewidth"], "capstyle": "round"}
        curve = Curve(steps, codes)
        curve.should_simplify = False
        axes.add_patch(PathPatch(curve, facecolor="none", zorder=2.5, **dots))
    axes.plot(*place.start, "o", color=INK, markersize=5, markerfacecolor="white", zorder=3)
    axes.plot(*place.minimum, "x", color=INK, markersize=5, zorder=3)
    axes.set(xlim=place.box[:2], ylim=place.box[2:], title=place.title, xticks=[], yticks=[])


def draw_gaps(axes: Any, place: Landscape, runs: tuple[Run, Run]) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    for path, style in zip(runs, STYLES, strict=True):
        low = path.gap <= FLOOR
        gap = np.maximum(path.gap[: np.argmax(low) + 1 if low.any() else None], FLOOR)
        axes.plot(gap, label=words(path.method), **style)
    axes.set(yscale="log", xlim=(0, place.steps), title="f above its minimum, by step")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_major_formatter(lambda gap, _: f"1e{round(math.log10(gap))}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.legend(loc="best", fontsize=8)


def picture(kind: type[Method], format: str = "svg") -> bytes:
    """The picture of a method as a file; the same bytes whenever it is drawn."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({**STYLE, **SVG}):
        figure, file = draw(kind), BytesIO()
        figure.savefig(file, format=format, metadata=NOTHING if format == "svg" else None)
        pyplot.close(figure)
    return shorter(file.getvalue()) if format == "svg" else file.getvalue()


def shorter(svg: bytes) -> bytes:
    """The same drawing in half the bytes: a tenth of a point is its least length, and paths stand on one line."""
    svg = re.sub(rb"-?\d+\.\d\d+", lambda number: b"%.1f" % float(number[0]), svg).replace(b".0 ", b" ")
    return re.sub(rb" ?\n *(?=[LMQCz<]|\" )", b"", re.sub(rb"(?<=[LMQC]) (?=[-\d])", b"", svg)) + b"\n"


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
    tuned = "lr" in describe(kind).defaults and not issubclass(kind, ParameterFree)
    return [kind(lr=lr) for lr in RATES] if tuned else [kind()]


def generated(kind: type[Method]) -> str:
    """What stands between the markers of a page."""
    what = describe(kind)
    defaults = (
        ", ".join(f"`{name}={value!r}`" for name, value in what.defaults.items()) or "nothing to choose"
    )
    rows = [
        f"| {p.title}, {p.steps} steps | {' | '.join(map(told, pair(kind, p)))} |" for p in landscapes(kind)
    ]
    table = "\n".join(rows)
    return f"""{BEGIN}

{what.source}

$$
{what.latex}
$$

```text
{what.formula}
```

Defaults: {defaults}.

![Paths of GD and {what.name}, and f above its minimum by step](../pictures/{what.name.lower()}.svg)

| f above its minimum at the end | blue | orange |
|---|---|---|
{table}

{END}"""


def told(run: Run) -> str:
    gap = run.gap[-1]
    return f"{f'{gap:.1e}' if gap >= SEEN else f'below {SEEN:.0e}'}, `{words(run.method)}`"


def index() -> str:
    """The table of all methods."""
    head = "| method | what it is for | rate | steps | steps, turned |\n|---|---|---|---|---|"
    return "\n".join([BEGIN, "", head, *map(row, METHODS.values()), "", END])


def row(kind: type[Method], steps: bool = True) -> str:
    """A row of it, with the first sentence of the page; the steps are left out if not asked for."""
    name = kind.__name__
    summary = PAGES.joinpath(f"{name.lower()}.md").read_text().split("\n")[2]
    rate = f"{describe(kind).defaults['lr']:g}" if len(candidates(kind)) > 1 else "finds its own"
    counts = [f" {steps_needed(kind, turned)} |" for turned in (False, True)] if steps else []
    return f"| [{name}]({name.lower()}.md) | {summary} | {rate} |{''.join(counts)}"


def renewed(text: str, part: str) -> str:
    """The page with its generated part in place of the old one."""
    before, rest = text.split(BEGIN)
    return before + part + rest.split(END, 1)[1]


def main() -> None:
    for kind in METHODS.values():
        name = kind.__name__.lower()
        page = PAGES / f"{name}.md"
        page.write_text(renewed(page.read_text(), generated(kind)))
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.svg").write_bytes(picture(kind))
    readme = PAGES / "README.md"
    readme.write_text(renewed(readme.read_text(), index()))


if __name__ == "__main__":
    main()
