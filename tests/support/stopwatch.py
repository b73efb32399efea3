"""What each test took: wall-clock time and CPU time in seconds, including its child processes.

A test that waits costs a wait, which others can share; one that works costs a processor. Child
processes count when they are waited for, so what a shared lab used is charged to the test that
ended it. CADDYLAB_TIMES=FILE appends every test to that file as a line of JSON.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass

import pytest

SLOWEST = 25


@dataclass
class Taken:
    """Seconds."""

    wall: float = 0.0
    cpu: float = 0.0

    def add(self, report) -> None:
        self.wall += report.duration
        self.cpu += getattr(report, "cpu", 0.0)

    def __str__(self) -> str:
        return f"{self.wall:8.1f} s {self.cpu:8.1f} s"


class Stopwatch:
    """Follows a session; if several workers share it, adds up what they report."""

    def __init__(self, file: str | None) -> None:
        self.tests: dict[str, Taken] = defaultdict(Taken)
        self._failed: set[str] = set()
        self._file = file
        self._began = time.monotonic()
        self._used = used()

    def pytest_collection_finish(self) -> None:
        self._used = used()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self):
        report = yield
        now = used()
        report.cpu, self._used = now - self._used, now
        return report

    def pytest_runtest_logreport(self, report) -> None:
        self.tests[report.nodeid].add(report)
        if report.failed:
            self._failed.add(report.nodeid)
        if self._file and report.when == "teardown":
            taken, failed = self.tests[report.nodeid], report.nodeid in self._failed
            line = vars(taken) | {"test": report.nodeid, "failed": failed}
            with open(self._file, "a") as file:
                file.write(json.dumps(line) + "\n")

    def pytest_terminal_summary(self, terminalreporter, config) -> None:
        if not config.option.durations:
            return
        tell = terminalreporter.write_line
        terminalreporter.section(f"the {SLOWEST} slowest tests, and files (clock, processors)")
        for name, taken in slowest(self.tests):
            tell(f"{taken} {name}")
        tell("")
        for name, taken in slowest(files(self.tests)):
            tell(f"{taken} {name}")
        wall, cpu = time.monotonic() - self._began, sum(t.cpu for t in self.tests.values())
        tell(f"{Taken(wall, cpu)} all {len(self.tests)} tests")


def files(tests: dict[str, Taken]) -> dict[str, Taken]:
    found: dict[str, Taken] = defaultdict(Taken)
    for test, taken in tests.items():
        file = found[test.partition("::")[0]]
        file.wall += taken.wall
        file.cpu += taken.cpu
    return found


def slowest(taken: dict[str, Taken]) -> list[tuple[str, Taken]]:
    return sorted(taken.items(), key=lambda entry: -entry[1].wall)[:SLOWEST]


def used() -> float:
    """CPU seconds used so far by this process and the children that it has waited for."""
    return sum(os.times()[:4])


def pytest_configure(config) -> None:
    file = None if hasattr(config, "workerinput") else os.environ.get("CADDYLAB_TIMES")
    config.pluginmanager.register(Stopwatch(file), "the stopwatch")
