"""Separate loopback addresses for the backends behind a name, which share one port."""

from __future__ import annotations

import socket

from caddylab._errors import CaddyfileError
from caddylab._machine.ports import Port
from caddylab._runtimes.base import MOST_BACKENDS, Address

TRIES = 20
FIRST = 10
"""127.0.0.11 is the first backend's."""


class Loopbacks:
    """Hands out addresses with one port, which is reserved at all of them."""

    def __init__(self) -> None:
        self._held: list[Port] = []

    def address(self, number: int, move: int = 0) -> Address:
        """The address of a backend after `move` moves.

        Raises:
            CaddyfileError: this machine has no other loopback address than 127.0.0.1.
        """
        if not self._held:
            self._held = _hold()
        return host(number, move), self._held[0].number

    def close(self) -> None:
        """Give the port back."""
        for port in self._held:
            port.close()


def host(number: int, move: int = 0) -> str:
    """The host of a backend after `move` moves."""
    return f"127.0.{move % 256}.{FIRST + number}"


def _hold() -> list[Port]:
    """Reserve one port at the first address of every possible backend."""
    for _ in range(TRIES):
        held: list[Port] = []
        try:
            held.append(Port(host(1)))
            for number in range(2, MOST_BACKENDS + 1):
                held.append(Port(host(number), held[0].number))
        except OSError as error:
            for port in held:
                port.close()
            if not held and not _has_others():
                raise _only_one() from error
        else:
            return held
    raise CaddyfileError(
        "No port is free at all of the lab's loopback addresses.",
        help="End some of the programs that listen, and load the Caddyfile again.",
    )


def _has_others() -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host(1), 0))
        except OSError:
            return False
    return True


def _only_one() -> CaddyfileError:
    return CaddyfileError(
        "A name server tells Caddy addresses of one port, so each backend needs an address of its "
        "own, and this machine has no loopback address but 127.0.0.1.",
        help='Use a lab of containers, `Lab(runtime="podman")`; on macOS, `sudo ifconfig lo0 alias '
        f"{host(1)}` gives the machine one more address, and so on.",
    )
