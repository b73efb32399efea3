"""When a new configuration has every new connection to itself, and its certificates are there."""

from __future__ import annotations

import contextlib
import http.client
import secrets
import socket
import ssl
import time
from collections.abc import Iterable

from caddylab._caddy.adapted.routes import example
from caddylab._caddy.adapted.tree import Json
from caddylab._rig.site.doors import Door, Doors

PROBE = "X-Caddylab-Probe"
PROBES = 8
"""Probes in a row that must reach the new configuration; by chance alone: 1 in 256."""
TAKE_OVER = 5.0
"""Seconds after which to go on without an answer."""
HOST = "probe.caddylab.internal"


class Probe:
    """Asks a configuration whether it is the new one."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(8)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False  # clients judge certificates
        self._context.verify_mode = ssl.CERT_NONE

    def answer(self, server: Json, *, redirects: bool) -> None:
        """Have a server answer the probe ahead of everything else, Caddy's redirects included.

        The redirects go after the last route for a host by its name. At another port than that for
        plain HTTP such a name would bring HTTPS along.
        """
        matcher: Json = {"header": {PROBE: [self._token]}}
        if redirects:
            matcher["host"] = [HOST]
        handle = [
            {"handler": "vars", "log_skip": True},
            {"handler": "static_response", "status_code": 204},
        ]
        route = {"match": [matcher], "handle": handle, "terminal": True}
        server.setdefault("routes", []).insert(0, route)

    def wait(self, doors: Doors) -> None:
        """Wait until the new configuration is in force at each of these doors.

        For a moment the old listener stands beside the new one, and what connects to it is
        reset when it closes. Each probe falls to either by chance, so several in a row that
        reach the new one mean that the old one is gone.
        """
        end = time.monotonic() + TAKE_OVER
        for door in (door for door in doors if door.address):
            answers = 0
            while answers < PROBES and time.monotonic() < end:
                try:
                    answers = answers + 1 if self._asked(door) else 0
                except ssl.SSLError:
                    if not door.certified:  # it has none for any name, and never will
                        break
                    answers = 0
        for door, name in _certified(doors):
            while not self._certificate(door, name) and time.monotonic() < end:
                time.sleep(0.005)

    def _asked(self, door: Door) -> bool:
        host = example(next(iter(door.certified), "localhost")) if door.secure else HOST
        try:
            with contextlib.closing(self._connected(door, host)) as sock:
                head = f"GET / HTTP/1.1\r\nHost: {host}\r\n{PROBE}: {self._token}\r\n\r\n"
                sock.sendall(head.encode())
                answer = http.client.HTTPResponse(sock)
                answer.begin()
                return answer.status == 204
        except ssl.SSLError:
            raise
        except (OSError, http.client.HTTPException):
            return False

    def _certificate(self, door: Door, name: str) -> bool:
        with contextlib.suppress(OSError):
            self._connected(door, example(name)).close()
            return True
        return False

    def _connected(self, door: Door, host: str) -> socket.socket:
        sock = socket.create_connection(door.reached(), timeout=1)
        # Or the question would wait 40 ms for an acknowledgement of the handshake's last packet.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not door.secure:
            return sock
        with sock:
            return self._context.wrap_socket(sock, server_hostname=host)


def _certified(doors: Iterable[Door]) -> list[tuple[Door, str]]:
    return [(door, name) for door in doors if door.address for name in door.certified]
