"""The labs as notebooks: solved, untouched, generated, and graded by nbgrader's own commands."""

from __future__ import annotations

import asyncio
import csv
import getpass
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import nbformat
import pytest
from ahead import ahead
from nbclient import NotebookClient

from caddylab._exercises.task import tasks
from caddylab._machine import shipped
from caddylab._machine.environ import inherited

ROOT = Path(__file__).parents[1]
CHAPTER = "[0-9]*/*.ipynb"
"""The game day has no tasks, and a test of its own."""
SOLUTIONS = sorted(shipped.solutions().glob(CHAPTER))
LABS = sorted(shipped.labs().glob(CHAPTER))
GRADED = "01-happy-path"
PATIENCE = 30
"""Seconds that nbgrader gives a cell by default."""

chapters = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
untouched = pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
runtimes = pytest.mark.parametrize(
    "runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)]
)
pytestmark = pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours


def run(path: Path, runtime: str, **options) -> tuple[nbformat.NotebookNode, set[str]]:
    """The executed notebook, and the tasks that were passed in it."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(notebook, timeout=PATIENCE, resources=resources, **options)
        asyncio.run(client.async_execute(env=inherited() | {"CADDYLAB_RUNTIME": runtime}))
        return notebook, passed(Path(folder))


def checks(notebook) -> list[nbformat.NotebookNode]:
    return [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]


def passed(folder: Path) -> set[str]:
    file = folder / "lab-progress.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return {event["task"] for event in map(json.loads, lines) if event.get("passed")}


def ids(notebook) -> list[str]:
    return re.findall(r'lab\.check\(\s*"([\d.]+)"', "\n".join(c.source for c in checks(notebook)))


solved = ahead("test_a_solved_lab_passes_everything", run, at_a_time=2)
tried = ahead(
    "test_an_untouched_lab_passes_nothing", lambda path: run(path, "process", allow_errors=True)
)


@pytest.mark.timeout(600)
@runtimes
@chapters
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


def test_every_chapter_with_tasks_has_a_lab():
    assert {path.stem[:2] for path in SOLUTIONS} == {id[:2] for id in tasks()}


def test_the_labs_are_what_the_solutions_make_of_them(tmp_path):
    shell([sys.executable, ROOT / "tools/make_labs.py", tmp_path], ROOT)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.glob("*/*.ipynb")}
    root = shipped.labs()
    there = {path.relative_to(root): path.read_bytes() for path in root.glob("*/*.ipynb")}
    assert made == there, "run: make labs"


def shell(command, folder):
    programs = sysconfig.get_path("scripts")  # nbgrader looks for a program of its own
    path = os.pathsep.join([programs, os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A teacher's folder with three students: all right, nothing done, one task wrong."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    source = folder / "solutions" / GRADED / f"{GRADED}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(two_tasks(shipped.solutions() / GRADED / source.name), source)
    nbgrader(folder, "generate_assignment", GRADED)
    hand_in(folder, "right", folder / "solutions")
    hand_in(folder, "nothing", folder / "labs")
    hand_in(folder, "partly", folder / "solutions", ("lb_policy round_robin", "lb_policy first"))
    return folder


def two_tasks(path: Path) -> nbformat.NotebookNode:
    """The beginning of a lab, to its second check."""
    notebook = nbformat.read(path, as_version=4)
    last = notebook.cells.index(checks(notebook)[1])
    notebook.cells = notebook.cells[: last + 1]
    return notebook


def hand_in(folder: Path, student: str, source: Path, change: tuple[str, str] | None = None):
    """What `nbgrader collect` brings: a copy of the student's folder."""
    target = folder / "submitted" / student / GRADED
    shutil.copytree(source / GRADED, target)
    if change:
        notebook = target / f"{GRADED}.ipynb"
        notebook.write_text(notebook.read_text("utf-8").replace(*change, 1), "utf-8")


def nbgrader(folder, *arguments):
    return shell([sys.executable, "-m", "nbgrader", *arguments], folder)


@pytest.mark.timeout(300)
def test_nbgrader_grades_a_class(course, monkeypatch):
    monkeypatch.setenv("CADDYLAB_RUNTIME", "process")
    nbgrader(course, "autograde", GRADED)
    nbgrader(course, "export", "--to=grades.csv")
    with open(course / "grades.csv") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    first, second = (tasks()[id].points for id in ("01.1", "01.2"))
    assert scores == {"right": first + second, "nothing": 0, "partly": second}


@pytest.mark.skipif(os.name != "posix", reason="nbgrader's exchange is for POSIX only")
@pytest.mark.timeout(300)
def test_a_lab_goes_out_to_a_student_and_comes_back(course, tmp_path):
    exchange, student = tmp_path / "exchange", tmp_path / "student"
    exchange.mkdir()
    exchange.chmod(0o777)  # students write into it
    student.mkdir()
    root = f"--Exchange.root={exchange}"
    named = (GRADED, "--course=break-the-balancer", root)
    nbgrader(course, "release_assignment", GRADED, root)
    nbgrader(student, "fetch_assignment", *named)
    nbgrader(student, "submit", *named)
    nbgrader(course, "collect", GRADED, root)
    (collected,) = (course / "submitted" / getpass.getuser()).rglob("*.ipynb")
    assert collected.read_bytes() == (course / "labs" / GRADED / collected.name).read_bytes()
