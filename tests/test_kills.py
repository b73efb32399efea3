"""SIGKILL for the owner of a lab in every phase of its life: nothing of the lab is left.

Some phases are moments of a start or of an end; they are tried a few times, at random.
`tests/test_leftovers.py` and `tests/test_podman_leftovers.py` hold the quick forms.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from lab_processes import processes_of
from podman_support import left_of

from caddylab._machine.waiting import poll
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.podman import service as podman_service

OWNER = """
import sys, time
from caddylab import Lab
print("begin", flush=True)
lab = Lab(runtime={runtime!r})
print("ready", flush=True)
{deed}
print("done", flush=True)
time.sleep(120)
"""
FOR_EVER = "print('done', flush=True)\nwhile True:\n    "
PHASES = {
    "the start": ("begin", "pass"),
    "idle": ("done", "pass"),
    "under load": ("done", "lab.fire(rate=200, duration=60, background=True)"),
    "a run that is waited for": ("ready", "lab.fire(rate=200, duration=60)"),
    "hung": ("done", "lab.backend(2).hung(); lab.fire(2, background=True)"),
    "partitioned": ("done", "lab.backend(1).partitioned()"),
    "killed and slow": ("done", "lab.backend(1).kill(); lab.backend(2).slow(30)"),
    "being stopped": (
        "ready",
        "lab.fire(4, concurrency=4, path='/delay/9000', background=True); time.sleep(0.3)\n"
        "lab.backend(2).stop()",
    ),
    "kills and starts": ("done", f"{FOR_EVER}lab.backend(2).kill(); lab.backend(2).start()"),
    "faults and restores": (
        "done",
        f"{FOR_EVER}lab.backend(1).partitioned(); lab.backend(2).hung(); lab.restore()",
    ),
    "loads": ("done", f"{FOR_EVER}lab.load('crash'); lab.load('happy-path')"),
    "resets": ("done", f"{FOR_EVER}lab.fire(50, background=True); lab.reset()"),
    "watched": ("done", "lab.view(); lab.stack.feed.watch(lambda *_: None); lab.fire(50)"),
    "the end": ("done", "print('done', flush=True); lab.close()"),
}
TIMES = 3
"""Kills in each phase."""
AT_ONCE = ("idle", "under load", "hung", "partitioned", "killed and slow", "watched")
"""Phases in which nothing changes, so that their moment does not matter."""


def test_there_are_fourteen_phases():
    assert len(PHASES) == 14


def owners_labs(pid: int) -> list[str]:
    """The labs whose owner is this process."""
    marks = {path.parent.name: path.read_text() for path in folder.base().glob("*/owner")}
    return [lab_id for lab_id, mark in marks.items() if mark.startswith(f"{pid}:")]


def killed_in(phase: str, runtime: str) -> list[str]:
    """Kill an owner in this phase; the ids of its labs, as far as one could see."""
    word, deed = PHASES[phase]
    script = OWNER.format(runtime=runtime, deed=deed)
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert any(line.startswith(word) for line in owner.stdout), f"never said {word}"
    labs = set(owners_labs(owner.pid))
    if phase not in AT_ONCE:
        end = time.monotonic() + random.uniform(0, 1.5 if phase != "the end" else 0.4)
        while time.monotonic() < end:
            labs |= set(owners_labs(owner.pid))
            time.sleep(0.01)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    return sorted(labs | set(owners_labs(owner.pid)))


def left(labs: list[str], runtime: str) -> list[str]:
    """What is left of these labs."""
    found = [f"folder {lab}" for lab in labs if (folder.base() / lab).exists()]
    found += [f"process of {lab}" for lab in labs if processes_of(lab)]
    if runtime == "podman":
        with podman_service.at_hand() as service:
            found += [name for lab in labs for name in left_of(service.client, lab)]
    return found


@pytest.mark.attack
@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
def test_nothing_is_left_whenever_the_owner_is_killed(runtime, figure):
    kills = 0
    for phase in PHASES:
        for _ in range(TIMES):
            labs = killed_in(phase, runtime)
            gone = poll(lambda labs=labs: not left(labs, runtime), 90, interval=0.5)
            assert gone, f"{phase}: {left(labs, runtime)}"
            kills += 1
    time.sleep(1)  # what was still being made when its owner died would appear now
    folder.sweep()
    figure(f"{kills} of {kills} kills of a lab's owner in 14 phases ({runtime}): nothing was left")
