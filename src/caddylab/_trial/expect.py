"""What each row must achieve: written from one run, and compared with later ones."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from math import isfinite, sqrt
from pathlib import Path
from typing import Any

from caddylab._errors import LabError
from caddylab._machine import files
from caddylab._trial.report import Rehearsal
from caddylab._trial.rows import ROWS
from caddylab._trial.seen import Seen

FITS = {
    "answered": "a share from 0 to 1",
    "slowest": "seconds",
    "lost_sessions": "a whole number",
    "sign": "✓, ◐ or ✗",
}
SIGNS = "✗◐✓"
ROOM, DEVIATIONS = 0.05, 4
"""The tolerance that is written down: by chance, later runs may answer so much less, or so many
standard deviations where some were answered and some were not."""
SLOWER = 2.0
"""The same for time: later runs may take so many times longer."""

Wanted = dict[str, dict[str, Any]]


def write(path: Path, report: Rehearsal) -> None:
    """Write down what a rehearsal has achieved.

    Raises:
        LabError: the file cannot be written.
    """
    text = ["# What each row of `caddylab test` must reach. answered: the least share of requests;",
            "# slowest: seconds; lost_sessions: at most; sign: at least ✓, ◐ or ✗."]  # fmt: skip
    if report.busy:
        text.append("# Measured on a busy machine: some of this may be far too lenient.")
    for seen in report.rows.values():
        if seen.total:
            text += ["", f'["{seen.row}"]', f"answered = {_least(seen):.2f}",
                     f"slowest = {max(0.5, SLOWER * seen.slowest):.1f}"]  # fmt: skip
            text += [f"lost_sessions = {seen.lost}"] if seen.lost else []
    try:
        files.write(path, ("\n".join(text) + "\n").encode())
    except (OSError, ValueError) as error:
        why = files.reason(error)
        raise LabError(f"The expectations could not be saved as {path}: {why}.") from error


def _least(seen: Seen) -> float:
    """The share that later runs must reach; if nothing happens to the site, all of it."""
    share = seen.good / seen.total
    if share == 1 and seen.row == "all well":
        return 1.0
    chance = DEVIATIONS * sqrt(share * (1 - share) / seen.total)
    return max(0.0, share - max(ROOM, chance))


def read(path: Path) -> Wanted:
    """Read what `write`, or a person, has written.

    Raises:
        LabError: there is no such file, or something in it is not an expectation; says what.
    """
    try:
        wanted: Wanted = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(
            f"The expectations in {path} cannot be read: {files.reason(error)}."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path} is no TOML: {error}.") from error
    for row, keys in wanted.items():
        _check(path, row, keys)
    return wanted


def _check(path: Path, row: str, keys: Any) -> None:
    if row in ROWS and not isinstance(keys, dict):
        raise LabError(f'{path}: expected a table ["{row}"], not {row!r} = {keys!r}.')
    if row not in ROWS:
        raise LabError(f"{path}: there is no row {row!r}: expected {', '.join(ROWS)}.")
    for key, value in keys.items():
        if key not in FITS:
            raise LabError(f"{path}: {row!r} has no {key!r}: expected {', '.join(FITS)}.")
        if not _fits(key, value):
            raise LabError(f"{path}: {row!r} cannot have {key} = {value!r}: expected {FITS[key]}.")


def _fits(key: str, value: Any) -> bool:
    if key == "sign":
        return value in list(SIGNS)
    whole = isinstance(value, int) and not isinstance(value, bool)
    number = whole or (isinstance(value, float) and isfinite(value) and key != "lost_sessions")
    return bool(number) and 0 <= value <= (1 if key == "answered" else value)


def short(report: Rehearsal, wanted: Wanted, rows: Collection[str] = ()) -> dict[str, str]:
    """Which rows fall short of the expectations, and in what, in words.

    Args:
        report: what users saw.
        wanted: what was expected.
        rows: which rows were to be tried, if not all.
    """
    found = {}
    for row, keys in wanted.items():
        if rows and row not in rows:
            continue
        seen = report.rows.get(row, Seen(row, trouble="it cannot happen to this site"))
        if said := _shortcomings(seen, keys):
            found[row] = "; ".join(said)
    return found


def _shortcomings(seen: Seen, keys: dict[str, Any]) -> list[str]:
    if seen.trouble or not seen.total:
        return [f"not tried: {seen.trouble}"]
    said, share = [], seen.good / seen.total
    if share < keys.get("answered", 0):
        said.append(f"{share:.2f} answered, expected {keys['answered']:g}")
    if seen.slowest > keys.get("slowest", seen.slowest):
        said.append(f"slowest {seen.slowest:.2f} s, expected {keys['slowest']:g} s")
    if seen.lost > keys.get("lost_sessions", seen.lost):
        said.append(f"{seen.lost} sessions lost, expected {keys['lost_sessions']}")
    if SIGNS.find(seen.sign) < SIGNS.find(keys.get("sign", "✗")):
        said.append(f"{seen.sign}, expected {keys['sign']}")
    return said
