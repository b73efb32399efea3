"""The lab's name server in a container."""

from __future__ import annotations

from collections.abc import Callable

from caddylab._runtimes.base import BACKEND_PORT, NAMES, NameServer
from caddylab._runtimes.names import names_port
from caddylab._runtimes.podman import images
from caddylab._runtimes.podman.container import DOMAIN, Container

NAMES_PORT = 5353


class NamesContainer:
    """A backend's image that runs as a name server.

    Args:
        launch: starts a container, by its name, its ports, its image and its environment.
        secret: what it wants to be told with.
    """

    def __init__(
        self, launch: Callable[[str, list[int], str, dict[str, str]], Container], secret: str
    ) -> None:
        environment = {
            NAMES: f"0.0.0.0:{NAMES_PORT}",
            "CONTROL_PORT": str(BACKEND_PORT),
            "CONTROL_SECRET": secret,
        }
        self._secret = secret
        self._container = launch("names", [BACKEND_PORT], images.backend(), environment)
        self._control = self._container.published(BACKEND_PORT)
        self._wait()

    def running(self) -> NameServer:
        """Where it is; started again if somebody has ended it.

        Raises:
            StartFailed: it does not become ready.
        """
        if not self._container.running():
            self._container.start()
            self._wait()
        return NameServer(f"names.{DOMAIN}:{NAMES_PORT}", self._control)

    def _wait(self) -> None:
        self._container.await_ready(lambda: names_port(self._control, self._secret, 1) is not None)
