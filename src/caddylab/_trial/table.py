"""What users saw, row by row, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from caddylab._look.html_table import table
from caddylab._trial import text
from caddylab._trial.seen import Seen


class Table(dict[str, Seen]):
    """What users saw, by the rows' names; a notebook shows it as a table."""

    def __init__(self, rows: Mapping[str, Seen]) -> None:
        super().__init__(rows)

    def __repr__(self) -> str:
        return text.table(self.values())

    def _repr_html_(self) -> str:
        cells = ([f"{s.sign} {s.row}", s.answered, s.words, f"{s.slowest:.2f} s"]
                 for s in self.values())  # fmt: skip
        return f"{table(text.HEAD, cells)}<p>{text.legend(self.values(), ' · ')}</p>"
