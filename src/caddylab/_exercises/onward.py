"""The way onward: what a learner has done of the course, and what comes next."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from caddylab._border import border
from caddylab._claims import notes
from caddylab._claims.predict import FILE as PREDICTIONS
from caddylab._errors import ArgumentError
from caddylab._exercises import progress
from caddylab._exercises.progress import Standing
from caddylab._exercises.syllabus import Chapter, chapters
from caddylab._look.html_table import Markup, element, table


@dataclass(frozen=True)
class Signpost:
    """Where the learner's notebook is, and the paths from there.

    Attributes:
        course, labs: the folders, as links write them.
    """

    course: str
    labs: str

    @classmethod
    def here(cls) -> Signpost:
        """The signpost of this notebook: a lab is two folders below the course's root."""
        in_lab = Path.cwd().parent.name == "labs"
        return cls("../../course/", "../") if in_lab else cls("", "../labs/")

    def chapter(self, chapter: Chapter) -> Markup:
        """A link to a chapter."""
        return _link(f"{self.course}{chapter.name}.ipynb", chapter.called)

    def lab(self, chapter: Chapter) -> Markup:
        """A link to a chapter's lab."""
        path = f"{self.labs}{chapter.lab}/{chapter.lab}.ipynb"
        return _link(path, f"lab {int(chapter.number)}")

    def game(self) -> Markup:
        """A link to the game, which comes after the last chapter."""
        return _link(f"{self.labs}game-day/game-day.ipynb", "the game day")


class Done:
    """What the learner has done, according to the files beside the notebooks."""

    def __init__(self, place: Signpost) -> None:
        self._said = notes.read(Path(place.course) / PREDICTIONS)
        self._standings = progress.standings(_files(Path(place.labs)))

    def predicted(self, chapter: Chapter) -> int:
        """How many of a chapter's predictions were made."""
        return sum(question in self._said for question in chapter.questions)

    def has_read(self, chapter: Chapter) -> bool:
        """Whether all predictions were made; a chapter without any does not show it."""
        return 0 < len(chapter.questions) == self.predicted(chapter)

    def points(self, chapter: Chapter) -> tuple[int, int]:
        """The points earned in its lab, and the maximum."""
        standings = [self._standings[task.id] for task in chapter.tasks]
        return sum(s.points for s in standings), sum(s.task.points for s in standings)

    def open_task(self, chapter: Chapter) -> Standing | None:
        """The first task of its lab that is not passed."""
        standings = (self._standings[task.id] for task in chapter.tasks)
        return next((standing for standing in standings if standing.passed is None), None)


class Onward:
    """What is done of a chapter, its lab, and the chapter after it."""

    def __init__(self, chapter: Chapter, following: Chapter | None) -> None:
        self._chapter, self._next = chapter, following
        self._place = Signpost.here()
        self._done = Done(self._place)

    def _steps(self) -> Iterator[tuple[str, Markup]]:
        """A sign and a sentence each: done, not yet, next."""
        chapter, done, place = self._chapter, self._done, self._place
        if chapter.questions:
            count = f"{done.predicted(chapter)} of {len(chapter.questions)} predictions made"
            yield _sign(done.has_read(chapter)), _text(place.chapter(chapter), f": {count}")
        if chapter.lab:
            got, most = done.points(chapter)
            task = done.open_task(chapter)
            what = f", next task: {task.task.title}" if task else ""
            begin = "Done: " if got == most else "Do "
            yield (
                _sign(got == most),
                _text(begin, place.lab(chapter), f": {got} of {most} points{what}"),
            )
        if self._next:
            minutes = f" ({self._next.minutes} minutes)" if self._next.minutes else ""
            yield "→", _text("Go on to ", place.chapter(self._next), minutes)
        else:
            yield "→", _text("Go on to ", place.game(), ": what you have learned, under fire")

    def __repr__(self) -> str:
        return "\n".join(f"{sign} {_plain(said)}" for sign, said in self._steps())

    def _repr_html_(self) -> str:
        rows = [(element("b", sign), said) for sign, said in self._steps()]
        style = "border-left:4px solid #8a8f98;padding-left:.6em;margin:.4em 0"
        return element("div", table((), rows), style=style)


class Map:
    """Every chapter with what it teaches, its minutes, its lab's points, and what is done."""

    def __init__(self, all_of_them: Mapping[str, Chapter]) -> None:
        self._chapters = [c for number, c in all_of_them.items() if number != "00"]
        self._place = Signpost.here()
        self._done = Done(self._place)

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for chapter in self._chapters:
            got, most = self._done.points(chapter)
            lab = _text(self._place.lab(chapter), f": {got} of {most} points") if most else ""
            finished = self._done.has_read(chapter) and got == most
            made = f"{self._done.predicted(chapter)} of {len(chapter.questions)}"
            said = made if chapter.questions else ""
            yield _sign(finished), self._named(chapter), chapter.minutes, said, lab

    def _named(self, chapter: Chapter) -> Markup:
        return _text(self._place.chapter(chapter), Markup("<br>"), chapter.teaches)

    def _sum(self) -> str:
        got, most = (
            sum(each) for each in zip(*map(self._done.points, self._chapters), strict=True)
        )
        minutes = sum(chapter.minutes for chapter in self._chapters)
        return f"{minutes} minutes of chapters; {got} of {most} points in the labs"

    def __repr__(self) -> str:
        lines = (" | ".join(_plain(cell) for cell in row if cell != "") for row in self._rows())
        return "\n".join([*lines, self._sum()])

    def _repr_html_(self) -> str:
        heads = ("", "chapter", "minutes", "predictions made", "lab")
        return f"{table(heads, self._rows())}<p><b>{self._sum()}</b></p>"


@border(ArgumentError)
def onward(chapter: str | None = None) -> Onward | Map:
    """Where you are in the course, from what you have predicted and passed, and what comes next.

    Args:
        chapter: its number, such as "02"; None shows the map of the whole course.

    Raises:
        ArgumentError: there is no such chapter.
    """
    known = chapters()
    if chapter is None:
        return Map(known)
    if chapter not in known:
        raise ArgumentError(f"onward() knows no chapter {chapter!r}; expected one such as '02'.")
    order = list(known)
    following = order[order.index(chapter) + 1 :]
    return Onward(known[chapter], known[following[0]] if following else None)


def _files(labs: Path) -> list[Path]:
    return sorted(labs.glob(f"*/{progress.FILE}"))


def _sign(done: bool) -> str:
    return "✓" if done else "○"


def _link(path: str, text: str) -> Markup:
    return element("a", text, href=path)


def _text(*parts: object) -> Markup:
    return Markup(
        "".join(part if isinstance(part, Markup) else element("span", part) for part in parts)
    )


def _plain(said: object) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", str(said).replace("<br>", ": ")))
