"""The trials of one rehearsal: the table, and the advice that more trials prove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

from caddylab._trial.advice import Proved, Spare, blame, is_worse, together
from caddylab._trial.audience import Audience
from caddylab._trial.crew import Crew
from caddylab._trial.ladders import apply
from caddylab._trial.report import Rehearsal
from caddylab._trial.rows import ROWS, Mishap
from caddylab._trial.search import Search, drive
from caddylab._trial.seen import Seen
from caddylab._trial.spare import with_spare
from caddylab._trial.subject import Tested

ALL_DOWN = "all down"


@dataclass
class Trials:
    """Tries rows with Caddyfiles.

    Args:
        crew: its labs.
        subject: what is tried.
        patience: of the users, in seconds.
        seed: decides which backend suffers.
        audience: told how far the work is.
        spare: whether the labs have a backend that the Caddyfile does not need.
    """

    crew: Crew
    subject: Tested
    patience: float
    seed: int
    audience: Audience
    spare: bool = True

    def attempt(self, row: str, text: str) -> Future[Seen]:
        """Try a row with a Caddyfile as soon as a lab is free."""
        return self.crew.submit(ROWS[row], self.subject, text, self.patience, self.seed)

    def table(self, rows: Sequence[Mishap], text: str) -> Iterator[Seen]:
        """What users saw of each row, in the order of the rows; the longest are begun first."""
        longest = sorted(rows, key=lambda row: -row.seconds)
        trials = {row.name: self.attempt(row.name, text) for row in longest}
        for row in rows:
            while not trials[row.name].done():
                done = sum(other.done() for other in trials.values())
                said = f"{done} of {len(trials)} rows tried; now: {row.name}"
                self.audience.waits(done / len(trials), said)
                wait([trials[row.name]], 0.1)
            yield trials[row.name].result()


def advise(trials: Trials, report: Rehearsal, rows: Sequence[Mishap]) -> Proved | None:
    """Look for additions, and try them by themselves and all together.

    Args:
        trials: tries them.
        report: what users saw without.
        rows: the rows of the table.

    Returns:
        None where it is unclear which lines of the text to add to.
    """
    subject = trials.subject
    line = subject.line
    if line is None:
        return None

    def told(what: str) -> None:
        trials.audience.waits(0.0, f"looking for advice: {what}")

    search = Search(line, len(subject.pool), subject.checks, trials.attempt, told)
    found = search.mend(subject.text, report.bad)
    advice = Proved(line, subject.text, apply(subject.text, line, together(found)), found)
    if advice.mends:
        _prove(trials, advice, search, rows)
        drive(
            blame(advice, seen, trials.attempt) for seen in report.rows.values()
            if not seen.trouble and is_worse([seen], [advice.rows[seen.row]])
        )  # fmt: skip
    if ALL_DOWN in report.rows and trials.spare:
        advice.spare = _with_spare(trials, advice)
    return advice


def _prove(trials: Trials, advice: Proved, search: Search, rows: Sequence[Mishap]) -> None:
    """Try the whole table with all additions; add more where they do less together than alone."""
    advice.rows = {seen.row: seen for seen in trials.table(rows, advice.text)}
    less = [m for m in advice.found if m.alone and m.alone.cost < advice.rows[m.row].cost]
    more = search.mend(advice.text, [advice.rows[m.row] for m in less])
    if not (additions := together(more)):
        return
    advice.text = apply(advice.text, advice.line, additions)
    for further in more:
        mended = next(m for m in advice.found if m.row == further.row)
        if further.step:
            mended.step, mended.alone = (*mended.step, *further.step), further.alone
            mended.why = further.why
    advice.rows = {seen.row: seen for seen in trials.table(rows, advice.text)}


def _with_spare(trials: Trials, advice: Proved) -> Spare | None:
    """What one more server does when all others are gone; None if it does not help."""
    text = with_spare(advice.text, advice.line)
    if text == advice.text:
        return None
    seen = trials.attempt(ALL_DOWN, text).result()
    return Spare(text, seen) if seen.good else None
