"""More rows: what an operation, a deployment or a crowd does to a site."""

from __future__ import annotations

from caddylab._rig.backends.backend import Backend
from caddylab._trial.rows import MOMENT, row
from caddylab._trial.stage import QUICK, STREAM, Stage

APART = 0.3
"""Seconds for which a backend stays away when it is restarted."""
IDLE = 4.0
"""Seconds of idleness; a little less than 5, when uvicorn itself closes connections."""
AT_ONCE, WAVES = 2, 6
"""How many requests an overloaded backend works on, and by what factor the load exceeds that.

The backends are overloaded, not this machine: few requests, and time to spare for each.
"""
SOCKETS = 4
ORDERS = 8
"""How many orders come at once after the pause."""


@row("restart of one")
def restart(stage: Stage) -> None:
    """One backend is stopped in good order (SIGTERM) under load, and started again."""
    stage.load()
    stage.log_in()
    with stage.load_on():
        _restart(stage, stage.victim)
        stage.pause(MOMENT)


@row("rolling restart", upstreams=2)
def rolling(stage: Stage) -> None:
    """Each backend is restarted under load, the next as soon as the last one answers again."""
    stage.load()
    stage.log_in()
    with stage.load_on():
        for backend in stage.pool:
            _restart(stage, backend)
        stage.pause(MOMENT)


@row("old one stopped first", upstreams=2, listed=True, reloads=True)
def stopped_first(stage: Stage) -> None:
    """Blue/green: the old backend is stopped, then its upstream is taken out by a reload."""
    shorter = stage.without(stage.victim)
    stage.load()
    stage.log_in()
    with stage.load_on():
        stage.victim.stop()
        stage.pause(APART)
        stage.load(shorter)
        stage.pause(MOMENT)


@row("its line removed first", upstreams=2, listed=True, reloads=True)
def removed_first(stage: Stage) -> None:
    """Blue/green: the old upstream is taken out by a reload, then its backend is stopped."""
    shorter = stage.without(stage.victim)
    stage.load()
    stage.log_in()
    with stage.load_on():
        stage.load(shorter)
        stage.pause(APART)
        stage.victim.stop()
        stage.pause(MOMENT)


@row("reload under load", reloads=True)
def reload(stage: Stage) -> None:
    """Caddy takes a new configuration three times while users come."""
    stage.load()
    stage.log_in()
    with stage.load_on():
        for _ in range(3):
            stage.load()
            stage.pause(APART)


@row("reload with WebSockets and streams open", gets=True)
def reload_held(stage: Stage) -> None:
    """Caddy takes a new configuration while WebSockets are open and answers are streamed."""
    stage.load()
    held = stage.hold(SOCKETS)
    stage.begin("stream", STREAM, SOCKETS)
    stage.pause(MOMENT)
    stage.load()
    stage.pause(MOMENT)
    held.settle()


@row("backends close idle connections", orders=True, seconds=5)
def idle(stage: Stage) -> None:
    """Connections that were idle for 4 s are closed just as the next request comes on them.

    In life the two cross by chance, about once in 80 orders that come as late as that.
    """
    stage.load()
    stage.log_in()
    for backend in stage.pool:
        backend.closes_idle(IDLE)
    stage.burst()
    stage.pause(IDLE + 0.2)
    kind = "POST" if "POST" in stage.subject.methods else stage.subject.methods[0]
    stage.fire(kind, QUICK, ORDERS)


@row("flapping", seconds=2.5)
def flapping(stage: Stage) -> None:
    """One backend is killed and comes back, three times within a few seconds, under load."""
    stage.load()
    stage.log_in()
    with stage.load_on():
        for _ in range(3):
            stage.victim.kill()
            stage.pause(APART)
            stage.victim.start()
            stage.pause(APART)


@row("overload", waits=True)
def overload(stage: Stage) -> None:
    """Six times as many ask at once as the backends can work on: half their patience for all."""
    stage.load()
    for backend in stage.pool:
        backend.limited(AT_ONCE)
    kind, each = stage.subject.methods[0], stage.patience / 2 / WAVES
    stage.fire(kind, f"/delay/{each * 1000:.0f}", WAVES * AT_ONCE * len(stage.pool))


@row("answer cut short")
def truncated(stage: Stage) -> None:
    """One backend announces more bytes than it sends, and cuts the connection."""
    stage.load()
    stage.log_in()
    stage.victim.truncating()
    stage.burst(QUICK)


def _restart(stage: Stage, backend: Backend) -> None:
    backend.stop()
    stage.pause(APART)
    backend.start()
