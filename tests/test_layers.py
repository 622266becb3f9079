"""Imports inside the package go only downwards."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "steepest"

# From bottom to top; a module may import what stands before it (a package counts as one).
LAYERS = """
    errors codes objective checkpoint expression formula derivatives problems samples
    hints log places history stop schedules sets engine methods loops result limits
    diagnose run stochastic posed minimize regression stablerate findlr sweeps compare
    data losses training estimators tabular plots __init__ __main__
""".split()  # noqa: SIM905 (a picture of the layers)


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path):
    """The package's own modules that a file imports when it is loaded (imports inside functions don't count)."""
    depth = len(path.relative_to(PACKAGE).parts)
    tree = ast.parse(path.read_text())
    ifs = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    guarded = {id(inner) for node in ifs for inner in ast.walk(node)}
    inside = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == depth and id(node) not in guarded | inside:
            yield from [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path):
    assert name_of(path) in LAYERS, f"give {name_of(path)} its place in LAYERS"
    above = LAYERS[LAYERS.index(name_of(path)) + 1 :]
    assert not [name for name in imports(path) if name in above]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_name_what_is_there(path):
    """Those inside functions too, which nothing else may ever run."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            home = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            assert home.is_dir() or home.with_suffix(".py").exists(), ast.unparse(node)


@pytest.mark.parametrize("heavy", ["scipy", "matplotlib", "numba", "autograd", "pandas", "torch", "jax", "click"])
def test_import_loads_numpy_and_nothing_slower(heavy):
    code = f"import sys, steepest; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_files_are_short():
    lengths = sorted(len(path.read_text().splitlines()) for path in PACKAGE.parent.rglob("*.py"))
    assert lengths[len(lengths) // 2] <= 150
    assert lengths[-1] <= 330


def test_the_map_of_a_room_names_all_its_files():
    for room in {path.parent for path in FILES} - {PACKAGE}:
        text = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
        if "\n- ``" in text:
            files = {path.stem for path in room.glob("*.py")} - {"__init__"}
            missing = files - set(re.findall(r"``(\w+)``", text))
            assert not missing, f"say in {room.name}/__init__.py what {missing} is for"


def test_extras_that_are_asked_for_are_there():
    """In errors, docstrings and pages: `pip install '.[plot]'`."""
    root = PACKAGE.parents[1]
    known = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "src").rglob("*.py")]
    asked = {extra for page in pages for extra in re.findall(r"""pip install ['"][^'"]*\[(\w+)\]""", page.read_text())}
    for path in FILES:
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        raised = [call for call in calls if ast.unparse(call.func) == "MissingExtraError"]
        named = [[*call.args, *(keyword.value for keyword in call.keywords)][1] for call in raised]
        asked |= {extra.value for extra in named}
    assert {"plot", "table", "film", "fast"} <= asked <= set(known)
