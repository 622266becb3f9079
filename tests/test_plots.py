"""Pictures of runs, tested by what is on their axes: data, labels, scales."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.errors import ArgumentError
from steepest.plots.runs import tracks
from steepest.plots.thinning import strokes, thinned

matplotlib = peer("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def bowl(x):
    return x[0] ** 2 + 9 * x[1] ** 2


@pytest.fixture(scope="module")
def steady():
    return st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.1))


@pytest.fixture(scope="module")
def diverged():
    return st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.115))


def title(ax):
    return ax.get_title(loc="left")


def words(ax):
    return [text.get_text() for text in ax.texts]


def drawn(ax, label):
    """The line of that label: x and y."""
    (line,) = [each for each in ax.lines if each.get_label() == label]
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


# thinning


@pytest.mark.parametrize("log", [False, True])
def test_thinning_keeps_spikes_the_ends_and_the_order(log):
    rng = np.random.default_rng(1)
    y = rng.normal(size=300_001)
    spikes = rng.integers(1, y.size - 1, size=20)
    y[spikes] = 100 * (-1) ** np.arange(20)
    index = thinned(y, 2000, log)
    assert index.size <= 2002
    assert (np.diff(index) > 0).all()
    assert (index[0], index[-1]) == (0, y.size - 1)
    buckets = np.linspace(0, y.size, 1001) if not log else np.geomspace(1, y.size + 1, 1001) - 1
    for spike in spikes:  # another spike of the same bucket may stand for it
        k = np.searchsorted(buckets, spike, side="right")
        near = index[(index >= np.floor(buckets[k - 1])) & (index < buckets[min(k, 1000)])]
        assert y[spike] in y[near]


def test_thinning_passes_over_what_is_not_finite():
    y = np.full(10_000, np.nan)
    y[5000:5010] = np.arange(10)
    y[7000] = np.inf
    index = thinned(y, 100)
    assert {5000, 5009} <= set(index)
    assert 7000 not in index


def test_strokes_keep_the_ink_of_a_path():
    k = np.arange(200_000)
    x = np.column_stack([np.where(k % 2, 1.0, -1.0), np.minimum(k, 1000) / 1000])  # it ends in a cycle
    box = np.array([[-1.0, 1.0], [0.0, 1.0]])
    few = strokes(x, box)
    assert len(few) < 3000
    kept = few[np.isfinite(few).all(axis=1)]
    assert {tuple(p) for p in kept} <= {tuple(p) for p in x}
    cell = lambda points: {tuple(p) for p in np.round(points * [750, 1500]).astype(int)}
    assert cell(kept) == cell(x)


# convergence


def test_convergence_shows_the_columns_of_the_history(steady):
    axes = st.plots.convergence(steady)
    assert [title(ax) for ax in axes] == [
        "f above its lowest value", "norm of the gradient", "length of the step", "lr x curvature (unstable above 2)",
    ]  # fmt: skip
    assert {ax.get_yscale() for ax in axes} == {"log"}
    t, gap = drawn(axes[0], "GD(lr=0.1)")
    f = steady.history["f"]
    shown = f > steady.fun
    assert np.array_equal(t, steady.history["t"][shown])
    assert gap == pytest.approx((f - steady.fun)[shown])
    assert drawn(axes[1], "GD(lr=0.1)")[1] == pytest.approx(steady.history["g_norm"])
    assert drawn(axes[2], "GD(lr=0.1)")[1] == pytest.approx(steady.history["step"][1:])


def test_lr_times_curvature_is_exact_on_a_quadratic(steady):
    t, product = drawn(st.plots.convergence(steady, ["curvature"])[0], "GD(lr=0.1)")
    g = np.array([[2 * x, 18 * y] for x, y in steady.history.x])[:-1]
    along = (g**2 @ [2.0, 18.0]) / (g**2).sum(axis=1)  # g'Hg / g'g
    assert t.size > 40
    assert product == pytest.approx(0.1 * along[t.astype(int) - 1], rel=1e-2)
    (limit,) = [line for line in pyplot.gca().lines if np.array_equal(line.get_ydata(), [2, 2])]
    assert limit.get_visible()


def test_lr_times_curvature_is_unknown_where_steps_do_not_follow_the_gradient():
    run = st.minimize(bowl, [3.0, 2.0], method=st.Adam(lr=0.1), maxiter=50)
    assert np.isnan(tracks(run)[0].rate_times_curvature).all()
    assert title(st.plots.convergence(run)[3]) == "learning rate"


def test_a_diverged_run_ends_at_ten_times_its_start_and_says_when(diverged):
    gap, gradient = st.plots.convergence(diverged, ["gap", "gradient"])
    f = diverged.history["f"]
    step = int(np.argmax(f - f[0] > 10 * f[0]))
    assert 10 < step < 50
    assert gap.get_ylim()[1] <= 11 * f[0]
    assert gradient.get_ylim()[1] <= 10 * diverged.history["g_norm"][:step].max()
    assert words(gap) == [f"off scale at step {step}"]
    assert not words(gradient)


def test_a_run_that_meets_no_number_says_so():
    run = st.minimize(lambda x: x[0] ** 2 if x[0] > 0 else np.nan, [1.0], method=st.GD(lr=0.7), jac=lambda x: 2 * x)
    assert "not finite at step 1" in words(st.plots.convergence(run, ["gap"])[0])


def test_a_run_of_one_point_is_no_error():
    run = st.minimize(bowl, [0.0, 0.0])
    axes = run.plot()
    assert "start, and best" in words(axes[0])
    assert words(axes[1]) == ["no value above zero to show"]


def test_a_million_points_are_thinned_and_the_axis_says_so():
    columns = {name: np.arange(1, 1e6 + 1) for name in ("f", "g_norm", "step", "lr", "nfev", "seconds")}
    f = 1 / columns["f"]
    f[654_321] = 5.0
    history = st.history.History.from_arrays(
        {**columns, "t": columns["f"] - 1, "f": f, "x": np.zeros((1, 3)), "x_steps": np.zeros(1)}
    )
    run = st.Result(x=np.zeros(3), fun=f[-1], method="GD(lr=1)", nit=10**6 - 1, history=history)
    (ax,) = st.plots.convergence(run, ["gap"])
    assert ax.get_xlabel() == "step; 2,000 of 999,999 points (min-max)"
    t, gap = drawn(ax, "GD(lr=1)")
    assert gap[t == 654_321] == pytest.approx(5.0, rel=1e-5)


def test_a_known_minimum_is_what_f_is_counted_from():
    problem = st.problems.get("rosenbrock")
    run = st.minimize(problem, problem.start, maxiter=5)
    for axes, name in ((st.plots.convergence(run, ["gap"]), "f above its known minimum"),
                       (st.plots.convergence(run, ["gap"], minimum=0), "f above 0")):  # fmt: skip
        assert title(axes[0]) == name
        assert drawn(axes[0], "BFGS")[1] == pytest.approx(run.history["f"])


def test_a_maximisation_counts_from_the_highest_value():
    run = st.maximize(lambda x: 5 - bowl(x), [3.0, 2.0], method=st.GD(lr=0.01), maxiter=30)
    (ax,) = st.plots.convergence(run, ["gap"])
    assert title(ax) == "f below its highest value"
    assert drawn(ax, "GD(lr=0.01)")[1] == pytest.approx(run.fun - run.history["f"][:-1])


def test_a_line_breaks_where_a_value_is_missing():
    run = st.minimize(lambda x: np.cos(3 * x[0]) + 0.1 * x[0] ** 2, [0.3], method=st.GD(lr=0.03), maxiter=30)
    product = tracks(run)[0].rate_times_curvature
    assert (product < 0).any()  # it begins where f curves down
    t, shown = drawn(st.plots.convergence(run, ["curvature"])[0], "GD(lr=0.03)")
    assert set(t[np.isfinite(t)]) == set(np.flatnonzero(product > 0))
    assert np.isfinite(shown[np.isfinite(t)]).all()


def test_runs_to_the_right_by_evaluations(steady):
    (ax,) = st.plots.convergence(steady, ["gradient"], against="nfev")
    assert ax.get_xlabel() == "evaluations of f"
    assert np.array_equal(drawn(ax, "GD(lr=0.1)")[0], steady.history["nfev"])


def test_several_runs_have_their_methods_looks_and_are_named_at_their_ends(steady):
    other = st.minimize(bowl, [3.0, 2.0], method=st.Adam(lr=0.1), maxiter=30)
    axes = st.plots.convergence([other, steady], ["gap", "gradient"])
    colours = {line.get_label(): line.get_color() for line in axes[0].lines if "lr" in line.get_label()}
    assert colours.pop("_best Adam(lr=0.1)") == st.plots.look("Adam").color
    assert colours == {"Adam(lr=0.1)": st.plots.look("Adam").color, "GD(lr=0.1)": st.plots.look("GD").color}
    assert words(axes[0]) == []
    assert sorted(words(axes[1])) == ["Adam(lr=0.1)", "GD(lr=0.1)"]
    for text in axes[1].texts:
        x, y = drawn(axes[1], text.get_text())
        end = axes[1].transAxes.inverted().transform(axes[1].transData.transform((x[-1], y[-1])))
        assert text.xy == pytest.approx(end, abs=1e-6)


def test_names_that_would_touch_are_moved_apart_and_joined_to_their_lines():
    alike = {f"run {k}": st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.05 + 1e-6 * k), maxiter=40) for k in range(4)}
    (ax,) = st.plots.convergence(alike, ["gap"])
    ax.figure.canvas.draw()
    boxes = [matplotlib.text.Text.get_window_extent(text) for text in ax.texts]  # without the thin lines
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])
    assert sum(text.arrow_patch is not None for text in ax.texts) >= 2
    wide = ax.figure.bbox
    assert all(wide.x0 <= box.x0 and box.x1 <= wide.x1 for box in boxes)


def test_many_runs_have_a_legend_beside_the_axes():
    many = {f"run {k}": st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.01 + 0.001 * k), maxiter=30) for k in range(9)}
    for (ax,) in (st.plots.convergence(many, ["gap"]), [st.plots.path(many)]):
        ax.figure.canvas.draw()
        assert len(ax.get_legend().get_texts()) == 9
        assert ax.get_legend().get_window_extent().x0 >= ax.get_window_extent().x1
    figure, own = pyplot.subplots()  # which makes no room
    st.plots.path(many, axes=own)
    figure.canvas.draw()
    assert own.get_legend().get_window_extent().x1 <= own.get_window_extent().x1


def test_the_best_value_so_far_is_a_thin_line_where_f_has_risen(steady):
    run = st.minimize(bowl, [3.0, 2.0], method=st.Momentum(lr=0.05), maxiter=40)
    (ax,) = st.plots.convergence(run, ["gap"], minimum=0)
    assert title(ax) == "f above 0; thin: best so far"
    x, y = drawn(ax, f"_best {tracks(run)[0].name}")
    f = run.history["f"]
    best = np.minimum.accumulate(f)
    assert (f > best).any()
    assert y == pytest.approx(best[x.astype(int)])
    assert (x[0], x[-1], y[-1]) == (0, 40, best[-1])
    assert set(np.flatnonzero(np.diff(best)) + 1) <= set(x)
    assert "thin" not in title(st.plots.convergence(steady, ["gap"])[0])


def test_lr_times_curvature_is_left_out_where_noise_was_found():
    rng = np.random.default_rng(0)
    noisy = st.minimize(lambda x: bowl(x) + 1e-3 * rng.normal(), [3.0, 2.0], method=st.GD(lr=0.05), maxiter=300)
    assert noisy.evidence["noise"] > 0
    product = tracks(noisy)[0].rate_times_curvature
    assert np.isfinite(product).any()
    assert np.nanmax(np.abs(product)) < 2  # 0.05 times a curvature of at most 18


# paths


def test_a_chart_shows_path_levels_start_best_and_known_minima():
    problem = st.problems.get("rosenbrock")
    run = st.minimize(problem, problem.start)
    ax = st.plots.path(run, box=[(-2, 2), (-1, 3)])
    assert np.array_equal(np.column_stack(drawn(ax, "BFGS")), run.history.x)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 2), (-1, 3))
    assert {"start", "best"} <= set(words(ax))
    marks = {
        line.get_marker(): (line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if len(line.get_xdata()) == 1
    }
    assert marks["*"] == (1, 1)
    assert marks["o"] == tuple(problem.start)
    assert marks["X"] == tuple(run.x)
    fills, lines = ax.collections
    assert len(lines.get_paths()) >= 10
    for path in lines.get_paths()[1:-1]:  # each level line goes over one height
        heights = problem(path.vertices.T)
        assert np.ptp(heights) < 0.5 * heights.mean() + 1
    shades = [np.ptp(colour[:3]) for colour in fills.get_facecolor()]
    assert max(shades) < 0.15  # grey, nearly
    luminance = fills.get_facecolor()[:, :3].mean(axis=1)
    assert (np.diff(luminance) > 0).all()  # low is dark


def test_a_curve_shows_f_the_places_and_true_tangents():
    f = lambda x: x * np.cos(np.pi * x)
    run = st.minimize(f, -1.0, method=st.GD(lr=0.1))
    ax = st.plots.path(run)
    curve = ax.lines[0]
    assert curve.get_ydata() == pytest.approx(f(curve.get_xdata()))
    x, y = drawn(ax, "GD(lr=0.1)")
    assert np.array_equal(x, run.history.x[:, 0])
    assert np.array_equal(y, run.history["f"])
    tangents = [line for line in ax.lines if line.get_color() == "#1F2328" and len(line.get_xdata()) == 2]
    assert len(tangents) == 4
    for place, line in zip(x, tangents, strict=False):
        slope = np.diff(line.get_ydata()) / np.diff(line.get_xdata())
        exact = np.cos(np.pi * place) - np.pi * place * np.sin(np.pi * place)
        assert slope == pytest.approx([exact], rel=1e-5)
        assert np.mean(line.get_xdata()) == pytest.approx(place)


def test_a_curve_ends_where_a_diverged_run_left():
    run = st.minimize(lambda x: x**4, 3.0, method=st.GD(lr=1.0))
    ax = run.plot()[0]
    assert words(ax)[-1] == "GD(lr=1.0): off scale at step 1"
    low, high = ax.get_ylim()
    assert low < 0.1 < 81 < high < 1000  # from the floor of the curve to the start


def test_f_is_never_called_outside_of_its_bounds():
    asked = []

    def f(x):
        asked.append(np.array(x))
        return bowl(x)

    run = st.minimize(f, [3.0, 2.0], method=st.GD(lr=0.1), bounds=[(0.5, 4), (None, None)])
    asked.clear()
    ax = st.plots.path(run)
    assert len(asked) > 4
    assert min(x[0].min() for x in asked) >= 0.5
    assert ax.get_xlim()[0] > 0.5 - 0.1 * np.ptp(ax.get_xlim())


def test_a_function_of_one_point_only_gives_the_same_map(steady):
    slow = st.minimize(lambda x: float(x[0]) ** 2 + 9 * float(x[1]) ** 2, [3.0, 2.0], method=st.GD(lr=0.1))
    maps = [st.plots.path(run, points=21).collections[1].get_paths() for run in (steady, slow)]
    for a, b in zip(*maps, strict=True):
        assert np.allclose(a.vertices, b.vertices)


def test_a_picture_leaves_the_result_as_it_is(steady):
    before = dict(steady)
    steady.plot()
    assert dict(steady) == before


def test_a_loaded_result_has_no_map_and_says_so(steady, tmp_path):
    steady.save(tmp_path / "run.npz")
    ax = st.Result.load(tmp_path / "run.npz").plot()[0]
    assert not ax.collections
    assert "loaded result or mini-batches, f is not known: the map is left out" in words(ax)
    assert np.array_equal(np.column_stack(drawn(ax, "GD(lr=0.1)")), steady.history.x)


def test_a_function_that_fails_away_from_the_path_leaves_the_map_blank_there():
    def f(x):
        if x[0] < 1:
            raise RuntimeError("not here")
        return bowl(x)

    run = st.minimize(f, [3.0, 2.0], method=st.GD(lr=0.01), jac=lambda x: np.array([2, 18]) * x, maxiter=20)
    ax = st.plots.path(run, box=[(-1, 4), (-3, 3)])
    inked = np.vstack([path.vertices for path in ax.collections[1].get_paths() if len(path.vertices)])
    assert inked[:, 0].min() >= 0.99


def test_a_diverged_path_stays_in_the_picture_until_it_leaves(diverged):
    ax = diverged.plot()[0]
    assert max(np.abs(ax.get_ylim())) < 100
    (said,) = [text for text in words(ax) if text.startswith("off scale")]
    x = diverged.history.x[int(said.split()[-1])]
    assert abs(x[1]) > ax.get_ylim()[1]


def test_the_best_of_several_runs_is_the_one_that_is_named():
    far, near = (st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.01), maxiter=k) for k in (5, 200))
    ax = st.plots.path([far, near])
    (best,) = [text for text in ax.texts if text.get_text() == "best"]
    assert np.allclose(best.xy, near.x)


# what suits, axes, themes, files


def test_what_suits_depends_on_the_number_of_parameters(steady):
    assert [title(ax) for ax in steady.plot()][1:] == ["f above its lowest value", "norm of the gradient"]
    one = st.minimize(lambda x: (x - 1) ** 2, 3.0).plot()
    assert (one[0].get_xlabel(), one[0].get_ylabel()) == ("x", "f")


def test_axes_go_in_and_come_back(steady):
    figure, axes = pyplot.subplots(1, 3)
    assert list(steady.plot(axes=axes)) == list(axes)
    assert st.plots.path(steady, axes=axes[0]) is axes[0]
    assert pyplot.get_fignums() == [figure.number]
    with pytest.raises(ArgumentError, match="expected 3 axes of matplotlib, for path, gap, gradient"):
        steady.plot(axes=axes[:2])


def test_the_theme_follows_the_ground_of_the_axes(steady):
    _, ax = pyplot.subplots()
    ax.set_facecolor("#101010")
    st.plots.path(steady, axes=ax)
    assert next(line for line in ax.lines if line.get_label() == "GD(lr=0.1)").get_color() == "#56B4E9"
    dark = steady.plot(theme="dark")[0]
    assert matplotlib.colors.to_hex(dark.figure.get_facecolor()) == "#14171b"
    assert matplotlib.rcParams["figure.facecolor"] == "white"  # settings are put back


def test_a_picture_is_saved_in_the_format_of_its_name(steady, tmp_path):
    for name in ("run.png", "run.pdf", "a.svg", "b.svg"):
        st.plots.save(steady.plot(), tmp_path / name)
    assert pyplot.imread(tmp_path / "run.png").shape[1] > 900
    assert (tmp_path / "run.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    with pytest.raises(ArgumentError, match=r"file='run.doc': expected a name that ends in .*\.png"):
        st.plots.save(steady.plot(), "run.doc")


@pytest.mark.parametrize(("call", "message"), [
    (lambda run: st.plots.convergence(3), "runs=3: expected results of minimize"),
    (lambda run: st.plots.convergence([]), "runs is empty"),
    (lambda run: st.minimize(lambda x: 1 / 0, [1.0], on_error="stop").plot(), "ended before its first value"),
    (lambda run: st.plots.convergence(run, ["speed"]), "panels has 'speed': expected some of 'gap', "),
    (lambda run: st.plots.convergence(run, against="hours"), "against='hours': expected 't', 'nfev', 'seconds'"),
    (lambda run: st.plots.path(run, box=[(1, 2)]), r"box=\[\[1.0, 2.0\]\]: expected 2 pairs"),
    (lambda run: st.plots.path(st.minimize(lambda x: x @ x, [1.0] * 3)), "the runs have x of 3 numbers"),
])  # fmt: skip
def test_errors_say_what_was_expected(steady, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(steady)


def test_plots_load_no_matplotlib_until_they_draw():
    code = "import sys, steepest; steepest.plots.look; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_the_line_that_installs_it(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('hidden by the test')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import steepest as st; "
        "st.minimize(lambda x: x * x, 1.0).plot()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtraError: a picture needs matplotlib: pip install 'steepest[plot]'" in done.stderr
