"""Other systems, faked on this one: without what Windows lacks, a lab runs as well."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from caddylab._runtimes import keeper_main

pytestmark = pytest.mark.lab

# Libraries are imported first: they look for these names as well, and know what to do on Windows.
WITHOUT = """
import asyncio, os, signal, socket, subprocess, tempfile
from _socket import socketpair as _pair
import psutil, uvicorn

_unix = socket.AF_UNIX

def socketpair(family=_unix, type=socket.SOCK_STREAM, proto=0):
    ends = _pair(family, type, proto)
    return tuple(socket.socket(family, type, proto, end.detach()) for end in ends)

socket.socketpair = socketpair
LACKS = {
    os: ("fork", "getuid", "geteuid", "getgid", "getegid"),
    signal: ("SIGHUP", "SIGCHLD", "SIGUSR1"),
    socket: ("AF_UNIX", "send_fds", "recv_fds", "SO_REUSEPORT"),
}
for module, names in LACKS.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""

LAB = """
from caddylab._runtimes import nursery

nursery.ABLE = False  # as it is everywhere but on Linux
from caddylab import Lab

with Lab("process", backends=2) as lab:
    lab.load("happy-path")
    print("! well", lab.fire(8).errors)
    with lab.backend(2).hung():
        print("! hung", lab.fire(4, timeout=2).errors)
    with lab.backend(2).killed():
        print("! killed", lab.fire(4).errors)
    lab.reset()
    print("! again", lab.fire(8).errors, lab.stack.runtime.admin().base_url.port > 0)
"""


@pytest.fixture
def elsewhere(tmp_path):
    """The environment of a Python that lacks what Windows lacks."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "USERNAME": "learner"}


def test_a_lab_runs_without_forks_users_and_unix_sockets(elsewhere):
    done = subprocess.run(
        [sys.executable, "-c", LAB], env=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    told = [line[2:] for line in done.stdout.splitlines() if line.startswith("! ")]
    assert told == ["well 0", "hung 2", "killed 0", "again 0 True"]


def test_a_backend_is_the_python_itself_and_not_what_starts_it(monkeypatch):
    assert keeper_main.unwrapped() == (sys.executable, {})
    monkeypatch.setattr(keeper_main.os, "name", "nt")
    monkeypatch.setattr(sys, "_base_executable", "C:/Python/python.exe")
    launcher = {"__PYVENV_LAUNCHER__": sys.executable}
    assert keeper_main.unwrapped() == ("C:/Python/python.exe", launcher)
