"""A class: a real JupyterHub with the shipped configuration, and learners who come at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from classroom_hub import HOMES, OWN, Classroom, listeners
from classroom_learner import FOLDER, Kernel, Learner
from classroom_meter import Meter
from classroom_work import (
    CHAPTERS,
    DESCRIBE,
    LAB,
    LAB_TASKS,
    PULL,
    START,
    at_once,
    passed,
    present,
    study,
)  # fmt: skip

from caddylab._machine import shipped as _resources
from caddylab._machine.waiting import poll

pytestmark = [pytest.mark.hub, pytest.mark.timeout(600), pytest.mark.filterwarnings("default")]

MOST = 350
"""MiB that one of ten learners at work may take."""
MOST_OF_FEW = 420
"""The same of three, who share libraries with fewer others."""
ATTACK = (Path(__file__).parent / "support" / "classroom_attacks.py").read_text()


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> Iterator[Classroom]:
    room = Classroom(["ann", "bob", "cleo"], tmp_path_factory.mktemp("hub") / "log")
    try:
        room.wait()
        yield room
    finally:
        room.close()


@pytest.fixture(scope="module")
def learners(room) -> Iterator[dict[str, Learner]]:
    with present(room) as learners:
        yield learners


@pytest.fixture(scope="module")
def annslab(learners) -> Iterator[tuple[Kernel, dict[str, Any]]]:
    """A running lab of Ann's, and what only she knows of it."""
    with learners["ann"].kernel() as kernel:
        kernel.run(START)
        yield kernel, json.loads(kernel.ask(DESCRIBE).partition("FOUND")[2])


@pytest.fixture(scope="module")
def work(room, learners) -> tuple[Meter, dict[str, str]]:
    """All learners at work at the same time: what it cost, and what each one's notebooks showed."""
    with Meter(room) as meter:
        shown = at_once(lambda learner: study(learner, CHAPTERS[:1]), learners.values())
    return meter, dict(zip(learners, shown, strict=True))


def test_learners_work_side_by_side(room, work):
    _, shown = work
    for name, own in shown.items():
        assert passed(room, name) == LAB_TASKS
        assert not [other for other in shown if other != name and f"/{other}/" in own]
        assert {path.lstat().st_uid for path in room.home(name).rglob("*")} == {room.uid(name)}


def test_a_learner_at_work_needs_little_memory(room, work):
    meter, _ = work
    print(meter)
    assert max(meter.peak[name] for name in room.passwords) <= MOST_OF_FEW


@pytest.mark.load
def test_ten_learners_work_side_by_side(tmp_path):
    room = Classroom([f"learner{number}" for number in range(10)], tmp_path / "log")
    try:
        room.wait()
        with present(room) as learners, Meter(room) as meter:
            # Nobody goes before the last one has done it: who shares less, pays more.
            all_done = threading.Barrier(len(learners)).wait
            at_once(lambda learner: study(learner, stay=all_done), list(learners.values()))
        print(f"\n{meter}")
        assert {frozenset(passed(room, name)) for name in room.passwords} == {frozenset(LAB_TASKS)}
        assert max(meter.peak[name] for name in room.passwords) <= MOST
    finally:
        room.close()


@pytest.fixture(scope="module")
def answers(room, learners, annslab) -> dict[str, Any]:
    """What comes of all that Bob tries against Ann, whose lab runs."""
    _, ann = annslab
    home, folder = str(HOMES / "ann"), ann["folder"]
    kernel = ann["kernel"].removesuffix(".json")
    target = {
        "user": "ann", "server": ann["server"], "control": ann["control"],
        "hub": room.hub_port, "proxy": room.proxy_port, "processes": ann["pids"],
        "ports": [ann["server"], ann["site"], *ann["backends"], *ann["control"]],
        "folders": [home, folder, str(Path(folder).parent), str(OWN)],
        "files": [f"{home}/{FOLDER}/labs/{LAB}/lab-progress.jsonl", f"{folder}/caddy.log",
                  ann["kernel"], str(OWN / "jupyterhub.sqlite"), str(OWN / "cookie_secret")],
        "sockets": [f"{folder}/admin.sock", *(f"{kernel}-ipc-{n}" for n in range(1, 6))],
    }  # fmt: skip
    for name in ("files", "sockets"):
        there = [room.root / path.lstrip("/") for path in target[name]]
        target[name] = [p for p, q in zip(target[name], there, strict=True) if q.exists()]
    assert len(target["sockets"]) == 6
    with learners["bob"].kernel() as kernel:
        kernel.run(f"TARGET = {target!r}")
        return json.loads(kernel.ask(ATTACK))


class TestAnother:
    """Bob, against Ann."""

    @pytest.mark.parametrize("what", ["folders", "files", "sockets"])
    def test_sees_none_of_her_files(self, answers, what):
        assert set(answers[what].values()) == {"PermissionError"}, answers[what]

    def test_cannot_share_her_ports(self, answers):
        assert set(answers["ports"].values()) == {"OSError"}

    def test_cannot_touch_her_processes(self, answers):
        tried = [outcome for process in answers["processes"] for outcome in process.values()]
        assert set(tried) <= {"PermissionError", "ProcessLookupError"}
        assert tried.count("PermissionError") > 20

    def test_does_not_get_past_the_control_channels(self, answers):
        assert answers["control"] == [401] * 4

    def test_does_not_get_into_her_server(self, answers):
        assert answers["server"] == [403, 403, 403]

    def test_can_order_nothing_from_the_hub_or_its_proxy(self, answers):
        assert set(answers["hub"]) <= {403, 404}
        assert answers["proxy"] == [403, 403]

    def test_does_not_get_in_by_the_front_door(self, learners):
        for path in ("api/contents", "api/kernels", "api/terminals"):
            address = str(learners["ann"].server.base_url.join(path))
            assert learners["bob"].server.get(address).status_code == 403

    def test_cleans_up_only_after_himself(self, learners, annslab, answers):
        with learners["bob"].kernel() as bob:
            assert "Nothing was left behind" in bob.ask("!caddylab clean")
        ann, _ = annslab
        assert ann.ask("print(lab.get('/').status_code)").strip() == "200"


def secrets_of(room: Classroom, ann: dict[str, Any]) -> dict[str, str]:
    """Everything that nobody may be told, by what it is."""
    found = {"lab": ann["secret"], "server": ann["token"]}
    found |= {f"password of {name}": word for name, word in room.passwords.items()}
    found["cookies"] = (room.root / "mnt/hub/cookie_secret").read_text().strip()
    for process in room.processes():
        for name in ("CONFIGPROXY_AUTH_TOKEN", "JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"):
            if value := process.environ().get(name):
                found[f"{name} of {process.pid}"] = value
    return found


def test_secrets_are_in_no_log_notebook_or_command_line(room, learners, work, annslab):
    secrets = secrets_of(room, annslab[1])
    secrets |= {f"token of {learner.name}": learner.token for learner in learners.values()}
    assert len(set(secrets.values())) >= 10
    places = {"the log": room.log.read_text()}
    places |= {f"notebooks of {name}": shown for name, shown in work[1].items()}
    places |= {f"command line of {p.pid}": " ".join(p.cmdline()) for p in room.processes()}
    for name in learners:
        for path in room.home(name).rglob("*"):
            if path.is_file() and "runtime" not in path.parts:  # Jupyter's own, for it alone
                places[str(path)] = path.read_text("utf-8", errors="replace")
    leaks = [(what, where) for what, word in secrets.items() for where in places
             if word in places[where]]  # fmt: skip
    assert leaks == []


def test_nothing_listens_on_a_network(room, annslab):
    assert listeners(room.processes()) == {"127.0.0.1"}


def test_no_kernel_offers_a_debugger(learners):
    with learners["bob"].kernel() as kernel:
        assert kernel.ask("print(hasattr(get_ipython().kernel, 'debugger'))").strip() == "False"


def test_what_a_learner_wrote_outlives_a_new_version(room, learners):
    """The copy at each start of a server: the edit stays, the new version comes beside it."""
    folder = room.home("cleo") / FOLDER
    chapter, manifest = folder / "course/02-crash.ipynb", folder / ".caddylab.json"
    edited = chapter.read_text().replace("Caddy", "My Caddy", 1)
    chapter.write_text(edited)
    offered = json.loads(manifest.read_text()) | {"course/02-crash.ipynb": "an older one"}
    manifest.write_text(json.dumps(offered))
    learners["cleo"].restart()
    assert chapter.read_text() == edited
    shipped = _resources.course() / chapter.name
    assert (folder / "course/02-crash.new.ipynb").read_bytes() == shipped.read_bytes()


def test_a_link_brings_a_repository_and_its_updates(room, learners):
    """What nbgitpuller does where the class and a learner have changed the same line."""
    page = learners["bob"].server.get("git-pull?repo=https%3A%2F%2Fexample.org%2Fclass")
    assert page.status_code == 200
    assert "nbgitpuller" in page.text
    with learners["bob"].kernel("class.ipynb") as kernel:
        kernel.run(PULL)
    pulled = room.home("bob") / "class"
    lab = (pulled / "lab").read_text().splitlines()
    assert (lab[0], lab[-1]) == ("mine", "last, newer")
    assert (pulled / "new").read_text() == "from the class\n"
    (kept,) = pulled.glob("new_*")
    assert kept.read_text() == "of my own\n"


def test_a_learner_who_has_left_has_nothing_running(tmp_path):
    room = Classroom(["ann"], tmp_path / "log", idle=8)
    try:
        room.wait()
        with present(room) as learners, learners["ann"].kernel() as kernel:
            kernel.run(START)
            assert len(room.of("ann")) >= 6
            base = room.root / f"tmp/caddylab-{room.uid('ann')}"
            assert len(list(base.iterdir())) == 1
            kernel.abandon()
        assert poll(lambda: not room.of("ann"), 60, interval=0.2), room.log.read_text()
        assert list(base.iterdir()) == []
    finally:
        room.close()
