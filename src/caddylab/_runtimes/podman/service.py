"""Finding the Podman service, or starting one.

podman-py is imported late: it takes a third of a second, which a machine without Podman should
not pay. Its errors are `OSError`s.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from caddylab._errors import RuntimeUnavailable
from caddylab._machine import loopback
from caddylab._machine.waiting import poll
from caddylab._runtimes.temporary import temporary

if TYPE_CHECKING:
    from podman import PodmanClient

OLDEST = (4, 3)
VARIABLE = "CONTAINER_HOST"
ANSWER_TIMEOUT = 5.0
START_TIMEOUT = 20.0
END_TIMEOUT = 5.0


class Service:
    """A Podman service that answers at `uri`, within `patience` seconds if they are given.

    podman-py's clients are not made for several threads, so each thread gets one of its own.
    """

    def __init__(self, uri: str, patience: float | None = None) -> None:
        self.uri, self._patience = uri, patience
        self._clients: list[Any] = []
        self._local = threading.local()

    @property
    def client(self) -> PodmanClient:
        """This thread's client."""
        if not hasattr(self._local, "client"):
            self._local.client = _client(self.uri, self._patience)
            self._clients.append(self._local.client)
        return cast("PodmanClient", self._local.client)

    @cached_property
    def version(self) -> tuple[int, ...]:
        """Podman's version, such as (4, 3, 1)."""
        return _numbers(answering(self.uri))

    def close(self) -> None:
        """Close every thread's client."""
        while self._clients:
            self._clients.pop().close()


def find() -> str | None:
    """The address of a service that answers; None if there is none.

    Raises:
        RuntimeUnavailable: CONTAINER_HOST names a service that does not answer, or the one that
            answers is too old.
    """
    named = os.environ.get(VARIABLE)
    for uri in [named] if named else _usual_places():
        if version := answering(uri):
            return _recent_enough(uri, version)
    if named:
        raise RuntimeUnavailable(
            f"No Podman service answers at {VARIABLE}={named}. Start it there, or unset the "
            "variable to have this machine's own Podman used."
        )
    return None


def answering(uri: str) -> str:
    """The version of the Podman service at `uri`; empty if none answers."""
    try:
        if not _may_listen(uri):
            return ""
        with _client(uri, timeout=ANSWER_TIMEOUT) as client:
            answer = client.api.get("/_ping")
            return str(answer.headers.get("Libpod-Api-Version", "")) if answer.ok else ""
    except (OSError, ValueError):
        return ""


def command(path: Path) -> list[str]:
    """The command that serves on the socket `path` until it is ended.

    Raises:
        RuntimeUnavailable: this machine has no Podman that could serve.
    """
    program = shutil.which("podman")
    if program is None:
        raise RuntimeUnavailable(
            "Podman is not installed. Install it (https://podman.io/docs/installation), or use "
            'Lab(runtime="process").'
        )
    if not sys.platform.startswith("linux"):
        raise RuntimeUnavailable(
            "Podman is installed, but no Podman service answers. Start its machine with "
            '`podman machine start`, or use Lab(runtime="process").'
        )
    # An empty CONTAINER_HOST is enough to make `podman` ask another service instead.
    return ["env", "-u", VARIABLE, program, "system", "service", "--time", "0", f"unix://{path}"]


def wait_for(path: Path, log: Path) -> str:
    """The address of a service that has just been started on the socket `path`.

    Raises:
        RuntimeUnavailable: it does not answer; the end of its log is in the message.
    """
    uri = f"unix://{path}"
    if poll(lambda: answering(uri), START_TIMEOUT, interval=0.01):
        return uri
    raise RuntimeUnavailable(
        f"`podman system service` does not answer after {START_TIMEOUT:g} s. It says:\n"
        f"{log.read_text(errors='replace')[-2000:]}\n"
        'Look whether `podman info` works, or use Lab(runtime="process").'
    )


@contextlib.contextmanager
def at_hand(patience: float | None = None) -> Iterator[Service]:
    """A service that answers: one that runs already, or one of our own for the `with` block.

    Args:
        patience: seconds that it has for each answer.

    Raises:
        RuntimeUnavailable: there is none, and none can be started.
    """
    with contextlib.ExitStack() as stack:
        service = Service(find() or stack.enter_context(own_service()), patience)
        stack.callback(service.close)
        yield service


@contextlib.contextmanager
def own_service() -> Iterator[str]:
    """The address of a service of our own, for the `with` block."""
    with tempfile.TemporaryDirectory(prefix="caddylab-", dir=temporary()) as folder:
        path, log = Path(folder, "podman.sock"), Path(folder, "podman.out")
        with log.open("wb") as out:
            process = subprocess.Popen(
                command(path), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            yield wait_for(path, log)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _client(uri: str, timeout: float | None = None) -> PodmanClient:
    from podman import PodmanClient

    return PodmanClient(base_url=uri, timeout=timeout)


def _may_listen(uri: str) -> bool:
    """Whether `uri` is worth asking.

    podman-py forgets to close a socket that cannot connect, and waits minutes for an `ssh` that
    has ended long ago.
    """
    address = urlsplit(uri)
    if address.scheme in ("ssh", "http+ssh"):
        return _answers_ssh(address.netloc)
    if address.scheme not in ("unix", "http+unix") or not hasattr(socket, "AF_UNIX"):
        return True
    return loopback.listens(address.path)


def _answers_ssh(host: str) -> bool:
    """Whether `host` lets us in without a password."""
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", f"ConnectTimeout={ANSWER_TIMEOUT:.0f}"]
    command = ["ssh", *(word for option in options for word in ("-o", option))]
    try:
        answer = subprocess.run(
            [*command, f"ssh://{host}", "true"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * ANSWER_TIMEOUT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.returncode == 0


def _usual_places() -> Iterator[str]:
    paths = [*usual_sockets()]
    if sys.platform == "darwin":
        paths += _machine_sockets()
    for path in dict.fromkeys(paths):
        yield f"unix://{path}"


def usual_sockets() -> Iterator[Path]:
    """Where a service of this user's listens, if one runs."""
    folders = [os.environ.get("XDG_RUNTIME_DIR")]
    if hasattr(os, "getuid"):
        folders += [f"/run/user/{os.getuid()}"] if os.getuid() else ["/run"]
    for folder in filter(None, folders):
        yield Path(folder, "podman/podman.sock")


def _machine_sockets() -> list[Path]:
    """The sockets that a Podman Machine forwards its service to."""
    if not shutil.which("podman"):
        return []
    question = ["podman", "machine", "inspect", "--format", "{{.ConnectionInfo.PodmanSocket.Path}}"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return []
    return [Path(line) for line in answer.stdout.split()]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _recent_enough(uri: str, version: str) -> str:
    if _numbers(version) < OLDEST:
        raise RuntimeUnavailable(
            f"The Podman service at {uri} has version {version}; the lab needs 4.3 or newer. "
            'Upgrade it, or use Lab(runtime="process").'
        )
    return uri
