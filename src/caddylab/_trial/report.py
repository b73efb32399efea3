"""What came of a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from caddylab._trial.advice import Proved
from caddylab._trial.seen import Seen
from caddylab._trial.subject import Tested
from caddylab._trial.table import Table

BUSY = 2.8
"""The slowness from which other work must be the reason: the labs alone make it 1.7 to 2.4."""


@dataclass
class Rehearsal:
    """What came of a rehearsal; `report["rolling restart"]` is what users saw of a row.

    Attributes:
        subject: what was tried.
        runtime: where it was tried.
        notes: what was replaced in the lab, and what that means.
        routes: which requests come to which upstreams.
        others: the hosts of the Caddyfile's other sites, which pass nothing on.
        rows: what users saw, by the rows' names.
        advice: the additions that help, each tried; None if nobody looked for any.
        unadvised: why additions could not be looked for, if that is so.
        slowness: how many times longer work took on this machine than it would have alone.
        took: seconds that all of it took.
    """

    subject: Tested
    runtime: str
    notes: Sequence[str] = ()
    routes: Sequence[str] = ()
    others: Sequence[str] = ()
    rows: dict[str, Seen] = field(default_factory=dict)
    advice: Proved | None = None
    unadvised: str = ""
    slowness: float = 1.0
    took: float = 0.0

    def __getitem__(self, row: str) -> Seen:
        return self.rows[row]

    @property
    def bad(self) -> list[Seen]:
        """The rows that users feel."""
        return [seen for seen in self.rows.values() if seen.sign in "◐✗"]

    @property
    def table(self) -> Table:
        """What users saw of each row."""
        return Table(self.rows)

    @property
    def mended(self) -> Table:
        """What users saw with all proposed additions; empty if there are none."""
        return Table(self.advice.rows if self.advice else {})

    @property
    def busy(self) -> bool:
        """Whether other work kept this machine too busy for its times to be trusted."""
        return self.slowness > BUSY

    def record(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "file": self.subject.name, "runtime": self.runtime, "notes": list(self.notes),
            "routes": list(self.routes), "others": list(self.others), "route": self.subject.route,
            "slowness": round(self.slowness, 2), "busy": self.busy,
            "rows": [seen.record() for seen in self.rows.values()],
            "advice": self.advice.record() if self.advice else None, "unadvised": self.unadvised,
            "seconds": round(self.took, 1),
        }  # fmt: skip
