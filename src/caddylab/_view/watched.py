"""What the moving picture asks of a backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from caddylab._records import Span


class Watched(Protocol):
    """A backend that somebody watches.

    Attributes:
        number: from 1.
        candid: whether it reveals its faults.
    """

    number: int
    candid: bool

    @property
    def suffered(self) -> Sequence[Span]:
        """The faults in force."""

    @property
    def responsive(self) -> bool:
        """Whether it can answer at all: it is neither down nor silent."""

    def diary(self, since: int) -> dict[str, Any]:
        """What it has executed since then."""
