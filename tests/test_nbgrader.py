"""A class's labs handed out, handed in and graded, by nbgrader's own commands."""

from __future__ import annotations

import csv
import getpass
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader_support import checks, nbgrader

from caddylab._exercises.task import tasks
from caddylab._machine import shipped

ROOT = Path(__file__).parents[1]
GRADED = "01-happy-path"

pytestmark = pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours


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
