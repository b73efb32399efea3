"""A rehearsal: every row tried with a Caddyfile, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from caddylab._border import Between, border
from caddylab._errors import FaultError, LabError
from caddylab._machine.undisturbed import undisturbed
from caddylab._rig.rig import Rig
from caddylab._rig.site import caddyfiles
from caddylab._trial import events as _events  # its rows
from caddylab._trial.audience import Audience
from caddylab._trial.crew import Crew, labs_here
from caddylab._trial.report import Rehearsal
from caddylab._trial.rows import ROWS, Mishap
from caddylab._trial.subject import look
from caddylab._trial.trials import Trials, advise

NAMES = tuple(ROWS)
"""All rows, in the order of the table."""
_ = _events


def chosen(names: Iterable[str]) -> list[Mishap]:
    """The rows of these names, or all of them.

    Raises:
        FaultError: there is no such row.
    """
    wanted = list(names) or list(NAMES)
    if unknown := [name for name in wanted if name not in ROWS]:
        raise FaultError(f"There is no row {unknown[0]!r}: expected {', '.join(NAMES)}.")
    return [ROWS[name] for name in wanted]


@border(LabError)
def rehearse(
    caddyfile: str | Path,
    rows: Iterable[str] = (),
    *,
    runtime: str = "auto",
    patience: Annotated[float, Between(0.5, 60)] = 1.5,
    seed: int = 1,
    advice: bool = True,
    envfile: str | Path | None = None,
    pool: int | None = None,
    labs: int | None = None,
    audience: Audience | None = None,
) -> Rehearsal:
    """Try what can happen to a site, in labs of its own, and say what its users would see.

    The file itself is only read. Nothing of it reaches the world, and nothing is left behind.

    Args:
        caddyfile: a path, the text itself, or a name of the course's.
        rows: names of the rows to try; all if there is none.
        runtime: "process", "podman" or "auto", as for `Lab`.
        patience: seconds after which users give up.
        seed: decides which backend suffers; with 1 it is the last.
        advice: whether to look for additions that mend what is bad, and to prove them.
        envfile: a file of environment variables, as for `Lab.of`.
        pool: how many backends the upstreams share, as for `Lab.of`.
        labs: how many to use side by side; as many as this machine takes if not given.
        audience: hears what happens meanwhile.

    Raises:
        CaddyfileError: it cannot be run; says why, and where.
        FaultError: there is no such row.
    """
    began, heard, wanted = time.monotonic(), audience or Audience(), chosen(rows)
    name, text = caddyfiles.read(caddyfile)

    def open_lab() -> Rig:
        return Rig.of(caddyfile, runtime, envfile=envfile, pool=pool)

    crew = Crew(open_lab, labs or labs_here(runtime))
    try:
        rig = crew.first()
        subject = look(rig, name, text)
        replaced, routes = map(str, rig.substitutions), map(str, rig.routes)
        report = Rehearsal(subject, rig.runtime, list(replaced), list(routes))
        heard.opened(report)
        todo = [row for row in wanted if row.upstreams <= len(subject.pool) and not row.dynamic]
        trials = Trials(crew, subject, patience, seed, heard)
        for seen in trials.table(todo, text):
            report.rows[seen.row] = seen
            heard.saw(seen)
        if advice and report.bad:
            report.advice = advise(trials, report, todo)
            if report.advice is None:
                report.unadvised = "The lines of the proxy were not found: no advice."
    finally:
        undisturbed(crew.close)
    report.took = time.monotonic() - began
    heard.ended(report)
    return report
