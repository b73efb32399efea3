"""The lab as Podman containers, every one of them made through podman-py."""

from __future__ import annotations

import contextlib
import functools
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from caddylab._caddy.safety import memory
from caddylab._caddy.safety.authority import own_authority
from caddylab._errors import CaddylabError, FaultError, StartFailed
from caddylab._runtimes import lab_folder as folders
from caddylab._runtimes import temporary
from caddylab._runtimes.base import BACKEND_PORT, MOST_DOORS, Address, Gate, NameServer
from caddylab._runtimes.listener import FILE
from caddylab._runtimes.podman import caddy as podman_caddy
from caddylab._runtimes.podman import images, inside
from caddylab._runtimes.podman import sweep as podman_sweep
from caddylab._runtimes.podman.backend import PodmanUnit
from caddylab._runtimes.podman.container import (
    CONTROL_PORT,
    DOMAIN,
    LISTENER_FILE,
    Container,
)
from caddylab._runtimes.podman.names import NamesContainer
from caddylab._runtimes.podman.network import hold_address, hold_rootless_address
from caddylab._runtimes.podman.session import Session
from caddylab._runtimes.spent import Spent


class PodmanRuntime:
    """A Caddy and its backends as containers on a network of their own.

    Ports are published on loopback with free numbers. Caddy dials names, not addresses: a container
    has a new address after each start.
    """

    name = "podman"
    moves = True

    def __init__(self, lab_id: str, backends: int = 2) -> None:
        self.lab_id = lab_id
        self.secret = secrets.token_hex(16)
        self.units: list[PodmanUnit] = []
        self.site: Address
        self.listen = f":{podman_caddy.SITE_PORT}"
        self._caddy_secret = secrets.token_hex(16)  # backends know the other secret
        self._backends = backends
        self._spent = Spent()
        self._network = f"caddylab-{lab_id}"
        self._resources = contextlib.ExitStack()

    def start(self) -> None:
        try:
            self._session = Session(self.lab_id, self._resources)
            images.ensure(self._session.service.client)
            self._start_containers()
        except OSError as error:
            self.close()
            raise StartFailed(f"The lab could not start on Podman: {error}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        folders.close(self.lab_id)  # whatever stops us now, the next sweep goes on
        self._resources.close()

    def caddy_runs(self) -> bool:
        with contextlib.suppress(FaultError):
            return self._caddy.running()
        return False

    def caddy_pid(self) -> int:
        return int(self._caddy.state()["Pid"])

    def restart_caddy(self) -> None:
        with contextlib.suppress(FaultError):
            self._caddy.kill()
        self._names.running()
        self._caddy.start()
        self.__dict__.pop("_log_here", None)  # it is another process
        hold_rootless_address(self._session.service, self._inside.bridge)
        self._caddy.await_ready(self._admin_answers)

    def admin(self) -> httpx.Client:
        return self._admin

    def dial(self, host: str, port: int) -> str:
        # The full name: it is asked for as it is, without a search domain.
        return f"{host}.{DOMAIN}:{port}"

    def names(self) -> NameServer:
        return self._names.running()

    def place(self, number: int, move: int = 0) -> Address:
        return self.units[number - 1].container.inner_address(), BACKEND_PORT

    def gate(self, n: int) -> Gate:
        if n == 0:
            return Gate(self.listen, self.site)
        port = podman_caddy.door(n)
        return Gate(f":{port}", self._caddy.published(port) if n < MOST_DOORS else None)

    @property
    def here(self) -> Path:
        return folders.base() / self.lab_id

    def extra_config(self) -> dict[str, Any]:
        return podman_caddy.config(self._caddy_secret)

    def boot(self) -> str:
        """What Caddy runs before anything is loaded."""
        return json.dumps(own_authority(self.extra_config()))

    @property
    def own_folder(self) -> str:
        return podman_caddy.OWN_FOLDER

    def bring(self, path: Path) -> str:
        return podman_caddy.bring(self._caddy, path)

    def log_writer(self) -> dict[str, Any]:
        return podman_caddy.log_writer()

    def read_log(self, offset: int) -> bytes:
        if self._spent.due(offset) and (log := self._caddy.file_here(podman_caddy.LOG_FILE)):
            self._spent.read_until(log, offset)
        return self._log.read(offset)

    def log_trouble(self) -> str:
        try:
            here = self._log_here
            return temporary.log_trouble(here, "Podman's storage") if here else ""
        except CaddylabError:  # it has ended and cannot be asked any more
            return ""

    @functools.cached_property
    def _log_here(self) -> Path | None:
        return self._caddy.file_here(podman_caddy.LOG_FILE)

    def output(self, lines: int = 20) -> str:
        return self._caddy.output(lines)

    def _start_containers(self) -> None:
        pool = ThreadPoolExecutor(self._backends + 2)
        # In reverse: without its container, a thread that waits for it gives up, and what one
        # has made in the meantime is removed, too.
        self._resources.callback(self._session.remove_the_rest)
        self._resources.callback(pool.shutdown, cancel_futures=True)
        self._resources.callback(self._session.remove)
        self._labels = podman_sweep.labels(self.lab_id)
        self._inside = inside.create(self._session.service.client, self._network, self._labels)
        image = images.backend()
        numbers = range(1, self._backends + 1)
        naming = pool.submit(NamesContainer, self._launch, self.secret, self._inside)
        launches = [pool.submit(self._launch_backend, number, image) for number in numbers]
        self._names = naming.result()
        self.units = [launch.result() for launch in launches]
        # Podman starts containers one by one, so Caddy, which is ready sooner, comes last.
        caddy = pool.submit(self._start_caddy)
        sweeping = pool.submit(self._session.sweep)
        for unit in self.units:
            unit.wait()
        self._names.wait()
        caddy.result()
        sweeping.result()

    def _launch_backend(self, number: int, image: str) -> PodmanUnit:
        environment = {
            "BACKEND_ID": str(number),
            "CONTROL_HOST": "0.0.0.0",
            "CONTROL_PORT": str(CONTROL_PORT),
            "CONTROL_SECRET": self.secret,
            FILE: LISTENER_FILE,
        }
        ports = [BACKEND_PORT, CONTROL_PORT]
        container = self._launch(f"backend{number}", ports, image, environment)
        return PodmanUnit(container, number, self.secret)

    def _start_caddy(self) -> None:
        doors = map(podman_caddy.door, range(MOST_DOORS))
        ports = [*doors, podman_caddy.ADMIN_PORT, podman_caddy.LOG_PORT]
        boot = {podman_caddy.BOOT: self.boot(), **memory.ENVIRONMENT}
        caddy = self._launch("caddy", ports, images.CADDY, boot, command=podman_caddy.command())
        self._caddy = caddy
        self.site = caddy.published(podman_caddy.SITE_PORT)
        secret, publish = self._caddy_secret, caddy.published
        self._admin = podman_caddy.admin(publish(podman_caddy.ADMIN_PORT), secret, self.caddy_runs)
        self._log = podman_caddy.ContainerLog(
            publish(podman_caddy.LOG_PORT), secret, self.caddy_runs
        )
        self._resources.callback(self._admin.close)
        self._resources.callback(self._log.close)
        hold_rootless_address(self._session.service, self._inside.bridge)
        caddy.await_ready(self._admin_answers)

    def _launch(
        self,
        name: str,
        ports: list[int],
        image: str,
        environment: dict[str, str],
        address: str = "",
        **more: Any,
    ) -> Container:
        place = {"aliases": [name]} | ({"static_ips": [address]} if address else {})
        options = {
            "image": image,
            "name": f"{self._network}-{name}",
            "environment": environment,
            "labels": self._labels,
            "network_mode": "bridge",
            "networks": {self._network: place},
            "dns": [self._inside.names],  # Podman would add the machine's
        }
        container = Container(self._session.service, name, ports, options | more)
        self._resources.callback(container.release)
        container.start()
        hold_address(self._inside.bridge)  # before anything has talked to the container
        return container

    def _admin_answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self._admin.get("/config/admin").status_code == 200
        return False
