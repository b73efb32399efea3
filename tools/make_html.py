"""Make the course into pages to look at, executed, in dist/html: `make html`.

    python tools/make_html.py [--only CHAPTER ...] [--course FOLDER] [--to FOLDER]

Every notebook runs once, as processes, from top to bottom. Nothing is kept from an earlier
build: a page shows what this Caddy did just now. If a cell fails, if a link leads nowhere, or
if a page could not be made, the pages of an earlier build stay as they are. The pages ask no
other host for anything.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import nbformat
import publish

from caddylab import CaddylabError
from caddylab._caddy.running.version import CADDY_VERSION

COURSE = publish.ROOT / "course"
SOURCE = publish.HTML


def main() -> int:
    """Make the pages and say where they are; 1 if they could not be made."""
    return publish.main("Make the course into pages to look at.", COURSE, "html", make)


def make(course: Path, only: Sequence[str] | None, folder: Path) -> Path:
    """Make the pages below `folder`; returns where they are."""
    write(course, only, folder / "source")
    build(folder / "source", folder / "pages")
    return folder / "pages"


def write(course: Path, only: Sequence[str] | None, folder: Path) -> None:
    """Write what Sphinx reads: its settings, the notebooks executed, and what draws the charts."""
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    notebooks = sorted(course.glob("*.ipynb"))
    for path in notebooks:
        notebook = publish.executed(path) if _wanted(path, only) else publish.read(path)
        publish.folds.mark(notebook)
        publish.outputs.adapt(notebook)
        nbformat.write(notebook, folder / path.name)
    _write_index(folder, [path.stem for path in notebooks])
    publish.write_vega(folder / "_static")


def _write_index(folder: Path, chapters: Sequence[str]) -> None:
    words = {
        "caddy": CADDY_VERSION,
        "date": f"{date.today():%d %B %Y}",
        "chapters": "\n".join(chapters),
    }
    index = (SOURCE / "index.md").read_text("utf-8")
    for name, value in words.items():
        index = index.replace("{{" + name + "}}", value)
    (folder / "index.md").write_text(index, "utf-8")


def _wanted(path: Path, only: Sequence[str] | None) -> bool:
    has_code = any(cell.cell_type == "code" for cell in publish.read(path).cells)
    return has_code and (only is None or path.stem.startswith(tuple(only)))


def build(source: Path, pages: Path) -> None:
    """Let Sphinx make the pages; what it warns of is an error.

    Raises:
        CaddylabError: it could not; its words are in the message.
    """
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    with publish.timed("pages"):
        done = subprocess.run(
            [*command, source, pages], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).replace(f"{source}/", "")
        raise CaddylabError(f"Sphinx could not make the pages:\n{words}")


if __name__ == "__main__":
    sys.exit(main())
