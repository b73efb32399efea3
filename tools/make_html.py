"""Make the course into pages to look at, executed, in dist/html: `make html`.

    python tools/make_html.py [--only CHAPTER ...] [--course FOLDER] [--to FOLDER]

Every notebook runs once, as processes, from top to bottom. Nothing is kept from an earlier
build: a page shows what this Caddy did just now. If a cell fails, if a link leads nowhere, or
if a page could not be made, the pages of an earlier build stay as they are. The pages ask no
other host for anything.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import vl_convert

from caddylab import CaddylabError, _verify
from caddylab._caddy.version import CADDY_VERSION

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tools" / "html"
NOT_FOR_READERS = (".doctrees", ".buildinfo", "_sources", "objects.inv")
sys.path.insert(0, str(SOURCE))

import outputs  # noqa: E402


def main() -> int:
    """Make the pages and say where they are; 1 if they could not be made."""
    options = _parser().parse_args()
    began = time.monotonic()
    try:
        need_room(options.to)
        with tempfile.TemporaryDirectory() as folder:
            write(options.course, options.only, Path(folder) / "source")
            build(Path(folder) / "source", Path(folder) / "pages")
            replace(options.to, Path(folder) / "pages")
    except CaddylabError as error:
        print(f"make_html: {error}", file=sys.stderr)
        return 1
    print(f"Made in {time.monotonic() - began:.0f} s. Open {options.to.resolve()}/index.html")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make the course into pages to look at.")
    parser.add_argument("--only", nargs="+", metavar="CHAPTER", help="execute these alone: 00 99")
    parser.add_argument("--course", type=Path, default=ROOT / "course", metavar="FOLDER")
    parser.add_argument("--to", type=Path, default=ROOT / "dist" / "html", metavar="FOLDER")
    return parser


def need_room(folder: Path) -> None:
    """Make sure that `folder` holds nothing but the pages of an earlier build.

    Raises:
        CaddylabError: it holds something else, which must not be lost.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "index.html").is_file():
        raise CaddylabError(f"{folder} holds something else; name another folder with --to.")


def write(course: Path, only: Sequence[str] | None, folder: Path) -> None:
    """Write what Sphinx reads: its settings, the notebooks executed, and what draws the charts."""
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    notebooks = sorted(course.glob("*.ipynb"))
    for path in notebooks:
        notebook = _executed(path) if _wanted(path, only) else _read(path)
        outputs.adapt(notebook)
        nbformat.write(notebook, folder / path.name)
    _write_index(folder, [path.stem for path in notebooks])
    # Its names are for itself: other scripts of the page have some of the same.
    vega = f"(() => {{{vl_convert.javascript_bundle()}}})()"
    (folder / "_static" / "vega.js").write_text(vega, "utf-8")


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
    has_code = any(cell.cell_type == "code" for cell in _read(path).cells)
    return has_code and (only is None or path.stem.startswith(tuple(only)))


def _executed(path: Path) -> Any:
    with _timed(path.stem):
        return _verify.run(path, {"CADDYLAB_RUNTIME": "process"})


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)


def build(source: Path, pages: Path) -> None:
    """Let Sphinx make the pages; what it warns of is an error.

    Raises:
        CaddylabError: it could not; its words are in the message.
    """
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    with _timed("pages"):
        done = subprocess.run(
            [*command, source, pages], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).replace(f"{source}/", "")
        raise CaddylabError(f"Sphinx could not make the pages:\n{words}")


def replace(old: Path, new: Path) -> None:
    """Put the new pages in the place of the old ones."""
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(new, old, ignore=shutil.ignore_patterns(*NOT_FOR_READERS))


if __name__ == "__main__":
    sys.exit(main())
