"""Caddy's log does not grow for ever, and no line of it is lost or read twice."""

from __future__ import annotations

import os

import pytest

from caddylab import Lab
from caddylab._runtimes import spent
from caddylab._runtimes.podman import caddy as podman_caddy

RUNTIMES = ["process", pytest.param("podman", marks=pytest.mark.podman)]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_has_been_read_takes_no_room(runtime, monkeypatch):
    monkeypatch.setattr(spent, "STEP", 100_000)
    with Lab(runtime=runtime) as lab:
        for _ in range(3):
            run = lab.fire(400, concurrency=10)
            assert all(request.complete for request in run.requests)
            assert [len(request.attempts) for request in run.requests] == [1] * 400
        size, room = room_of(lab)
        assert size > 800_000
        assert room < size / 2


def room_of(lab: Lab) -> tuple[int, int]:
    """How long the log is, and how much of the disk it takes."""
    runtime = lab.stack.runtime
    if runtime.name == "process":
        found = os.stat(runtime.here / "caddy.log")
    else:
        found = os.stat(f"/proc/{runtime.caddy_pid()}/root{podman_caddy.LOG_FILE}")
    return found.st_size, found.st_blocks * 512
