"""A backend in its container."""

from __future__ import annotations

import contextlib
import io
import signal
import tarfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from caddylab._errors import FaultError
from caddylab._machine.waiting import poll
from caddylab._runtimes.base import BACKEND_PORT, Address, Sight, ready
from caddylab._runtimes.listener import Listener
from caddylab._runtimes.podman.container import (
    CONTROL_PORT,
    DOMAIN,
    GONE_TIMEOUT,
    LISTENER_FILE,
    Container,
)


class PodmanUnit:
    """One backend in its container.

    It is frozen with SIGSTOP, not with `podman pause`, which rootless Podman cannot do
    under cgroup v1.
    """

    def __init__(self, container: Container, number: int, secret: str) -> None:
        self.container, self.number, self._secret = container, number, secret
        self.address: Address | str = container.published(BACKEND_PORT)
        self.control = container.published(CONTROL_PORT)
        self.dial = self.unix_dial = f"backend{number}.{DOMAIN}:{BACKEND_PORT}"
        self.instance = ""
        """Nobody else can have its published port, so it need not identify itself."""

    def listen(self, listener: Listener) -> None:
        self.container.put(_archive(LISTENER_FILE, listener.written()))

    def look(self) -> Sight:
        state = self.container.state()
        running = bool(state["Running"])
        if running:
            frozen = self.container.stopped() or False
            return Sight(state["StartedAt"], running, frozen)
        ended = _unix_time(state["FinishedAt"])
        return Sight(state["StartedAt"], running, False, ended, _ending(state))

    def start(self) -> None:
        if not self.running():
            self.container.start()
            self.wait()

    def wait(self) -> None:
        """Return once it answers."""
        self.container.await_ready(lambda: ready(self, self._secret))

    def stop(self, timeout: float = 10.0) -> None:
        if self.running():
            self.thaw()
            self.container.stop(timeout)

    def kill(self) -> None:
        with self._unless_gone():
            self.container.kill()

    def freeze(self) -> None:
        self.container.signal("SIGSTOP")
        self._see(lambda: self.container.stopped() is not False, "stand still")

    def thaw(self) -> None:
        with self._unless_gone():
            if self.container.stopped() is not False:
                self.container.signal("SIGCONT")
                self._see(lambda: not self.container.stopped(), "go on")

    def running(self) -> bool:
        return self.container.running()

    @contextlib.contextmanager
    def _unless_gone(self) -> Iterator[None]:
        """Ignore a failure if the container is down, or goes down meanwhile."""
        try:
            yield
        except FaultError:
            if self.running():
                raise

    def _see(self, condition: Callable[[], bool], what: str) -> None:
        if not poll(condition, GONE_TIMEOUT, interval=0.01):
            raise FaultError(f"Backend {self.number} was told to {what}, and does not.")


def _archive(path: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.size, entry.mode = len(content), 0o644
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _ending(state: dict[str, Any]) -> str:
    """How a container's process ended: "SIGKILL", "exit status 1"."""
    if state.get("OOMKilled"):
        return "out of memory"
    code = state["ExitCode"]
    with contextlib.suppress(ValueError):
        return signal.Signals(code - 128).name  # how shells and Podman encode a signal
    return f"exit status {code}"


def _unix_time(text: str) -> float | None:
    moment = datetime.fromisoformat(text)
    return moment.timestamp() if moment.year > 1 else None
