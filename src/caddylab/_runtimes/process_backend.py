"""A backend as a process of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import psutil

from caddylab._errors import FaultError, StartFailed
from caddylab._machine import shipped
from caddylab._machine.ports import LOOPBACK, Port
from caddylab._machine.waiting import poll
from caddylab._runtimes.base import Address, Sight, ready
from caddylab._runtimes.keeper import Keeper
from caddylab._runtimes.listener import FILE, Listener

UNIX = hasattr(os, "getuid")
START_TIMEOUT = 30.0
PATIENCE = 10.0
"""Seconds for a signal to take effect."""


class ProcessUnit:
    """One backend: a process that the keeper forks.

    Args:
        number: which backend it is, counted from 1.
        secret: what its control channel asks for.
        folder: the lab's.
        keeper: returns the keeper.
        output: returns the last lines that a process of the lab has printed, by its name.
    """

    def __init__(
        self,
        number: int,
        secret: str,
        folder: Path,
        keeper: Callable[[], Keeper],
        output: Callable[[str], str],
    ) -> None:
        self._secret, self._folder = secret, folder
        self._keeper, self._output = keeper, output
        self._port, self._control_port = Port(), Port()
        self._process: psutil.Process | None = None
        self._name = f"backend{number}"
        self.number = number
        self.instance = ""
        self.address: Address | str = (LOOPBACK, self._port.number)
        self.control: Address = (LOOPBACK, self._control_port.number)

    def launch(self) -> None:
        """Start it without waiting, unless it runs, whoever may have started it."""
        env = {
            "BACKEND_ID": str(self.number),
            "CONTROL_HOST": LOOPBACK,
            "CONTROL_PORT": str(self.control[1]),
            "CONTROL_SECRET": self._secret,
            FILE: str(self._file("listener.json")),
        }
        app_dir = shipped.containers()
        self._keeper().backend(self._name, app_dir, self._port.number, env)
        self.look()

    @property
    def dial(self) -> str:
        return f"{LOOPBACK}:{self._port.number}"

    @property
    def unix_dial(self) -> str:
        return f"unix/{self._file('sock')}" if UNIX else self.dial

    def listen(self, listener: Listener) -> None:
        socket = str(self._file("sock")) if UNIX else ""
        private = os.open(self._file("listener.json"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(private, "wb") as file:
            file.write(listener.written(socket))
        self.address = socket if listener.unix and socket else (LOOPBACK, self._port.number)

    def _file(self, ending: str) -> Path:
        return self._folder / f"{self._name}.{ending}"

    def look(self) -> Sight:
        try:
            found = self._keeper().look(self._name)
        except StartFailed:  # somebody has killed the keeper; its children may live on
            return Sight(self.instance, self.running(), self._frozen())
        if found is None:
            return Sight("", running=False)
        if found["instance"] != self.instance:
            self.instance, self._process = found["instance"], None
            with contextlib.suppress(psutil.NoSuchProcess):  # ended already
                self._process = psutil.Process(found["pid"])
        running, ended, how = found["running"], found["ended"], found["how"]
        return Sight(self.instance, running, running and self._frozen(), ended, how)

    def wait(self) -> None:
        """Return once it answers."""
        if not poll(lambda: not self.running() or ready(self, self._secret), START_TIMEOUT):
            raise StartFailed(self._excuse(f"did not answer within {START_TIMEOUT:g} s"))
        if not self.running():
            raise StartFailed(self._excuse("ended while it was starting"))

    def start(self) -> None:
        if not self.look().running:
            self.launch()
            self.wait()

    def stop(self, timeout: float = 10.0) -> None:
        if self.look().running:
            self.thaw()
            self._signal("terminate")
            if not self._gone(timeout):
                self.kill()

    def kill(self) -> None:
        if self.look().running:
            self._signal("kill")
            if not self._gone(PATIENCE):
                raise FaultError(f"Backend {self.number} was killed and still runs.")

    def freeze(self) -> None:
        self._signal("suspend")
        self._see(self._frozen, "stand still")

    def thaw(self) -> None:
        self._signal("resume")
        self._see(lambda: not self._frozen(), "go on")

    def running(self) -> bool:
        return lives(self._process)

    def close(self) -> None:
        """Give its ports back."""
        self._port.close()
        self._control_port.close()

    def _frozen(self) -> bool:
        with contextlib.suppress(psutil.Error):
            return self._process is not None and self._process.status() == psutil.STATUS_STOPPED
        return False

    def _see(self, condition: Callable[[], bool], what: str) -> None:
        if not poll(condition, PATIENCE, interval=0.001):
            raise FaultError(f"Backend {self.number} was told to {what}, and does not.")

    def _signal(self, verb: str) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process:
                getattr(self._process, verb)()

    def _gone(self, timeout: float) -> bool:
        """Whether it ends in time; a zombie whose other threads still run is not gone yet."""
        return poll(lambda: not (self.running() or self.look().running), timeout, interval=0.002)

    def _excuse(self, what: str) -> str:
        output = self._output(self._name)
        return f"Backend {self.number} {what}. Its last output:\n{output}"


def lives(process: psutil.Process | None) -> bool:
    """Whether it runs; a zombie does not."""
    with contextlib.suppress(psutil.Error):
        if process and process.is_running():
            return process.status() != psutil.STATUS_ZOMBIE
    return False
