"""Loopback ports that stay ours."""

from __future__ import annotations

import socket

Address = tuple[str, int]
LOOPBACK = "127.0.0.1"


class Port:
    """A free loopback port, or a given one, reserved as long as this object is open.

    The reservation is a socket that is bound but does not listen, so a connection is refused
    until a process of the lab listens there (with SO_REUSEPORT, as Caddy and our backends do),
    and again when that process has ended. No other program can be given the number meanwhile:
    that also keeps a forgotten Caddy from answering for this one, since the system never hands
    out a port that somebody holds.
    """

    def __init__(self, host: str = LOOPBACK, number: int = 0) -> None:
        self._socket = socket.socket()
        if hasattr(socket, "SO_REUSEPORT"):
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
