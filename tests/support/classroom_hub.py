"""A real JupyterHub with the shipped configuration, on a machine of its own: see classroom-machine.

Process numbers and files in there differ from those outside, where the tests can see everything:
the processes by their namespace, the files below `Classroom.root`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import httpx
import psutil
from loopback_ports import free_ports

from caddylab._machine.waiting import poll

ROOT = Path(__file__).parents[2]
MACHINE = Path(__file__).with_name("classroom-machine")
CONFIGURATION = ROOT / "containers/classroom/jupyterhub_config.py"
UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
HOMES = Path("/home")
OWN = Path("/mnt/hub")
"""The hub's own folder, by its path inside."""


class Classroom:
    """A hub and the accounts of a class.

    Args:
        names: the learners.
        log: the file to which the hub, its proxy, its culler and all servers log.
        idle: seconds after which an unused server is ended.
    """

    def __init__(self, names: Sequence[str], log: Path, idle: int = 3600) -> None:
        self.passwords = {name: secrets.token_urlsafe(12) for name in names}
        self.log = log
        port, hub_port, proxy_port = free_ports(3)
        self.url = f"http://127.0.0.1:{port}"
        self.hub_port, self.proxy_port = hub_port, proxy_port
        settings = {
            "CLASSROOM_FOLDER": str(OWN), "CLASSROOM_ADDRESS": self.url,
            "CLASSROOM_HUB_PORT": str(hub_port), "CLASSROOM_PROXY_PORT": str(proxy_port),
            "CLASSROOM_IDLE": str(idle),
        }  # fmt: skip
        programs = Path(sys.executable).parent
        command = [*UNSHARE, MACHINE, programs / "jupyterhub", "--config", CONFIGURATION]
        with open(log, "wb") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=os.environ | settings
            )
        assert poll(self._children, 10)
        self._first = self._children()[0].pid
        assert self._process.stdin
        self._process.stdin.write(self._accounts().encode())
        self._process.stdin.close()

    def wait(self) -> None:
        """Return once the hub answers through its proxy."""
        assert poll(lambda: self._answers() or self._process.poll() is not None, 60)
        assert self._process.poll() is None, self.log.read_text()

    def close(self) -> None:
        """End the machine and everything that runs on it."""
        self._process.kill()  # process 1 inside is killed with it
        self._process.wait()
        assert poll(lambda: not psutil.pid_exists(self._first), 10)

    @property
    def root(self) -> Path:
        """The machine's root folder, seen from outside."""
        return Path(f"/proc/{self._first}/root")

    def home(self, name: str) -> Path:
        """A learner's home, seen from outside."""
        return self.root / HOMES.name / name

    def uid(self, name: str) -> int:
        """A learner's user id, which is theirs only on this machine."""
        return self.home(name).stat().st_uid

    def processes(self) -> Iterator[psutil.Process]:
        """The processes on the machine."""
        namespace = os.stat(f"/proc/{self._first}/ns/pid").st_ino
        for process in psutil.process_iter():
            with contextlib.suppress(OSError, psutil.Error):
                if os.stat(f"/proc/{process.pid}/ns/pid").st_ino == namespace:
                    yield process

    def of(self, name: str) -> list[psutil.Process]:
        """A learner's processes."""
        uid = self.uid(name)
        return [process for process in self.processes() if owner(process) == uid]

    def _children(self) -> list[psutil.Process]:
        return psutil.Process(self._process.pid).children()

    def _accounts(self) -> str:
        return "".join(
            f"{name}:{password}::learners::{HOMES / name}:/bin/bash\n"
            for name, password in self.passwords.items()
        )

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/hub/health", trust_env=False).status_code == 200
        return False


def owner(process: psutil.Process) -> int | None:
    """The user id that a process runs as; None if it has ended."""
    with contextlib.suppress(psutil.Error):
        return process.uids().real
    return None


def listeners(processes: Iterable[psutil.Process]) -> set[str]:
    """The addresses on which these processes listen for TCP connections."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            connections = process.net_connections("inet")
            found |= {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
    return found
