"""Run the benchmarks and print their table: `make bench`, or
`python -m benchmarks [--keep] [NAME ...]`."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

import psutil

from benchmarks import _page
from benchmarks._row import tried
from caddylab._caddy.running.version import CADDY_VERSION

NAMES = [
    path.stem
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if not path.stem.startswith("_")
]


def main(arguments: list[str]) -> None:
    """Measure and print each row as it comes; with `--keep` also update README.md's table."""
    names = [name for name in arguments if name != "--keep"]
    if unknown := set(names) - set(NAMES):
        sys.exit(
            f"There is no benchmark {', '.join(sorted(unknown))}; choose of {' '.join(NAMES)}."
        )
    here = machine()
    print(here, "", *_page.TABLE, sep="\n")
    for name in names or NAMES:
        rows = tried(name, lambda name=name: importlib.import_module(f"benchmarks.{name}").run())
        print(*(row.line for row in rows), sep="\n", flush=True)
        if "--keep" in arguments:
            _page.keep(name, rows, here)


def machine() -> str:
    """The machine in one line."""
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, "
        f"{memory:.0f} GiB, Python {platform.python_version()}, Caddy {CADDY_VERSION}; "
        f"load when it began: {load:.1f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
