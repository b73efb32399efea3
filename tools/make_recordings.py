"""Record the runs that the demos fall back on: `make recordings`.

    python tools/make_recordings.py [--only DEMO ...] [--demos FOLDER]

A demo's cell `crash = Traffic.load("recordings/02-crash.json.gz")` says what to record. The demo
runs without such cells, as processes, and its own `crash` is saved under that name.
tests/test_demos.py checks that the recordings tell the same story as the slides.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import publish

from caddylab import CaddylabError
from caddylab._claims import verify

LOADS = re.compile(r"^(\w+) = Traffic\.load\(\"(.+?)\"\)$", re.MULTILINE)
LAST = "lab.close()"


def main() -> int:
    """Record every demo, or those named; return 1 if one did not run to its end."""
    options = _parser().parse_args()
    try:
        for path in publish.chosen(options.demos, options.only):
            for name in record(path):
                print(f"{'':10}{name}")
    except CaddylabError as error:
        print(f"make_recordings: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Record the runs that the demos fall back on.")
    parser.add_argument("--only", nargs="+", metavar="DEMO", help="record these alone: 02 04")
    parser.add_argument("--demos", type=Path, default=publish.DEMOS, metavar="FOLDER")
    return parser


def record(path: Path) -> Iterator[str]:
    """Run a demo and save its runs; yield the names of the files."""
    notebook = publish.read(path)
    found = [load for cell in notebook.cells for load in LOADS.findall(cell.source)]
    (path.parent / verify.RECORDINGS).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        nbformat.write(_saving(notebook, dict(found), path.parent), copy)
        publish.executed(copy)
    yield from (name for _, name in found)


def _saving(notebook: Any, names: dict[str, str], folder: Path) -> Any:
    """The notebook that saves what it would load; `names` are files by variable."""
    lines = [f"{run}.save({str(folder / name)!r})" for run, name in names.items()]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = LOADS.sub("", cell.source).replace(LAST, "\n".join([*lines, LAST]))
    return notebook


if __name__ == "__main__":
    sys.exit(main())
