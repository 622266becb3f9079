"""Pictures of slices, sweeps, comparisons, rates and fits, tested by what is on their axes."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.errors import ArgumentError
from steepest.plots.runs import tracks
from steepest.plots.slices import main_directions, named

matplotlib = peer("matplotlib")
matplotlib.use("Agg")


def bowl(x):
    return x[0] ** 2 + 9 * x[1] ** 2


@pytest.fixture(scope="module")
def many():
    """A run that moves in the plane of (0, 0.6, 0, 0.8, 0) and (0, 0, 1, 0, 0) alone."""
    centre, u, v = np.arange(1.0, 6.0), np.array([0, 0.6, 0, 0.8, 0]), np.array([0, 0, 1.0, 0, 0])
    f = lambda x: ((x - centre) @ u) ** 2 + 9 * ((x - centre) @ v) ** 2 + ((x - centre)[0]) ** 2
    return st.minimize(f, centre + 3 * u + 2 * v, method=st.GD(lr=0.08))


def title(ax):
    return ax.get_title(loc="left")


def words(ax):
    return [text.get_text() for text in ax.texts]


def line(ax, label):
    (found,) = [each for each in ax.lines if each.get_label() == label]
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


# slices


def test_the_main_directions_span_the_plane_that_a_run_moved_in(many):
    basis = main_directions(tracks(many)[0])
    assert basis @ basis.T == pytest.approx(np.eye(2), abs=1e-9)
    away = many.history.x - many.x
    assert (away @ basis.T) @ basis == pytest.approx(away, abs=1e-6)


@pytest.mark.parametrize("start", [[3.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
def test_runs_along_a_line_or_nowhere_have_two_directions_nevertheless(start):
    run = st.minimize(lambda x: x @ x, start, method=st.GD(lr=0.1))
    basis = main_directions(tracks(run)[0])
    assert basis @ basis.T == pytest.approx(np.eye(2), abs=1e-9)


@pytest.mark.parametrize(("direction", "name"), [
    ([0, 1, 0], "x[1]"), ([-0.6, 0, 0.8], "0.8 x[2] - 0.6 x[0]"), (np.full(16, 0.25), "0.25 x[0] + 0.25 x[1] + ..."),
])  # fmt: skip
def test_directions_are_named_by_their_largest_components(direction, name):
    assert named(np.array(direction, float), "x[{}]".format) == name


def test_a_plane_goes_through_the_best_point_and_names_its_directions(many):
    ax = st.plots.plane(many, [[0, 0.6, 0, 0.8, 0], [0, 0, 1, 0, 0]])
    assert ax.get_xlabel() == "along 0.8 x[3] + 0.6 x[1]"
    assert ax.get_ylabel() == "along x[2]"
    assert title(ax) == "Plane through the best point, 100% of the way in it"
    x, y = line(ax, "GD(lr=0.08)")
    away = many.history.x - many.x
    assert x == pytest.approx(away @ [0, 0.6, 0, 0.8, 0])
    assert y == pytest.approx(away[:, 2])
    for path in ax.collections[1].get_paths()[2:-1]:
        heights = (path.vertices**2 @ [1, 9])[:, None]
        assert heights.size == 0 or np.ptp(heights) < 0.1 * heights.mean()


def test_lines_show_f_along_each_direction(many):
    ax = st.plots.lines(many, [[0, 0.6, 0, 0.8, 0], [0, 0, 1, 0, 0]])
    s, f = line(ax, "0.8 x[3] + 0.6 x[1]")
    assert f == pytest.approx(s**2, rel=1e-5, abs=1e-6)
    s, f = line(ax, "x[2]")
    assert f == pytest.approx(9 * s**2, rel=1e-5, abs=1e-6)
    assert s.min() < 0 < 1.9 < s.max()


def test_many_parameters_get_convergence_and_slices(many, tmp_path):
    axes = many.plot()
    assert [title(ax) for ax in axes] == [
        "f above its lowest value", "norm of the gradient", "Plane through the best point, 100% of the way in it",
        "length of the step", "lr x curvature (unstable above 2)", "Lines through the best point",
    ]  # fmt: skip
    many.save(tmp_path / "run.npz")
    loaded = st.Result.load(tmp_path / "run.npz").plot()
    for ax in (loaded[2], loaded[5]):
        assert any("f is not known" in text for text in words(ax))


# sweeps


def test_a_sweep_over_rates_shows_the_border_of_stability():
    rates = np.logspace(-3, 0, 31)
    swept = st.sweep(bowl, [3.0, 2.0], st.GD(lr=rates), maxiter=1000)
    ax = swept.plot()
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlabel()) == ("log", "log", "lr")
    (border,) = [each.get_xdata()[0] for each in ax.lines if np.array_equal(each.get_ydata(), [0, 1])]
    lost = np.array([code.startswith("diverged") for code in swept.code])
    assert rates[~lost].max() < border < rates[lost].min()
    assert border == pytest.approx(2 / 18, rel=0.13)  # the limit 2/L, between two rates of a ratio of 1.26
    _, y = line(ax, "GD")
    assert np.isnan(y[lost]).all()
    gap = swept.fun - swept.fun.min()
    above = ~lost & (gap > 0)
    assert y[above] == pytest.approx(gap[above])


def test_a_sweep_over_two_things_is_a_map_with_a_border():
    rates, betas = np.logspace(-2, 0, 12), np.array([0.0, 0.3, 0.6, 0.9])
    swept = st.sweep(bowl, [3.0, 2.0], st.Momentum(lr=rates[:, None], beta=betas), maxiter=300)
    ax = swept.plot(theme="dark")
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale(), ax.get_xscale()) == (
        "beta",
        "lr",
        "log",
        "linear",
    )
    mesh = ax.collections[0].get_array()
    lost = np.array([code.startswith("diverged") for code in swept.code.ravel()]).reshape(swept.code.shape)
    assert np.array_equal(np.ma.getmaskarray(mesh).reshape(lost.shape), lost)
    heights = [each.get_ydata()[0] for each in ax.lines if len(each.get_xdata()) == 2 and np.ptp(each.get_ydata()) == 0]
    assert len(heights) == 4  # a side of the border in each column
    for height, beta in zip(heights, betas, strict=True):
        assert height == pytest.approx(2 * (1 + beta) / 18, rel=0.3)  # Polyak (1964)
    best = next(each for each in ax.lines if each.get_marker() == "X")
    assert best.get_ydata()[0] == pytest.approx(swept.best["lr"])


def test_a_sweep_of_methods_has_a_line_for_each():
    rates = np.logspace(-3, -1, 5)
    swept = st.sweep(bowl, [3.0, 2.0], [st.GD(lr=rates), st.Adam(lr=rates)], maxiter=20)
    ax = swept.plot("steps")
    assert title(ax) == "steps until it stopped"
    assert line(ax, "Adam")[1] == pytest.approx(swept.steps[1].astype(float))
    assert line(ax, "GD")[0] == pytest.approx(rates)


def test_a_sweep_of_methods_alone_names_them():
    swept = st.sweep(bowl, [3.0, 2.0], ["gd", "bfgs", "adam"], maxiter=20)
    ax = swept.plot("steps")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["gd", "bfgs", "adam"]
    (dots,) = [each for each in ax.lines if len(each.get_xdata()) == 3]
    assert dots.get_linestyle() == "None"  # methods are no scale that a line could run along
    assert dots.get_ydata() == pytest.approx(swept.steps.astype(float))


# comparisons


def test_a_comparison_shows_where_each_method_had_solved_the_problem():
    compared = st.compare(bowl, [3.0, 2.0], [st.GD(lr=0.1), st.Adam(lr=0.1)], maxiter=60)
    left, right = compared.plot()
    assert (left.get_xlabel(), right.get_xlabel()) == ("evaluations of f", "seconds")
    solved = {row["method"]: row["nfev_solved"] for row in compared.rows()}
    gd = [each for each in left.lines if each.get_markersize() == 9]
    assert {each.get_xdata()[0] for each in gd} == {at for at in solved.values() if np.isfinite(at)}
    run = compared.results["GD(lr=0.1)"]
    lowest = min(each.fun for each in compared.results.values())
    assert line(left, "GD(lr=0.1)")[1].max() == pytest.approx(run.history["f"][0] - lowest)


# rates and steps


def test_a_learning_rate_is_drawn_with_its_limit_and_suggestion():
    rate = st.find_lr(bowl, [3.0, 2.0])
    ax = rate.plot()
    verticals = {round(each.get_xdata()[0], 9) for each in ax.lines if np.array_equal(each.get_ydata(), [0, 1])}
    assert verticals == {round(rate.suggestion, 9), round(rate.limit, 9)}
    assert {f"suggestion {rate.suggestion:.3g}", f"limit {rate.limit:.3g}"} <= set(words(ax))
    stable = next(each for each in ax.lines if each.get_linestyle() == "None" and each.get_marker() == "o")
    assert stable.get_ydata() == pytest.approx(rate.values[rate.stable])
    assert ax.get_ylim()[1] < 100 * rate.values[rate.stable].max()  # diverged runs don't flatten the rest


def test_the_error_of_differences_falls_with_their_order_and_rises_by_rounding():
    ax = st.plots.difference_error(np.exp, 1.0, np.e)
    for name, order, rounding in (("forward difference", 1, 1e-8), ("central difference", 2, 1e-5)):
        h, error = line(ax, name)
        truncation = (h > 30 * rounding) & (h < 0.1)
        slope = np.polyfit(np.log(h[truncation]), np.log(error[truncation]), 1)[0]
        assert slope == pytest.approx(order, abs=0.1)
        assert error[h < 1e-13].max() > 1e-4
    assert not words(ax)  # the exact derivative was given
    (told,) = words(st.plots.difference_error(np.exp, 1.0))
    assert told == "st.derivative, bound on its error"


# fits


def test_f_against_a_parameter_needs_no_function(many, tmp_path):
    many.save(tmp_path / "run.npz")
    ax = st.plots.against(st.Result.load(tmp_path / "run.npz"), 2)
    x, f = line(ax, "GD(lr=0.08)")
    assert np.array_equal(x, many.history.x[:, 2])
    assert np.array_equal(f, many.history["f"])
    assert ax.get_xlabel() == "x[2]"


@pytest.mark.parametrize("validated", [True, False])
def test_training_shows_loss_validation_and_rate(validated):
    t = np.arange(1.0, 21)
    epochs = {"epoch": t, "loss": np.exp(-t / 5), "lr": np.full(20, 0.1),
              "validation": np.exp(-t / 9) + t**2 / 1e4 if validated else np.full(20, np.nan)}  # fmt: skip
    left, right = st.plots.training(st.Result(method="Adam(lr=0.1)", epochs=epochs))
    assert line(left, "training")[1] == pytest.approx(epochs["loss"])
    assert left.get_yscale() == "log"
    assert right.lines[0].get_ydata() == pytest.approx(epochs["lr"])
    if validated:
        lowest = t[np.argmin(epochs["validation"])]
        assert words(left) == [f"lowest at epoch {lowest:g}"]
    else:
        assert not words(left)


# space


def test_a_surface_has_the_path_on_it():
    run = st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.1))
    ax = st.plots.surface(run, box=[(-1, 4), (-3, 3)], points=21)
    path = next(each for each in ax.lines if each.get_label() == "GD(lr=0.1)")
    x, y, z = path.get_data_3d()
    assert np.array_equal(np.column_stack([x, y]), run.history.x)
    assert np.array_equal(z, run.history["f"])
    assert ax.get_zlim()[1] >= bowl([4, 3])


@pytest.mark.parametrize(("call", "message"), [
    (lambda run: st.plots.plane([run, run]), "there are 2 runs"),
    (lambda run: st.plots.plane(run, [[1, 0, 0, 0, 0]] * 2), r"expected \(2, 5\), two that span a plane"),
    (lambda run: st.plots.surface(run), "of functions of two numbers"),
    (lambda run: st.plots.against(run, 5), "parameter=5: expected a whole number from 0 to 4"),
    (lambda run: st.plots.training(run), "the result has no epochs"),
    (lambda run: st.plots.difference_error(np.exp, np.inf), "x=inf: expected a finite number"),
    (lambda run: st.sweep(bowl, [3.0, 2.0], st.GD(lr=np.full((1, 1, 2), 0.1))).plot(), r"a grid of shape \(1, 1, 2\)"),
    (lambda run: st.sweep(bowl, [3.0, 2.0], st.GD(lr=np.full(2, 0.1))).plot("time"), "show='time'"),
])  # fmt: skip
def test_errors_say_what_was_expected(many, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(many)


def test_names_stand_within_a_figure_that_makes_no_room():
    from matplotlib import pyplot

    methods = [st.GD(lr=0.12), st.GD(lr=0.05), st.Momentum(lr=0.02)]
    runs = [st.minimize(lambda x: x[0] ** 2 + 10 * x[1] ** 2, [3.0, 2.0], method=m, maxiter=60) for m in methods]
    figure, ax = pyplot.subplots(figsize=(5, 3))
    st.plots.convergence(runs, ["gap"], axes=[ax])
    figure.canvas.draw()
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [
        "GD(lr=0.12)",
        "GD(lr=0.05)",
        "Momentum(lr=0.02)",
    ]
    for drawn in [legend, *ax.texts]:  # one tells where the first run left the scale
        box, edge = drawn.get_window_extent(), figure.bbox
        assert edge.x0 <= box.x0 < box.x1 <= edge.x1


def test_a_comparison_names_its_methods_in_both_panels():
    runs = st.compare(lambda x: x @ x, np.ones(2), [st.GD(lr=0.01), st.GD(lr=0.1)], maxiter=50)
    left, right = runs.plot()
    for ax in (left, right):
        assert sorted(text.get_text() for text in ax.texts) == ["GD(lr=0.01)", "GD(lr=0.1)"]


def test_a_fitted_formula_is_drawn_with_its_data(tmp_path):
    t = np.linspace(0, 5, 60)
    y = 2.5 * np.exp(-1.3 * t) + 0.4 + 0.05 * np.random.default_rng(0).normal(size=60)
    r = st.fit_formula("a*exp(-b*t) + c", {"t": t, "y": y}, "y")
    r.save(tmp_path / "fit.npz")
    for drawn in (r, st.Result.load(tmp_path / "fit.npz")):
        curve, left, _ = drawn.plot()
        line, points = curve.get_lines()
        np.testing.assert_allclose(points.get_xydata(), np.column_stack([t, y]))
        grid = line.get_xdata()
        a, b, c = (float(value) for value in r.x.values())
        np.testing.assert_allclose(line.get_ydata(), a * np.exp(-b * grid) + c)
        assert (grid[0], grid[-1], curve.get_xlabel()) == (0, 5, "t")
        np.testing.assert_allclose(left.get_lines()[1].get_ydata(), r.residuals)
    plane = st.fit_formula("a*u + b*t", {"t": t, "u": t**2, "y": y}, "y")
    assert len(plane.plot()) == 2  # two columns: no curve


def test_coordinates_are_called_as_the_caller_does():
    run = st.minimize(lambda p: (p["a"] - 2) ** 2 + 10 * p["b"][0] ** 2, {"a": 0.0, "b": [1.0]}, method=st.GD(lr=0.01))
    assert [st.plots.path(run).get_xlabel(), st.plots.path(run).get_ylabel()] == ["a", "b"]
    assert st.plots.against(run, 1).get_xlabel() == "b"
    assert "a" in st.plots.plane(run).get_xlabel()


def test_many_or_long_names_leave_room_for_the_axes():
    runs = {f"a run with a long name, number {k}": st.minimize(bowl, [3.0, 2.0 + k], maxiter=3) for k in range(30)}
    ax = st.plots.path(runs)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(names) == 12
    assert names[0].endswith("number 0")
    assert names[-1] == "and 19 more"
    ax.figure.canvas.draw()
    assert ax.get_window_extent().width > 0.4 * ax.figure.bbox.width


def test_coordinates_in_other_units_have_a_scale_of_their_own():
    run = st.minimize(lambda x: (x[0] / 1e6 - 1) ** 2 + (x[1] * 1e6 - 1) ** 2, [0.0, 0.0])
    assert st.plots.path(run).get_ylim()[1] < 1e-5


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_fall_to_the_end_of_the_numbers_is_drawn():
    run = st.minimize(lambda x: x[0] ** 2 - x[1], [1.0, 0.0])
    run.plot()[0].figure.canvas.draw()


def test_sweeps_of_one_run_of_starts_and_of_none_that_held():
    one = st.sweep(bowl, [3.0, 2.0], st.GD(lr=np.array([0.1])), maxiter=100).plot()
    assert one.get_xlabel() == "lr"
    starts = st.sweep(bowl, np.array([[3.0, 2.0], [1e9, 1.0], [1.0, 1.0]]), st.GD(lr=0.1), maxiter=9).plot()
    assert not [text for text in starts.texts if "unstable" in text.get_text()]
    none = st.sweep(bowl, [3.0, 2.0], st.GD(lr=np.array([10.0, 20.0])), maxiter=100).plot()
    assert [text.get_text() for text in none.texts] == ["every run fell over"]


def test_a_derivative_without_error_has_none_to_draw():
    ax = st.plots.difference_error(lambda x: 1.0, 1.0)
    ax.figure.canvas.draw()
    assert [text.get_text() for text in ax.texts] == ["no error above zero to show"]
