"""A Caddy that has ended: one sentence says so, no opinion is made up, and `reset()` starts it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from caddylab import CaddyGone, Lab, LabError
from caddylab._caddy.running.persistent import while_it_runs
from caddylab._machine.loopback import listens
from caddylab._machine.waiting import poll

# httpx forgets to close a socket that could not be connected
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(
    scope="module", params=["process", pytest.param("podman", marks=pytest.mark.podman)]
)
def lab(request):
    with Lab(runtime=request.param) as lab:
        yield lab


@pytest.fixture
def dead(lab):
    """A lab whose Caddy was killed from outside; it is well again afterwards."""
    end_caddy(lab, "SIGKILL")
    assert poll(lambda: not lab.stack.runtime.caddy_runs(), 10)
    yield lab
    lab.reset()


def end_caddy(lab: Lab, name: str) -> None:
    os.kill(lab.stack.runtime.caddy_pid(), getattr(signal, name))


QUESTIONS = {
    "load": lambda lab: lab.load("crash"),
    "lint": lambda lab: lab.lint(":80"),
    "adapt": lambda lab: lab.adapt(":80"),
    "get": lambda lab: lab.get("/"),
    "fire": lambda lab: lab.fire(2),
    "authority": lambda lab: lab.stack.admin.authority("local"),
    "metrics": lambda lab: lab.stack.admin.metrics(),
    "wait_until_healthy": lambda lab: lab.wait_until_healthy(1),
    "wait_until_unhealthy": lambda lab: lab.wait_until_unhealthy(2),
    "wait_for_check": lambda lab: lab.wait_for_check(1),
    "rolling_restart": lambda lab: lab.rolling_restart(0, wait="healthy", kill=True),
}


@pytest.mark.alone
def test_one_sentence_of_ours_at_once(dead):
    for name, ask in QUESTIONS.items():
        began = time.monotonic()
        with pytest.raises(CaddyGone, match=r"Caddy has ended.*`lab\.reset\(\)` starts it"):
            ask(dead)
        patience = 30 if name == "rolling_restart" else 5  # a backend starts again in it
        assert time.monotonic() - began < patience, name


def test_nobody_makes_up_an_opinion(dead):
    assert [backend.opinion for backend in dead.backends] == ["unknown"] * 2
    assert not any(backend.healthy for backend in dead.backends)
    assert repr(dead.backend(1)) == "<backend 1: up; Caddy has ended>"
    assert dead.opinions == [span for span in dead.opinions if span.end]


def test_reset_starts_it_again(dead):
    dead.reset()
    run = dead.fire(6)
    assert run.errors == 0
    assert sum(len(request.attempts) for request in run.requests) == 6
    assert {backend.opinion for backend in dead.backends} == {"healthy"}
    dead.load("crash")


def test_reset_starts_a_caddy_again_that_stands_still(lab):
    end_caddy(lab, "SIGSTOP")
    lab.reset()
    assert lab.fire(2).errors == 0


def test_reset_starts_a_caddy_again_that_ends_when_it_has_answered(lab, monkeypatch):
    renew = lab.stack.fleet.renew
    ends = iter([lambda: end_caddy(lab, "SIGKILL")])
    monkeypatch.setattr(lab.stack.fleet, "renew", lambda: (next(ends, renew)(), renew()))
    lab.reset()
    assert lab.fire(2).errors == 0


@pytest.mark.skipif(os.name == "nt", reason="no unix sockets")
def test_nobody_waits_at_a_socket_whose_program_stands_still(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as still:
        still.bind(str(path))
        assert not listens(path)
        still.listen(1)
        assert [listens(path) for _ in range(4)] == [True, True, False, False]
    assert not listens(path)


def test_a_caddy_that_ends_under_way_is_what_the_records_say(lab):
    run = lab.fire(rate=100, duration=1, background=True)
    assert poll(lambda: len(run.requests) > 20, 10)
    end_caddy(lab, "SIGKILL")
    run.wait()
    lab.reset()
    # A container's network goes with it
    silent = {"timeout"} if lab.stack.runtime.name == "podman" else set()
    ends = {request.outcome for request in run.requests[-20:]}
    assert ends <= {"connect refused", "reset"} | silent


@pytest.mark.alone
def test_get_does_not_wait_for_a_caddy_that_ends_under_way(lab):
    lab.backend(1).slow(60)
    lab.backend(2).slow(60)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lab.get, "/")
        assert poll(lambda: sum(backend.in_flight for backend in lab.backends), 10)
        end_caddy(lab, "SIGKILL")
        began = time.monotonic()
        with pytest.raises(LabError, match=r"Caddy has ended|no answer"):
            answer.result(60)
        assert time.monotonic() - began < 15
    lab.reset()


def test_get_says_what_it_could_not_do(lab):
    lab.load(":80 {\n\tabort\n}")
    with pytest.raises(LabError, match="GET / got no answer"):
        lab.get("/")
    with pytest.raises(LabError, match="no answer"):
        lab.get("/", nonsense=True)
    lab.reset()


def test_nobody_waits_for_the_answer_of_a_caddy_that_has_ended():
    """In a container its network goes with it: packets are lost, and no connection ends."""
    never = threading.Event()
    with pytest.raises(httpx.ReadError, match="ended"):
        while_it_runs(never.wait, runs=lambda: False)
    never.set()
