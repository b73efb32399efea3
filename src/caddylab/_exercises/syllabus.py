"""The chapters and their labs, as described by their own notebooks."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from caddylab._exercises.task import Task, tasks
from caddylab._machine import shipped

TITLE = re.compile(r"^# (?:(\d+) · )?(.+)$", re.M)
MINUTES = re.compile(r"\*\*Time:\*\* (\d+) minutes")


@dataclass(frozen=True)
class Chapter:
    """A chapter of the course.

    Attributes:
        number: the beginning of its file name, such as "02".
        name: its file name, without the ending.
        title: from its first line.
        teaches: what one learns in it, in half a sentence; empty for the first.
        minutes: how long it takes.
        questions: what it asks the learner to predict.
        lab: the name of its lab's folder; None if it has none.
        tasks: the tasks of its lab.
    """

    number: str
    name: str
    title: str
    teaches: str
    minutes: int
    questions: tuple[str, ...]
    lab: str | None
    tasks: tuple[Task, ...]

    @property
    def called(self) -> str:
        """Its number and title; the summary has no number."""
        return self.title if self.number == "99" else f"{int(self.number)} · {self.title}"


@cache
def chapters() -> dict[str, Chapter]:
    """Every chapter by its number, in the order of the course."""
    paths = sorted(shipped.course().glob("[0-9][0-9]-*.ipynb"))
    return {path.stem[:2]: _chapter(path) for path in paths}


def _chapter(path: Path) -> Chapter:
    notebook = json.loads(path.read_text("utf-8"))
    cells = notebook["cells"]
    sources = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    text = "\n".join(source for kind, source in sources if kind == "markdown")
    title, minutes = TITLE.search(text), MINUTES.search(text)
    number = path.stem[:2]
    has_lab = (shipped.labs() / path.stem).is_dir()
    return Chapter(
        number,
        path.stem,
        title[2] if title else path.stem,
        notebook["metadata"].get("description", ""),
        int(minutes[1]) if minutes else 0,
        tuple(q for kind, source in sources if kind == "code" for q in _questions(source)),
        path.stem if has_lab else None,
        tuple(task for id, task in tasks().items() if has_lab and id.startswith(f"{number}.")),
    )


def _questions(source: str) -> list[str]:
    if "predict(" not in source or source.startswith("%%"):
        return []
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    asked = [call.args[0] for call in calls if ast.unparse(call.func) == "predict" and call.args]
    return [str(first.value) for first in asked if isinstance(first, ast.Constant)]
