"""Run the cells of docs/tour.ipynb and keep what they show: ``python docs/notebook.py``; no Jupyter is needed."""

from __future__ import annotations

import ast
import base64
import json
from contextlib import redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

TOUR = Path(__file__).resolve().parent / "tour.ipynb"


def shown(source: str, scope: dict[str, Any]) -> list[dict[str, Any]]:
    """The outputs of a cell: what it prints, the value of its last expression, the pictures it drew."""
    body = ast.parse(source).body
    last = ast.Expression(body.pop().value) if isinstance(body[-1], ast.Expr) else None
    printed, value = StringIO(), None
    with redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "cell", "exec"), scope)
        if last is not None:
            value = eval(compile(last, "cell", "eval"), scope)
    outputs = []
    if printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": lines(printed.getvalue())})
    if value is not None:
        data = {"text/plain": lines(repr(value))}
        outputs.append({"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": data})
    return outputs + [{"output_type": "display_data", "metadata": {}, "data": {"image/png": png}} for png in drawn()]


def drawn() -> list[str]:
    """The open figures as PNG in base64, which closes them."""
    from matplotlib import pyplot

    pictures = []
    for number in pyplot.get_fignums():
        file = BytesIO()
        pyplot.figure(number).savefig(file, format="png", dpi=90)
        pictures.append(base64.b64encode(file.getvalue()).decode())
    pyplot.close("all")
    return pictures


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs of its cells."""
    import matplotlib

    matplotlib.use("Agg")
    scope: dict[str, Any] = {}
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell = cell | {"execution_count": None, "outputs": shown("".join(cell["source"]), scope)}
        cells.append(cell)
    return notebook | {"cells": cells}


def as_markdown(notebook: dict[str, Any]) -> str:
    """The notebook as a page."""
    parts = []
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        parts.append(f"```python\n{text}\n```" if cell["cell_type"] == "code" else text)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                parts.append(f"![what the cell draws](data:image/png;base64,{data['image/png']})")
            else:
                parts.append(f"```text\n{''.join(output.get('text') or data['text/plain']).rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    TOUR.write_text(json.dumps(run(json.loads(TOUR.read_text())), indent=1, ensure_ascii=False) + "\n")
