"""One row of the benchmarks' table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure of ours, beside one of something real that was measured in the same run.

    Args:
        name: what was measured.
        ours: our figure, with its unit.
        other: the figure that it is compared with, and whose it is.
        ratio: ours / other.
        bar: what is required; empty for a row that is there for context.
        ok: whether ours meets the bar.
        measured: whether it could be measured here; if not, `other` says why.
    """

    name: str
    ours: str
    other: str
    ratio: float | None = None
    bar: str = ""
    ok: bool = True
    measured: bool = True

    @property
    def line(self) -> str:
        """The row as Markdown; what falls short is said as plainly as what does not."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        verdict = ("✓" if self.ok else "**falls short**") if self.measured else "not measured"
        return f"| {self.name} | {self.ours} | {self.other} | {ratio} | {self.bar} | {verdict} |"


def tried(name: str, measure: Callable[[], list[Row]]) -> list[Row]:
    """The rows that `measure` makes; if it cannot here, one that says why, and no exception."""
    try:
        return measure()
    except (Exception, SystemExit) as error:
        why = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        return [Row(name, "–", why.replace("|", "/"), measured=False)]
