"""What a lab needs from the place where it runs; `process` and `podman` both offer it."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from caddylab._machine.ports import Address as Address
from caddylab._runtimes.listener import Listener

BACKEND_PORT = 8080
"""The port a backend has in a learner's Caddyfile (`backend1:8080`)."""

MOST_BACKENDS = 16
"""How many backends a lab can have."""

BACKLOG = 128
"""Listen queue of a backend: short, so that a partition can fill it (see `_rig/backends/plug`)."""


INSTANCE_HEADER = "X-Instance"

MOST_DOORS = 8
"""How many ports of a Caddyfile clients on this machine can reach."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One of Caddy's listeners.

    Attributes:
        listen: the listener as it is written in Caddy's JSON.
        address: where clients connect to it, on loopback; None if only Caddy itself does.
    """

    listen: str
    address: Address | None


@dataclass(frozen=True, slots=True)
class Sight:
    """What a runtime sees of a backend's process when it looks at it.

    Attributes:
        instance: tells this process from the one before and the one after it.
        running: whether it exists; a frozen one does.
        frozen: whether it is suspended.
        ended: when it ended (Unix time), if that is known.
        how: how it ended, such as "SIGKILL".
    """

    instance: str
    running: bool
    frozen: bool = False
    ended: float | None = None
    how: str = ""


class Unit(Protocol):
    """One backend as its runtime sees it.

    `address` and `control` are loopback addresses on this machine, or `address` is the path of a
    unix socket; `control` answers only requests that carry the lab's secret. `instance` is how
    the running process identifies itself there, in INSTANCE_HEADER; no other process does.
    """

    number: int
    address: Address | str
    control: Address
    instance: str

    @property
    def dial(self) -> str:
        """The address at which Caddy reaches the backend."""

    @property
    def unix_dial(self) -> str:
        """The same when it listens on a unix socket; the usual address where it cannot."""

    def listen(self, listener: Listener) -> None:
        """Write down its listener, which it reads at its next start, or when it is told to."""

    def look(self) -> Sight:
        """The real state of its process, whatever was done or noted before."""

    def start(self) -> None:
        """Start it, and return once it answers. No-op when it runs."""

    def stop(self, timeout: float = 10.0) -> None:
        """Ask it to end (SIGTERM), kill it (SIGKILL) after `timeout` seconds; return when gone."""

    def kill(self) -> None:
        """End it at once (SIGKILL); return when gone."""

    def freeze(self) -> None:
        """Suspend it (SIGSTOP): the kernel still accepts connections, but nobody answers.

        Like `stop`, `kill` and `thaw`, it returns once the effect is confirmed.

        Raises:
            FaultError: the effect was not confirmed in time.
        """

    def thaw(self) -> None:
        """Resume it (SIGCONT). No-op when it is not frozen."""

    def running(self) -> bool:
        """Whether its process exists (a frozen one does)."""


class Runtime(Protocol):
    """One running stack: a Caddy and its backends.

    `moves` says whether a backend gets another address when it is started again.
    """

    moves: bool

    name: str
    lab_id: str
    secret: str
    site: Address
    """Where clients connect, on loopback."""
    listen: str
    """The same listener as it is written in Caddy's JSON."""

    @property
    def units(self) -> Sequence[Unit]:
        """The backends, in the order of their numbers."""

    def start(self) -> None:
        """Start everything in parallel; return when every backend and the admin API answer.

        Raises:
            RuntimeUnavailable: this machine cannot run it.
            StartFailed: something did not become ready; its last output is in the message.
        """

    def close(self) -> None:
        """End everything and leave nothing behind. Safe to call twice."""

    def caddy_runs(self) -> bool:
        """Whether Caddy's process exists."""

    def caddy_pid(self) -> int:
        """Caddy's process id on this machine, even if Caddy runs in a container."""

    def restart_caddy(self) -> None:
        """End whatever is left of Caddy, and start it again, without a site.

        Raises:
            StartFailed: it does not become ready.
        """

    def admin(self) -> httpx.Client:
        """A client of Caddy's admin API."""

    def dial(self, host: str, port: int) -> str:
        """The address at which Caddy reaches `host:port` of a learner's Caddyfile."""

    def names(self) -> NameServer:
        """The lab's name server; it is started if it does not run yet.

        Raises:
            StartFailed: it does not become ready.
        """

    def place(self, number: int, move: int = 0) -> Address:
        """An address of its own for a backend, which a name server can tell Caddy.

        Args:
            number: which backend.
            move: how often it has moved; matters where the lab chooses a backend's address.

        Raises:
            CaddyfileError: this machine has but one address.
        """

    def gate(self, n: int) -> Gate:
        """The gate for the `n`-th of a Caddyfile's ports: the first, 0, is at `site`.

        From `MOST_DOORS` on, a runtime may have no gate that clients can reach.
        """

    @property
    def here(self) -> Path:
        """The lab's folder on this machine."""

    def extra_config(self) -> dict[str, Any]:
        """What every configuration of this Caddy must hold besides the learner's: `admin`, ..."""

    @property
    def own_folder(self) -> str:
        """The lab's folder as Caddy sees it, for everything that a Caddyfile lets it write."""

    def bring(self, path: Path) -> str:
        """Let Caddy read a file or folder of this machine; returns where Caddy finds it.

        Raises:
            CaddyfileError: it is too large.
        """

    def log_writer(self) -> dict[str, Any]:
        """Caddy's `writer` for the lab's own log."""

    def read_log(self, offset: int) -> bytes:
        """What the lab's log holds from `offset` on; empty when there is nothing new."""

    def log_trouble(self) -> str:
        """Why Caddy cannot write the lab's log now, as far as that is known; else ""."""

    def output(self, lines: int = 20) -> str:
        """The last lines that Caddy printed: for error messages."""


@dataclass(frozen=True, slots=True)
class NameServer:
    """Where the lab's name server is.

    Attributes:
        resolver: the address at which Caddy asks it.
        control: the address, on this machine, at which it is told what to answer.
    """

    resolver: str
    control: Address


NAMES = "NAMES_ADDRESS"
"""Environment variable that makes a backend's program the name server: its address for queries."""


def ready(unit: Unit, secret: str) -> bool:
    """Whether this very process answers on its control channel, as it does once it serves."""
    connection = http.client.HTTPConnection(*unit.control, timeout=2)
    try:
        connection.request("GET", "/ready", headers={"Authorization": f"Bearer {secret}"})
        answer = connection.getresponse()
        return answer.status == 200 and answer.getheader(INSTANCE_HEADER, "") == unit.instance
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
