"""One container of a lab."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from caddylab._errors import FaultError, StartFailed
from caddylab._machine.ports import LOOPBACK, Reservation
from caddylab._machine.waiting import poll
from caddylab._runtimes import temporary
from caddylab._runtimes.base import Address
from caddylab._runtimes.podman.service import Service
from caddylab._runtimes.podman.sweep import asked

CONTROL_PORT = 8081
LISTENER_FILE = "/tmp/listener.json"
DOMAIN = "dns.podman"
START_TIMEOUT = 60.0
GONE_TIMEOUT = 30.0
PATIENCE = 120.0
LOG = {"Type": "k8s-file", "Config": {"max-size": "16mb"}}


class Container:
    """A container that has been created with `ports` published on loopback.

    Args:
        service: the Podman service that it belongs to.
        name: what error messages call it.
        options: what podman-py's `containers.create` takes.
        ports: the ports to publish; free numbers on this machine are chosen, and they stay its
            own, started or not, until `release`.
    """

    def __init__(
        self, service: Service, name: str, ports: list[int], options: dict[str, Any]
    ) -> None:
        self._service, self.name = service, name
        # Podman could choose the ports now, but would hold them only once the container starts.
        self._reservations = {port: Reservation() for port in ports}
        published = {f"{port}/tcp": self.published(port) for port in ports}
        with asked(options["labels"]):
            # k8s-file, since journald, the default in some places, is not everywhere
            made = service.client.containers.create(ports=published, log_config=LOG, **options)
        self.id: str = made.id

    def published(self, port: int) -> Address:
        """The address at which this machine reaches the container's `port`."""
        return LOOPBACK, self._reservations[port].number

    def start(self) -> None:
        """Start its process; it may not be ready yet.

        Raises:
            StartFailed: Podman cannot start it.
        """
        for reservation in self._reservations.values():
            reservation.lend()
        with temporary.told():
            self._start()

    def release(self) -> None:
        """Give its ports back, once it need not be started again."""
        for reservation in self._reservations.values():
            reservation.close()

    def _start(self) -> None:
        try:
            self._post("start")
        except OSError as error:
            raise StartFailed(
                f"Podman could not start {self.name}: {error}\n"
                "Try it once more; `caddylab doctor` says what works on this machine."
            ) from error

    def await_ready(self, is_ready: Callable[[], bool]) -> None:
        """Return once `is_ready()` is true.

        Raises:
            StartFailed: it ended, or is not ready in time; its last output is in the message.
        """
        end = time.monotonic() + START_TIMEOUT
        while not poll(is_ready, 0.5, interval=0.02):
            late = time.monotonic() > end
            if late or not self.running():
                what = f"is not ready after {START_TIMEOUT:g} s" if late else "ended at its start"
                raise StartFailed(f"{self.name} {what}. Its last output:\n{self.output(20)}")

    def stop(self, timeout: float) -> None:
        """Send SIGTERM, and after `timeout` seconds SIGKILL; returns when the container is gone."""
        seconds = math.ceil(timeout)
        with self._trying("stop"):
            # podman-py's own stop() gives up waiting for the answer too early.
            self._post("stop", {"timeout": seconds}, patience=seconds + GONE_TIMEOUT)
        self._await_gone()

    def kill(self) -> None:
        """Send SIGKILL; returns when the container is gone."""
        self.signal("SIGKILL")
        self._await_gone()

    def signal(self, name: str) -> None:
        """Send a signal to its process."""
        with self._trying(f"send {name} to"):
            self._post("kill", {"signal": name})

    def running(self) -> bool:
        """Whether its process exists."""
        return bool(self.state()["Running"])

    def state(self) -> dict[str, Any]:
        """What Podman says about its process."""
        details: dict[str, Any] = self._inspect()["State"]
        return details

    def stopped(self) -> bool | None:
        """Whether its process is suspended; None where Podman cannot tell."""
        with self._trying("look into"):
            wanted = {"ps_args": "state", "stream": "false"}
            path = f"/containers/{self.id}/top"
            answer = self._service.client.api.get(path, params=wanted, timeout=PATIENCE)
        processes = answer.json()["Processes"] if answer.ok and answer.content else []
        return str(processes[0][0]).startswith("T") if processes else None

    def file_here(self, path: str) -> Path | None:
        """A file of the container as this machine sees it, if they share a kernel."""
        details = self._inspect()
        process = Path(f"/proc/{details['State']['Pid']}")
        with contextlib.suppress(OSError):  # it has ended, or access is denied
            if f"HOSTNAME={details['Config']['Hostname']}" in _environment(process):
                return process / "root" / path.lstrip("/")
        return None

    def inner_address(self) -> str:
        """Its address on the lab's network; empty while it is down."""
        networks = self._inspect()["NetworkSettings"].get("Networks") or {}
        return next((str(n["IPAddress"]) for n in networks.values() if n.get("IPAddress")), "")

    def put(self, archive: bytes) -> None:
        """Unpack a tar archive at the container's root."""
        path = f"/containers/{self.id}/archive"
        with self._trying("copy files into"):
            self._service.client.api.put(
                path, params={"path": "/"}, data=archive, timeout=PATIENCE
            ).raise_for_status()

    def output(self, lines: int) -> str:
        """The last lines of its output; empty when it is gone."""
        with contextlib.suppress(OSError):
            printed: Any = self._service.client.containers.get(self.id).logs(tail=lines)
            return b"".join(printed).decode(errors="replace").strip()
        return ""

    def _await_gone(self) -> None:
        """Wait until its name and address are released, too, which happens a little later."""
        poll(self._is_gone, GONE_TIMEOUT, interval=0.01)

    def _is_gone(self) -> bool:
        details = self._inspect()
        networks = details["NetworkSettings"].get("Networks") or {}
        held = any(network.get("IPAddress") for network in networks.values())
        return not details["State"]["Running"] and not held

    def _inspect(self) -> dict[str, Any]:
        with self._trying("look at"):
            answer = self._service.client.api.get(f"/containers/{self.id}/json", timeout=PATIENCE)
            answer.raise_for_status()
        details: dict[str, Any] = answer.json()
        return details

    def _post(
        self, verb: str, parameters: dict[str, Any] | None = None, patience: float = PATIENCE
    ) -> None:
        path = f"/containers/{self.id}/{verb}"
        answer = self._service.client.api.post(path, params=parameters, timeout=patience)
        answer.raise_for_status()

    @contextlib.contextmanager
    def _trying(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FaultError(
                f"Podman could not {what} {self.name}: {error}\n"
                "If it was removed from outside, close this lab and make a new one."
            ) from error


def _environment(process: Path) -> list[str]:
    return (process / "environ").read_text(errors="replace").split("\0")
