"""Who hears of a rehearsal while it goes on; this one says nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caddylab._trial.rehearsal import Report
    from caddylab._trial.seen import Seen


class Audience:
    """Told what happens, step by step."""

    def opened(self, report: Report) -> None:
        """The Caddyfile runs."""

    def waits(self, share: float, what: str) -> None:
        """So much is done; called a few times a second."""

    def saw(self, seen: Seen) -> None:
        """A row has been tried; rows come in the order of the table."""

    def ended(self, report: Report) -> None:
        """All is over."""
