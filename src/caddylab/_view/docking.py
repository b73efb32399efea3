"""Which live views stand beside a notebook; it needs none of what draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caddylab._view.feed import Feed


@dataclass
class Docks:
    """The places beside the notebook, each with the feed that it shows: at most one."""

    open: list[tuple[Any, Feed]] = field(default_factory=list)

    def put(self, place: Any, feed: Feed) -> None:
        """Put this place beside the notebook, instead of the one before it."""
        while self.open:
            self.open.pop()[0].close()
        self.open.append((place, feed))


DOCKS = Docks()


def docked(feed: Feed) -> bool:
    """Whether a view of this feed stands beside the notebook."""
    return any(shown is feed for _, shown in DOCKS.open)
