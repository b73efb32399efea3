"""The rows of the table: what can happen to a site. The first are the survey's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from caddylab._survey.faults import SLOW
from caddylab._trial.stage import Stage
from caddylab._trial.subject import Tested

MOMENT = 0.5
"""Seconds during which users keep coming after something has happened."""
LATER = 1.7
"""Seconds after which more users come: a check that asks every second has noticed it by then."""


@dataclass(frozen=True)
class Mishap:
    """Something that can happen.

    Args:
        name: its name in the table.
        happens: what happens, in a sentence.
        act: makes it happen on a stage; the Caddyfile is not loaded yet.
        upstreams: how many the site needs for it.
        dynamic: whether the site must look its upstreams up.
        listed: whether its upstreams must be listed in the Caddyfile.
        waits: whether it is in the row's nature that users wait.
        orders: whether Caddy can avert errors of orders (POST) that had reached a backend.
        reloads: whether a reload resets what is opened in that moment, whatever the Caddyfile says.
        gets: whether the route must take GET: so WebSockets and streams are asked for.
        seconds: how long it takes, about; so the longest can be begun first.
    """

    name: str
    happens: str
    act: Callable[[Stage], object]
    upstreams: int = 1
    dynamic: bool = False
    listed: bool = False
    waits: bool = False
    orders: bool = False
    reloads: bool = False
    gets: bool = False
    seconds: float = 1.5

    def fits(self, subject: Tested) -> bool:
        """Whether it can happen to the subject."""
        named = subject.proxy.dynamic
        right = named if self.dynamic else not (named and self.listed)
        asked = not self.gets or "GET" in subject.methods
        return right and asked and self.upstreams <= len(subject.pool)

    @property
    def needs(self) -> str:
        """What a site must have for it, in words."""
        if self.dynamic:
            return "upstreams that a name server tells of (`dynamic`)"
        if self.gets:
            return "a route that takes GET"
        listed = " that stand in the Caddyfile" if self.listed else ""
        return f"{self.upstreams} or more upstreams{listed}"


ROWS: dict[str, Mishap] = {}
"""All rows by their names, in the order of the table."""


def row(name: str, **traits: Any) -> Callable[[Callable[[Stage], object]], Mishap]:
    """Make a function a row; its docstring says what happens, `traits` are those of a `Mishap`."""

    def made(act: Callable[[Stage], object]) -> Mishap:
        happens = " ".join((act.__doc__ or "").split())
        ROWS[name] = Mishap(name, happens, act, **traits)
        return ROWS[name]

    return made


@row("all well")
def calm(stage: Stage) -> None:
    """Nothing happens: what the site and this machine can do at their best."""
    stage.load()
    stage.log_in()
    stage.burst()


@row("killed under load", upstreams=2)
def killed(stage: Stage) -> None:
    """One backend is killed (SIGKILL) while it works; users go on to come."""
    stage.load()
    stage.log_in()
    with stage.load_on():
        stage.crowd_in()
        stage.victim.kill()
        stage.pause(MOMENT)


@row("down", upstreams=2)
def down(stage: Stage) -> None:
    """One backend is gone, and Caddy does not know it yet."""
    _burst_after(stage, stage.victim.kill)


@row("all down")
def all_down(stage: Stage) -> None:
    """All backends of the pool are gone, and Caddy does not know it yet."""

    def end() -> None:
        for backend in stage.pool:
            backend.kill()

    _burst_after(stage, end)


@row("answers 500", seconds=2)
def failing(stage: Stage) -> None:
    """One backend answers everything with 500."""
    _two_bursts(stage, stage.victim.failing)


@row("slow", orders=True, seconds=3)
def slow(stage: Stage) -> None:
    """One backend takes two thirds of its users' patience for each answer."""
    _two_bursts(stage, lambda: stage.victim.slow(SLOW * stage.patience))


@row("hung", seconds=4)
def hung(stage: Stage) -> None:
    """One backend accepts connections and never answers."""
    _two_bursts(stage, stage.victim.hung)


@row("partitioned", seconds=5)
def partitioned(stage: Stage) -> None:
    """One backend is cut off: not even a connection comes about."""
    _two_bursts(stage, stage.victim.partitioned)


def _burst_after(stage: Stage, fault: Callable[[], object]) -> None:
    """The fault, then all at once: no check of Caddy's has had the time to notice it."""
    stage.load()
    stage.log_in()
    stage.mark()
    fault()
    stage.burst()


def _two_bursts(stage: Stage, fault: Callable[[], object]) -> None:
    """As `_burst_after`; then twice as many come, whom Caddy may spare what the first ones met."""
    _burst_after(stage, fault)
    stage.wait_until_later(LATER)
    stage.burst(times=2)
