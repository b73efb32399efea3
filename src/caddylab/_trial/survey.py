"""The rows of a rehearsal, tried one after the other in a lab that is open already."""

from __future__ import annotations

from collections.abc import Iterable

from caddylab._look.progress_bar import Bar
from caddylab._rig.rig import Rig
from caddylab._trial.crew import tried
from caddylab._trial.rehearsal import chosen
from caddylab._trial.seen import Seen
from caddylab._trial.subject import look
from caddylab._trial.table import Table


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
