"""Who hears of a rehearsal while it goes on; this one says nothing of it."""

from __future__ import annotations

from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen


class Audience:
    """Told what happens, step by step."""

    def opened(self, report: Rehearsal) -> None:
        """The Caddyfile runs."""

    def waits(self, share: float, what: str) -> None:
        """So much is done; called a few times a second."""

    def saw(self, seen: Seen) -> None:
        """A row has been tried; rows come in the order of the table."""

    def ended(self, report: Rehearsal) -> None:
        """All is over."""
