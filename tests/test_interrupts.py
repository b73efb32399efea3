"""Stop at random moments of every public call, then `restore()`: what the lab says is so.

A few of them each time; `make attack` presses 300 times on processes and 60 times in containers.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable

import pytest
from backend_app import ask
from interrupting import stop_after
from lab_processes import processes_of

from caddylab import Lab
from caddylab._machine.waiting import poll
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.podman import service as podman_service

# What Stop cuts off in a start or in a widget is closed when it is forgotten.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PLAIN = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""
OTHER = PLAIN.replace("round_robin", "least_conn")


def several(lab: Lab) -> None:
    lab.backend(1).slow(1)
    lab.backend(1).partitioned()
    lab.backend(2).kill()


CALLS: dict[str, Callable[[Lab], object]] = {
    "fire": lambda lab: lab.fire(100, concurrency=4),
    "fire at a rate": lambda lab: lab.fire(rate=100, duration=0.3),
    "fire in the background": lambda lab: lab.fire(50, background=True).wait(),
    "load": lambda lab: lab.load(OTHER),
    "lint": lambda lab: lab.lint(OTHER),
    "adapt": lambda lab: lab.adapt(OTHER),
    "get": lambda lab: lab.get(),
    "stop": lambda lab: lab.backend(1).stop(),
    "kill": lambda lab: lab.backend(2).kill(),
    "start": lambda lab: lab.backend(2).start(),
    "kill and start": lambda lab: (lab.backend(2).kill(), lab.backend(2).start()),
    "stopped": lambda lab: lab.backend(2).stopped(),
    "killed": lambda lab: lab.backend(1).killed(),
    "hung": lambda lab: lab.backend(1).hung(),
    "partitioned": lambda lab: lab.backend(2).partitioned(),
    "slow": lambda lab: lab.backend(1).slow(0.1),
    "failing": lambda lab: lab.backend(2).failing(0.5),
    "undo": lambda lab: lab.backend(1).hung().undo(),
    "several": several,
    "restore": lambda lab: lab.restore(),
    "restore much": lambda lab: (several(lab), lab.restore()),
    "reset": lambda lab: lab.reset(),
    "state": lambda lab: [(backend.state, backend.opinion) for backend in lab.backends],
    "requests": lambda lab: lab.backend(1).requests(),
    "faults": lambda lab: lab.faults,
    "timeline": lambda lab: lab.timeline(),
    "wait_until": lambda lab: lab.wait_until(lambda: lab.backend(1).healthy, 5),
    "pause": lambda lab: lab.pause(0.05),
    "floor": lambda lab: lab.floor(),
    "view": lambda lab: lab.view(),
    "panel": lambda lab: lab.panel(),
    "table": lambda lab: lab.last and (lab.last.table(), lab.last.attempts(), lab.last.spans()),
    "chart": lambda lab: lab.last and lab.last.chart("latency"),
}


class Presser:
    """Presses Stop at random moments of calls, which it has seen undisturbed before.

    Attributes:
        pressed: how often in time, by the name of the call.
    """

    def __init__(self, lab: Lab, seed: int) -> None:
        self.lab, self.random = lab, random.Random(seed)
        self.pressed: Counter[str] = Counter()
        self._takes: dict[str, float] = {}

    def press(self, name: str) -> None:
        """Once, in time: whoever was too quick is called again."""
        if name not in self._takes:
            self._measure(name)
        while not self.pressed[name] or not self._last:
            moment = self._takes[name] * self.random.random() ** 2
            self._last = stop_after(moment, lambda: CALLS[name](self.lab))
            self.pressed[name] += self._last
            self._takes[name] *= 1.1 if self._last else 0.8  # the first call had to import
            self._check(name, moment)
        self._last = False

    _last = False

    def _measure(self, name: str) -> None:
        began = time.perf_counter()
        CALLS[name](self.lab)
        self._takes[name] = time.perf_counter() - began
        self._check(name, 0.0)

    def _check(self, name: str, moment: float) -> None:
        self.lab.restore()
        if name == "fire in the background":
            self.lab.last.stop()
        wrong = faults_of(self.lab)
        assert not wrong, f"Stop {moment:.4f} s after the beginning of {name!r}: {wrong}"


def faults_of(lab: Lab) -> list[str]:
    """Where what the lab says differs from what is there, after `restore()`."""
    wrong = []
    for backend in lab.backends:
        seen = lab.stack.runtime.units[backend.number - 1].look()
        if not seen.running or seen.frozen:
            wrong.append(f"{backend} is not well: {seen}")
        if backend.state != "up" or backend.faults:
            wrong.append(f"{backend} does not say that it is up")
        if any(ask(lab, backend.number, "GET", "/faults").json().values()):
            wrong.append(f"{backend} has faults inside")
    if any(fault.end is None for fault in lab.faults):
        wrong.append(f"a fault goes on: {lab.faults}")
    if lab.stack.sender.under_way:
        wrong.append("a run goes on")
    if lab.config() != lab.stack.runtime.admin().get("/config/").json():
        wrong.append("Caddy runs another configuration")
    if (count := parts(lab)) != len(lab.backends) + 1:
        wrong.append(f"{count} backends and Caddys")
    lab.load(PLAIN)
    traffic = lab.fire(12, concurrency=2, timeout=10)
    if traffic.errors or len(traffic.shares) != len(lab.backends):
        wrong.append(repr(traffic))
    if not all(request.complete for request in traffic.requests):
        wrong.append("a request's last line is missing")
    return wrong


def parts(lab: Lab) -> int:
    """How many backends and Caddys of the lab run."""
    if lab.stack.runtime.name == "podman":
        with podman_service.at_hand() as service:
            labelled = service.client.containers.list(filters=[f"label=caddylab.lab={lab.id}"])
        return len(labelled) - 1  # the name server
    processes = processes_of(lab.id)
    pids = {process.pid for process in processes}
    return sum(process.ppid() in pids for process in processes)  # all but the keeper


def mine() -> set[str]:
    """The labs of this process that have a folder."""
    marks = {path.parent.name: path.read_text() for path in folder.base().glob("*/owner")}
    return {lab_id for lab_id, mark in marks.items() if mark.startswith(f"{os.getpid()}:")}


def assault(lab: Lab, rounds: int) -> Presser:
    """Press Stop so often, in each call about equally often."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    presser = Presser(lab, seed)
    names = list(CALLS)
    presser.random.shuffle(names)
    for n in range(rounds):
        presser.press(names[n % len(names)])
    return presser


def stop_a_start(runtime: str, before: set[str], moment: float) -> bool:
    """Stop while a lab starts: nothing of it is left, or it is there and works."""
    made: list[Lab] = []
    stopped = stop_after(moment, lambda: made.append(Lab(runtime=runtime)))
    for lab in made:
        assert not faults_of(lab)
        lab.close()
    assert poll(lambda: mine() == before, 15), mine() - before
    return stopped


def stop_an_end(runtime: str, before: set[str], moment: float) -> bool:
    """Stop while a lab is closed, then close it again: nothing is left when that returns."""
    lab = Lab(runtime=runtime)
    stopped = stop_after(moment, lab.close)
    lab.close()
    assert mine() == before
    assert not processes_of(lab.id)
    return stopped


def test_stop_at_random_moments(lab):
    lab.restore()
    presser = assault(lab, 20 if lab.stack.runtime.name == "process" else 5)
    assert presser.pressed.total() >= 5


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_stop_at_a_random_moment_of_a_start_and_of_an_end(share):
    before = mine()
    stop_a_start("process", before, share)
    stop_an_end("process", before, share * 0.05)


ATTACKS = [("process", 240, 40, 20), pytest.param("podman", 45, 10, 5, marks=pytest.mark.podman)]


@pytest.mark.attack
@pytest.mark.parametrize(("runtime", "calls", "starts", "ends"), ATTACKS)
def test_stop_in_every_call(runtime, calls, starts, ends, figure):
    with Lab(runtime=runtime) as lab:
        pressed = assault(lab, calls).pressed.total()
    before = mine()
    for deed, wanted, longest in ((stop_a_start, starts, 2.5), (stop_an_end, ends, 0.5)):
        done = 0
        while done < wanted:
            done += deed(runtime, before, longest * random.random() ** 2)
        pressed += done
    figure(
        f"{pressed} of {calls + starts + ends} Stops at random moments of every public call "
        f"({runtime}): the lab said what was so, restore() made it well, and nothing was left"
    )
