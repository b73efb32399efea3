"""The lab's name server in a container: the one that all of its containers ask."""

from __future__ import annotations

from collections.abc import Callable

from caddylab._runtimes.base import BACKEND_PORT, NAMES, NameServer
from caddylab._runtimes.names import names_port
from caddylab._runtimes.podman import images
from caddylab._runtimes.podman.container import DOMAIN, Container
from caddylab._runtimes.podman.inside import Inside

NAMES_PORT = 5353
FRONT, PODMAN = "NAMES_FRONT", "NAMES_PODMAN"
"""Environment variables: the address at which it fronts Podman's name server, and the latter's."""
DNS = 53
LOW_PORTS = {"net.ipv4.ip_unprivileged_port_start": "0"}
"""Allows it to use port 53, which resolvers ask."""


class NamesContainer:
    """A container of the backend's image that runs as the name server; `wait` until it is ready.

    Args:
        launch: starts a container, by its name, its ports, its image and its environment.
        secret: what its control channel asks for.
        inside: the network: its address there, and that of Podman's name server.
    """

    def __init__(self, launch: Callable[..., Container], secret: str, inside: Inside) -> None:
        environment = {
            NAMES: f"0.0.0.0:{NAMES_PORT}",
            FRONT: f"0.0.0.0:{DNS}",
            PODMAN: f"{inside.podman}:{DNS}",
            "CONTROL_PORT": str(BACKEND_PORT),
            "CONTROL_SECRET": secret,
        }
        self._secret = secret
        self._container = launch(
            "names", [BACKEND_PORT], images.backend(), environment,
            address=inside.names, sysctls=LOW_PORTS,
        )  # fmt: skip
        self._control = self._container.published(BACKEND_PORT)

    def running(self) -> NameServer:
        """Its addresses; it is started again if somebody has ended it.

        Raises:
            StartFailed: it does not become ready.
        """
        if not self._container.running():
            self._container.start()
            self.wait()
        return NameServer(f"names.{DOMAIN}:{NAMES_PORT}", self._control)

    def wait(self) -> None:
        """Return once it answers."""
        self._container.await_ready(lambda: names_port(self._control, self._secret, 1) is not None)
