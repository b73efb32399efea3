"""The requests that this backend has executed: the proof that one ran twice."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

KEPT = 20_000
"""How many requests are remembered; the oldest are forgotten first."""


class Entry(NamedTuple):
    """One request that this backend has finished.

    `id` is the client's `X-Request-Id` (None without one), `start` is Unix time and
    `duration` seconds; `status` is None when it ended without an answer. `check` says which
    active check sent it (`X-Caddylab-Check`).
    """

    id: str | None
    method: str
    path: str
    start: float
    duration: float
    status: int | None
    check: str | None = None


class Journal:
    """The last finished requests, numbered from 0, and how many are still running."""

    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self.next = 0
        self.running = 0

    def add(self, entry: Entry) -> None:
        """Remember a finished request."""
        self._entries.append(entry)
        self.next += 1

    def since(self, index: int) -> list[Entry]:
        """The requests from number `index` on that are still remembered."""
        oldest = self.next - len(self._entries)
        return list(islice(self._entries, max(0, index - oldest), None))
