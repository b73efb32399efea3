"""What a task is. A chapter's module declares its tasks with `task` and `question`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from caddylab._errors import LabError
from caddylab._exercises import chapters

if TYPE_CHECKING:
    from caddylab._exercises.bench import Bench
    from caddylab._traffic.traffic import Traffic


@dataclass(frozen=True)
class Hints:
    """Three hints on one symptom, each more than the one before; none is the solution.

    Args:
        symptom: its name; the hints go on where they stopped when the same one comes again.
        where: where to look.
        what: what should happen and does not.
        option: which option is about it.
    """

    symptom: str
    where: str
    what: str
    option: str

    def shown(self, level: int) -> tuple[str, ...]:
        """The hints up to a level, from 1 to 3."""
        return (self.where, self.what, self.option)[:level]


@dataclass(frozen=True)
class Finding:
    """A property that must hold, and what was observed.

    Args:
        asked: the property, as a sentence.
        holds: whether it does.
        observed: what was seen, in words and numbers.
        hints: what helps when it does not hold, chosen from what was seen.
        run: the traffic that decides, to be drawn.
        chart: how to draw it: a name that `Traffic.chart` knows.
    """

    asked: str
    holds: bool
    observed: str
    hints: Hints
    run: Traffic | None = None
    chart: str = "routing"


Findings = Generator[Finding, None, None]
"""Findings in their order. A check ends with the first one that does not hold."""

Scenario = Callable[..., Findings]


@dataclass(frozen=True)
class Task:
    """One exercise.

    Attributes:
        id: the chapter, a dot, and its place there: "02.1".
        asked: what the learner is asked to do, in Markdown.
        points: what it is worth.
        backends: how many backends its lab has.
        scenario: what a check does.
        reads: for a question: makes the learner's answer comparable, or says (ValueError)
            what it should look like. None where a Caddyfile is wanted.
        case: for a question about something that has happened: makes it happen.
        own: whether the Caddyfile is a site of somebody's own, with names and upstreams of its own.
        guarded: whether it may turn strangers away.
    """

    id: str
    title: str
    asked: str
    points: int
    backends: int
    scenario: Scenario
    reads: Callable[[Any], Any] | None = None
    case: Callable[[Bench], Traffic] | None = None
    own: bool = False
    guarded: bool = False

    def findings(self, bench: Bench, submission: Any) -> Findings:
        """Play the scenario with the learner's Caddyfile, or measure what their answer is about."""
        bench.take(own=self.own, visited=self.reads is None)
        if self.reads:
            return self.scenario(bench, submission)
        bench.load(submission)
        return self.scenario(bench)


_declared: dict[str, Task] = {}


def task(
    id: str,
    title: str,
    *,
    points: int,
    backends: int = 2,
    own: bool = False,
    guarded: bool = False,
) -> Callable[[Scenario], Scenario]:
    """Declare a task that is solved by a Caddyfile.

    The function's docstring is the assignment. It is called with a `Bench` that has the
    learner's Caddyfile loaded, and yields findings.
    """
    return lambda scenario: _declare(
        Task(id, title, _asked(scenario), points, backends, scenario, own=own, guarded=guarded)
    )


def question(
    id: str,
    title: str,
    *,
    points: int,
    reads: Callable[[Any], Any],
    backends: int = 2,
    case: Callable[[Bench], Traffic] | None = None,
    own: bool = False,
) -> Callable[[Scenario], Scenario]:
    """Declare a task that is solved by an answer.

    The function is called with a `Bench` and the answer as `reads` returned it.
    """
    return lambda scenario: _declare(
        Task(id, title, _asked(scenario), points, backends, scenario, reads, case, own)
    )


def _declare(task: Task) -> Scenario:
    assert task.id not in _declared, f"there are two tasks {task.id}"
    _declared[task.id] = task
    return task.scenario


def _asked(scenario: Scenario) -> str:
    return inspect.cleandoc(scenario.__doc__ or "")


@cache
def tasks() -> dict[str, Task]:
    """Every task by its id, in their order."""
    for module in pkgutil.iter_modules(chapters.__path__):
        if module.name.startswith("ch") and module.name[2:].isdigit():
            importlib.import_module(f"{chapters.__name__}.{module.name}")
    return dict(sorted(_declared.items()))


def find(id: str) -> Task:
    """The task with that id.

    Raises:
        LabError: there is no such task.
    """
    found = tasks().get(str(id).strip())
    if found is None:
        raise LabError(f"There is no task {id!r}: expected one of {', '.join(tasks())}.")
    return found
