"""Run the benchmarks and print their table: `make bench`, or `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

import psutil

from benchmarks._row import Row
from caddylab._caddy.running.version import CADDY_VERSION

NAMES = [
    path.stem
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if not path.stem.startswith("_")
]


def main(names: list[str]) -> None:
    if unknown := set(names) - set(NAMES):
        sys.exit(
            f"There is no benchmark {', '.join(sorted(unknown))}; choose of {' '.join(NAMES)}."
        )
    print(
        machine(),
        "",
        "| what | ours | other | ratio | bar | |",
        "|---|---|---|---|---|---|",
        sep="\n",
    )
    for name in names or NAMES:
        for row in importlib.import_module(f"benchmarks.{name}").run():
            print(line(row), flush=True)


def line(row: Row) -> str:
    """One row of the table; what falls short is said as plainly as what does not."""
    verdict = "✓" if row.ok else "**falls short**"
    return f"| {row.name} | {row.ours} | {row.other} | {row.ratio:.2f} | {row.bar} | {verdict} |"


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
