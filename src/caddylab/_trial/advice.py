"""Advice that is proved: additions are tried until a row is mended, then all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from caddylab._trial.edits import changes
from caddylab._trial.ladders import (
    MEMORY_LOST,
    ONE_ONLY,
    REASONS,
    UNDER_WAY,
    Addition,
    Step,
    apply,
    ladder,
)  # fmt: skip
from caddylab._trial.seen import Seen

Try = Callable[[str, str], Future[Seen]]
"""Tries a row, by its name, with a Caddyfile."""
MOST_NAMED = 3
"""More options than this are no explanation."""
NOISE = 0.05
"""Where chance has a say, so small a share of the users makes no difference."""


@dataclass
class Mended:
    """What was found for one row.

    Args:
        row: its name.
        before: what users saw.
        step: the smallest additions that helped; none if nothing did.
        alone: what users saw with these alone.
        why: what Caddy cannot mend of it, and why.
    """

    row: str
    before: Seen
    step: Step = ()
    alone: Seen | None = None
    why: str = ""


@dataclass
class Proved:
    """All additions together.

    Args:
        line: of the `reverse_proxy` that they belong to.
        before, text: the Caddyfile without and with them.
        found: what was found for each bad row.
        rows: what users saw with all of them, by the rows' names.
        worse: what became worse, and by what.
    """

    line: int
    before: str
    text: str
    found: list[Mended]
    rows: dict[str, Seen] = field(default_factory=dict)
    worse: dict[str, str] = field(default_factory=dict)

    @property
    def mends(self) -> bool:
        """Whether there is anything to write."""
        return self.text != self.before

    def record(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "line": self.line, "worse": self.worse, "caddyfile": self.text,
            "write": [{"where": where, "lines": lines} for where, lines in self.changes],
            "found": [{"row": m.row, "additions": [str(a.option) for a in m.step], "why": m.why}
                      for m in self.found],
            "rows": [seen.record() for seen in self.rows.values()],
        }  # fmt: skip

    @property
    def changes(self) -> list[tuple[str, list[str]]]:
        """What to write, each with where: ("below line 4", [the lines])."""
        return changes(self.before, self.text)


def search(
    text: str, line: int, rows: Iterable[Seen], upstreams: int, attempt: Try,
    told: Callable[[str], None] = lambda what: None,
) -> list[Mended]:  # fmt: skip
    """For each bad row the smallest additions that mend it, each tried.

    Args:
        text: the Caddyfile.
        line: of the `reverse_proxy` in it.
        rows: what users saw.
        upstreams: among how many Caddy can choose.
        attempt: tries a row with a Caddyfile.
        told: hears what is being tried.
    """
    found = [Mended(seen.row, seen) for seen in rows if seen.sign in "◐✗"]
    steps = {m.row: list(_steps(text, line, m.before, upstreams)) for m in found}
    while todo := [m for m in found if steps[m.row] and any(_cost(m))]:
        trials = [(m, step, attempt(m.row, apply(text, line, step)))
                  for m in todo for step in [steps[m.row].pop(0)]]  # fmt: skip
        for mended, step, trial in trials:
            told(f"{mended.row}: {', '.join(str(a.option) for a in step)}")
            seen = trial.result()
            if not seen.trouble and seen.cost < _cost(mended):
                mended.step, mended.alone = step, seen
    for mended in found:
        mended.why = why(mended.alone or mended.before, upstreams)
    return found


def together(found: Sequence[Mended]) -> list[Addition]:
    """The additions of all rows; the strictest of each option comes last, and holds."""
    return list(dict.fromkeys(addition for mended in found for addition in mended.step))


def why(seen: Seen, upstreams: int) -> str:
    """Why Caddy cannot mend what is left of a row."""
    said = []
    if any(seen.cost) and seen.row in REASONS:
        said.append(REASONS[seen.row])
    elif any(seen.cost) and upstreams < 2:
        said.append(ONE_ONLY)
    if seen.under_way:
        said.append(UNDER_WAY)
    if seen.lost:
        said.append(MEMORY_LOST)
    return " ".join(said)


def is_worse(before: Seen, after: Seen) -> bool:
    """Whether fewer users are served well than before, by more than chance."""
    if not before.total or not after.total:
        return False
    quick = [(seen.good - seen.slow) / seen.total for seen in (before, after)]
    answered = [seen.good / seen.total for seen in (before, after)]
    return quick[0] - quick[1] > NOISE or answered[0] - answered[1] > NOISE


def culprits(text: str, line: int, row: Seen, found: Sequence[Mended], attempt: Try) -> str:
    """Which of the additions make a row worse by themselves."""
    single = list(dict.fromkeys(m.step for m in found if m.step))
    trials = [(step, attempt(row.row, apply(text, line, step))) for step in single]
    guilty = [step for step, trial in trials if is_worse(row, trial.result())]
    names = {str(a.option) for step in guilty for a in step}
    innocent = {str(a.option) for step in single if step not in guilty for a in step}
    named = sorted(names - innocent) or sorted(names)
    told = ", ".join(f"`{name}`" for name in named)
    return told if 0 < len(named) <= MOST_NAMED else "all additions together"


def _steps(text: str, line: int, seen: Seen, upstreams: int) -> Iterable[Step]:
    tried = {text}
    for step in ladder(seen.row, seen.patience, upstreams):
        if (added := apply(text, line, step)) not in tried:
            tried.add(added)
            yield step


def _cost(mended: Mended) -> tuple[int, int, int]:
    return (mended.alone or mended.before).cost
