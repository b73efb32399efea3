"""Makes the table in README.md from the latest figures of each benchmark (figures.json)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks._row import Row

HERE = Path(__file__).parent
README, FIGURES = HERE / "README.md", HERE / "figures.json"
TABLE = ("| what | ours | other | ratio | bar | |", "|---|---|---|---|---|---|")
BEGIN, END = "<!-- figures -->", "<!-- end of the figures -->"


def keep(name: str, rows: list[Row], machine: str) -> None:
    """Put a benchmark's figures on record, and update the table.

    What could not be measured now does not replace earlier figures; it is listed with them.
    """
    figures = kept()
    entry = figures.get(name, {"rows": []})
    if good := [row.line for row in rows if row.measured]:
        entry = {"date": date.today().isoformat(), "machine": machine, "rows": good}
    entry["missing"] = [row.line for row in rows if not row.measured]
    figures[name] = entry
    FIGURES.write_text(f"{json.dumps(figures, ensure_ascii=False, indent=1)}\n", "utf-8")
    write(figures)


def kept() -> dict[str, Any]:
    """The figures on record, by benchmark."""
    found: dict[str, Any] = json.loads(FIGURES.read_text("utf-8"))
    return found


def write(figures: dict[str, Any]) -> None:
    """Write these figures into README.md; what is around them stays."""
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{table(figures)}\n{END}{after}", "utf-8")


def table(figures: dict[str, Any]) -> str:
    """A table for each day and machine, newest first; all but the newest are marked as old."""
    newest = max(entry.get("date", "") for entry in figures.values())
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in figures.values():
        head = (entry.get("date", ""), entry.get("machine", ""))
        groups.setdefault(head, []).extend([*entry["rows"], *entry.get("missing", [])])
    parts = []
    for day, machine in sorted(groups, reverse=True):
        old = "" if day == newest else " (old: not measured anew since)"
        parts.append("\n".join([f"### {day}{old}\n\n{machine}.\n", *TABLE, *groups[day, machine]]))
    return "\n\n".join(parts)
