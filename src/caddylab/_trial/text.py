"""The table of a rehearsal for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caddylab._trial.advice import Proved
from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen

LEGEND = "✓ all users were served quickly · ◐ some waited or went without · ✗ nobody was served"
HEAD = ("what happens", "answered", "what the others saw", "slowest")
WIDTHS = (40, 24, 34, 8)


def head() -> str:
    """The table's heading, with a line below it."""
    words = _line(HEAD)
    return f"{words}\n{'─' * len(words)}"


def line(seen: Seen) -> str:
    """A row of the table."""
    slowest = f"{seen.slowest:.2f} s" if seen.total else ""
    return _line((f"{seen.sign} {seen.row}", seen.answered, seen.words, slowest))


def table(rows: Iterable[Seen]) -> str:
    """The whole of it."""
    return "\n".join([head(), *map(line, rows), LEGEND])


def advice(report: Rehearsal) -> str:
    """What to write, where, and what was proved by it."""
    given = report.advice
    if given is None:
        return "" if not report.bad else "The lines of the proxy were not found: no advice."
    parts = [_lines_to_write(given)] if given.mends else ["Caddy itself can mend nothing of this."]
    parts += [_before_and_after(report, given)] if given.rows else []
    parts += [f"{row} becomes worse, by {by}." for row, by in given.worse.items()]
    return "\n\n".join([*parts, *_reasons(given)])


def _lines_to_write(given: Proved) -> str:
    said = [f"Write in the block of `reverse_proxy` (line {given.line}), all of it tried:"]
    for where, lines in given.changes:
        said += ["", f"  {where}:", *(f"    {line.expandtabs(4)}" for line in lines)]
    said += [""]
    for mended in given.found:
        if mended.step and mended.alone:
            names = ", ".join(f"`{a.option}`" for a in mended.step)
            said.append(
                f"  {mended.row}: {_short(mended.before)} → {_short(mended.alone)} by {names}"
            )
    return "\n".join(said)


def _before_and_after(report: Rehearsal, given: Proved) -> str:
    said = [f"{'with all of them':<41}{'before':<36}after"]
    for name, seen in given.rows.items():
        said.append(f"{name:<41}{_short(report.rows[name]):<36}{_short(seen)}")
    return "\n".join(said)


def _reasons(given: Proved) -> Iterator[str]:
    rows: dict[str, list[str]] = {}
    for mended in given.found:
        after = given.rows.get(mended.row)
        if mended.why and (after is None or after.sign != "✓"):
            rows.setdefault(mended.why, []).append(mended.row)
    for why, names in rows.items():
        yield f"{', '.join(dict.fromkeys(names))}: {why}"


def _short(seen: Seen) -> str:
    words = f" {seen.words}" if seen.words else ""
    return f"{seen.sign} {seen.good}/{seen.total}{words}"


def _line(cells: Iterable[str]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return " ".join(padded).rstrip()
