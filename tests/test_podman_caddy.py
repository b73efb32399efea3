"""Talking to the Caddy of a container while it changes its configuration."""

from __future__ import annotations

import socket
import struct
import threading

import httpx
import pytest

from caddylab._runtimes.podman import caddy as podman_caddy

ANSWER = b"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\nline"
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@pytest.fixture
def resetting():
    """A server that resets as many connections as it is told to, and answers the next."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(resets: int) -> None:
            for _ in range(resets):
                connection, _ = server.accept()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                connection.close()
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(ANSWER)

        def start(resets: int) -> tuple[str, int]:
            threading.Thread(target=serve, args=(resets,), daemon=True).start()
            host, port = server.getsockname()
            return host, port

        yield start


def test_a_connection_that_is_reset_is_tried_again(resetting):
    log = podman_caddy.ContainerLog(resetting(3), "secret")
    assert log.read(0) == b"line"
    log.close()


def test_a_caddy_that_is_gone_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    log = podman_caddy.ContainerLog(address, "secret")
    with pytest.raises(httpx.ConnectError):
        log.read(0)
    log.close()
