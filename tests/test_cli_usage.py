"""Wrong usage of the command line, each with its sentence; how values are written."""

from __future__ import annotations

import click
import pytest

from commandline import run
from steepest_cli.values import Bounds, MethodSpec, Values, Vector

USAGE = [
    ("minimize", "give one FUNC"),
    ("minimize x -f x", "give one FUNC"),
    (
        "minimize x**2+y**2",
        "--x0 is missing: where to start 'x**2+y**2', such as --x0 1,1 (in the order x, y).",
    ),
    ("minimize model:loss", "--x0 is missing: where to start 'model:loss', such as --x0 3,2."),
    ("minimize x**2+y**2 --x0 1", "--x0 has 1 number, but 'x**2+y**2' needs 2"),
    ("minimize wave --x0 1,2", "has 2 numbers, but 'wave' needs 1"),
    ("minimize x --x0 1,b", "'b' is no number"),
    ("minimize x --x0 nan", "x0 holds nan"),
    ("minimize x**2+sine(y)", "did you mean 'sin'?\n    x**2+sine(y)\n         ^"),
    ("minimize rosenbrok", "did you mean 'rosenbrock'?"),
    ("minimize qqqq", "`steepest functions` lists what there is"),
    ("minimize x**2 -n 3", "-n 3 is for catalogue functions"),
    ("minimize modell:loss", "there is no module 'modell' here"),
    ("minimize model.sub:loss", "there is no module 'model.sub' here"),
    ("minimize model:los", "model has no 'los'. Did you mean 'loss'?"),
    ("minimize model:", "the name of the function is missing"),
    ("minimize model:time", "is no function"),
    ("minimize sub/model:loss", "write the module as in an import, sub.model:loss"),
    ("minimize modell.py:loss", "there is no file 'modell.py'"),
    ("minimize fails:f", "ValueError: no luck\n  in <module>"),
    ("minimize quits:f", "SystemExit: 3"),
    ("minimize model:nothing --jac model:slope --x0 1,", "Is a `return` missing?"),
    ("minimize bowl --method adm", "Did you mean 'adam'?"),
    (
        "minimize bowl --method adam:bta1=1",
        "has no setting 'bta1'; its settings are lr, beta1, beta2, eps. Did you",
    ),
    ("minimize bowl --method adam:beta1=3", "beta1=3 is impossible"),
    ("minimize bowl --method fista:speed=3", "has no setting 'speed'; it has none."),
    ("minimize bowl --method bfgs --lr 1", "--method bfgs: it has no setting 'lr'; its settings are c2."),
    ("minimize bowl --method adam:beta1", "'beta1' in 'adam:beta1' is not setting=value"),
    ("minimize bowl --method adam:lr=slow", "'slow' is no number, nor 'auto'"),
    ("minimize bowl --method gd:lr=0.1 --lr 0.2", "lr is given twice"),
    ("minimize bowl --method gd:lr=0.1,0.2", "lr has several values; `steepest sweep` tries them"),
    ("minimize bowl --lr fast", "'fast' is no number, nor 'auto'"),
    ("minimize bowl --jac fast", "jac='fast'"),
    ("minimize bowl --maxiter=-3", "maxiter=-3"),
    ("minimize bowl --bounds 1:2,3", "'3' is no pair low:high"),
    ("minimize bowl --bounds 2:1", "expected low <= high"),
    ("minimize x --x0 1 --bounds usual", "functions of the catalogue"),
    ("minimize bowl --metod gd", "'--method'"),
    ("minimise bowl", "'minimize'"),
    ("maximize -(x-1)**2", "If it is a formula: --formula '-(x-1)**2'"),
    ("minimize bowl --history nowhere/h.csv", "no folder 'nowhere'"),
    ("minimize bowl --history h.txt", "must end in .csv or .jsonl or .npz"),
    ("minimize bowl --save r.json", "must end in .npz"),
    ("explain missing.npz", "does not exist"),
    ("explain model.py", "is no saved result"),
    ("methods adm", "Did you mean 'adam'?"),
    ("functions rosenbrok", "Did you mean 'rosenbrock'?"),
    ("check-gradient model:loss --x0 1,2", "which gradient?"),
    ("check-gradient x --jac a:b --gradient 1", "not both"),
    ("check-gradient x*y --gradient y --x0 1,2", "has 1 formula, but 'x*y' has 2 coordinates: x, y"),
    ("check-gradient model:loss --gradient y --x0 1,2", "give --jac"),
    ("check-gradient x*y --gradient 'y; z' --x0 1,2", "unknown name 'z'"),
    ("derivative x*y", "--x0 is missing"),
    ("completion tcsh", "'tcsh' is not one of"),
]


@pytest.mark.parametrize(("line", "sentence"), USAGE, ids=[line for line, _ in USAGE])
def test_wrong_usage(line, sentence, folder):
    (folder / "fails.py").write_text("raise ValueError('no luck')")
    (folder / "quits.py").write_text("import sys; sys.exit(3)")
    ended = run(line)
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Vector(), "3,2", [3, 2]),
        (Vector(), "-1e-3", -1e-3),
        (Vector(), "3,", [3]),
        (Vector(), " (1, 2) ", [1, 2]),
    ],
)
def test_values(kind, text, value):
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (Vector(), ["", ",", "1,,2", "1;2"]),
        (Bounds(), ["", "1", "1:2:3", "a:b"]),
        (MethodSpec(), ["a:=3", "a:b=", "a:b", "a:3,b=2", "a:b=c"]),
        (
            Values(),
            ["a", "1..", "..2", "1..2:3:4", "1..1", "1..2:1", "0..1:log", "-1..1:log:3", "1..2:cubic"],
        ),
    ],
)
def test_values_refused(kind, texts):
    for text in texts:
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)
