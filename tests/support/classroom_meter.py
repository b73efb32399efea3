"""What a working learner costs: memory (proportional set size) and CPU over time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from types import TracebackType

import psutil
from classroom_hub import Classroom, owner

MIB = 2**20


class Meter:
    """Measures every process of a class while a `with` block runs.

    Attributes:
        peak: the most memory that each learner's processes had at one time, in MiB.
        cpu: the seconds of CPU that each learner used.
        whole: the most memory that everything had at one time, with hub and proxy, in MiB.
    """

    def __init__(self, room: Classroom, interval: float = 1.0) -> None:
        self._room, self._interval = room, interval
        self._names = {room.uid(name): name for name in room.passwords}
        self._cpu_of: dict[psutil.Process, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.peak: dict[str, float] = defaultdict(float)
        self.whole = 0.0

    def __enter__(self) -> Meter:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: object, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._began

    @property
    def cpu(self) -> dict[str, float]:
        """Seconds of CPU by learner, without what a process used in its last second."""
        total: dict[str, float] = defaultdict(float)
        for process, seconds in self._cpu_of.items():
            total[self._owners[process]] += seconds
        return {name: seconds for name, seconds in total.items() if name in self._room.passwords}

    def _watch(self) -> None:
        self._owners: dict[psutil.Process, str] = {}
        while not self._over.wait(self._interval):
            now: dict[str, float] = defaultdict(float)
            for process in self._room.processes():
                with contextlib.suppress(psutil.Error, OSError):
                    name = self._names.get(owner(process) or 0, "the hub")
                    now[name] += process.memory_full_info().pss / MIB
                    spent = process.cpu_times()
                    self._cpu_of[process] = spent.user + spent.system
                    self._owners[process] = name
            self.whole = max(self.whole, sum(now.values()))
            for name, memory in now.items():
                self.peak[name] = max(self.peak[name], memory)

    def __str__(self) -> str:
        learners = [self.peak[name] for name in self._room.passwords]
        spent = self.cpu.values()
        return (
            f"{len(learners)} learners in {self.seconds:.0f} s: at most {max(learners):.0f} MiB "
            f"(mean {sum(learners) / len(learners):.0f}) and {max(spent):.0f} s of CPU each "
            f"(mean {sum(spent) / len(spent):.0f}), {self.whole:.0f} MiB in all"
        )
