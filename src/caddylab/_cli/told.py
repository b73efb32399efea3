"""What `caddylab test` prints while a rehearsal goes on."""

from __future__ import annotations

from caddylab._look.progress_bar import Bar, say
from caddylab._trial import text
from caddylab._trial.audience import Audience
from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen


class Told(Audience):
    """Prints what happens.

    Args:
        bar: shows how far it is.
    """

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def opened(self, report: Rehearsal) -> None:
        """Say what is tried, and what differs from the site in production."""
        subject = report.subject
        if report.notes:
            self._say("Replaced in the lab:\n" + "\n".join(f"  {note}" for note in report.notes))
        self._say("Routes:\n" + "\n".join(f"  {route}" for route in report.routes))
        names = ", ".join(subject.written[number] for number in subject.pool)
        self._say(f"Tried: {subject.ask.host}{subject.ask.path}, behind it {names}.")
        self._say(f"\n{text.head()}")

    def waits(self, share: float, what: str) -> None:
        """Move the bar."""
        self._bar.show(share, what)

    def saw(self, seen: Seen) -> None:
        """Print the row."""
        self._say(text.line(seen))

    def ended(self, report: Rehearsal) -> None:
        """Print what the signs mean, and the advice."""
        self._say(text.LEGEND)
        if said := text.advice(report):
            self._say(f"\n{said}")
        self._say(f"\n{len(report.rows)} rows in {report.took:.0f} s.")

    def _say(self, what: str) -> None:
        self._bar.clear()
        say(what)
