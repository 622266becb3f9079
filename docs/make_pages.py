"""Write the generated parts of the pages of methods, and draw all pictures: ``python docs/make_pages.py``.

What stands in a page between the markers comes from `steepest.methods` and from runs made here; all other
sentences are written by hand and left alone. To run it again changes nothing.
"""

from __future__ import annotations

import importlib
import re
import sys
from contextlib import redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent / "examples"))  # documentation draws as they do
from landscapes import FREE, WALL, Landscape, Run, candidates, landscapes, pair, steps_needed

import pictures
import steepest as st
from pictures import BLUE, INK, ORANGE, STYLE, line, note
from steepest.codes import CODES, FAMILIES, FIGURES
from steepest.methods.lengths import AUTO
from steepest.methods.method import Method
from steepest.methods.registry import METHODS, describe
from steepest.plots.paper import decades

DOCS = Path(__file__).resolve().parent
EXAMPLES = DOCS.parent / "examples"
PAGES, PICTURES, TUTORIALS, GUIDE = (DOCS / name for name in ("methods", "pictures", "tutorials", "guide"))
VERDICTS = DOCS / "verdicts.md"
BEGIN, END = "<!-- begin: written by docs/make_pages.py -->", "<!-- end -->"

SEEN = 1e-9  # smaller gaps are told as "below": their digits may be rounding
FLOOR = 1e-12  # the gap curves end here
DOTS = 21  # places that are marked with a dot, the start included
STYLES = ({"color": BLUE, "linewidth": 1.2}, {"color": ORANGE, "linewidth": 1.8})  # GD, the method
SVG = {
    "svg.hashsalt": "steepest",  # the same names of parts whenever it is drawn
    "svg.fonttype": "none",  # text stays text
    "font.sans-serif": ["DejaVu Sans"],
    "path.simplify_threshold": 1.0,
}
NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # neither the day nor the version is written
SAID = {AUTO: '"auto"'}
SHADES = ("#FFFFFF", "#F5F7F9", "#EBEFF3", "#E2E8ED", "#D8E0E7", "#CED8E1", "#C5D0DB", "#BBC9D5", "#B1C1CF")


def words(method: Method) -> str:
    """The method and its rate, where it needed one: ``Adam(lr=0.5)``."""
    numbers = {} if isinstance(method, FREE) else getattr(method, "hyper", vars(method))
    given = f"lr={SAID.get(numbers['lr'], numbers['lr'])}" if "lr" in numbers else ""
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
    for path, style in zip(runs, STYLES, strict=True):
        low = path.gap <= FLOOR
        gap = np.maximum(path.gap[: np.argmax(low) + 1 if low.any() else None], FLOOR)
        axes.plot(gap, label=words(path.method), **style)
    axes.set(yscale="log", xlim=(0, place.steps), title="f above its minimum, by step")
    decades(axes.yaxis)
    axes.yaxis.set_major_formatter("{x:g}")  # powers of ten would be 4 kB of glyphs
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

    def rounded(tag: re.Match[bytes]) -> bytes:  # numbers between tags are words
        numbers = re.sub(rb"-?\d+\.\d\d+", lambda number: b"%.1f" % float(number[0]), tag[0])
        return re.sub(rb"(?<=[LMQC]) (?=[-\d])", b"", numbers.replace(b".0 ", b" "))

    return re.sub(rb" ?\n *(?=[LMQCz<]|\" )", b"", re.sub(rb"<[^>]+>", rounded, svg)) + b"\n"


def generated(kind: type[Method]) -> str:
    """What stands between the markers of a page."""
    what = describe(kind)
    defaults = ", ".join(f"`{name}={value!r}`" for name, value in what.defaults.items())
    ends = {p: " | ".join(map(told, pair(kind, p))) for p in landscapes(kind)}
    table = "\n".join(f"| {p.title}, {p.steps} steps | {cells} |" for p, cells in ends.items())
    return f"""{BEGIN}

{what.source}

$$
{what.latex}
$$

```text
{what.formula}
```

Defaults: {defaults or "nothing to choose"}.

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


def codes() -> str:
    """The table of the codes of verdicts."""

    def listed(code: str) -> str:
        meaning, evidence, advice = CODES[code]
        return f"| `{code}` | {meaning} | {', '.join(f'`{name}`' for name in evidence)} | {advice} |"

    families = "\n".join(f"| `{name}` | {what.status} | {what.meaning} |" for name, what in FAMILIES.items())
    figures = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in FIGURES.items())
    head = "| code | means | figures in `evidence` | advised |\n|---|---|---|---|"
    return "\n".join([BEGIN, "", "| family | status | means |\n|---|---|---|", families, "", head,
                      *map(listed, CODES), "", "| figure | is |\n|---|---|", figures, "", END])  # fmt: skip


def draw_tutorials(folder: Path) -> None:
    """The pictures of the tutorials, as their examples draw them; what these print is on their pages."""
    pictures.FOLDER = folder
    for example in sorted(EXAMPLES.glob("t[0-9]_*.py")):
        with redirect_stdout(StringIO()):
            importlib.import_module(example.stem).main()


def draw_guide(folder: Path) -> None:
    """The pictures of the index and of the guide: each is what the block of code before it draws."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    block_and_picture = r"```python\n(?!>>>)(.*?)```\n(?:\n!\[[^]]*\]\(guide/(\w+)\.png\))?"
    for page in (DOCS / "index.md", DOCS / "pictures.md", VERDICTS):
        scope: dict[str, Any] = {}
        for block, name in re.findall(block_and_picture, page.read_text(), re.DOTALL):
            exec(compile(block, str(page), "exec"), scope)
            if name:
                st.plots.save(scope["axes"], folder / f"{name}.png", dpi=100)
                pyplot.close("all")


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
    draw_tutorials(TUTORIALS)
    draw_guide(GUIDE)
    readme = PAGES / "README.md"
    readme.write_text(renewed(readme.read_text(), index()))
    VERDICTS.write_text(renewed(VERDICTS.read_text(), codes()))


if __name__ == "__main__":
    main()
