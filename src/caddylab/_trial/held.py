"""WebSockets that stay open during a row, and what became of each."""

from __future__ import annotations

from collections import Counter

from caddylab._engine.conversation import CUT
from caddylab._engine.conversations import Conversations
from caddylab._records import LIVES
from caddylab._trial.seen import Askers


class WebSockets:
    """Some WebSockets, opened together; one that ends after `settle` does not count."""

    def __init__(self, held: Conversations) -> None:
        self._held = held
        self._ends: Counter[str] | None = None

    def settle(self) -> None:
        """Count no WebSocket that ends from now on."""
        self._ends = Counter(_word(one.ended) for one in self._held if one.ended != LIVES)

    def group(self) -> Askers:
        """What became of them until `settle`."""
        if self._ends is None:
            self.settle()
        ends = self._ends or Counter()
        total = len(self._held)
        return Askers("WebSocket", total, total - ends.total(), errors=ends)

    def close(self) -> None:
        """Hang up."""
        self._held.close()


def _word(ended: str) -> str:
    """A user does not see whether the connection was closed politely."""
    return CUT if ended.startswith("closed") else ended
