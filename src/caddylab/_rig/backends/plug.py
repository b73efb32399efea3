"""How a backend is cut off from everybody: with a full listen queue."""

from __future__ import annotations

import contextlib
import socket

from caddylab._errors import FaultError
from caddylab._runtimes.base import BACKLOG, Address


class Plug:
    """Fills the listen queue of each address, so that further dials get no answer at all.

    A full queue makes the kernel drop each new connection's first packet in silence, which is
    what a partition looks like from the outside, and needs no admin rights.
    """

    def __init__(self, *addresses: Address | str) -> None:
        self._sockets: list[socket.socket] = []
        for address in addresses:
            self._fill(address)

    def _fill(self, address: Address | str) -> None:
        most = len(self._sockets) + 2 * BACKLOG
        try:
            while len(self._sockets) < most and self._connect(address):
                pass
        except OSError as error:
            self.pull()
            raise FaultError(
                f"The listen queue at {_written(address)} cannot be filled: {error}. It "
                f"takes about {BACKLOG} connections, and each of them an open file."
            ) from error

    def _connect(self, address: Address | str) -> bool:
        """Whether there was still room in the queue."""
        plug = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self._sockets.append(plug)
        plug.settimeout(0.1)
        try:
            plug.connect(address)
        except (TimeoutError, BlockingIOError):  # a full unix socket says so at once
            return False
        return True

    def pull(self) -> None:
        """Free the queue."""
        for plug in self._sockets:
            with contextlib.suppress(OSError):
                plug.close()


def _written(address: Address | str) -> str:
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"
