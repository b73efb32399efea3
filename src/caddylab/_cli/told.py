"""What `caddylab test` prints while a rehearsal goes on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from caddylab._look.counted import counted
from caddylab._look.progress_bar import Bar, say
from caddylab._trial import spoken, text
from caddylab._trial.audience import Audience
from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen


class Told(Audience):
    """Prints what happens.

    Args:
        bar: shows the progress.
        again: the command that tries the same once more.
    """

    def __init__(self, bar: Bar, again: str) -> None:
        self._bar, self._again = bar, again

    def opened(self, report: Rehearsal) -> None:
        """Say what is tried, and what differs from the site in production."""
        subject = report.subject
        if report.notes:
            self._say("Replaced in the lab:")
            for note in report.notes:
                self._say(text.paragraph(note, "  "))
        self._say("Routes:")
        for n, route in enumerate(report.routes, 1):
            self._say(text.paragraph(f"{n} {route}", "  "))
        if said := spoken.about_routes(report):
            self._say(text.paragraph(said, "  "))
        names = ", ".join(subject.written[number] for number in subject.pool)
        tried = f"Tried: route {subject.route}, behind it {names}."
        self._say(text.paragraph(tried + _others(report) + _spoken(report)))
        self._say(f"\n{text.head(text.terminal())}")

    def waits(self, share: float, what: str) -> None:
        """Move the bar."""
        self._bar.show(share, what)

    def saw(self, seen: Seen) -> None:
        """Print the row."""
        self._say(text.line(seen, text.terminal()))

    def ended(self, report: Rehearsal) -> None:
        """Print what the signs mean, and the advice."""
        self._say(text.legend(report.rows.values()))
        warned, advised = (
            text.paragraph(spoken.busy(report)),
            spoken.advice(report, text.terminal()),
        )
        for said in filter(None, [warned, advised, *self._closing(report)]):
            self._say(f"\n{said}")

    def _closing(self, report: Rehearsal) -> Iterator[str]:
        if worst := max(report.bad, key=lambda seen: seen.bad, default=None):
            row = shlex.quote(worst.row)
            yield f"Once more, one row:\n  {self._again} --row {row}"  # in one line, to be copied
        yield f"{counted(len(report.rows), 'row')} in {report.took:.0f} s."

    def _say(self, what: str) -> None:
        self._bar.clear()
        say(what)


def _others(report: Rehearsal) -> str:
    """How to try another route, where there are some."""
    if len(report.routes) < 2:
        return ""
    others = [str(n) for n in range(1, len(report.routes) + 1) if n != report.subject.route]
    return f" Another one: `--route {others[0]}`."


def _spoken(report: Rehearsal) -> str:
    """The version of HTTP, where users may speak another one in life."""
    if not report.subject.secure:
        return ""
    if report.subject.http == "2":
        return " Users speak HTTP/2."
    return " Users speak HTTP/1.1; with `--http 2` they speak HTTP/2, as browsers do."
