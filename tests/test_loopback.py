"""Clients of this machine's own addresses, which one thread closes while another one asks."""

from __future__ import annotations

import gc
import socket
import threading
import warnings

import httpx

from caddylab._machine import loopback

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Asked(httpx.HTTPTransport):
    """Says when it is asked."""

    begun = threading.Event()

    def handle_request(self, request):
        self.begun.set()
        return super().handle_request(request)


def test_what_is_just_being_connected_is_closed_as_well(tmp_path):
    path = str(tmp_path / "server")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
        server.bind(path)
        server.listen(0)
        first.connect(path)  # the queue is full: a blocking connect waits
        client = loopback.client("http://x", transport=Asked(uds=path), timeout=None)
        statuses = []
        asking = threading.Thread(target=lambda: statuses.append(client.get("/").status_code))
        asking.start()
        assert Asked.begun.wait(10)
        closing = threading.Thread(target=client.close)
        closing.start()
        closing.join(0.3)  # httpx's own would not wait for the answer
        server.accept()[0].close()
        with server.accept()[0] as taken, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            taken.settimeout(10)
            assert taken.recv(4096).startswith(b"GET / ")
            taken.sendall(ANSWER)
            asking.join(10)
            closing.join(10)
            assert taken.recv(1) == b""  # it has hung up
            gc.collect()
    assert statuses == [200]
    assert [str(w.message) for w in warned if w.category is ResourceWarning] == []
