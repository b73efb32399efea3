"""A rehearsal: every row tried with a Caddyfile, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from caddylab._border import Between, border
from caddylab._caddy.adapted.invoked import readable
from caddylab._caddy.adapted.sites import without_proxy
from caddylab._caddy.completion.substitution import said_once
from caddylab._errors import FaultError, LabError
from caddylab._look.counted import counted
from caddylab._machine.environ import inherited
from caddylab._machine.undisturbed import undisturbed
from caddylab._rig.rig import Rig
from caddylab._rig.site import caddyfiles
from caddylab._rig.site.fitting import backends_for
from caddylab._rig.site.variables import variables_of
from caddylab._runtimes.base import MOST_BACKENDS
from caddylab._trial import events, looked_up  # their rows
from caddylab._trial.audience import Audience
from caddylab._trial.crew import Crew, labs_here
from caddylab._trial.report import Rehearsal
from caddylab._trial.rows import ROWS, Mishap
from caddylab._trial.subject import Tested, look
from caddylab._trial.trials import Trials, try_all

NAMES = tuple(ROWS)
"""All rows, in the order of the table."""
_ = events, looked_up


def chosen(names: Iterable[str]) -> list[Mishap]:
    """The rows of these names, or all of them.

    Raises:
        FaultError: there is no such row.
    """
    wanted = [names] if isinstance(names, str) else list(names) or list(NAMES)
    if unknown := [name for name in wanted if name not in ROWS]:
        raise FaultError(f"There is no row {unknown[0]!r}: expected {', '.join(NAMES)}.")
    return [ROWS[name] for name in wanted]


def fitting(wanted: list[Mishap], subject: Tested) -> list[Mishap]:
    """The rows that can happen to the site.

    Raises:
        FaultError: none of them can.
    """
    todo = [row for row in wanted if row.fits(subject)]
    if not todo:
        said = "; ".join(f"{row.name!r} needs {row.needs}" for row in wanted)
        raise FaultError(f"No row is left to be tried: {said}. This route has {_has(subject)}.")
    return todo


def _has(subject: Tested) -> str:
    if subject.proxy.dynamic:
        return "upstreams that a name server tells of"
    return counted(len(subject.pool), "upstream")


@border(LabError)
def rehearse(
    caddyfile: str | Path,
    rows: Iterable[str] = (),
    *,
    runtime: str = "auto",
    route: str = "",
    patience: Annotated[float, Between(0.5, 60)] = 1.5,
    seed: int = 1,
    advice: bool = True,
    envfile: str | Path | None = None,
    pool: int | None = None,
    allow: Iterable[str | Path] = (),
    http: Literal["1.1", "2"] = "1.1",
    labs: int | None = None,
    audience: Audience | None = None,
) -> Rehearsal:
    """Try failures and events on a site, in labs of its own, and report what its users would see.

    The file itself is only read. Nothing of it reaches the world, and nothing is left behind.

    Args:
        caddyfile: a path, the text itself, or a name of the course's.
        rows: names of the rows to try; by default, all.
        runtime: "process", "podman" or "auto", as for `Lab`.
        route: which route to try: its number (from 1), what it takes, or one of its upstreams; the
            one with the most upstreams if not given.
        patience: seconds after which users give up.
        seed: decides which backend suffers; with 1 it is the last.
        advice: whether to look for additions that mend what is bad, and to prove them.
        envfile: a file of environment variables, as for `Lab.of`.
        pool: how many backends the upstreams share, as for `Lab.of`.
        allow: folders and files that it may read besides its own folder, as for `Lab.of`.
        http: the version of HTTP that users speak, "1.1" or, where a site speaks HTTPS, "2";
            WebSockets are 1.1.
        labs: how many to use in parallel; by default, as many as this machine can run.
        audience: told what happens meanwhile.

    Raises:
        CaddyfileError: it cannot be run, or has no such route; says why, and where.
        FaultError: there is no such row.
    """
    began, heard, wanted = time.monotonic(), audience or Audience(), chosen(rows)
    name, text = caddyfiles.read(caddyfile)

    opener = _opener(caddyfile, runtime, envfile, pool, list(allow))
    crew = Crew(opener, labs or labs_here(runtime))
    try:
        rig = crew.first()
        subject = look(rig, name, text, route, http)
        todo = fitting(wanted, subject)
        report = Rehearsal(
            subject, rig.runtime, said_once(rig.substitutions), subject.routes,
            without_proxy(readable(rig.adapted)),
        )  # fmt: skip
        heard.opened(report)
        spare = len(set(rig.numbers.values())) < len(rig.backends)
        trials = Trials(crew, subject, patience, seed, heard, rig.lint, spare)
        try_all(trials, report, todo, advice)
    finally:
        undisturbed(crew.close)
    report.took = time.monotonic() - began
    heard.ended(report)
    return report


def _opener(
    caddyfile: str | Path,
    runtime: str,
    envfile: str | Path | None,
    pool: int | None,
    allow: Sequence[str | Path],
) -> Callable[[], Rig]:
    """Makes labs with one backend more than the site needs: a spare one, for advice."""
    values = inherited() | (variables_of(envfile) if envfile else {})
    fits = min(MOST_BACKENDS, backends_for(caddyfile, values, allow) + 1)
    backends = fits if pool is None else pool

    def open_lab() -> Rig:
        return Rig.of(caddyfile, runtime, envfile=envfile, allow=allow, pool=backends)

    return open_lab
