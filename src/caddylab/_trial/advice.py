"""Proved advice: what was found for each row, and what all of it does together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from caddylab._look.caddyfile_text import CaddyfileText
from caddylab._look.compared import ComparedLine
from caddylab._trial.block import block
from caddylab._trial.chains import Chain, Choosing
from caddylab._trial.chance import RARE, SUSPECT, Cost
from caddylab._trial.ladders import Addition, Step, apply
from caddylab._trial.search import Mended, Try
from caddylab._trial.seen import Seen

MOST_NAMED = 3
"""The most options that an explanation may name."""
MOST_TRIED = 8
"""The most options of which each is left out once, to see whether it is to blame."""
ALL = "all additions together"


@dataclass
class Spare:
    """What one more server would do when all others are gone.

    Args:
        text: the Caddyfile with that server.
        seen: what users saw with it.
    """

    text: str
    seen: Seen


@dataclass
class Proved:
    """All additions together.

    Args:
        line: the line of the `reverse_proxy` that they belong to.
        before, text: the Caddyfile without and with them.
        found: what was found for each bad row.
        rows: what users saw with all of them, by the rows' names.
        worse: what became worse, and by what.
        by_chance: rows that were worse with all additions once, and not when tried again.
        spare: what one more server would do, if that helps.
    """

    line: int
    before: str
    text: str
    found: list[Mended]
    rows: dict[str, Seen] = field(default_factory=dict)
    worse: dict[str, str] = field(default_factory=dict)
    by_chance: list[str] = field(default_factory=list)
    spare: Spare | None = None

    @property
    def mends(self) -> bool:
        """Whether there is anything to write."""
        return self.text != self.before

    @property
    def new_lines(self) -> CaddyfileText:
        """The lines that the Caddyfile lacked before, without their common indentation."""
        before = set(self.before.splitlines())
        new = "\n".join(line for line in self.text.splitlines() if line not in before)
        return CaddyfileText(dedent(new))

    @property
    def block(self) -> list[ComparedLine]:
        """The `reverse_proxy` as it will read, each line with a mark for what is new."""
        return block(self.before, self.text, self.line)

    def record(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "line": self.line, "worse": self.worse, "caddyfile": self.text,
            "write": [{"line": one.number, "mark": one.mark, "text": one.text}
                      for one in self.block] if self.mends else [],
            "found": [{"row": m.row, "additions": [str(a.option) for a in m.step],
                       "tries": m.tries, "why": " ".join(m.why),
                       "alone": m.alone.record() if m.alone else None,
                       "with_the_others": _with_the_others(m.more)}
                      for m in self.found],
            "rows": [seen.record() for seen in self.rows.values()],
            "spare": {"caddyfile": self.spare.text, "row": self.spare.seen.record()}
            if self.spare else None,
        }  # fmt: skip


def _with_the_others(more: Mended | None) -> dict[str, Any] | None:
    """What was found with the additions for all rows written already, as JSON has it."""
    if more is None or more.alone is None:
        return None
    return {"additions": [str(a.option) for a in more.step], "tries": more.tries,
            "before": more.before.record(), "after": more.alone.record()}  # fmt: skip


def together(found: Sequence[Mended]) -> list[Addition]:
    """The additions of all rows; the strictest value of each option comes last, and wins."""
    return list(dict.fromkeys(addition for mended in found for addition in mended.additions))


def is_worse(before: Sequence[Seen], after: Sequence[Seen], rare: float = RARE) -> bool:
    """Whether fewer users are served well than before, by more than chance."""
    return Cost.of(before, all=True).better(Cost.of(after, all=True), rare)


def blame(advice: Proved, before: Seen, after: Seen, attempt: Try) -> Chain:
    """Note that a row has become worse, if a second try confirms it, and which additions did it."""
    row, line = before.row, advice.line
    again = [attempt(row, advice.before), attempt(row, advice.text)]
    single = list(dict.fromkeys(m.additions for m in advice.found if m.step))
    trials = [attempt(row, apply(advice.before, line, step)) for step in single]
    yield [*again, *trials]
    known, now = [before, again[0].result()], [after, again[1].result()]
    if not is_worse(known, now):
        advice.by_chance.append(row)
        return
    guilty = [
        s
        for s, trial in zip(single, trials, strict=True)
        if is_worse(known, [trial.result()], SUSPECT)
    ]
    names = {str(a.option) for step in guilty for a in step}
    innocent = {str(a.option) for step in single if step not in guilty for a in step}
    named = sorted(names - innocent) or sorted(names)
    if not named:
        named = yield from _jointly(advice, row, known, single, attempt)
    told = ", ".join(f"`{name}`" for name in named)
    told += " together" if not guilty and len(named) > 1 else ""
    advice.worse[row] = told if 0 < len(named) <= MOST_NAMED else ALL


def _jointly(
    advice: Proved, row: str, known: Sequence[Seen], steps: Sequence[Step], attempt: Try
) -> Choosing[list[str]]:
    """The options without any one of which a row is as good as before, if no step does it alone."""
    options = list(dict.fromkeys(a for step in steps for a in step))
    if not 1 < len(options) <= MOST_TRIED:
        return []
    texts = [apply(advice.before, advice.line, [o for o in options if o != one]) for one in options]
    trials = [attempt(row, text) for text in texts]
    yield trials
    needed = [
        one for one, trial in zip(options, trials, strict=True)
        if not is_worse(known, [trial.result()], SUSPECT)
    ]  # fmt: skip
    return sorted({str(one.option) for one in needed})
