"""The rows of a rehearsal, tried one after the other in a lab that is open already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from caddylab._look.html_table import table
from caddylab._look.progress_bar import Bar
from caddylab._rig.rig import Rig
from caddylab._trial import text
from caddylab._trial.crew import tried
from caddylab._trial.rehearsal import chosen
from caddylab._trial.seen import Seen
from caddylab._trial.subject import look


class Table(dict[str, Seen]):
    """What users saw, by the rows' names; a notebook shows it as a table."""

    def __init__(self, rows: Mapping[str, Seen]) -> None:
        super().__init__(rows)

    def __repr__(self) -> str:
        return text.table(self.values())

    def _repr_html_(self) -> str:
        cells = ([f"{s.sign} {s.row}", s.answered, s.words, f"{s.slowest:.2f} s"]
                 for s in self.values())  # fmt: skip
        return f"{table(text.HEAD, cells)}<p>{text.LEGEND}</p>"


def survey(rig: Rig, names: Iterable[str], patience: float, seed: int) -> Table:
    """Try rows with the Caddyfile that a lab has loaded; it is loaded afresh afterwards."""
    rows, caddyfile, found = chosen(names), rig.caddyfile, dict[str, Seen]()
    subject = look(rig, "the Caddyfile in force", caddyfile)
    todo = [row for row in rows if row.fits(subject)]
    try:
        with Bar() as bar:
            for done, row in enumerate(todo):
                bar.show(done / len(todo), row.name)
                found[row.name] = tried(rig, row, subject, caddyfile, patience, seed)
    finally:
        rig.load(caddyfile)
    return Table(found)
