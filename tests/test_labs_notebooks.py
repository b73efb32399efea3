"""The labs as notebooks: solved, untouched, and generated."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from ahead import ahead
from nbclient import NotebookClient
from nbgrader_support import checks, shell
from runtimes import notebooks, settings

from caddylab._exercises.check import LIMIT
from caddylab._exercises.task import tasks
from caddylab._machine import shipped
from caddylab._machine.environ import inherited

ROOT = Path(__file__).parents[1]
CHAPTER = "[0-9]*/*.ipynb"
"""The game day has no tasks, and a test of its own."""
SOLUTIONS = sorted(shipped.solutions().glob(CHAPTER))
LABS = sorted(shipped.labs().glob(CHAPTER))
PATIENCE = 30
"""Seconds that nbgrader gives a cell by default."""

chapters = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
untouched = pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
IN_CONTAINERS = {"02-crash"}
"""Its checks do most to backends: kill, hang, stop, start. A check knows the runtime by such deeds
alone, and every chapter of the course does them in both: one lab tells whether checks run there.
"""
pytestmark = pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours


def run(path: Path, runtime: str, **options) -> tuple[nbformat.NotebookNode, set[str]]:
    """The executed notebook, and the tasks that were passed in it."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(notebook, timeout=PATIENCE, resources=resources, **options)
        asyncio.run(client.async_execute(env=inherited() | settings(runtime)))
        return notebook, passed(Path(folder))


def passed(folder: Path) -> set[str]:
    file = folder / "lab-progress.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return {event["task"] for event in map(json.loads, lines) if event.get("passed")}


def ids(notebook) -> list[str]:
    return re.findall(r'lab\.check\(\s*"([\d.]+)"', "\n".join(c.source for c in checks(notebook)))


solved = ahead("test_a_solved_lab_passes_everything", run)
tried = ahead(
    "test_an_untouched_lab_passes_nothing", lambda path: run(path, "process", allow_errors=True)
)


@pytest.mark.timeout(600)
@notebooks(SOLUTIONS, "path, runtime", IN_CONTAINERS)
def test_a_solved_lab_passes_everything(path, runtime, solved, request):
    notebook, done = solved[request.node.nodeid].result()
    assert done == set(ids(notebook)) != set()


@pytest.mark.timeout(600)
@untouched
def test_an_untouched_lab_passes_nothing(path, tried, request):
    notebook, done = tried[request.node.nodeid].result()
    assert done == set()
    for cell in checks(notebook):
        (error,) = (output for output in cell.outputs if output.output_type == "error")
        assert error.ename in ("NotYet", "CaddyfileError"), error.evalue
        assert "Traceback" not in "".join(error.traceback)


@chapters
def test_a_lab_has_every_task_of_its_chapter_as_it_was_declared(path):
    notebook = nbformat.read(path, as_version=4)
    chapter = [task for id, task in tasks().items() if id.startswith(path.stem[:2])]
    assert ids(notebook) == [task.id for task in chapter] != []
    points = [cell.metadata.nbgrader.points for cell in checks(notebook)]
    assert points == [task.points for task in chapter]
    text = " ".join(" ".join(cell.source for cell in notebook.cells).split())
    for task in chapter:
        assert f"## {task.id} · {task.title}" in text
        assert " ".join(task.asked.split()) in text
    lines = "\n".join(cell.source for cell in notebook.cells).splitlines()
    items = [line for task in chapter for line in task.asked.splitlines() if line.startswith("- ")]
    assert [item for item in items if not any(line.startswith(item) for line in lines)] == []


def test_learners_and_teachers_are_told_when_a_check_gives_up():
    first = (shipped.solutions() / "01-happy-path/01-happy-path.ipynb").read_text("utf-8")
    assert f"gives up after {LIMIT:g}." in first
    guide = (shipped.course() / "instructor-guide.md").read_text("utf-8")
    assert f"After {LIMIT:g} a check gives up" in guide


def test_every_chapter_with_tasks_has_a_lab():
    assert {path.stem[:2] for path in SOLUTIONS} == {id[:2] for id in tasks()}


def test_the_labs_are_what_the_solutions_make_of_them(tmp_path):
    shell(sys.executable, ROOT / "tools/make_labs.py", tmp_path, folder=ROOT)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.glob("*/*.ipynb")}
    root = shipped.labs()
    there = {path.relative_to(root): path.read_bytes() for path in root.glob("*/*.ipynb")}
    assert made == there, "run: make labs"
