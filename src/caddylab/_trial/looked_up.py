"""Rows for dynamic upstreams: what happens when a name server's records change or fail."""

from __future__ import annotations

from collections.abc import Callable

from caddylab._caddy.adapted.dynamic import sources
from caddylab._survey.faults import SLOW
from caddylab._trial.rows import row
from caddylab._trial.stage import Stage

WHILE = 1.5
"""Seconds for which users keep coming after an address has changed."""
USUAL = 60.0
"""Seconds after which Caddy asks again, unless the Caddyfile says otherwise."""


@row("address changes", dynamic=True)
def moved(stage: Stage) -> None:
    """One backend gets another address, which the name server tells at once."""
    stage.load()
    stage.log_in()
    with stage.load_on():
        stage.rig.names.moved(stage.victim.number)
        stage.pause(WHILE)


@row("record vanishes", dynamic=True)
def unlisted(stage: Stage) -> None:
    """One backend is taken out of the name server and stopped in good order, under load."""
    stage.load()
    stage.log_in()
    with stage.load_on():
        stage.rig.names.unlisted(stage.victim.number)
        stage.victim.stop()
        stage.pause(WHILE)


@row("name server slow", dynamic=True)
def slow(stage: Stage) -> None:
    """Caddy has to ask, and the name server takes two thirds of the users' patience to answer."""
    _ask_again(stage, lambda: stage.rig.names.slow(SLOW * stage.patience))


@row("name server silent", dynamic=True)
def silent(stage: Stage) -> None:
    """Caddy has to ask, and the name server does not answer."""
    _ask_again(stage, stage.rig.names.silent)


def _ask_again(stage: Stage, fault: Callable[[], object]) -> None:
    """Make the fault; users come when Caddy has to ask: again, if that is soon, or initially."""
    stage.load()
    refresh = _refresh(stage)
    if refresh <= WHILE:
        stage.log_in()
        stage.burst()
    stage.mark()
    fault()
    if refresh <= WHILE:
        stage.pause(refresh)
    stage.burst(strangers=refresh > WHILE)


def _refresh(stage: Stage) -> float:
    """Seconds after which Caddy asks again."""
    asked = [
        source.get("refresh", 0) / 1e9 or USUAL
        for source in sources(stage.subject.proxy.handler)
    ]  # fmt: skip
    return min(asked, default=USUAL)
