"""The documentation: a page for each method, up to date; every block runs, every link leads somewhere."""

from __future__ import annotations

import doctest
import inspect
import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.methods.registry import METHODS

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LIMIT = 40_000  # bytes of a picture

sys.path.append(str(DOCS))
import make_pages  # noqa: E402
import notebook  # noqa: E402

every_method = pytest.mark.parametrize("kind", METHODS.values(), ids=METHODS)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
GAP = re.compile(r"\d\.\de[-+]\d\d")


def between_markers(page):
    text = page.read_text()
    return text[text.index(make_pages.BEGIN) : text.index(make_pages.END) + len(make_pages.END)]


@every_method
def test_what_is_generated_is_up_to_date(kind):
    """Else run ``python docs/make_pages.py``. Measured gaps may differ a little between machines."""
    written = between_markers(make_pages.PAGES / f"{kind.__name__.lower()}.md")
    expected = make_pages.generated(kind)
    assert GAP.sub("gap", written) == GAP.sub("gap", expected)
    assert [float(gap) for gap in GAP.findall(written)] == pytest.approx(
        [float(gap) for gap in GAP.findall(expected)], rel=0.1
    )


@pytest.mark.parametrize("what", st.methods(), ids=lambda what: what.name)
def test_a_page_says_what_the_method_is(what):
    text = make_pages.PAGES.joinpath(f"{what.name.lower()}.md").read_text()
    title, _, summary = text.split("\n")[:3]
    assert title == f"# {what.name}"
    assert summary.endswith(".")
    for part in (what.source, f"$$\n{what.latex}\n$$", f"```text\n{what.formula}\n```"):
        assert part in text
    for name, value in what.defaults.items():
        assert f"`{name}={value!r}`" in text
    by_hand = text.replace(between_markers(make_pages.PAGES / f"{what.name.lower()}.md"), "")
    assert "\n## When it fails\n" in by_hand
    assert "\n>>> " in by_hand
    assert 15 <= len(by_hand.splitlines()) <= 60


def test_there_is_no_page_too_many():
    assert {page.stem for page in make_pages.PAGES.glob("*.md")} == {"README", *METHODS}
    assert {picture.stem for picture in make_pages.PICTURES.iterdir()} == {*METHODS}


def test_the_table_lists_every_method_with_the_first_sentence_of_its_page():
    rows = between_markers(make_pages.PAGES / "README.md").split("\n")[4:-2]
    assert len(rows) == len(METHODS)
    measured = ("gd", "momentum", "bfgs", "sparsa")  # all of them take half a minute
    for row, (key, kind) in zip(rows, METHODS.items(), strict=True):
        expected = make_pages.row(kind, steps=key in measured)
        assert row.startswith(expected)


@every_method
def test_the_picture_is_small_and_whole(kind):
    file = make_pages.PICTURES / f"{kind.__name__.lower()}.svg"
    assert 10_000 < file.stat().st_size <= LIMIT
    text = "".join(xml.etree.ElementTree.parse(file).getroot().itertext())
    for place in make_pages.landscapes(kind):
        assert place.title in text
        for run in make_pages.pair(kind, place):
            assert make_pages.words(run.method) in text


def test_a_picture_is_the_same_whenever_it_is_drawn():
    peer("matplotlib")
    assert make_pages.picture(st.BFGS) == make_pages.picture(st.BFGS)


def test_the_table_of_codes_is_up_to_date():
    """Else run ``python docs/make_pages.py``."""
    assert between_markers(make_pages.VERDICTS) == make_pages.codes()


@every_page
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text()):
        assert "://" in link or page.parent.joinpath(link).resolve().is_file(), link


@every_page
def test_every_python_block_runs(page):
    """Those with a prompt are run by pytest itself, as doctests; here the others are."""
    scope: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        if ">>> " in block:
            assert block.endswith("\n\n"), "without an empty line the fence counts as output"
        else:
            exec(compile(block, str(page), "exec"), scope)
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].pyplot.close("all")


LISTED = [(page.name, name) for page in (DOCS / "api").glob("*.md")
          for name in re.findall(r"^- `steepest\.(\w+)`$", page.read_text(), re.MULTILINE)]  # fmt: skip


def test_the_reference_lists_every_public_name_once():
    assert sorted(name for _, name in LISTED) == sorted(st.__all__)


def unsaid(name, what, others):
    """What the documentation of a public name lacks; "" if nothing. Arguments are told here or where it refers to."""
    text = what.__doc__ or ""
    if len(text.split()) < 3:
        return f"{name} has no docstring"
    if (inspect.isfunction(what) or name == "Result") and others is st and ">>> " not in text:
        return f"the docstring of {name} has no example"
    if not inspect.isfunction(what):
        return ""
    referred = [getattr(others, other).__doc__ for other in re.findall(r"`(\w+)`", text) if other in others.__all__]
    arguments = inspect.signature(what).parameters.keys() - {"args", "keywords"}
    missing = [a for a in sorted(arguments) if not re.search(rf"\b{a}\b", text + "".join(referred))]
    return f"{name} does not say what {', '.join(missing)} are" if missing else ""


@pytest.mark.parametrize("name", st.__all__)
def test_every_public_name_is_documented(name):
    """Functions, and what they give back, with an example that runs."""
    assert not unsaid(name, getattr(st, name), st)


@pytest.mark.parametrize("name", st.plots.__all__)
def test_every_picture_is_documented(name):
    assert not unsaid(name, getattr(st.plots, name), st.plots)


def test_an_undocumented_public_name_would_fail():
    """The tests above, each seen to fail."""

    def new(x, rate):
        pass

    assert unsaid("new", new, st) == "new has no docstring"
    new.__doc__ = "Do what is new, with x.\n"
    assert unsaid("new", new, st) == "the docstring of new has no example"
    new.__doc__ += "\n>>> 1\n1\n"
    assert unsaid("new", new, st) == "new does not say what rate are"
    new.__doc__ += "\nAnd with a rate."
    assert not unsaid("new", new, st)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "__all__", [*st.__all__, "new"])
        with pytest.raises(AssertionError):
            test_the_reference_lists_every_public_name_once()


def test_the_index_leads_to_every_page():
    """So that the site has no page that nothing leads to."""
    linked = set()
    for index in (DOCS / "index.md", *DOCS.glob("*/README.md")):
        linked |= {
            index.parent.joinpath(link).resolve() for link in re.findall(r"\]\(([^)#\s]+\.md)\)", index.read_text())
        }
    assert {page for page in PAGES if page != DOCS / "index.md"} <= linked


def test_a_tutorial_shows_what_its_examples_draw():
    drawn = {f"{example.stem}.png" for example in make_pages.EXAMPLES.glob("t[0-9]_*.py")}
    assert drawn == {picture.name for picture in make_pages.TUTORIALS.glob("*.png")}
    pages = "".join(page.read_text() for page in make_pages.TUTORIALS.glob("*.md"))
    for name in drawn:
        assert f"({name})" in pages
        assert f"(../../examples/{name.removesuffix('.png')}.py)" in pages


def test_the_tour_shows_what_its_cells_give():
    """Else run ``python docs/notebook.py``; pictures may differ in their bytes between versions of matplotlib."""
    peer("matplotlib")
    stored = json.loads(notebook.TOUR.read_text())
    told, expected = (texts(cells) for cells in (stored, notebook.run(stored)))
    assert told == expected
    assert any("picture" in cell for cell in told)


def texts(tour):
    """What each cell shows, in words."""
    return [
        "".join("".join(o.get("text") or o["data"].get("text/plain", "picture")) for o in cell["outputs"])
        for cell in tour["cells"]
        if cell["cell_type"] == "code"
    ]


README = DOCS.parent / "README.md"


@pytest.mark.parametrize("page", [README, DOCS / "quick-start.md"], ids=lambda page: page.name)
def test_the_calls_in_the_table_can_be_made(page):
    """The column "you call", with the names of the column "you have" at hand."""
    rng = np.random.default_rng(0)
    scope = {
        "st": st,
        "np": np,
        "f": lambda x: (
            sum((part - 0.5) ** 2 for part in x) if not isinstance(x, dict) else x["a"] ** 2 + (x["b"] ** 2).sum()
        ),
        "x0": [3.0, 2.0],
        "x": [3.0, 2.0],
        "gradient": lambda x: [2 * (part - 0.5) for part in x],
        "values": [1, 2, 4, 7],
        "spacing": 1.0,
        "t": np.arange(5.0),
        "y": np.exp(-np.arange(5.0)),
        "loss": lambda w, X, y: np.mean((X @ w - y) ** 2),
        "params": np.zeros(2),
        "X": rng.normal(size=(5, 2)),
        "noisy": lambda x: (float((x**2).sum() + rng.normal()), 2 * x + rng.normal(size=2)),
    }
    both = lambda x: (scope["f"](x), scope["gradient"](x))
    rows = re.findall(r"^\| (.*?) \| `(st\..*?)`", page.read_text(), re.MULTILINE)
    assert len(rows) >= 8
    for have, call in rows:
        given = {"f": both} if "both" in have else {"f": lambda x: -scope["f"](x)} if "large" in have else {}
        result = eval(call, scope | given)
        assert result is not None, call
        if isinstance(result, st.Result) and not any(word in call for word in ("fit(", "stochastic", "Adam")):
            assert result.success, f"{call}: {result.why}"


def test_the_commands_of_the_readme_print_what_it_shows():
    blocks = re.findall(r"^\$ steepest (.*?)\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    for command, expected in blocks:
        done = subprocess.run([sys.executable, "-m", "steepest", *shlex.split(command)], capture_output=True, text=True)
        same = doctest.OutputChecker().check_output(
            expected, done.stdout, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        )
        assert same, done.stdout + done.stderr


def test_pytest_runs_the_examples_of_the_pages(pytestconfig):
    assert "docs" in pytestconfig.getini("testpaths")
    assert "--doctest-glob=*.md" in pytestconfig.getini("addopts")
