"""steepest fit and steepest predict: models of tables."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import click

from . import method as chosen
from .config import takes_config, write_config
from .function import count
from .optimise import EXITS, takes_exit_zero, takes_plot, takes_progress, takes_quiet
from .output import GROUP, details, form, show_rows, table, takes_format, writable, write_file
from .pictures import save_picture
from .program import Command, Failure, leave, option, stack
from .values import Settings

TRAINED = ("budget.epochs", "budget.patience", "converged")  # the ends that are no failure of a training run

WEIGHT: dict[str, Any] = {"type": click.FloatRange(0), "metavar": "NUMBER", "default": 0.0}
ABOVE_ZERO: dict[str, Any] = {"type": click.FloatRange(0, min_open=True), "metavar": "NUMBER"}

takes_data = click.argument("data", metavar="DATA", type=click.Path(path_type=Path))
takes_table = stack(
    option("Data", "--target", required=True, metavar="COLUMN", help="The column to predict."),
    option("Data", "--features", metavar="A,B,...", help="Predict from these columns.  [default: all others]"),
    option("Data", "--drop", metavar="A,B,...", help="Predict from all columns but these."),
    option("Data", "--impute", is_flag=True, help="Fill missing values in: the mean, or the most frequent text."),
    option("Data", "--holdout", type=click.FloatRange(0, 1, max_open=True), metavar="SHARE", default=0.2,
           show_default=True, help="Share of the rows kept out of training, for the score."),
    option("Data", "--seed", type=click.IntRange(0), metavar="NUMBER", default=0, show_default=True,
           help="Draws these rows, and the order of batches."),
)  # fmt: skip
takes_training = stack(
    option("Model", "--loss", metavar="NAME", help="squared, absolute, huber, pinball, logistic, softmax, poisson or "
           "hinge.  [default: by the kind of the target]"),
    option("Model", "--l1", **WEIGHT, help="Weight of the sum of |coefficients|."),
    option("Model", "--l2", **WEIGHT, help="Weight of half the sum of their squares."),
    option("Model", "--model", metavar="FORMULA", help='A formula instead, such as "a*exp(-b*x) + c": least squares.'),
    option("Model", "--start", type=Settings(), metavar="A=1,B=2", help="Where its parameters start.  [default: 1]"),
    chosen.takes_one_method,
    option("Method", "--batch-size", type=click.IntRange(1), metavar="ROWS",
           help="Rows in a batch.  [default: all, up to "
           "a million numbers; else 256]"),
    option("Stopping", "--epochs", **ABOVE_ZERO, help="Passes over the data."),
    option("Stopping", "--maxtime", **ABOVE_ZERO, help="Most seconds."),
)  # fmt: skip


@click.command(
    "fit",
    cls=Command,
    short_help="Fit a model to a table.",
    exits=True,
    examples="""
steepest fit cars.csv --target distance --out model.npz
steepest fit cars.csv --target distance --method adam --batch-size 16 --epochs 50
steepest fit cars.csv --target distance --model "a*speed + b*speed^2" --plot residuals.png
""",
)
@takes_data
@takes_table
@takes_training
@takes_format
@takes_plot
@option(GROUP, "--out", metavar="FILE", callback=writable, help="Write the model, .npz, for `steepest predict`.")
@takes_progress
@takes_exit_zero
@takes_config
@click.pass_context
def fit(
    ctx: click.Context,
    data: Path,
    plot: Path | None,
    out: Path | None,
    quiet: bool,
    **others: Any,
) -> None:
    """Fit a model to a table: a linear one of any loss, or a formula.

    DATA is a .csv, .tsv or .parquet file with a header. Texts become categories; what is missing is refused, or filled
    in with --impute. Coefficients are in the units of the data. With --model, every name in the formula that is no
    column is a parameter, and gets a standard error.
    """
    from steepest import tabular

    form(ctx)
    frame = tabular.read_table(data)
    model, result, told = (_linear if ctx.params["model"] is None else _formula)(ctx, frame)
    lost = {name: int(frame[name].isna().sum()) for name in getattr(model, "fills", {})}
    filled = {name: {"values": k, "with": model.fills[name]} for name, k in lost.items() if k}
    write_config(ctx)
    _show(ctx, model, result, told, filled)
    write_file(out, lambda to: tabular.save(model, to), quiet)
    write_file(plot, lambda to: save_picture(lambda: _drawn(model, result), to), quiet)
    exit_code = 0 if result.code.startswith(TRAINED) else EXITS[result.code.partition(".")[0]]
    leave(ctx, exit_code)


def _linear(ctx: click.Context, frame: Any) -> tuple[Any, Any, Any]:
    """A linear model, how it was trained, and its scores."""
    from steepest import tabular
    from steepest.training.plan import budget

    given = ctx.params
    if given["start"] is not None:
        raise Failure("--start is for the parameters of a --model.")
    names = _listed(given["features"])
    if given["drop"]:
        if names is not None:
            raise click.UsageError("give --features or --drop, not both.")
        dropped = _listed(given["drop"]) or []
        names = [name for name in frame if name not in dropped and name != given["target"]]
        if wrong := [name for name in dropped if name not in frame]:
            raise Failure(f"--drop {wrong[0]!r}: there is no such column; there are {', '.join(frame)}.")
    from .progress import TrainingProgress

    silent = given["quiet"] or given["no_progress"]
    shown = None if silent else TrainingProgress(sys.stderr)
    size, epochs = budget(frame.size, given["batch_size"] or "auto", given["epochs"])
    spec = chosen.single(chosen.with_rate(ctx, given["method"]), "fit")
    bare = spec.name if spec is not None and not spec.settings else None  # its rate is found by a race
    with contextlib.closing(shown) if shown else contextlib.nullcontext():
        model, result, told = tabular.fit_table(
            frame,
            given["target"],
            given["loss"],
            names,
            impute=given["impute"],
            holdout=given["holdout"],
            seed=given["seed"],
            l1=given["l1"],
            l2=given["l2"],
            method=bare or chosen.method(spec, 1),
            batch_size=size,
            epochs=epochs,
            maxtime=given["maxtime"],
            callback=shown,
        )
    return model, result, {f"{name} on {given['holdout']:.0%} held out": v for name, v in told.items()}


def _formula(ctx: click.Context, frame: Any) -> tuple[Any, Any, Any]:
    """A formula's model, its fit, and what is left of the data."""
    from steepest import fit_formula, tabular
    from steepest.expression import names

    given = ctx.params
    for name in ("loss", "features", "drop", "impute", "l1", "l2", "batch_size", "epochs"):
        if given[name]:
            raise Failure(f"--{name.replace('_', '-')} is not for a --model, which is fitted by least squares.")
    start = given["start"]
    text, target = given["model"], given["target"]
    keywords = {"maxtime": given["maxtime"]} if given["maxtime"] else {}
    if given["method"]:
        keywords["method"] = chosen.method(chosen.single(given["method"], "fit"), 1)
    result = fit_formula(text, frame, target, start, **keywords)
    parameters = {name: float(value) for name, value in result.x.items()}
    columns = tuple(name for name in names(text) if name not in parameters)
    model = tabular.FormulaModel(target, text, parameters, result.standard_errors, columns)
    spread = float(((frame[target] - frame[target].mean()) ** 2).sum())
    told = {
        "residual standard deviation": result.sigma,
        "R2": 1 - result.fun / spread if spread else float("nan"),
        "degrees of freedom": result.dof,
    }
    return model, result, told


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",")]


def _show(ctx: click.Context, model: Any, result: Any, told: Any, filled: dict[str, dict[str, Any]]) -> None:
    rows = model.rows()

    def text() -> None:
        fills = (f"{name}: {v['values']} with {_short(v['with'])}" for name, v in filled.items())
        click.echo(f"{result.why}\n")
        table(list(rows[0]), (row.values() for row in rows))
        click.echo()
        undetermined = ", ".join(result.get("undetermined", []))
        details(
            [
                ("undetermined", f"{undetermined}: the data can't tell them apart" if undetermined else ""),
                *((name, f"{value:.6g}") for name, value in told.items()),
                ("filled in", ", ".join(fills)),
                ("loss", f"{result.fun:.6g}"),
                ("cost", f"{count(result.nit, 'step')}, {count(result.nfev, 'evaluation')}, {result.seconds:.3g} s"),
                ("method", result.method),
            ]
        )

    more = {
        "why": result.why,
        "code": result.code,
        "success": result.success,
        "loss": result.fun,
        "scores": dict(told),
        "filled": filled,
    }
    show_rows(ctx, rows, text, **more, method=result.method, steps=result.nit)


def _short(value: float | str) -> str:
    return repr(value) if isinstance(value, str) else f"{value:.6g}"


def _drawn(model: Any, result: Any) -> Any:
    from steepest import plots

    return plots.residuals(result, model.target) if "residuals" in result else result.plot()


@click.command(
    cls=Command,
    short_help="Apply a fitted model to a table.",
    examples="""
steepest fit cars.csv --target distance --out model.npz
steepest predict model.npz cars.csv
steepest predict model.npz cars.csv -o predicted.csv
""",
)
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@takes_data
@option(GROUP, "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="A .csv file; stdout else.")
@takes_quiet
def predict(model: Path, data: Path, output: Path | None, quiet: bool) -> None:
    """Predict the target for each row of DATA, with a MODEL of `fit --out`.

    Written is DATA with columns added: predicted_TARGET, and for classes the probability of each.
    """
    from steepest import tabular

    frame = tabular.read_table(data)
    for name, values in tabular.load(model).predict(frame).items():
        frame[name if name.startswith("p(") else f"predicted_{name}"] = values
    if output is None:
        frame.to_csv(sys.stdout, index=False)
    write_file(output, lambda to: frame.to_csv(to, index=False), quiet)
