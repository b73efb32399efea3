"""Whatever is thrown into a thread of a lab, the thread goes on, and says so."""

from __future__ import annotations

import ctypes
import threading

import pytest

from caddylab import Lab
from caddylab._machine.waiting import poll

THREADS = ("caddylab-journal", "caddylab-feed", "caddylab-checks", "caddylab-engine")
"""Every thread that a lab has while it is watched."""


@pytest.fixture(scope="module")
def watched():
    with Lab("process") as lab:
        batches = []
        lab.stack.feed.watch(lambda now, events: batches.extend(events))
        lab.fire(1)
        yield lab, batches


def ours() -> dict[str, threading.Thread]:
    return {t.name: t for t in threading.enumerate() if t.name.startswith("caddylab-")}


def test_a_lab_has_no_other_threads(watched):
    assert sorted(ours()) == sorted(THREADS)


@pytest.mark.parametrize("name", THREADS)
def test_no_thread_of_a_lab_is_ended_by_anything(watched, name, caplog):
    lab, batches = watched
    thread = ours()[name]
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
    )
    if name == "caddylab-engine":  # it sleeps until there is something to send
        lab.fire(1)
    assert poll(lambda: f"{name} goes on after an error" in caplog.text, 10)

    told = len(batches)
    run = lab.fire(4)

    assert thread.is_alive()
    assert [request.complete for request in run.requests] == [True] * 4
    assert run.good == 4
    assert poll(lambda: len(batches) > told, 10)


def test_what_is_under_way_when_the_sender_breaks_off_is_recorded_so(watched, caplog):
    lab, _ = watched
    run = lab.fire(2, concurrency=2, path="/delay/5000", background=True, timeout=20)
    assert poll(lambda: len(run.requests) == 2, 5)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(ours()["caddylab-engine"].ident), ctypes.py_object(SystemExit)
    )
    after = lab.fire(1)  # wakes it

    run.wait()
    assert {request.error for request in run.requests} == {"the sender broke off: SystemExit"}
    assert after.good == 1
