"""Progress as a table: for a learner, and for a teacher of many."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from caddylab._exercises import progress
from caddylab._exercises.progress import Standing
from caddylab._look.counted import counted
from caddylab._look.html_table import Markup, element, table

COLUMNS = ("learner", "task", "title", "points", "of", "tries", "hints", "passed")
POSSIBLE = "Points Possible"


class Board:
    """A learner's progress, as `lab.progress()` shows it: a bar a lab, its tasks folded."""

    def __init__(self, standings: Mapping[str, Standing]) -> None:
        self.standings = tuple(standings.values())

    @property
    def points(self) -> int:
        """The points for all tasks."""
        return sum(standing.points for standing in self.standings)

    def __repr__(self) -> str:
        return "\n".join([*map(_line, self.standings), self._sum()])

    def _repr_html_(self) -> str:
        bars = [_lab(number, standings) for number, standings in _labs(self)]
        return f"{''.join(bars)}<p><b>{self._sum()}</b></p>"

    def _sum(self) -> str:
        return f"{self.points} of {_most(self.standings)} points"


def of_learners(folders: Iterable[Path]) -> dict[str, Board]:
    """A board for each folder, by its name."""
    return {folder.resolve().name: Board(progress.of_learner(folder)) for folder in folders}


def as_csv(boards: Mapping[str, Board]) -> str:
    """One row a learner and task; `passed` is when, in UTC, or empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for learner, board in boards.items():
        writer.writerows(_record(learner, standing) for standing in board.standings)
    return text.getvalue()


def as_grades(boards: Mapping[str, Board]) -> str:
    """One row a learner and one column a lab with its points, as the grade book of an LMS takes it.

    The second row has the maximum points, as Canvas requires.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    most = {_lab_name(number): _most(of) for number, of in _labs(Board(progress.standings([])))}
    writer.writerow(("learner", *most, "all labs"))
    writer.writerow((POSSIBLE, *most.values(), sum(most.values())))
    for learner, board in boards.items():
        got = [sum(standing.points for standing in of) for _, of in _labs(board)]
        writer.writerow((learner, *got, board.points))
    return text.getvalue()


def _labs(board: Board) -> Iterator[tuple[str, tuple[Standing, ...]]]:
    for number, standings in groupby(board.standings, key=lambda standing: standing.task.id[:2]):
        yield number, tuple(standings)


def _lab_name(number: str) -> str:
    return f"Lab {int(number)}"


def _most(standings: Iterable[Standing]) -> int:
    return sum(standing.task.points for standing in standings)


def _record(learner: str, standing: Standing) -> tuple[object, ...]:
    task, passed = standing.task, standing.passed
    when = datetime.fromtimestamp(passed, UTC).isoformat(timespec="seconds") if passed else ""
    counts = (standing.points, task.points, standing.tries, standing.hinted)
    return (learner, task.id, task.title, *counts, when)


def _lab(number: str, standings: tuple[Standing, ...]) -> Markup:
    got, most = (
        sum(each) for each in zip(*((s.points, s.task.points) for s in standings), strict=True)
    )
    name, points = _lab_name(number), f"{got} of {most} points"
    bar = Markup(
        f"<progress value='{got}' max='{most}' aria-label='{name}: {points}' "
        "style='margin:0 .6em;vertical-align:middle'></progress>"
    )
    done = " ✓" if got == most else ""
    heads = ("", "task", "points", "tries", "hints")
    tasks = Markup(table(heads, map(_cells, standings)))
    first = element("span", name, style="display:inline-block;min-width:3.6em")
    return element("details", element("summary", first, bar, points, done), tasks)


def _line(standing: Standing) -> str:
    task, mark = standing.task, _mark(standing)
    points = f"{standing.points} of {task.points}"
    return f"{mark} {task.id} {task.title:<32} {points:>6}  {_tries(standing)}"


def _cells(standing: Standing) -> tuple[object, ...]:
    task = standing.task
    name, points = f"{task.id} · {task.title}", f"{standing.points} of {task.points}"
    return (_mark(standing), name, points, standing.tries or "", standing.hinted or "")


def _mark(standing: Standing) -> str:
    return "✓" if standing.passed else "·"


def _tries(standing: Standing) -> str:
    if not standing.tries:
        return ""
    return counted(standing.tries, "try", "tries")
