"""What a learner has tried and passed: one line of JSON an event, beside the notebook.

Lines are only ever added, each in one step. So two kernels can write the same file, nothing
that was passed is ever lost, and a line that was cut off damages no other.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Required

from annotated_types import Interval
from typing_extensions import TypedDict

from caddylab._exercises.task import Task, tasks
from caddylab._machine import files as _files

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FILE = "lab-progress.jsonl"
MOST_HINTS = 3
MOST = 50_000_000
"""Bytes of a file that are read."""
LATEST = 253_402_300_000.0
"""The end of the year 9999."""


class Event(TypedDict, total=False):
    """A line of the file."""

    task: Required[str]
    at: Required[Annotated[float, Interval(ge=0, le=LATEST)]]
    hint: str
    passed: bool
    symptom: str


@dataclass
class Standing:
    """How far a learner has come with one task.

    Attributes:
        tries: how often it was checked, until it was first passed.
        passed: when it was first passed (Unix time); None before.
        hints: how many hints were asked for or earned, by symptom.
    """

    task: Task
    tries: int = 0
    passed: float | None = None
    hints: Counter[str] = field(default_factory=Counter)

    @property
    def points(self) -> int:
        """The points earned."""
        return self.task.points if self.passed is not None else 0

    @property
    def hinted(self) -> int:
        """How many hints were shown."""
        return sum(min(count, MOST_HINTS) for count in self.hints.values())

    def take(self, event: Event) -> None:
        """Count one event."""
        if symptom := event.get("hint"):
            self.hints[symptom] += 1
            return
        self.tries += self.passed is None
        if event["passed"]:
            self.passed = self.passed or event["at"]
        else:
            self.hints[event["symptom"]] += 1


def note(task: str, **event: Any) -> None:
    """Add an event. Where nothing can be written, nothing is kept, and no error is raised."""
    line = json.dumps({"task": task, "at": round(time.time(), 3)} | event) + "\n"
    with contextlib.suppress(OSError):
        handle = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _files.NEVER_WAIT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def level(task: str, symptom: str) -> int:
    """How many hints on a symptom are due: one more with each failed try and each request."""
    earned = standings([Path(FILE)])[task].hints[symptom]
    return max(1, min(earned, MOST_HINTS))


def standings(files: Iterable[Path]) -> dict[str, Standing]:
    """How far the learner has come with each task, by its id."""
    found = {id: Standing(task) for id, task in tasks().items()}
    events = [event for file in files for event in _events(file) if event["task"] in found]
    for event in sorted(events, key=lambda event: event["at"]):
        with contextlib.suppress(KeyError, TypeError):
            found[event["task"]].take(event)
    return found


def of_learner(folder: Path) -> dict[str, Standing]:
    """The same from every progress file in a folder and below it."""
    return standings(sorted(folder.rglob(FILE)))


def of_notebook() -> dict[str, Standing]:
    """The same from the notebook's folder and those beside it: each lab has its own."""
    return standings([Path(FILE), *(p for p in Path("..").glob(f"*/{FILE}") if not _own(p))])


def _own(path: Path) -> bool:
    return path.resolve() == Path(FILE).resolve()


def _events(file: Path) -> Iterable[Event]:
    with contextlib.suppress(OSError, ValueError):
        for line in _files.read(file, MOST).splitlines():
            with contextlib.suppress(ValueError):  # a damaged line must not hide the others
                yield _event().validate_json(line)


@cache
def _event() -> TypeAdapter[Event]:
    from pydantic import TypeAdapter  # here: it takes 0.2 s

    return TypeAdapter(Event)
