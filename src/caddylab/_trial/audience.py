"""Who hears of a rehearsal while it goes on; this audience stays silent."""

from __future__ import annotations

from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen


class Audience:
    """Told what happens, step by step."""

    def opened(self, report: Rehearsal) -> None:
        """Called when the Caddyfile runs."""

    def waits(self, share: float, what: str) -> None:
        """Called a few times a second with the share of the work that is done."""

    def saw(self, seen: Seen) -> None:
        """Called when a row has been tried; rows come in the order of the table."""

    def ended(self, report: Rehearsal) -> None:
        """Called at the end."""
