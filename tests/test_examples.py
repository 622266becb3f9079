"""The examples run anywhere, print the published numbers and the true ones, and draw their pictures."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted(path.stem for path in (ROOT / "examples").glob("*.py") if path.stem != "pictures")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?", re.IGNORECASE)


class Output:
    """What a script printed, to be searched for the numbers behind a phrase."""

    def __init__(self, text: str):
        self.text = text

    def numbers(self, phrase: str) -> list[float]:
        """The numbers behind the first occurrence of `phrase`, to the end of its line."""
        assert phrase in self.text, f"{phrase!r} is not in:\n{self.text}"
        rest = self.text.split(phrase, 1)[1].split("\n", 1)[0]
        return [float(number) for number in NUMBER.findall(rest)]


def verdict(output: Output) -> list[float]:
    """The row of `check_gradient` for the wrong component: index, yours, measured, error, ratio."""
    row = next(line for line in output.text.splitlines() if line.endswith("<- wrong"))
    return [float(number) for number in NUMBER.findall(row)]


def run(script: str, folder: Path, *, path: Path | None = None) -> Output:
    """Run an example as its reader would, in an empty folder; warnings are errors."""
    paths = [str(path)] if path else []
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([*paths, str(ROOT / "src")]),
        "MPLBACKEND": "Agg",
    }
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / f"{script}.py")]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return Output(done.stdout)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A function script -> (output, folder) that runs each script once."""
    known: dict[str, tuple[Output, Path]] = {}

    def output(script):
        if script not in known:
            folder = tmp_path_factory.mktemp(script)
            known[script] = run(script, folder), folder
        return known[script]

    return output


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_runs_and_draws_its_picture(script, outputs):
    output, folder = outputs(script)
    picture = folder / "pictures" / f"{script}.png"
    assert f"Picture: {Path('pictures') / picture.name}" in output.text
    from matplotlib import pyplot

    pixels = pyplot.imread(picture)
    assert pixels.shape[0] > 400
    assert pixels.shape[1] > 900
    assert 0.7 < pixels[..., :3].mean() < 0.999  # mostly paper, but not empty


def test_scripts_do_nothing_when_imported(tmp_path):
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'examples')!r}); import {', '.join(SCRIPTS)}"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_numbers_still_come(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('hidden by the test')")
    output = run("t3_learning_rates", tmp_path, path=tmp_path)
    assert "No picture t3_learning_rates.png: it needs matplotlib (pip install 'steepest[plot]')." in output.text
    assert output.numbers("lr=0.1    last x =")[:2] == pytest.approx([3 * 0.8**100, 2 * 0.8**100], rel=1e-6)


def test_t0_the_published_descent_is_a_straight_line_and_the_samples_have_a_minimum(outputs):
    output, _ = outputs("t0_sampled_values")
    assert output.numbers("lr=0.001 ends at [")[:2] == [9.9, 9.9]
    assert output.numbers("lr=0.1 at [")[0] == pytest.approx(2e-15, rel=0.1)
    assert output.numbers("lr=0.1 goes on to [")[:2] == [-10, -10]
    assert output.numbers("lowest at the left edge: x =") == [0, 1]
    x, f = output.numbers("gtol=2 stops at x =")
    assert f == pytest.approx(1 + x / 2 + x**2 / 2, abs=1e-3)  # the parabola that the samples were taken from
    assert abs(x + 0.5) <= 2  # its slope
    rates = [output.numbers(f"lr={lr:<5g}  x =") for lr in (0.001, 0.03, 0.1, 0.5, 1)]
    assert [f for _, f, *_ in rates] == sorted((f for _, f, *_ in rates), reverse=True)
    assert rates[-1][:2] == [0, 1]


def test_t1_both_gradients_miss_the_weight_and_the_curvature_finds_it(outputs):
    output, _ = outputs("t1_fit_a_weight")
    assert output.numbers("published gradient mean((x w - y) w): w =") == [1.8819]
    assert output.numbers("mean((x w - y) x): w =") == [9.2294]
    squares = np.mean((np.arange(8, 19) / 100) ** 2)
    assert verdict(output)[1:3] == pytest.approx([0.13 * 10 * 9, squares * 9], rel=1e-5)
    assert output.numbers("finds w =")[0] == pytest.approx(1, abs=1e-6)
    lr, times = output.numbers("lr = 1/curvature =")
    assert lr == pytest.approx(55.9)
    assert times == pytest.approx(5600, rel=0.005)
    for phrase in ("lr = 1/curvature = 55.9:  w =", "No tuning at all:        w ="):
        assert output.numbers(phrase)[0] == pytest.approx(1, abs=1e-8)
    rows = np.array([output.numbers(f"\n  {epoch:5d}  ") for epoch in (0, 1, 10, 100, 500)])
    weights = 1 + 9 * (1 - 0.01 * squares) ** np.array([0, 1, 10, 100, 500])
    expected = np.column_stack([weights, squares * (weights - 1) ** 2 / 2, squares * (weights - 1)])
    assert rows == pytest.approx(expected, abs=1e-6)


def test_t2_differences_have_a_best_step_and_the_published_gradient_fails(outputs):
    output, _ = outputs("t2_numerical_derivatives")
    assert output.numbers("float32(1e-50) is")[0] == 0
    for name, power in (("forward", 1 / 2), ("central", 2 / 3)):
        error, h, worse, _ = output.numbers(f"{name} difference:")
        assert error < 10 * np.finfo(float).eps ** power
        assert h < 1e-4
        assert worse > 1e3 * error
    assert output.numbers("st.derivative:")[0] < 1e-15
    assert output.numbers("at (3, 4): [")[:2] == [6, 8]
    assert output.numbers("it is still [") == [3, 4]
    changed = output.numbers("is afterwards (")
    assert changed == pytest.approx([3 * 0.8**100, 4 * 0.8**100], rel=0.05)
    for case in ("in float32", "x**2 at 1e13", "log(x) at 2e-4"):
        published, ours, exact = output.numbers(case)
        assert abs(published - exact) > 0.05 * exact
        assert ours == pytest.approx(exact, rel=1e-5)


def test_t3_the_published_numbers_are_an_integer_bug(outputs):
    output, _ = outputs("t3_learning_rates")
    assert output.numbers("published for lr=0.1:") == [-6.36e-7, -3.81e-7]
    assert output.numbers("published for lr=1:") == [-2499150084997, -1499450054998]
    for lr in (0.1, 1, 1e-6):
        *x, f = output.numbers(f"lr={lr:<5g}  last x =")
        shrunk = (1 - 2 * lr) ** 100
        assert x == pytest.approx([3 * shrunk, 2 * shrunk], rel=1e-8)
        assert f == pytest.approx(13 * min(1, shrunk) ** 2, rel=1e-5)
    assert output.numbers("lr=1 jumps between [")[:4] == [-3, -2, 3, 2]
    assert output.numbers("x0 is still [")[:2] == [3, 2]
    assert output.numbers("No rate at all: x = [")[:2] == [0, 0]


def root(function, low, high):
    """A root between two places of different sign, by bisection."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if function(low) * function(middle) > 0 else (low, middle)
    return low


def test_t4_the_wrong_derivative_stops_beside_the_minimum(outputs):
    output, _ = outputs("t4_local_minima")
    slope = lambda x: math.cos(math.pi * x) - math.pi * x * math.sin(math.pi * x)
    published = lambda x: math.cos(math.pi * x) - x * math.sin(math.pi * x)
    wrong, right, local = root(published, 1, 1.5), root(slope, 1, 1.5), root(slope, -0.5, 0)
    value = lambda x: x * math.cos(math.pi * x)
    assert round(wrong, 3) == 1.219
    assert output.numbers("stops at x =") == pytest.approx([wrong, value(wrong), slope(wrong)], abs=1e-4)
    assert verdict(output)[1:3] == pytest.approx([published(0.5), slope(0.5)], rel=1e-5)
    assert output.numbers("The minimum is x =") == pytest.approx([right, value(right)], abs=1e-4)
    assert output.numbers("The minimum is x =") == [1.0904, -1.0467]
    assert output.numbers("lr=0.1       ends at x =") == pytest.approx([local, value(local)], abs=1e-4)
    assert output.numbers("lr=1.000542  goes")[-1] == 13
    assert output.numbers("lr=1.0055    goes")[-1] == 9
    assert output.numbers("lr=1         goes")[:4] == [-1, 0, -1, 0]
    assert output.numbers("the lowest: f =") == [-2, -2]
    assert output.numbers("from (1, 0): x =") == [0, 0, 0]
    assert output.numbers("from (1, 1e-06): x =") == [0, 2, -4]
    ends = {name: output.numbers(f"  {name:9} lr=")[1] for name in ("GD", "Momentum", "AdaGrad", "RMSProp", "Adam")}
    for name in ("GD", "AdaGrad"):
        assert ends[name] == pytest.approx(local, abs=1e-4)
    for name in ("Momentum", "Adam"):
        assert ends[name] == pytest.approx(right, abs=1e-4)
    assert ends["RMSProp"] == pytest.approx(local, abs=0.1)  # it keeps stepping by about lr


def test_t4_averages_smooth_and_batches_trade_noise_for_work(outputs):
    output, _ = outputs("t4_averages_and_batches")
    for beta, window in ((0.5, 2), (0.9, 10), (0.99, 100)):
        first, last, share = output.numbers(f"beta={beta:<5g} window")
        assert first == last == window
        assert share == round(100 * (1 - beta**window))
    for beta in (0.9, 0.99):
        before, after = output.numbers(f"beta={beta:<5g} gradients scatter by")
        # 200 values in a row of an average over 1/(1 - beta): few are independent
        assert after / before == pytest.approx(math.sqrt((1 - beta) / (1 + beta)), rel=0.4)
    one, _ = output.numbers("  one term          error")
    batch, _ = output.numbers("mini-batch of 32  error")
    every, _ = output.numbers("all terms         error")
    falling = output.numbers("lr = 3/(t + 9): error")[0]
    assert every < 1e-4
    assert one / batch == pytest.approx(math.sqrt(32), rel=0.3)  # the noise of a mean of 32
    assert falling < one / 2


def test_the_demo_reaches_the_closed_form_and_says_why_the_naive_rate_fails(outputs):
    output, _ = outputs("stopping_distances")
    speed, distance = np.loadtxt(ROOT / "examples/data/stopping_distances.csv", delimiter=",", skiprows=3).T
    assert speed.size == 50
    slope = np.cov(speed, distance)[0, 1] / np.var(speed, ddof=1)
    exact = [distance.mean() - slope * speed.mean(), slope]
    for row in ("gradient descent  ", "st.minimize without a choice  ", "closed form  "):
        assert output.numbers(f"\n{row}") == pytest.approx(exact, abs=5.1e-5)
        assert output.numbers(f"\n{row}") == [-17.5791, 3.9324]
    assert "success: True (converged" in output.text
    assert "Diverged" in output.text
    curvature = np.linalg.eigvalsh([[1, speed.mean()], [speed.mean(), np.mean(speed**2)]])[1]
    assert output.numbers("so lr must be below")[-1] == pytest.approx(2 / curvature, rel=1e-3)
    assert 2 / curvature < 0.01  # the naive rate is beyond it
    losses = [float(loss) for loss in re.findall(r"^   step +\d+  loss +(\S+)", output.text, re.MULTILINE)]
    assert len(losses) >= 5
    assert losses == sorted(losses, reverse=True)


def test_the_demo_needs_neither_scipy_nor_anything_else_that_is_optional(tmp_path):
    for package in ("scipy", "numba", "pandas", "torch", "jax", "sklearn"):
        (tmp_path / f"{package}.py").write_text("raise ImportError('hidden by the test')")
    output = run("stopping_distances", tmp_path, path=tmp_path)
    assert "success: True" in output.text


def test_t1_as_a_training_run_reaches_the_weight_and_tells_that_the_rate_was_too_small(outputs):
    output, _ = outputs("t1_training")
    rows = re.findall(r"^ +(\d+) +(\S+) +(\S+)$", output.text, re.MULTILINE)
    assert [int(epoch) for epoch, *_ in rows] == list(range(1, 31))
    assert float(rows[-1][1]) < 1e-4 * float(rows[0][1])
    assert output.numbers("\nw =")[0] == pytest.approx(1.0, abs=0.02)
    x = np.arange(8, 19) / 100
    largest, smallest = np.mean(np.sort(x**2)[-4:]), np.mean(np.sort(x**2)[:4])  # of all batches of 4
    assert smallest <= 1 / output.numbers("times smaller than 1/L =")[0] <= largest


def test_training_beats_guessing_on_data_that_it_has_not_seen(outputs):
    pytest.importorskip("sklearn", reason="the data come with scikit-learn")
    output, _ = outputs("training_networks")
    assert output.numbers("logistic regression:")[0] > 0.9
    assert output.numbers("network:")[0] > 0.75


def test_data_that_do_not_fit_are_trained_on(outputs):
    output, _ = outputs("training_large_data")
    if sys.platform.startswith("linux"):
        assert "The whole file does not fit." in output.text
    assert output.numbers("largest error of a coefficient:")[0] < 0.05
