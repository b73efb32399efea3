"""The trials of one rehearsal: the table, and the advice that more trials prove."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from caddylab._machine.yardstick import Yardstick
from caddylab._trial.advice import Proved, Spare, blame, is_worse, together
from caddylab._trial.audience import Audience
from caddylab._trial.chains import Chain, done, drive
from caddylab._trial.chance import SUSPECT, clearly_more
from caddylab._trial.crew import Crew
from caddylab._trial.harmless import Judge, harmless
from caddylab._trial.ladders import Step, apply
from caddylab._trial.report import Rehearsal
from caddylab._trial.rows import ROWS, Mishap
from caddylab._trial.search import Mended, Search
from caddylab._trial.seen import Seen
from caddylab._trial.spare import with_spare
from caddylab._trial.subject import Tested

ALL_DOWN = "all down"
UNCLEAR = (
    "No advice: the `reverse_proxy` stands in a file that is imported, or nobody can tell which of "
    "several it is."
)
Table = dict[str, Future[Seen]]
"""Rows that are being tried, by their names."""


@dataclass
class Trials:
    """Tries rows with Caddyfiles.

    Args:
        crew: its labs.
        subject: what is tried.
        patience: of the users, in seconds.
        seed: decides which backend suffers.
        audience: told how far the work is.
        judge: says what `caddylab lint` says.
        spare: whether the labs have a backend that the Caddyfile does not need.
        doing: what is done when the table is full, in words.
    """

    crew: Crew
    subject: Tested
    patience: float
    seed: int
    audience: Audience
    judge: Judge
    spare: bool = True
    doing: str = ""

    def attempt(self, row: str, text: str) -> Future[Seen]:
        """Try a row with a Caddyfile as soon as a lab is free."""
        return self.crew.submit(ROWS[row], self.subject, text, self.patience, self.seed)

    def begin(self, rows: Iterable[Mishap], text: str) -> Table:
        """Begin to try all rows; those first that take longest."""
        longest = sorted(rows, key=lambda row: -row.seconds)
        return {row.name: self.attempt(row.name, text) for row in longest}

    def drive(self, chains: Iterable[Chain], table: Table) -> None:
        """Run all of them to their end, and tell meanwhile how far the table is."""

        def tell() -> None:
            done = sum(trial.done() for trial in table.values())
            now = next((row for row, trial in table.items() if not trial.done()), "")
            said = f"{done} of {len(table)} rows tried; now: {now}" if now else self.doing
            self.audience.waits(done / len(table) if now else 0.0, said)

        drive(chains, tell)


def try_all(trials: Trials, report: Rehearsal, rows: Sequence[Mishap], advice: bool) -> None:
    """Try all rows, and look for additions to those that users feel as soon as they are known.

    Args:
        trials: tries them.
        report: where what users saw is noted.
        rows: the rows of the table.
        advice: whether to look for additions, and to try them by themselves and all together.
    """
    subject, found = trials.subject, list[Mended]()
    table = trials.begin(rows, subject.text)
    search = _search(trials) if advice else None
    chains = (
        [search.chain(subject.text, trial, found) for trial in table.values()] if search else []
    )
    trials.drive([_noted(trials, report, rows, table), *chains], table)
    if search and found:
        report.advice = _proved(trials, report, search, found)
    elif advice and report.bad:
        report.unadvised = UNCLEAR


def _noted(trials: Trials, report: Rehearsal, rows: Sequence[Mishap], table: Table) -> Chain:
    """Note and tell what users saw, row by row, and how busy the machine was meanwhile."""
    yardstick = Yardstick()
    with yardstick:
        for row in rows:
            yield [table[row.name]]
            report.rows[row.name] = table[row.name].result()
            trials.audience.saw(report.rows[row.name])
    report.slowness = yardstick.slowness


def _search(trials: Trials) -> Search | None:
    """None where it is unclear which lines of the text to add to."""
    subject = trials.subject
    if subject.line is None:
        return None

    def told(what: str) -> None:
        trials.doing = f"looking for advice: {what}"

    return Search(
        subject.line, len(subject.pool), subject.checks, trials.attempt, told, subject.fastcgi
    )


def _proved(trials: Trials, report: Rehearsal, search: Search, found: list[Mended]) -> Proved:
    """What was found, tried with all additions together."""
    before = trials.subject.text
    order = list(report.rows)
    found.sort(key=lambda mended: order.index(mended.row))
    text = harmless(apply(before, search.line, together(found)), search.line, trials.judge)
    advice = Proved(search.line, before, text if together(found) else before, found)
    if advice.mends:
        _prove(trials, report, advice)
        if _add_more(trials, advice, search):
            _prove(trials, report, advice)
    if ALL_DOWN in report.rows and trials.spare:
        advice.spare = _with_spare(trials, advice)
    return advice


def _prove(trials: Trials, report: Rehearsal, advice: Proved) -> None:
    """Try the whole table with all additions, and find out what makes a row worse."""
    advice.worse, advice.by_chance = {}, []
    mended = {m.row for m in advice.found if m.step}
    # What nothing was found for may become worse; that takes more trials, so it comes first.
    rows = [row for row in report.rows if row not in mended] + [*mended]
    table = {row: trials.attempt(row, advice.text) for row in rows}
    trials.drive((_compared(trials, report, advice, row, table[row]) for row in table), table)
    advice.rows = {row: table[row].result() for row in report.rows}


def _compared(
    trials: Trials, report: Rehearsal, advice: Proved, row: str, trial: Future[Seen]
) -> Chain:
    yield [trial]
    before, after = report.rows[row], trial.result()
    if not before.trouble and is_worse([before], [after], SUSPECT):
        yield from blame(advice, before, after, trials.attempt)


def _add_more(trials: Trials, advice: Proved, search: Search) -> bool:
    """Look for more where all additions do less together than some alone; whether there is any."""
    less = [m for m in advice.found
            if m.alone and clearly_more(advice.rows[m.row].cost, m.alone.cost)]  # fmt: skip
    more = list[Mended]()
    again = {m.row: done(advice.rows[m.row]) for m in less}
    trials.drive((search.chain(advice.text, row, more) for row in again.values()), again)
    for further in more:
        mended = next(m for m in advice.found if m.row == further.row)
        if further.step:
            further.step = _new_in(advice, further.step)
            mended.more, mended.why = further, further.why
    text = apply(advice.text, advice.line, together(more))
    advice.text = harmless(text, advice.line, trials.judge)
    return bool(together(more))


def _new_in(advice: Proved, step: Step) -> Step:
    """What of it the Caddyfile lacks with all the additions so far."""
    return tuple(each for each in step if each.to(advice.text, advice.line) != advice.text)


def _with_spare(trials: Trials, advice: Proved) -> Spare | None:
    """What one more server does when all others are gone; None if it does not help."""
    text = with_spare(advice.text, advice.line)
    if text == advice.text:
        return None
    seen = trials.attempt(ALL_DOWN, text).result()
    return Spare(text, seen) if seen.good else None
