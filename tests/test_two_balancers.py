"""Two Caddys in front of the same backends: what they share, and what not (chapter 10)."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from static_caddy import static_caddy

from caddylab._machine.waiting import poll

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"


class Server(threading.Thread):
    """Counts who comes, and answers with its name; one without a name hangs up at once."""

    def __init__(self, name: bytes, takes: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.named, self.takes, self.came = name, takes, 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.dial = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.came += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection:
            if self.named:
                connection.recv(65536)
                time.sleep(self.takes)
                connection.sendall(ANSWER + self.named)


@contextmanager
def servers(*made: Server):
    try:
        yield made
    finally:
        for server in made:
            server.socket.close()


@contextmanager
def two(made, options: str):
    dials = " ".join(server.dial for server in made)
    site = f"reverse_proxy {dials} {{\n{options}\n}}"
    with static_caddy(site) as one, static_caddy(site) as other:
        yield one.address, other.address


def get(address, headers=None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*address, timeout=20)
    try:
        connection.request("GET", "/", headers=headers or {})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        return answer
    finally:
        connection.close()


def test_each_meets_the_dead_backend_by_itself():
    memory = "lb_policy round_robin\nlb_retries 1\nfail_duration 1m"
    with servers(Server(b""), Server(b"a")) as made, two(made, memory) as balancers:
        for balancer in balancers:
            assert [get(balancer).status for _ in range(6)] == [200] * 6
        dead, _ = made
        assert dead.came == 2


def test_a_limit_is_one_for_each_of_them():
    with servers(Server(b"a", takes=3)) as made, two(made, "unhealthy_request_count 1") as both:
        with ThreadPoolExecutor(4) as pool:
            first = [pool.submit(get, balancer) for balancer in both]
            assert poll(lambda: made[0].came == 2, 10)
            assert [get(balancer).status for balancer in both] == [503, 503]
            assert [one.result().status for one in first] == [200, 200]
        assert made[0].came == 2


@pytest.mark.parametrize("policy", ["ip_hash", "cookie lb secret"])
def test_what_is_computed_is_the_same_on_both(policy):
    with (
        servers(Server(b"a"), Server(b"b"), Server(b"c")) as made,
        two(made, f"lb_policy {policy}") as (one, other),
    ):
        first = get(one)
        cookie = (first.headers["Set-Cookie"] or "").partition(";")[0]
        told = {"Cookie": cookie} if cookie else {}
        assert {get(other, told).text for _ in range(8)} == {first.text}
