"""What a class does together, arriving and studying, and the code that learners run for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import nbformat
from classroom_hub import Classroom
from classroom_learner import FOLDER, Learner

from caddylab._exercises.progress import of_learner
from caddylab._exercises.task import tasks
from caddylab._machine import shipped

CHAPTERS = ("01-happy-path", "02-crash")
LAB = "01-happy-path"
LAB_TASKS = {id for id in tasks() if id.startswith(LAB[:2])}

START = "from caddylab import Lab\nlab = Lab()\nlab.load('happy-path')"
DESCRIBE = """
import json, os
from ipykernel.connect import get_connection_file
runtime = lab.stack.runtime
print("FOUND" + json.dumps({
    "secret": runtime.secret, "folder": str(runtime.folder),
    "site": runtime.site[1], "backends": [unit.address[1] for unit in runtime.units],
    "control": [unit.control[1] for unit in runtime.units],
    "kernel": get_connection_file(), "token": os.environ["JUPYTERHUB_API_TOKEN"],
    "server": int(os.environ["JUPYTERHUB_SERVICE_URL"].split(":")[2].split("/")[0]),
    "pids": [int(pid) for pid in os.listdir("/proc")
             if pid.isdigit() and os.stat("/proc/" + pid).st_uid == os.getuid()],
}))
"""

PULL = """
import pathlib, subprocess
def shell(command):
    subprocess.run(command, shell=True, check=True, capture_output=True)
git = "git -c user.name=T -c user.email=t@example.org -C origin "
origin, mine = pathlib.Path("origin"), pathlib.Path("class")
between = "and so on\\n" * 9
def publish():
    shell(git + "add . && " + git + "commit -m x")
shell("git init --initial-branch main origin")
(origin / "lab").write_text("first\\n" + between + "last\\n")
publish()
shell(f"gitpuller {origin.resolve()} main class")
(mine / "lab").write_text("mine\\n" + between + "last\\n")
(mine / "new").write_text("of my own\\n")
(origin / "lab").write_text("first, newer\\n" + between + "last, newer\\n")
(origin / "new").write_text("from the class\\n")
publish()
shell(f"gitpuller {origin.resolve()} main class")
"""


@contextmanager
def present(room: Classroom) -> Iterator[dict[str, Learner]]:
    """The whole class, arrived all at once through the login page."""
    with ExitStack() as stack:

        def come(name: str) -> Learner:
            learner = stack.enter_context(Learner(room.url, name, room.passwords[name]))
            learner.arrive()
            return learner

        yield dict(zip(room.passwords, at_once(come, room.passwords), strict=True))


def at_once(work, things) -> list[Any]:
    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(work, things))


def study(learner: Learner, chapters=CHAPTERS, stay=bool) -> str:
    """Work through two chapters and a lab, open until `stay` returns; return all their output."""
    solved = nbformat.read(shipped.solutions() / LAB / f"{LAB}.ipynb", as_version=4)
    shown = [learner.work_through(f"{FOLDER}/course/{chapter}.ipynb") for chapter in chapters]
    shown.append(learner.work_through(f"{FOLDER}/labs/{LAB}/{LAB}.ipynb", solved, stay))
    return json.dumps(shown)


def passed(room: Classroom, name: str) -> set[str]:
    standings = of_learner(room.home(name) / FOLDER)
    return {id for id, standing in standings.items() if standing.passed is not None}
