"""Which request a line of Caddy's log is about: told by the connection that it came on.

Every connection of ours begins with a PROXY line, so Caddy's log has the client's address and port
that we chose; neither a Caddyfile nor a stranger can change those. On one connection requests
follow each other, and Caddy is done with one before it reads the next. So the oldest request on a
connection that is still open is the one meant. The id in `X-Request-Id` only decides between
connections that had the same port one after the other, or between concurrent requests on one
(HTTP/2), and tells which request it belongs to when Caddy sends one to itself, from one of its
sites to another.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import NamedTuple

Peer = tuple[str, int]
"""A client's address and port, as Caddy sees them."""


class Meant(NamedTuple):
    """The request meant; `inner` if Caddy itself has sent it on, to another of its sites."""

    id: str
    inner: bool


class Wire:
    """The requests that Caddy has not closed yet, by connection.

    The engine's thread adds requests; the journal's thread, or whoever stops waiting, removes them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._peers: dict[str, Peer] = {}
        self._at_once: set[Peer] = set()
        self._queues: defaultdict[Peer, deque[str]] = defaultdict(deque)

    def begin(self, peer: Peer, *, at_once: bool = False) -> None:
        """A new connection; if an earlier one had the same port, that one is over.

        Args:
            peer: the client's address and port.
            at_once: whether requests do not wait for each other there (HTTP/2).
        """
        with self._lock:
            self._queues.pop(peer, None)
            self._at_once.discard(peer)
            if at_once:
                self._at_once.add(peer)

    def sent(self, peer: Peer, id: str) -> None:
        """A request is about to be sent on a connection."""
        with self._lock:
            self._peers[id] = peer
            self._queues[peer].append(id)

    def find(self, peer: Peer, id: str, to_itself: bool = False) -> Meant | None:
        """The request that a line is about, by its connection and an id that may have been altered.

        Args:
            to_itself: whether Caddy sends requests to itself; else there are no inner ones.

        Returns:
            None for a stranger's request.
        """
        with self._lock:
            if self._peers.get(id) == peer:
                return Meant(id, False)
            queue = self._queues.get(peer)
            if queue and not (len(queue) > 1 and peer in self._at_once):
                return Meant(queue[0], False)
            return Meant(id, True) if to_itself and id in self._peers else None

    def closed(self, id: str) -> None:
        """Caddy is done with the request, or nobody waits for that any more."""
        with self._lock:
            peer = self._peers.pop(id, None)
            queue = self._queues.get(peer) if peer else None
            if queue and id in queue:
                queue.remove(id)
            if peer and not queue:
                self._queues.pop(peer, None)
