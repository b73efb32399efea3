"""Loopback ports that stay ours."""

from __future__ import annotations

import contextlib
import errno
import itertools
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

Address = tuple[str, int]
LOOPBACK = "127.0.0.1"
OWN = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""Where Linux says which ports it gives to connections."""
LEAST, TRIES = 20_000, 100


class Port:
    """A free loopback port, or a given one, reserved as long as this object is open.

    The reservation is a socket that is bound but does not listen, so a connection is refused
    until a process of the lab listens there (with SO_REUSEPORT, as Caddy and our backends do),
    and again when that process has ended. No other program can be given the number meanwhile:
    that also keeps a forgotten Caddy from answering for this one, since the system never hands
    out a port that somebody holds.
    """

    def __init__(self, host: str = LOOPBACK, number: int = 0, *, shared: bool = True) -> None:
        self._socket = socket.socket()
        if shared and hasattr(socket, "SO_REUSEPORT"):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            self._socket.bind((host, number))
        except OSError:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]
        if not hasattr(socket, "SO_REUSEPORT"):  # Windows: two sockets cannot share it
            self._socket.close()

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


class Reservation:
    """A free loopback port for somebody else, who opens it after `lend()`, and perhaps again.

    It is none of those that the system gives to connections, where it says which: a connection
    could have it in the meantime, and for as long as it pleases. And no other reservation has the
    number until this one is closed or its process has ended: the same number of UDP stays bound.
    """

    def __init__(self) -> None:
        self._port, self._twin = _pair()
        self.number = self._port.number

    def lend(self) -> None:
        """Let somebody else open the port."""
        self._port.close()

    def close(self) -> None:
        """Give the port back."""
        self._port.close()
        self._twin.close()


def _pair() -> tuple[Port, socket.socket]:
    for number in candidates():
        with contextlib.suppress(OSError):
            port = Port(number=number, shared=False)
            try:
                return port, _twin(port.number)
            except OSError:
                port.close()
    raise OSError(errno.EADDRINUSE, f"No free port of {LOOPBACK} was found in {TRIES} tries")


def candidates() -> Iterator[int]:
    """The numbers to try; 0 = one that the system chooses."""
    try:
        most = int(OWN.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        most = 0
    for _ in range(TRIES if most > LEAST else 0):
        yield LEAST + secrets.randbelow(most - LEAST)
    yield from itertools.repeat(0, TRIES)


def _twin(number: int) -> socket.socket:
    twin = socket.socket(type=socket.SOCK_DGRAM)
    try:
        twin.bind((LOOPBACK, number))
    except OSError:
        twin.close()
        raise
    return twin
