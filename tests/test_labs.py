"""The labs: right answers pass, wrong ones fail with the hint that fits."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from room import ROOM

from caddylab._exercises.bench import Bench
from caddylab._exercises.check import judge
from caddylab._exercises.task import Task, tasks

ANSWERS = Path(__file__).parent / "answers"
AT_A_TIME = 4
REPETITIONS = 10
SECRET = {"CADDYLAB_TEST_SECRET": "f3Kq-81xZv_0aYt7"}
"""What an answer may take from the environment."""
os.environ.update(SECRET)
SITE = re.compile(r"^(:80|(http://)?pizza\.example) {", re.MULTILINE)
"""How a whole Caddyfile begins."""
OVERLOADS = ("10.2", "10.3")
"""Tasks in which more comes than a site can do."""
RIGHT, WRONG = 3, 6
"""At least so many of each for every task."""


@dataclass(frozen=True)
class Answer:
    """One answer to one task, and what its check may find: a right one has no symptoms.

    There are several where it depends on chance, or on the backend that breaks.
    """

    task: str
    name: str
    submission: Any
    symptoms: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.task}-{self.name}"


def answers() -> list[Answer]:
    found = []
    for path in sorted(ANSWERS.glob("*.toml")):
        for task, entry in tomllib.loads(path.read_text("utf-8")).items():
            for n, text in enumerate(entry["right"], 1):
                found.append(Answer(task, f"right {n}", submission(entry, text)))
            for wrong in entry["wrong"]:
                given = submission(entry, wrong.get("text", wrong.get("answer")))
                symptoms = wrong["symptom"]
                several = (symptoms,) if isinstance(symptoms, str) else tuple(symptoms)
                found.append(Answer(task, wrong["why"], given, several))
    return found


def submission(entry: dict[str, Any], given: Any) -> Any:
    """Options are put into the task's frame; all else is handed in as it is."""
    if "frame" not in entry or SITE.search(given):
        return given
    return entry["frame"].replace("OPTIONS", given.replace("\n", "\n\t\t"))


def examine(answer: Answer, luck: int = 0) -> str:
    """The symptom that a check finds; "" when it is passed. The luck is the same each time."""
    task = tasks()[answer.task]
    given = task.reads(answer.submission) if task.reads else answer.submission
    with BENCHES.borrow(task.backends) as bench:
        bench.shuffle(crc32(f"{answer} {luck}".encode()))
        last = judge(task, bench, given)[-1]
    return "" if last.holds else last.hints.symptom


class Benches:
    """Labs that are used again: to start one takes as long as the check itself."""

    def __init__(self) -> None:
        self._free: list[tuple[int, Bench]] = []

    @contextlib.contextmanager
    def borrow(self, backends: int) -> Iterator[Bench]:
        free = next((entry for entry in self._free if entry[0] == backends), None)
        if free:
            self._free.remove(free)
        bench = free[1] if free else Bench("process", backends)
        try:
            yield bench
            bench.renew()
        except BaseException:
            bench.close()
            raise
        self._free.append((backends, bench))

    def close(self) -> None:
        while self._free:
            self._free.pop()[1].close()


BENCHES = Benches()


@pytest.fixture(scope="module")
def found(request):
    """The symptom that each answer's check will find; a few checks run at a time."""
    chosen = [item.callspec.params["answer"] for item in request.session.items if ours(item)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        futures: dict[str, Future[str]] = {
            str(a): pool.submit(ROOM.quiet if needs_quiet(a) else ROOM.beside, examine, a)
            for a in chosen
        }
        yield futures
        pool.shutdown(cancel_futures=True)
    BENCHES.close()


def needs_quiet(answer: Answer) -> bool:
    """Whether it must show how much a site can do, which other work would change."""
    return answer.task in OVERLOADS and not answer.symptoms


def ours(item) -> bool:
    return getattr(item, "originalname", "") == "test_answer" and "answer" in item.callspec.params


@pytest.mark.timeout(600)  # it may stand in line behind those that want quiet
@pytest.mark.parametrize("answer", answers(), ids=str)
def test_answer(answer: Answer, found):
    assert found[str(answer)].result() in (answer.symptoms or [""])


TOO_STRICT = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		transport http {
			response_header_timeout 1ms
		}
	}
}
"""


def test_errors_while_all_is_well_on_a_busy_machine_are_looked_at_twice(busy, monkeypatch):
    with Bench("process", 2) as bench:
        taken, take = [], bench.take
        monkeypatch.setattr(bench, "take", lambda **how: (taken.append(how), take(**how)))
        last = judge(tasks()["02.1"], bench, TOO_STRICT)[-1]
    assert last.hints.symptom == "errors while all is well"
    assert len(taken) == 2


@pytest.fixture
def busy():
    """As many programs that do nothing but work as there are cores."""
    spin = [sys.executable, "-c", "while True: pass"]
    programs = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    yield
    for program in programs:
        program.kill()
        program.wait()


@pytest.mark.load
@pytest.mark.timeout(900)
@pytest.mark.parametrize("task", tasks())
def test_right_answers_pass_on_a_busy_machine(task: str, busy):
    right = [answer for answer in answers() if answer.task == task and not answer.symptoms]
    tries = [(answer, luck) for luck in range(REPETITIONS) for answer in right]
    with ThreadPoolExecutor(2) as pool:
        verdicts = [(str(a), pool.submit(examine, a, luck)) for a, luck in tries]
    BENCHES.close()
    assert [(name, v.result()) for name, v in verdicts if v.result()] == []


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.id)
def test_every_task_has_right_and_wrong_answers(task: Task):
    mine = [answer for answer in answers() if answer.task == task.id]
    assert sum(answer.symptoms == () for answer in mine) >= RIGHT
    assert sum(answer.symptoms != () for answer in mine) >= WRONG
