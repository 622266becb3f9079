"""How the site is built: ``make docs``. Plain Markdown that reads as well on GitHub; nothing comes from the network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "src"))
sys.path.insert(1, str(DOCS))

import steepest  # noqa: E402

project = "steepest"
author = "The steepest developers"
copyright = author
release = steepest.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3  # as GitHub names them
html_theme = "furo"
html_title = f"steepest {release}"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries, and words such as "callable"
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what is meant, with shapes
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True


def toctrees(app: Any, name: str, source: list[str]) -> None:
    """The lists of links in a page named index are its table of contents, a caption for each heading."""
    if Path(name).name not in ("index", "README"):
        return
    for part in re.split(r"^## ", source[0], flags=re.MULTILINE)[1:]:
        caption, _, text = part.partition("\n")
        pages = re.findall(r"^(?:- |\| )\[[^]]+\]\(([\w/.-]+)\.md\)", text, re.MULTILINE)
        if pages:
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"


def as_mathml(self: Any, node: Any) -> None:
    """Formulas are part of the page: browsers know MathML, and no script has to be fetched."""
    from docutils.nodes import SkipNode, math_block
    from latex2mathml.converter import convert

    display = "block" if isinstance(node, math_block) else "inline"
    self.body.append(convert(node.astext(), display=display))
    raise SkipNode


def setup(app: Any) -> None:
    app.connect("source-read", toctrees)
    app.add_html_math_renderer("mathml", (as_mathml, None), (as_mathml, None))


html_math_renderer = "mathml"
