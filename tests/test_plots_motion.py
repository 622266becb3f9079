"""Runs in motion: the frames of a GIF, and what stands in the page."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.errors import ArgumentError, MissingExtraError

matplotlib = peer("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

BOX = [(-4.0, 4.0), (-3.0, 3.0)]


def bowl(x):
    return x[0] ** 2 + 9 * x[1] ** 2


@pytest.fixture(scope="module")
def runs():
    return st.compare(bowl, [3.0, 2.0], [st.GD(lr=0.1), st.Momentum(lr=0.02)], maxiter=40)


@pytest.fixture(scope="module")
def page(runs, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "runs.html"
    st.plots.animate(runs, file, box=BOX)
    assert not pyplot.get_fignums()  # nothing is left open
    return file.read_text()


def polylines(page):
    found = re.findall(r'<polyline points="([^"]+)"', page)
    return [np.array([point.split(",") for point in points.split(" ")], float) for points in found]


def test_the_page_loads_nothing_and_its_policy_fits_its_script(page):
    (policy,) = re.findall(r'Content-Security-Policy"\s+content="([^"]+)"', page)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}'")
    assert not re.search(r'(src|href)="(?!#|data:)[^"]+"', page)
    assert not re.search(r"url\((?!#)", page)
    assert len(page) < 300_000


def test_the_page_shows_all_of_the_paths_without_scripts(page, runs):
    frame = re.search(r'<clipPath id="path"><rect x="(.+?)" y="(.+?)" width="(.+?)" height="(.+?)"', page)
    left, top, width, height = map(float, frame.groups())
    for drawn, run in zip(polylines(page), runs.results.values(), strict=False):
        x = left + (run.history.x[:, 0] - BOX[0][0]) / 8 * width
        y = top + (BOX[1][1] - run.history.x[:, 1]) / 6 * height
        assert drawn == pytest.approx(np.column_stack([x, y]), abs=0.2)
    assert len(polylines(page)) == 4  # two paths, and f of both


def test_the_page_knows_the_step_of_each_point(page, runs):
    data = json.loads(re.search(r'type="application/json">(.*?)</script>', page)[1])
    assert data["moments"] == list(range(41))
    assert [len(steps) for steps in data["steps"]] == [len(points) for points in polylines(page)]
    assert data["steps"][0] == list(range(41))


def test_names_are_escaped():
    run = st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.1), maxiter=3)
    from steepest.plots.page import page
    from steepest.plots.stage import stage

    text = page(stage({"<b>&": run}, None, 15, None), 1.0)
    pyplot.close("all")
    assert "<title>&lt;b&gt;&amp;</title>" in text
    assert "<b>" not in text


def test_a_gif_has_a_frame_for_each_step_and_moves(runs, tmp_path):
    image = peer("PIL.Image")
    st.plots.animate(runs, tmp_path / "runs.gif", seconds=3, box=BOX, theme="dark")
    with image.open(tmp_path / "runs.gif") as gif:
        assert gif.n_frames == 41
        frames = []
        for k in (0, 20, 40):
            gif.seek(k)
            frames.append(np.asarray(gif.convert("RGB")).astype(int))
            assert gif.info["duration"] > 0
    orange = lambda frame: (np.abs(frame - [0xE6, 0x9F, 0x00]).sum(axis=2) < 30).sum()
    assert orange(frames[0]) < orange(frames[1]) < orange(frames[2])
    blue = lambda frame: (np.abs(frame - [0x56, 0xB4, 0xE9]).sum(axis=2) < 30).sum()
    assert blue(frames[2]) > 100


def test_long_runs_have_few_frames_that_begin_with_single_steps():
    from steepest.plots.stage import stage

    run = st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=1e-4), stop=st.stop.Steps(5000))
    scene = stage(run, None, 15, None)
    pyplot.close("all")
    moments = scene.moments(100)
    assert moments.size <= 100
    assert (moments[0], moments[-1]) == (0, 5000)
    assert (np.diff(np.diff(moments)) >= -1).all()  # ever faster, but for rounding
    assert scene.lines[0].steps.size <= 2000


@pytest.mark.parametrize("start", [[1.0], [1.0] * 4])
def test_functions_of_one_and_of_many_numbers_move_too(start, tmp_path):
    run = st.minimize(lambda x: np.sum(x**4), start, method=st.GD(lr=0.05), maxiter=10)
    st.plots.animate(run, tmp_path / "run.html")
    assert len(polylines((tmp_path / "run.html").read_text())) == 2


def test_what_can_not_be_written_is_said(runs, tmp_path):
    with pytest.raises(ArgumentError, match=r"file='a.avi': expected a name that ends in .gif, .mp4, .html"):
        st.plots.animate(runs, "a.avi")
    with pytest.raises(ArgumentError, match="seconds=0: expected a number above 0"):
        st.plots.animate(runs, "a.gif", seconds=0)


COPY = """#!{python}
import sys
size, file = sys.argv[sys.argv.index("-s") + 1], sys.argv[-1]
with open(file, "wb") as film:
    film.write(size.encode().ljust(16))
    film.write(sys.stdin.buffer.read())
"""


def test_a_film_gets_every_frame(runs, tmp_path, monkeypatch):
    """What is handed to ffmpeg, by a program of that name that keeps it as it is."""
    program = tmp_path / "ffmpeg"
    program.write_text(COPY.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    st.plots.animate(runs, tmp_path / "runs.mp4", seconds=3, box=BOX, theme="dark")
    kept = (tmp_path / "runs.mp4").read_bytes()
    width, height = map(int, kept[:16].decode().split("x"))
    assert width % 2 == height % 2 == 0  # or players show nothing
    frames = np.frombuffer(kept[16:], np.uint8).reshape(41, height, width, 4)[..., :3].astype(int)
    orange = [(np.abs(frame - [0xE6, 0x9F, 0x00]).sum(axis=2) < 30).sum() for frame in frames[::10]]
    assert orange == sorted(orange)
    assert orange[0] < orange[-1]


def test_a_film_plays(runs, tmp_path):
    """By ffmpeg itself, which also reads it back: length, size, and a picture that is not blank."""
    from steepest.plots.film import ffmpeg

    try:
        program = ffmpeg()
    except MissingExtraError as error:
        pytest.skip(str(error))
    st.plots.animate(runs, tmp_path / "runs.mp4", seconds=3, box=BOX)
    done = subprocess.run([program, "-i", tmp_path / "runs.mp4", "-frames:v", "1", tmp_path / "first.png"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    (length,) = re.findall(r"Duration: 00:00:(\d+\.\d+)", done.stderr)
    assert float(length) == pytest.approx(3, abs=0.2)
    assert pyplot.imread(tmp_path / "first.png").std() > 0.05


def test_a_film_without_ffmpeg_says_what_to_install(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtraError, match=r"ffmpeg, from your system .*: pip install 'steepest\[film\]'"):
        st.plots.animate(runs, tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()
    assert not pyplot.get_fignums()


def test_the_title_names_only_what_is_drawn():
    from steepest.plots.stage import stage

    run = st.minimize(bowl, [3.0, 2.0], method=st.Momentum(lr=0.02), maxiter=40)  # has thin lines when at rest
    assert "thin" in run.plot()[1].get_title(loc="left")
    assert stage(run, BOX, None, None).lines[-1].ax.get_title(loc="left") == "f above its lowest value"
    pyplot.close("all")
