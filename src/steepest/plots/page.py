"""One HTML page that plays runs: the ground as SVG, the lines grown by a few lines of script; loads nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from io import StringIO

import numpy as np

from .paper import SVG, UNDATED, matplotlib
from .stage import Line, Stage

FAR = 1e4
MOMENTS = 2000  # places of the slider

# Without scripts the page shows all lines to their ends; the script cuts them at the step of the slider.
SCRIPT = """
const data = JSON.parse(document.getElementById("runs").textContent);
const slider = document.getElementById("at"), said = document.getElementById("step");
const play = document.getElementById("play"), last = data.moments.length - 1;
const runs = [...document.querySelectorAll("g.run")].map((group, i) => ({
  drawn: [...group.querySelectorAll("polyline")], head: group.querySelector("circle"), steps: data.steps[i],
  points: group.querySelector("polyline[points]").getAttribute("points").split(" "),
}));
let timer = null, began = 0;

function reached(steps, step) {                  // how many of the steps are behind us
  let low = 0, high = steps.length;
  while (low < high) { const m = (low + high) >> 1; if (steps[m] <= step) low = m + 1; else high = m; }
  return low;
}
function show(k) {
  const step = data.moments[k];
  slider.value = k;
  said.textContent = "step " + step.toLocaleString("en");
  for (const run of runs) {
    const n = reached(run.steps, step), points = run.points.slice(0, n).join(" ");
    for (const line of run.drawn) line.setAttribute("points", points);
    run.head.setAttribute("visibility", n ? "visible" : "hidden");
    if (n) ["cx", "cy"].forEach((name, k) => run.head.setAttribute(name, run.points[n - 1].split(",")[k]));
  }
}
function stop() { cancelAnimationFrame(timer); timer = null; play.textContent = "Play"; }
function frame(now) {
  const k = Math.floor((now - began) / data.seconds / 1000 * last);
  show(Math.min(k, last));
  if (k < last) timer = requestAnimationFrame(frame); else stop();
}
play.addEventListener("click", () => {
  if (timer !== null) { stop(); return; }
  const from = +slider.value >= last ? 0 : +slider.value;
  play.textContent = "Pause";
  timer = requestAnimationFrame(now => { began = now - from / Math.max(last, 1) * data.seconds * 1000; frame(now); });
});
slider.addEventListener("input", () => { stop(); show(+slider.value); });
document.getElementById("controls").hidden = false;
show(last);
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src '{hash}'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
body {{ margin: 1rem auto; max-width: 75rem; padding: 0 1rem; background: {paper}; color: {ink};
        font: 1rem/1.5 system-ui, sans-serif; color-scheme: {scheme}; }}
svg {{ width: 100%; height: auto; display: block; }}
#controls {{ display: flex; gap: 1rem; align-items: center; }}
#controls[hidden] {{ display: none; }}
#at {{ flex: 1; min-width: 0; }}
#step {{ min-width: 8em; text-align: right; font-variant-numeric: tabular-nums; }}
button {{ font: inherit; min-width: 5em; min-height: 2em; }}
</style>
</head>
<body>
<h1 style="font-size: 1.2rem; margin: 0">{title}</h1>
{svg}
<div id="controls" hidden>
<button id="play">Play</button>
<input id="at" type="range" min="0" max="{last}" value="{last}" aria-label="step">
<output id="step"></output>
</div>
<script id="runs" type="application/json">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def page(scene: Stage, seconds: float) -> str:
    """The page of a stage; it opens with all the lines at their ends, and waits."""
    figure = scene.figure
    figure.set_dpi(72)  # then places are in units of an SVG
    figure.canvas.draw()  # the layout is settled before places are asked for
    ground = StringIO()
    with matplotlib().rc_context(SVG):
        figure.savefig(ground, format="svg", facecolor=figure.get_facecolor(), metadata=UNDATED["svg"])
    height = 72 * figure.get_size_inches()[1]
    places = [_places(line, height) for line in scene.lines]
    moved = "".join(map(_svg, scene.lines, places, [scene.theme.paper] * len(places)))
    svg = ground.getvalue()
    svg = svg[svg.index("<svg") :].replace("</svg>", f"{_clips(scene, height)}{moved}</svg>")
    moments = scene.moments(MOMENTS)
    steps = [line.steps.tolist() for line in scene.lines]
    data = {"seconds": seconds, "moments": moments.tolist(), "steps": steps}
    names = scene.names
    return PAGE.format(
        title=html.escape(" and ".join(names) if len(names) < 4 else f"{len(names)} runs"),
        hash=f"sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}",
        script=SCRIPT, svg=svg, last=len(moments) - 1, data=json.dumps(data, separators=(",", ":")),
        paper=scene.theme.paper, ink=scene.theme.ink, scheme=scene.theme.name,
    )  # fmt: skip


def _places(line: Line, height: float) -> np.ndarray:
    """The points in units of the SVG, to a tenth; what is far outside of the picture is put just far outside."""
    with np.errstate(all="ignore"):
        x, y = line.ax.transData.transform(line.points).T
    places = np.nan_to_num(np.column_stack([x, height - y]), nan=FAR, posinf=FAR, neginf=-FAR)
    return np.clip(places, -FAR, FAR).round(1)


def _clips(scene: Stage, height: float) -> str:
    """The frames of the axes, which cut what moves."""
    boxes = {line.place: line.ax.bbox for line in scene.lines}
    return "".join(
        f'<clipPath id="{place}"><rect x="{box.x0:.1f}" y="{height - box.y1:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}"/></clipPath>'
        for place, box in boxes.items()
    )


def _svg(line: Line, places: np.ndarray, paper: str) -> str:
    """A line with a casing, and its head."""
    points = " ".join(f"{x:g},{y:g}" for x, y in places)
    dash = "" if isinstance(line.look.dash, str) else f' stroke-dasharray="{dashes(line.look.dash[1])}"'
    x, y = places[-1]
    drawn = 'fill="none" stroke-linejoin="round"'
    return (
        f'<g class="run" clip-path="url(#{line.place})"><polyline {drawn} stroke="{paper}" stroke-width="3.2"/>'
        f'<polyline points="{points}" {drawn} stroke="{line.look.color}" stroke-width="1.7"{dash}/>'
        f'<circle cx="{x:g}" cy="{y:g}" r="3.6" fill="{line.look.color}" stroke="{paper}"/></g>'
    )


def dashes(lengths: tuple[float, ...]) -> str:
    """A pattern of matplotlib, which counts in widths of the line, as one of SVG."""
    return " ".join(f"{1.7 * length:.1f}" for length in lengths)
