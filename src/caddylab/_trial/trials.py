"""The trials of one rehearsal: the table, and the advice that more trials prove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

from caddylab._trial.advice import Proved, culprits, is_worse, search, together
from caddylab._trial.audience import Audience
from caddylab._trial.crew import Crew
from caddylab._trial.ladders import apply
from caddylab._trial.report import Rehearsal
from caddylab._trial.rows import ROWS, Mishap
from caddylab._trial.seen import Seen
from caddylab._trial.subject import Tested

ROUNDS = 2
"""So often is more added where all additions together do less than each by itself."""


@dataclass
class Trials:
    """Tries rows with Caddyfiles.

    Args:
        crew: its labs.
        subject: what is tried.
        patience: of the users, in seconds.
        seed: decides which backend suffers.
        audience: hears how far it is.
    """

    crew: Crew
    subject: Tested
    patience: float
    seed: int
    audience: Audience

    def attempt(self, row: str, text: str) -> Future[Seen]:
        """Try a row with a Caddyfile as soon as a lab is free."""
        return self.crew.submit(ROWS[row], self.subject, text, self.patience, self.seed)

    def table(self, rows: Sequence[Mishap], text: str) -> Iterator[Seen]:
        """What users saw of each row, in the order of the rows."""
        trials = {row.name: self.attempt(row.name, text) for row in rows}
        for name, trial in trials.items():
            while not trial.done():
                done = sum(other.done() for other in trials.values())
                said = f"{done} of {len(trials)} rows tried; now: {name}"
                self.audience.waits(done / len(trials), said)
                wait([trial], 0.1)
            yield trial.result()


def advise(trials: Trials, report: Rehearsal, rows: Sequence[Mishap]) -> Proved | None:
    """Look for additions, and try them by themselves and all together.

    Args:
        trials: tries them.
        report: what users saw without.
        rows: the rows of the table.

    Returns:
        None where nobody can tell which lines of the text to add to.
    """
    subject, upstreams = trials.subject, len(trials.subject.pool)
    line = subject.line
    if line is None:
        return None

    def told(what: str) -> None:
        trials.audience.waits(0.0, f"looking for advice: {what}")

    found = search(subject.text, line, report.bad, upstreams, trials.attempt, told)
    advice = Proved(line, subject.text, apply(subject.text, line, together(found)), found)
    if advice.text == subject.text:
        return advice
    for _ in range(ROUNDS):
        advice.rows = {seen.row: seen for seen in trials.table(rows, advice.text)}
        lost = [m for m in found if m.alone and m.alone.cost < advice.rows[m.row].cost]
        more = search(
            advice.text, line, [advice.rows[m.row] for m in lost], upstreams, trials.attempt, told
        )
        if not (steps := together(more)):
            break
        advice.text = apply(advice.text, line, steps)
        for mended in lost:
            further = next(m for m in more if m.row == mended.row)
            if further.step:
                mended.step, mended.alone = (*mended.step, *further.step), further.alone
                mended.why = further.why
    worse = [s for s in report.rows.values() if is_worse(s, advice.rows[s.row])]
    for seen in worse:
        advice.worse[seen.row] = culprits(subject.text, line, seen, found, trials.attempt)
    return advice
