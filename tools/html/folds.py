"""Predictions on a page: choosing works without a kernel, and reveals what was measured.

`folds.js` does the folding. Without it everything is in sight, as it leaves here.
"""

from __future__ import annotations

import html
import re
from typing import Any

from nbformat.v4 import new_markdown_cell

from caddylab._claims import compared, predict
from caddylab._look.html_table import code

ASKED = re.compile(r"^(\w+) = predict\(", re.MULTILINE)
COMPARED = re.compile(r"\b(\w+)\.compare\(")


def mark(notebook: Any) -> None:
    """Mark what waits for which prediction in an executed notebook."""
    cells = []
    names = _answered(notebook)
    for cell in notebook.cells:
        name = cell.metadata.get("caddylab", {}).get("explains")
        cells += _enclosed(cell, name) if name in names else [cell]
        if cell.cell_type != "code":
            continue
        for asked in ASKED.findall(cell.source):
            if asked in names:
                _make_a_form(cell, asked, names[asked])
        for done in COMPARED.findall(cell.source):
            if done in names:
                _say_only_what_was_measured(cell, names[done])
                cells.append(_marker("compared", done))
    notebook.cells = cells


def _answered(notebook: Any) -> dict[str, dict[str, str | None]]:
    """What was measured, by the predictions' names; empty if the notebook has not run."""
    return {
        name: output["data"][compared.MIME]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for name in COMPARED.findall(cell.source)
        for output in cell.outputs
        if compared.MIME in output.get("data", {})
    }


def _enclosed(cell: Any, name: str) -> list[Any]:
    return [_marker("from", name), cell, _marker("to", name)]


def _marker(what: str, name: str) -> Any:
    return new_markdown_cell(f'<div class="caddylab-{what}" data-name="{name}" hidden></div>')


def _make_a_form(cell: Any, name: str, about: dict[str, str | None]) -> None:
    for output in cell.outputs:
        if predict.MIME in output.get("data", {}):
            output.data = {"text/html": _form(name, output.data[predict.MIME], about)}


def _form(name: str, asked: dict[str, Any], about: dict[str, str | None]) -> str:
    radios = "".join(
        f'<label><input type="radio" name="{name}" value="{html.escape(option)}"> '
        f"{html.escape(option)}</label>"
        for option in asked["options"]
    )
    truth = html.escape(about["came_true"] or "")
    return (
        f'<fieldset class="caddylab-asked" data-name="{name}" data-true="{truth}">'
        f"<legend><b>Your prediction.</b> <span>{code(asked['question'])}</span></legend>{radios}"
        '<p role="status"></p></fieldset>'
    )


def _say_only_what_was_measured(cell: Any, about: dict[str, str | None]) -> None:
    for output in cell.outputs:
        if output.get("data", {}).get(compared.MIME) == about:
            output.data = {"text/plain": f"Measured: {about['measured']}."}
