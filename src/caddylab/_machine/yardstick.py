"""Whether this machine has time for a measurement, or other work keeps it busy."""

from __future__ import annotations

import contextlib
import subprocess
import sys

BEAT = """
import time
while True:
    time.sleep(.1)
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() < cpu + .005:
        pass
    print(time.perf_counter() - wall, flush=True)
"""
"""A script: ten times a second, do 5 ms of work and print how long it took."""
WORK = 0.005
BUSY = 2.0
"""The slowness from which on measured times cannot be trusted."""


class Yardstick:
    """A small piece of work again and again, in a process of its own. Use it in a `with` block.

    Attributes:
        times: how long each took, in seconds; it would be 5 ms.
    """

    def __init__(self) -> None:
        self.times: list[float] = []

    @property
    def slowness(self) -> float:
        """How many times longer work took than on an idle machine."""
        return sum(self.times) / (WORK * len(self.times)) if self.times else 1.0

    def __enter__(self) -> Yardstick:
        # It ends by itself when nobody reads its output any more.
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", BEAT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        said, _ = self._process.communicate()
        with contextlib.suppress(ValueError):  # the last line may be half a line
            self.times += map(float, said.split())
