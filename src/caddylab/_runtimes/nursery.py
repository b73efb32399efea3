"""Where this process's keepers come from: a process that has imported everything forks them.

A lab would otherwise import FastAPI anew, which is most of what its start costs (see
`nursery_main`).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import psutil

from caddylab._machine import shipped
from caddylab._machine.environ import inherited

MARK = "CADDYLAB_LAB"
"""Environment variable that every process of a lab carries: the lab's id."""
ABLE = sys.platform.startswith("linux")
"""Whether a forked process can carry a mark that others can read: on Linux only."""
ROOM = "0" * 8
"""The mark of no lab; a lab's id is as long as this."""
PATIENCE = 30.0
"""Seconds for a keeper to be forked; the first one waits for the imports."""


class Forked:
    """A keeper's process that was forked for us; used as `subprocess.Popen` is."""

    def __init__(self, pid: int, stdin: IO[str], stdout: IO[str]) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._process: psutil.Process | None = None
        with contextlib.suppress(psutil.NoSuchProcess):  # somebody has killed it at once
            self._process = psutil.Process(pid)

    def wait(self) -> None:
        """Return when it is gone."""
        if self._process:
            self._process.wait()

    def kill(self) -> None:
        """SIGKILL."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process:
                self._process.kill()


class Nursery:
    """The owner's side of one nursery."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = Path(__file__).with_name("nursery_main.py")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(script), str(shipped.containers()), MARK],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=inherited() | {MARK: ROOM}, start_new_session=True,
            )  # fmt: skip
        self._socket = ours
        self._socket.settimeout(PATIENCE)
        self.owner = os.getpid()

    def keeper(self, folder: Path, files: list[int]) -> int:
        """Fork the keeper of a lab with these as its input, output and error.

        Raises:
            OSError: the nursery is gone, or does not answer.
        """
        socket.send_fds(self._socket, [os.fsencode(folder)], files)
        if not (answer := self._socket.recv(64)):
            raise EOFError("the nursery has ended")
        return int(answer)

    def close(self) -> None:
        """End it, and make sure that it has ended."""
        self._socket.close()
        if self.owner == os.getpid():  # otherwise it belongs to our parent
            self._process.kill()  # it owns nothing that needs cleaning up
            self._process.wait()


_lock = threading.Lock()
_ours: list[Nursery] = []
"""This process's nursery; None before the first lab, and after a failure."""


def keeper(folder: Path) -> Forked | None:
    """The process of a lab's keeper; None where the keeper must be started on its own.

    It has the nursery's environment, and must be told ours.
    """
    if not ABLE or len(folder.name) != len(ROOM):
        return None
    with _lock:
        for _ in range(2):  # once more, with a new one: the first may have been killed
            with contextlib.suppress(OSError, EOFError):
                return _forked(folder)
    return None


def _forked(folder: Path) -> Forked:
    (input, ours), (theirs, output) = os.pipe(), os.pipe()
    stdin, stdout = os.fdopen(ours, "w", encoding="utf-8"), os.fdopen(theirs, encoding="utf-8")
    with open(input, "rb") as one, open(output, "wb") as two:
        try:
            with open(folder / "keeper.out", "ab") as three:
                pid = _nursery().keeper(folder, [one.fileno(), two.fileno(), three.fileno()])
        except BaseException:  # also Stop: whose the next answer is would be unknown
            stdin.close()
            stdout.close()
            close()
            raise
    return Forked(pid, stdin, stdout)


def _nursery() -> Nursery:
    if _ours and _ours[0].owner != os.getpid():  # inherited from the process that forked us
        close()
    if not _ours:
        _ours.append(Nursery())
    return _ours[0]


@atexit.register
def close() -> None:
    """End the nursery; the keepers live on."""
    while _ours:
        _ours.pop().close()
