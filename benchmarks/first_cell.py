"""What a learner waits for: the first cell, until the lab is ready; and the lint in a shell."""

from __future__ import annotations

import statistics
import subprocess
import sys

import psutil

from benchmarks._row import Row

ROUNDS = 5
KERNEL = "import ipykernel.ipkernel, ipykernel.zmqshell"
FIRST = f"{KERNEL}\nimport time\nbegan = time.perf_counter()\nfrom caddylab import Lab\n"
IMPORTED = f"{FIRST}print(time.perf_counter() - began)"
READY = f"{FIRST}lab = Lab('process')\nprint(time.perf_counter() - began)\nlab.close()"
SITE = ":80 {\n\treverse_proxy backend1:8080 backend2:8080\n}\n"
LINT = ["-m", "caddylab", "lint", "-"]


def run() -> list[Row]:
    """Each in a new Python, in turn; medians of five."""
    rounds = [(_told(IMPORTED), _told(READY), _lint(), _lint("import")) for _ in range(ROUNDS)]
    imported, ready, lint, bare = (
        statistics.median(column) for column in zip(*rounds, strict=True)
    )
    return [
        _row("the first cell in a kernel, import to ready lab, processes", ready, imported, 1.0,
             "the import alone"),
        _row("`caddylab lint` of one Caddyfile, processor time", lint, bare, 0.5,
             "a Python that imports caddylab"),
    ]  # fmt: skip


def _row(name: str, ours: float, other: float, most: float, whose: str) -> Row:
    bar = f"≤ {most:g} s"
    return Row(name, f"{ours:.2f} s", f"{other:.2f} s ({whose})", ours / other, bar, ours <= most)


def _told(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def _lint(what: str = "lint") -> float:
    """Processor time of the lint with the Caddy that it asks, or of an import."""
    arguments = LINT if what == "lint" else ["-c", "import caddylab"]
    before = psutil.Process().cpu_times()
    subprocess.run(
        [sys.executable, *arguments], input=SITE, capture_output=True, text=True, check=False
    )
    after = psutil.Process().cpu_times()
    used = (after.children_user, after.children_system)
    return sum(used) - before.children_user - before.children_system


if __name__ == "__main__":
    print(*run(), sep="\n")
