"""What all tools that turn notebooks into pages share: execute, draw offline, replace."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import vl_convert

from caddylab import CaddylabError
from caddylab._claims import verify

ROOT = Path(__file__).resolve().parents[1]
DEMOS = ROOT / "course" / "demos"
HTML = ROOT / "tools" / "html"
CHARTS = HTML / "_static" / "charts.js"
NOT_FOR_READERS = (
    ".doctrees", ".buildinfo", "_sources", "objects.inv", "locales", "*.map", "fontawesome.js*",
)  # fmt: skip
sys.path.insert(0, str(HTML))

import folds as folds  # noqa: E402
import front as front  # noqa: E402
import outputs as outputs  # noqa: E402
import reference as reference  # noqa: E402
import sheets as sheets  # noqa: E402
from places import Places as Places  # noqa: E402


def main(
    what: str, source: Path, name: str, make: Callable[[argparse.Namespace, Path], Path]
) -> int:
    """The main function of a tool.

    Args:
        what: the tool's description.
        source: the folder of notebooks; the option with the folder's name overrides it.
        name: the folder below `dist` for the pages; `--to` overrides it.
        make: makes pages below an empty folder as the options say, and returns where they are.

    Returns:
        1 if the pages could not be made, and those of an earlier build stay as they are; else 0.
    """
    parser = _parser(what, source, name)
    options, began = parser.parse_args(), time.monotonic()
    try:
        need_room(options.to)
        with tempfile.TemporaryDirectory() as folder:
            replace(options.to, make(options, Path(folder)))
    except CaddylabError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    print(f"Made in {time.monotonic() - began:.0f} s. Open {options.to.resolve()}/index.html")
    return 0


def _parser(what: str, source: Path, name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="execute these alone: 02 04")
    parser.add_argument("--anew", action="store_true", help="execute what was executed before, too")
    parser.add_argument(
        f"--{source.name}", dest="source", type=Path, default=source, metavar="FOLDER"
    )
    parser.add_argument("--to", type=Path, default=ROOT / "dist" / name, metavar="FOLDER")
    return parser


def need_room(folder: Path) -> None:
    """Make sure that `folder` has nothing but the pages of an earlier build.

    Raises:
        CaddylabError: it has something else, which must not be lost.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "index.html").is_file():
        raise CaddylabError(f"{folder} holds something else; name another folder with --to.")


def chosen(folder: Path, only: Sequence[str] | None) -> list[Path]:
    """The notebooks of a folder in order: all, or those whose names begin with one of these words.

    Raises:
        CaddylabError: there is none.
    """
    names = tuple(only or [""])
    found = [path for path in sorted(folder.glob("*.ipynb")) if path.stem.startswith(names)]
    if not found:
        raise CaddylabError(f"There is no notebook {' '.join(names)} in {folder}.")
    return found


def executed(path: Path) -> Any:
    """The notebook after running from top to bottom, with labs as processes."""
    with timed(path.stem):
        return verify.run(path, {"CADDYLAB_RUNTIME": "process"})


def read(path: Path) -> Any:
    """The notebook as it is in the repository."""
    return nbformat.read(path, as_version=4)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.monotonic()
    yield
    print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)


def write_vega(folder: Path) -> None:
    """Write what draws the charts."""
    # Its names are kept to itself, since other scripts of the page use some of the same names.
    vega = f"(() => {{{vl_convert.javascript_bundle()}}})()"
    (folder / "vega.js").write_text(vega, "utf-8")


def replace(old: Path, new: Path) -> None:
    """Replace the old pages with the new ones."""
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(new, old, ignore=shutil.ignore_patterns(*NOT_FOR_READERS))
