"""The visitors of a game's site: steady traffic of four kinds, some of them logged in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caddylab._engine.clients import Client, Clients
from caddylab._records import Request
from caddylab._traffic.traffic import Traffic

if TYPE_CHECKING:
    from caddylab._gameday.on_call import OnCall

RATE = 40.0
WAITING = 32
"""The most runs that wait for Caddy's last log lines at once."""
VISITORS, MEMBERS = 60, 24
PATIENCE = 3.0
"""Seconds after which a visitor gives up."""
COMES_BACK = 2.0
"""Seconds after which somebody who was logged out logs in again."""
SEARCH = "/delay"
LOGIN = "/login?user=guest"


@dataclass(frozen=True)
class Kind:
    """A kind of requests, and its share of all."""

    name: str
    share: float
    path: str
    method: str = "GET"
    body: bytes = b""


KINDS = (
    Kind("home", 0.17, "/test-api"),
    Kind("search", 0.39, f"{SEARCH}/20"),
    Kind("account", 0.31, "/me"),
    Kind("order", 0.13, "/echo", "POST", b'{"item": 7}'),
)


class Group(Clients):
    """Some of the clients, with their own cookies."""

    def __init__(self, people: Iterable[Client]) -> None:
        super().__init__(0)
        self._people = list(people)


class Crowd:
    """Everybody who visits the site.

    Args:
        site: the site that they visit.
        rate: requests a second.
        patience: seconds after which they give up.

    Attributes:
        runs: what they send, with the kind of each.
    """

    def __init__(self, site: OnCall, rate: float, patience: float = PATIENCE) -> None:
        self._site, self._rate, self._patience = site, rate, patience
        self._visitors, self._members = Clients(VISITORS), Clients(MEMBERS)
        self._lost: dict[int, float] = {}
        self.runs: list[tuple[str, Traffic]] = []

    def arrive(self, seconds: float) -> float:
        """Log the members in, then have everybody visit the site for so many seconds.

        Returns:
            When the first of them came (Unix time).
        """
        self._site.fire(
            MEMBERS, concurrency=8, clients=self._members, path=LOGIN, method="POST",
            timeout=self._patience, background=True,
        ).wait()  # fmt: skip
        for kind in KINDS:
            clients = self._members if kind.name == "account" else self._visitors
            traffic = self._site.fire(
                rate=self._rate * kind.share, duration=seconds, path=kind.path, method=kind.method,
                body=kind.body, clients=clients, timeout=self._patience, background=True,
            )  # fmt: skip
            self.runs.append((kind.name, traffic))
            if kind.name == "account":
                traffic.run.subscribe(self._answered)
        return self.runs[0][1].run.began

    def come_back(self) -> None:
        """Log in again the members that were logged out a while ago."""
        now = time.monotonic()
        due = [client for client, since in list(self._lost.items()) if now - since > COMES_BACK]
        if due:
            group = Group(self._members[client] for client in due)
            traffic = self._site.fire(
                len(due), concurrency=len(due), clients=group, path=LOGIN, method="POST",
                timeout=self._patience, background=True,
            )  # fmt: skip
            self.runs.append(("login", traffic))
            for client in due:
                del self._lost[client]
        self._site.last = self.runs[1][1]  # the panel shows a run that says something

    @property
    def gone(self) -> bool:
        """Whether every visitor has left."""
        return all(traffic.done for _, traffic in self.runs)

    def leave(self) -> None:
        """Send nothing more, and read Caddy's log to its end: first all stop, then all wait."""
        for _, traffic in self.runs:
            traffic.run.stop()
        with ThreadPoolExecutor(WAITING) as pool:
            list(pool.map(lambda run: run[1].wait(), self.runs))

    def requests(self) -> Iterator[tuple[str, float, Request]]:
        """Every request with its kind and when it was sent (Unix time)."""
        for kind, traffic in list(self.runs):
            for request in list(traffic.requests):
                if request.sent is not None:
                    yield kind, traffic.run.began + request.sent, request

    def _answered(self, event: str, request: Request) -> None:
        """On the engine's thread."""
        if event == "done" and request.status == 401:
            self._lost.setdefault(request.client, time.monotonic())
