"""Make the site in dist/html: the course as it ran, and everything around it: `make html`.

    python tools/make_html.py [--only CHAPTER ...] [--anew] [--course FOLDER] [--to FOLDER]

Every chapter runs once, as processes, from top to bottom; one that would run as before need not run
again (`kept.py`), unless you say `--anew`. Labs are shown without answers, documents and docstrings
as they are. If a cell fails, a link is broken or a page cannot be made, the pages of an earlier
build stay as they are. The pages load nothing from other hosts.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import kept
import nbformat
import publish
from publish import Places

from caddylab import CaddylabError
from caddylab._caddy.running.version import CADDY_VERSION

COURSE = publish.ROOT / "course"
PICTURE = publish.ROOT / "docs" / "social.png"
ASKED = """```{{note}}
This is what a lab asks. To answer, and to have the answers checked by what happens, open it in
JupyterLab: `caddylab open`, then `labs/{}`.
```"""


def main() -> int:
    """Make the pages and print where they are; return 1 if they could not be made."""
    return publish.main("Make the site: the course and all about it.", COURSE, "html", make)


def make(options: Namespace, folder: Path) -> Path:
    """Make the pages below `folder`; return where they are."""
    write(options, folder / "source")
    build(folder / "source", folder / "pages")
    publish.sheets.lighten(folder / "pages")
    return folder / "pages"


def write(options: Namespace, folder: Path) -> None:
    """Write what Sphinx reads: its settings, and everything that becomes a page."""
    shutil.copytree(publish.HTML, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PICTURE, folder / "_static")
    publish.write_vega(folder / "_static")
    Sources(Places.beside(options.source), options, folder).write()


@dataclass(frozen=True)
class Sources:
    """Everything that becomes a page, where Sphinx reads it."""

    places: Places
    options: Namespace
    folder: Path

    def write(self) -> None:
        """Write all of it."""
        ran = [day for path in self.places.chapters for day in self._chapter(path)]
        for path in self.places.labs:
            self._lab(path)
        for path in self.places.texts:
            text = self.places.led(path.read_text("utf-8"), path)
            (self.folder / self.places.source(path)).write_text(text, "utf-8")
        api = publish.reference.write(self.folder) if self.places.whole else []
        self._front(api, min(ran, default=date.today()))

    def _chapter(self, path: Path) -> Iterator[date]:
        """Write a chapter; yield the day when it was executed, if it was."""
        notebook = publish.read(path)
        if self._executes(path, notebook):
            notebook, day = kept.executed(path, publish.executed, anew=self.options.anew)
            yield day
        publish.folds.mark(notebook)
        publish.outputs.adapt(notebook)
        self._notebook(notebook, path)

    def _executes(self, path: Path, notebook: Any) -> bool:
        has_code = any(cell.cell_type == "code" for cell in notebook.cells)
        only = self.options.only
        return has_code and (only is None or path.stem.startswith(tuple(only)))

    def _lab(self, path: Path) -> None:
        notebook = publish.read(path)
        note = nbformat.v4.new_markdown_cell(ASKED.format(path.stem), id="note")
        notebook.cells.insert(1, note)
        self._notebook(notebook, path)

    def _notebook(self, notebook: Any, path: Path) -> None:
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = self.places.led(cell.source, path)
        source = self.folder / self.places.source(path)
        source.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, source)

    def _front(self, api: list[str], day: date) -> None:
        parts = self.places.parts() | {"In Python": api}
        words = {"caddy": CADDY_VERSION, "date": f"{day:%d %B %Y}"}
        publish.front.write(self.folder, self.places, parts, **words)


def build(source: Path, pages: Path) -> None:
    """Let Sphinx make the pages; a warning counts as an error.

    Raises:
        CaddylabError: it could not; the message has Sphinx's output.
    """
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "auto"]
    with publish.timed("pages"):
        done = subprocess.run(
            [*command, "-b", "html", source, pages], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).replace(f"{source}/", "")
        raise CaddylabError(f"Sphinx could not make the pages:\n{words}")


if __name__ == "__main__":
    sys.exit(main())
