"""steepest fit and steepest predict: tables in, models out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from steepest import ArgumentError, tabular
from steepest_cli import main

CARS = Path(__file__).parents[1] / "examples" / "data" / "stopping_distances.csv"


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output if code else result.stdout


@pytest.fixture
def passengers(tmp_path):
    """A table of numbers and texts, with gaps, whose classes follow a known rule."""
    rng = np.random.default_rng(4)
    n = 400
    frame = pd.DataFrame(
        {"age": rng.uniform(1, 80, n).round(), "fare": rng.lognormal(3, 1, n), "sex": rng.choice(["female", "male"], n),
         "deck": rng.choice(["A", "B", "C"], n)}
    )  # fmt: skip
    z = 3.0 * (frame["sex"] == "female") - 0.03 * frame["age"] + rng.logistic(size=n)
    frame["survived"] = np.where(z > 0.3, "yes", "no")
    known = 3.0 * (frame["sex"] == "female") - 0.03 * frame["age"] > 0.3
    frame.attrs["best"] = float((np.where(known, "yes", "no") == frame["survived"]).mean())
    path = tmp_path / "passengers.csv"
    frame.to_csv(path, index=False)
    return path, frame


def test_the_line_of_least_squares_in_the_units_of_the_data():
    told = json.loads(run("fit", CARS, "--target", "distance", "--holdout", "0", "--json"))
    assert {row["feature"]: round(row["coefficient"], 4) for row in told["rows"]} == {
        "intercept": -17.5791, "speed": 3.9324}  # fmt: skip  # the closed form of Ezekiel's data
    assert told["scores"] == {}


def test_classes_categories_and_predictions(passengers, tmp_path):
    path, frame = passengers
    model = tmp_path / "model.npz"
    told = json.loads(run("fit", path, "--target", "survived", "--out", model, "--json", "--quiet"))
    assert [row["feature"] for row in told["rows"]] == [
        "intercept",
        "age",
        "fare",
        "sex=male",
        "deck=B",
        "deck=C",
    ]
    # survived = yes is the second class: being male counts against it
    assert {row["feature"]: row["coefficient"] for row in told["rows"]}["sex=male"] == pytest.approx(-3.0, abs=0.9)
    best = frame.attrs["best"]  # what the rule behind the table gets right; no model knows the noise
    assert told["scores"]["accuracy on 20% held out"] > best - 0.1  # 80 rows: two deviations are 0.1
    rows = run("predict", model, path).splitlines()
    assert rows[0] == "age,fare,sex,deck,survived,predicted_survived,p(no),p(yes)"
    predicted = pd.read_csv(io.StringIO("\n".join(rows)))
    assert (predicted["predicted_survived"] == frame["survived"]).mean() > best - 0.03
    assert np.allclose(predicted["p(no)"] + predicted["p(yes)"], 1)
    strange = tmp_path / "strange.csv"
    frame.assign(deck="Z").to_csv(strange, index=False)
    assert "'deck' holds 'Z', which the training data had not" in run("predict", model, strange, code=2)


def test_gaps_are_refused_or_filled(passengers, tmp_path):
    path, frame = passengers
    frame.loc[:9, "age"] = np.nan
    frame.loc[5:7, "deck"] = None
    frame.to_csv(path, index=False)
    assert "column 'age': missing in 10 of 400 rows" in run("fit", path, "--target", "survived", code=2)
    model = tmp_path / "model.npz"
    run("fit", path, "--target", "survived", "--impute", "--out", model, "--quiet")
    age, _, _, deck = tabular.load(model).columns
    assert 35 < age.fill < 45
    assert deck.fill in "ABC"
    assert run("predict", model, path).count("\n") == 401


def test_rows_longer_than_the_header(tmp_path):
    """pandas takes the first column of such a table for names of rows, and moves all others."""
    path, fit = (
        tmp_path / "table.csv",
        ("fit", tmp_path / "table.csv", "--target", "y", "--holdout", "0", "--quiet", "--json"),
    )
    path.write_text("x,y\n1,3,\n2,5,\n3,7,\n")  # a comma at the end is no value
    assert [round(row["coefficient"], 6) for row in json.loads(run(*fit))["rows"]] == [1, 2]
    path.write_text("x,y\n1,3,9\n2,5\n3,7\n")
    assert "more values than its header" in run(*fit, code=2)
    path.write_text("x,y\n1,3\n2,5,9\n3,7\n")
    assert "line 3" in run(*fit, code=2)


def test_a_holdout_of_all_rows_is_refused():
    assert "holdout=0.999 leaves none of 50 rows" in run(
        "fit", CARS, "--target", "distance", "--holdout", "0.999", code=2
    )


def test_whole_numbers_keep_their_digits(passengers, tmp_path):
    """Those of an identifier that no double holds, beside a missing one."""
    path, _ = passengers
    model, other = tmp_path / "model.npz", tmp_path / "other.csv"
    run("fit", path, "--target", "survived", "--features", "sex", "--out", model, "--quiet")
    other.write_text("id,sex\n9007199254740993,male\n,female\n18446744073709551615,male\n")
    rows = run("predict", model, other).splitlines()
    assert [row.split(",")[0] for row in rows] == ["id", "9007199254740993", "", "18446744073709551615"]


def test_a_formula_with_an_unknown_function_is_refused(tmp_path):
    fit = "fit", CARS, "--target", "distance", "--model"
    assert "unknown function 'sine': did you mean 'sin'?" in run(*fit, "a*sine(speed)", code=2)
    assert "unknown function 'a': expected an operator, as in a*(...), or one of" in run(*fit, "a(speed + b)", code=2)


def test_a_formula_gets_standard_errors_and_a_picture(tmp_path):
    picture, model = tmp_path / "residuals.svg", tmp_path / "model.npz"
    told = json.loads(run("fit", CARS, "--target", "distance", "--model", "a + b*speed", "--json", "--quiet",
                          "--plot", picture, "--out", model))  # fmt: skip
    rows = {row["parameter"]: row for row in told["rows"]}
    # R's lm(dist ~ speed): -17.5791 (6.7584), 3.9324 (0.4155), residual standard error 15.38 on 48, R2 0.6511
    assert rows["a"]["estimate"] == pytest.approx(-17.5791, abs=1e-4)
    assert rows["a"]["standard error"] == pytest.approx(6.7584, abs=1e-4)
    assert rows["b"]["standard error"] == pytest.approx(0.4155, abs=1e-4)
    assert told["scores"]["residual standard deviation"] == pytest.approx(15.38, abs=5e-3)
    assert told["scores"]["R2"] == pytest.approx(0.6511, abs=1e-4)
    assert picture.read_text().count("<svg") == 1
    first = run("predict", model, CARS).splitlines()[1].split(",")
    assert float(first[2]) == pytest.approx(-17.5791 + 4 * 3.9324, abs=1e-3)


def test_text_for_people():
    text = run("fit", CARS, "--target", "distance", "--method", "adam", "--batch-size", "16", "--epochs", "30")
    assert text.splitlines()[0].startswith("Trained 30 epochs")
    assert "RMSE on 20% held out" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "speeed"], "there is no such column; there are speed, distance"),
        (["--target", "distance", "--loss", "cubic"], "loss='cubic'"),
        (["--target", "distance", "--features", "weight"], "feature 'weight' is no other column"),
        (["--target", "distance", "--drop", "weight"], "there is no such column"),
        (["--target", "distance", "--drop", "speed"], "no column beside 'distance'"),
        (["--target", "distance", "--features", "speed", "--drop", "speed"], "not both"),
        (["--target", "distance", "--model", "a*speed", "--loss", "huber"], "--loss is not for a --model"),
        (["--target", "distance", "--start", "a=1"], "--start is for the parameters of a --model"),
        (["--target", "distance", "--start", "a"], "is no number"),
        (["--target", "distance", "--model", "a*wind", "--start", "b=1"], r"start['b']"),
        (["--target", "distance", "--loss", "logistic"], "is for two classes"),
        (["--target", "distance", "--method", "adan:lr=1,beta9=0.1"], "has no setting 'beta9'"),
    ],
)
def test_what_is_wrong_is_named(words, message):
    assert message in " ".join(run("fit", CARS, *words, code=2).split())


def test_files_that_are_none(tmp_path):
    assert "there is no file" in run("fit", tmp_path / "none.csv", "--target", "y", code=2)
    empty = tmp_path / "empty.csv"
    empty.write_text("x,y\n")
    assert "has no rows" in run("fit", empty, "--target", "y", code=2)
    other = tmp_path / "data.xyz"
    other.write_text("x")
    assert "must end in .csv, .tsv, .parquet" in run("fit", other, "--target", "y", code=2)
    names = tmp_path / "names.csv"
    pd.DataFrame({"name": [f"n{i}" for i in range(99)], "y": range(99)}).to_csv(names, index=False)
    assert "has 99 different texts" in run("fit", names, "--target", "y", code=2)
    damaged = tmp_path / "model.npz"
    damaged.write_bytes(b"PK\x03\x04 nothing")
    assert "is no saved model" in run("predict", damaged, CARS, code=2)


def test_parquet_and_tabs(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [3.0, 5.0, 7.0, 9.0]})
    tabs = tmp_path / "t.tsv"
    frame.to_csv(tabs, sep="\t", index=False)
    assert json.loads(run("fit", tabs, "--target", "y", "--holdout", "0", "--json"))["loss"] < 1e-8
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    frame.to_parquet(tmp_path / "t.parquet")
    told = json.loads(run("fit", tmp_path / "t.parquet", "--target", "y", "--holdout", "0", "--json"))
    assert [row["coefficient"] for row in told["rows"]] == pytest.approx([1, 2], abs=1e-4)


@pytest.mark.parametrize(
    ("name", "how"),
    [("excel.csv", {"sep": ";", "decimal": ","}), ("dots.csv", {"sep": ";"}), ("tabs.csv", {"sep": "\t"})],
)
def test_values_separated_by_semicolons_or_tabs_are_read_as_those_by_commas(tmp_path, name, how):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=30), "z": rng.normal(1e6, 1e5, 30)})
    frame["y"] = 2 * frame["x"] + 3e-6 * frame["z"] + rng.normal(size=30)
    frame.to_csv(tmp_path / name, index=False, **how)
    frame.to_csv(tmp_path / "commas.csv", index=False)
    ways = [run("fit", tmp_path / way, "--target", "y", "--json", "--quiet") for way in (name, "commas.csv")]
    assert json.loads(ways[0])["rows"] == json.loads(ways[1])["rows"]


@pytest.mark.parametrize("text", ["1,009,534", "1,5", "10%", "3 000"])
def test_numbers_written_as_text_are_no_categories(tmp_path, text):
    frame = pd.DataFrame({"x": [text, "2", text, "4"], "y": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(ArgumentError, match="numbers that are written as text"):
        tabular.fit_table(frame, "y")
    frame["x"] = ["1", "2", "1", "3"]  # what a caller calls text is text
    model, *_ = tabular.fit_table(frame, "y", holdout=0)
    assert model.columns[0].categories == ("1", "2", "3")


def test_what_was_filled_in_is_told(tmp_path):
    frame = pd.DataFrame({"x": [1.0, None, 3.0, 5.0], "c": ["a", "b", None, "a"], "z": range(4), "y": [1.0, 2, 3, 4]})
    frame.to_csv(tmp_path / "gaps.csv", index=False)
    words = ("fit", tmp_path / "gaps.csv", "--target", "y", "--impute", "--holdout", "0", "--quiet")
    told = json.loads(run(*words, "--json"))
    assert told["filled"] == {"x": {"values": 1, "with": 3.0}, "c": {"values": 1, "with": "a"}}
    assert "filled in: x: 1 with 3, c: 1 with 'a'" in run(*words)
    assert json.loads(run("fit", CARS, "--target", "distance", "--json"))["filled"] == {}


def test_coefficients_of_0_have_no_sign(passengers):
    for seed in range(3):
        words = ("fit", passengers[0], "--target", "survived", "--l1", "0.05", "--seed", seed, "--batch-size", "32")
        values = [row["coefficient"] for row in json.loads(run(*words, "--json", "--quiet"))["rows"]]
        assert 0 in values
        assert not any(np.signbit(value) for value in values if value == 0)


def test_a_constant_column_takes_nothing_from_the_intercept():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=50), "one": 1.0, "big": 1e6 + 0.1})
    frame["y"] = 2 * frame["x"] + 3
    model, *_ = tabular.fit_table(frame, "y", batch_size=None)
    np.testing.assert_allclose(model.coef, [2.0, 0.0, 0.0], atol=1e-7)
    assert float(model.intercept) == pytest.approx(3.0)
