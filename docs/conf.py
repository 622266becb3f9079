"""How the site is built: ``make docs``. Plain Markdown that reads as well on GitHub; nothing comes from the network."""

from __future__ import annotations

import inspect
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "src"))
sys.path.insert(1, str(DOCS))

import make_pages  # noqa: E402
import notebook  # noqa: E402
from myst_parser.parsers.sphinx_ import MystParser  # noqa: E402

import steepest  # noqa: E402

project = "steepest"
author = "The steepest developers"
copyright = author
release = steepest.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3  # as GitHub names them
html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = f"steepest {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries, and words such as "callable"
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what is meant, with shapes
napoleon_google_docstring = False
napoleon_use_param = False  # several arguments with one description stay together
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]

KINDS = {inspect.ismodule: "module", inspect.isclass: "class", callable: "function"}
MEMBERS = {"Result", "LearningRate", "LeastSquares", "Stepper"}  # what people call on them is shown, too


def toctrees(app: Any, name: str, source: list[str]) -> None:
    """The lists of links in a page named index are its table of contents, a caption for each heading."""
    if Path(name).name not in ("index", "README"):
        return
    for part in re.split(r"^## ", source[0], flags=re.MULTILINE)[1:]:
        caption, _, text = part.partition("\n")
        pages = re.findall(r"^(?:- |\| )\[([^]]+)\]\(([\w/.-]+)\.(?:md|ipynb)\)", text, re.MULTILINE)
        if pages:
            lines = "\n".join(f"{title} <{page}>" for title, page in pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n"


def reference(app: Any, name: str, source: list[str]) -> None:
    """Each name in the lists of the pages in api/ is replaced by its docstring."""

    def documented(item: re.Match[str]) -> str:
        what = item[1].removeprefix("steepest.")
        kind = next(kind for test, kind in KINDS.items() if test(getattr(steepest, what)))
        options = "   :members:\n" if what in MEMBERS or kind == "module" else ""
        return f"```{{eval-rst}}\n.. auto{kind}:: {item[1]}\n{options}```"

    if name.startswith("api/"):
        source[0] = re.sub(r"^- `(steepest\.\w+)`$", documented, source[0], flags=re.MULTILINE)


def bars(app: Any, kind: str, name: str, what: Any, options: Any, lines: list[str]) -> None:
    """Docstrings write sizes as |x|, which would be a substitution."""
    end = lines.index("Examples") if "Examples" in lines else len(lines)
    lines[:end] = [re.sub(r"``.*?``|\|", lambda found: "\\|" if found[0] == "|" else found[0], line)
                   for line in lines[:end]]  # fmt: skip


def fences(app: Any, name: str, source: list[str]) -> None:
    """The empty line that ends a doctest is not shown."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def leaving(app: Any, name: str, source: list[str]) -> None:
    """A page outside of this folder is no part of the site; what is linked there is put beside it."""
    source[0] = re.sub(r"\[([^]]+)\]\(((?:\.\./)+[A-Z]+\.md)\)", r"{download}`\1 <\2>`", source[0])


def draw(app: Any, error: Exception | None) -> None:
    """The site shows what the examples draw now; the pictures in the repository are for GitHub."""
    if error is None and app.builder.format == "html":
        make_pages.draw_tutorials(Path(app.outdir) / "_images")
        make_pages.draw_guide(Path(app.outdir) / "_images")


class Notebook(MystParser):
    """A page from a notebook, whose cells are run for it."""

    supported = ("notebook",)

    def parse(self, text: str, document: Any) -> None:
        super().parse(notebook.as_markdown(notebook.run(json.loads(text))), document)


def as_mathml(self: Any, node: Any) -> None:
    """Formulas are part of the page: browsers know MathML, and no script has to be fetched."""
    from docutils.nodes import SkipNode, math_block
    from latex2mathml.converter import convert

    display = "block" if isinstance(node, math_block) else "inline"
    tex = node.astext().replace("{aligned}", "{align*}").replace(r"\mathrm", r"\text")  # words, not letters in a row
    self.body.append(convert(tex, display=display))
    raise SkipNode


def setup(app: Any) -> None:
    logging.getLogger("steepest").setLevel(logging.ERROR)  # else Sphinx shows each verdict of the examples
    for change in (toctrees, reference, leaving, fences):
        app.connect("source-read", change)
    app.connect("autodoc-process-docstring", bars, priority=400)  # before numpydoc's sections are read
    app.connect("build-finished", draw)
    app.add_source_suffix(".ipynb", "notebook")
    app.add_source_parser(Notebook)
    app.add_html_math_renderer("mathml", (as_mathml, None), (as_mathml, None))


html_math_renderer = "mathml"
