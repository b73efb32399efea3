"""Make executed slides of the demos in dist/slides: `make slides`.

    python tools/make_slides.py [--only DEMO ...] [--anew] [--demos FOLDER] [--to FOLDER]

Every demo runs once, as processes, from top to bottom; one that would run as before need not run
again (`kept.py`). nbconvert turns it into slides according to its cells' metadata, and reveal.js
shows them. Charts and animations are live. The slides load nothing from other hosts. If one cannot
be made, those of an earlier build stay as they are.
"""

from __future__ import annotations

import re
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import kept
import publish
from jinja2 import Environment, FileSystemLoader
from nbconvert import SlidesExporter
from nbformat.v4 import new_markdown_cell
from traitlets.config import Config

from caddylab._caddy.running.version import CADDY_VERSION
from caddylab._claims.compared import MIME as COMPARED

SOURCE = publish.ROOT / "tools" / "slides"
REVEAL = Path(str(files("sphinx_revealjs"))) / "_static" / "revealjs"
NETS = ("net",)
"""The tags of cells that only the stage needs: they load what was recorded."""
QUIET = ("quiet",)
"""The tags of cells that start and end the lab, which are not part of the story."""
MEASURED = ("measured",)
"""The tags of cells that find out which answer to a question came true."""
HIDDEN = NETS + QUIET + MEASURED
UNREAD = "unread"
"""The tag, only in these pages, of cells whose code merely draws what is shown."""
DRAWS = re.compile(r"table|[^\n=]*\.(chart|replay)\(.*\)")
SILENT = re.compile(r"%%caddyfile\b.*--no-warnings")
OPTION = re.compile(r"^(\*\*([A-D])\*\* .*)$", re.MULTILINE)


def main() -> int:
    """Make the slides and print where they are; return 1 if they could not be made."""
    return publish.main("Make the demos into slides to look at.", publish.DEMOS, "slides", make)


def make(options: Namespace, folder: Path) -> Path:
    """Make the slides below `folder`; return where they are."""
    write(publish.chosen(options.source, options.only), folder / "slides", anew=options.anew)
    return folder / "slides"


def write(notebooks: Sequence[Path], folder: Path, *, anew: bool) -> None:
    """Execute demos, and write their slides and the page that links to them."""
    lay_out({p: kept.executed(p, publish.executed, anew=anew).notebook for p in notebooks}, folder)
    template = Environment(loader=FileSystemLoader(SOURCE), autoescape=True)
    words = {"caddy": CADDY_VERSION, "date": f"{date.today():%d %B %Y}", "decks": _decks(notebooks)}
    index = template.get_template("index.html.j2").render(words)
    (folder / "index.html").write_text(index, "utf-8")


def lay_out(executed: Mapping[Path, Any], folder: Path) -> None:
    """Write the slides of executed demos, with reveal.js and what draws the charts."""
    for part in ("dist", "plugin/notes"):
        shutil.copytree(REVEAL / part, folder / "reveal" / part)
    for path in (SOURCE / "slides.css", SOURCE / "slides.js", publish.CHARTS):
        shutil.copy(path, folder)
    publish.write_vega(folder)
    for path, notebook in executed.items():
        (folder / f"{path.stem}.html").write_text(slides(notebook), "utf-8")


def slides(notebook: Any) -> str:
    """One page of slides for an executed notebook."""
    notebook.cells = [_for_a_room(cell) for cell in _with_questions(notebook.cells)]
    publish.outputs.adapt(notebook)
    exporter = SlidesExporter(
        config=Config(
            {
                "TagRemovePreprocessor": {
                    "enabled": True,
                    "remove_cell_tags": HIDDEN,
                    "remove_input_tags": (UNREAD,),
                },
                "HighlightMagicsPreprocessor": {"languages": {"%%caddyfile": "caddyfile"}},
            }
        ),
        template_name="deck",
        extra_template_basedirs=[str(SOURCE)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    page: str = exporter.from_notebook_node(notebook)[0]
    return page


def _with_questions(cells: Sequence[Any]) -> Iterator[Any]:
    """The cells; a slide's further pages repeat its text, with the right answer marked."""
    head = right = None
    for n, cell in enumerate(cells):
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind == "slide":
            head, right = cell, _came_true(cells[n + 1 :])
        elif kind == "subslide" and head is not None:
            yield _asked(head, right)
            cell.metadata.slideshow.slide_type = "-"
        yield cell


def _for_a_room(cell: Any) -> Any:
    """The cell without what an audience need not read, as on stage in JupyterLab (deck.js)."""
    if cell.cell_type == "code" and DRAWS.fullmatch(cell.source):
        cell.metadata.tags = [*cell.metadata.get("tags", ()), UNREAD]
    if cell.cell_type == "code" and SILENT.match(cell.source):
        cell.outputs = [output for output in cell.outputs if output.output_type == "error"]
    return cell


def _came_true(cells: Iterable[Any]) -> str | None:
    """The letter that was measured before the next slide begins."""
    for cell in cells:
        if cell.metadata.get("slideshow", {}).get("slide_type") == "slide":
            return None
        if set(MEASURED) & set(cell.metadata.get("tags", ())):
            return next((said["came_true"] for said in _compared(cell)), None)
    return None


def _compared(cell: Any) -> Iterator[dict[str, Any]]:
    said = (output.get("data", {}).get(COMPARED) for output in cell.outputs)
    return (each for each in said if each)


def _asked(head: Any, right: str | None) -> Any:
    def marked(option: re.Match[str]) -> str:
        name = "option right" if option[2] == right else "option"
        return f'<div class="{name}">\n\n{option[1]}\n\n</div>'

    text = f'<div class="asked">\n\n{OPTION.sub(marked, head.source)}\n\n</div>'
    return new_markdown_cell(text, metadata={"slideshow": {"slide_type": "subslide"}})


def _decks(notebooks: Sequence[Path]) -> Iterator[dict[str, str]]:
    for path in notebooks:
        first_line = publish.read(path).cells[0].source.splitlines()[0]
        yield {"name": path.stem, "title": first_line.removeprefix("# ")}


if __name__ == "__main__":
    sys.exit(main())
