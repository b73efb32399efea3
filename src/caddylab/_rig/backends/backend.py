"""One backend as a notebook holds it: `lab.backend(2)`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caddylab._border import Seconds, border
from caddylab._caddy.running.journal import Journal
from caddylab._caddy.running.opinions import HEALTHY, UNKNOWN, reasons
from caddylab._errors import FaultError
from caddylab._records import Span
from caddylab._rig.backends import spoiling
from caddylab._rig.backends.breakable import Breakable
from caddylab._rig.backends.control import Control
from caddylab._rig.backends.deeds import Deeds
from caddylab._rig.backends.faults import DOWN, SILENT, Fault
from caddylab._rig.backends.replies import Replies
from caddylab._runtimes.base import Unit
from caddylab._runtimes.listener import Listener


@border(FaultError)
class Backend(Breakable):
    """One instance of the app behind Caddy.

    Every fault takes effect at once, and ends with its `with` block or by `restore()`. The lab
    makes a backend of a `unit` (its process), the `secret` of its app, Caddy's `journal` and the
    `spans` to which faults are added. Its `number` counts from 1.
    """

    candid = True
    """Whether it reveals its faults; in a game it does not."""
    channel = Control

    def __init__(self, unit: Unit, secret: str, journal: Journal, spans: list[Span]) -> None:
        self.number = unit.number
        self._unit, self._journal, self._spans = unit, journal, spans
        self._control = self.channel(unit, secret, lambda: self._deeds.state)
        self._deeds = Deeds(unit, spans, self._control)
        self._replies = Replies(self._deeds.answer)

    @property
    def name(self) -> str:
        """Its name: as in the Caddyfile in force, or "backend 1"."""
        return self._deeds.book.name

    @name.setter
    def name(self, name: str) -> None:
        self._deeds.book.name = name

    @property
    def state(self) -> str:
        """Its state: "up", or the names of its faults; "died" if the lab did not end it."""
        self.look()
        return self._deeds.state

    @property
    def faults(self) -> list[Fault]:
        """The faults in force at the last look, the oldest first."""
        return self._deeds.book.active()

    @property
    def suffered(self) -> list[Span]:
        """The faults in force, as spans of time."""
        return [fault.span for fault in self.faults]

    @property
    def responsive(self) -> bool:
        """Whether it can answer at all: it is neither down nor silent."""
        return not {span.kind for span in self.suffered} & (DOWN | SILENT)

    def look(self) -> None:
        """Note what happened to it from outside the lab: above all, that it was killed."""
        self._deeds.look()

    @property
    def mended(self) -> bool:
        """Whether it is well again, as far as we know, and Caddy thinks as it did before."""
        ends = [s.end for s in self._spans if s.backend == self.number and s.end is not None]
        held = [span.start for span in self._journal.opinions.of(self.number)]
        return self.candid and not self.faults and bool(ends) and min(held, default=0) < max(ends)

    @property
    def healthy(self) -> bool:
        """Whether every proxy that names it would send it a request now.

        A Caddy that has ended sends nobody anything.
        """
        return self.opinion == HEALTHY

    @property
    def opinion(self) -> str:
        """Caddy's opinion in words.

        "healthy", "unhealthy" (by its checks), "failed" (by remembered failures), "full"
        (by the requests under way), or several of them. Where not all proxies agree, those
        that hold it are named: `unhealthy for /api/*`. "unknown" when Caddy has ended. Caddy's
        counters are read every 0.1 s.
        """
        self._journal.catch_up()
        return self._journal.opinion(self.number, sure=True)

    @property
    def in_flight(self) -> int:
        """How many requests Caddy has under way at it (its counter is read every 0.1 s)."""
        self._journal.catch_up()
        return self._journal.in_flight.get(self.number, 0)

    def stop(self) -> None:
        """Stop it as `podman stop` does: it finishes the requests that it has begun, then ends.

        Raises:
            FaultError: it is down already, or still runs afterwards.
        """
        self._take_down("stopped")

    def kill(self) -> None:
        """Kill it (SIGKILL): the requests that it had begun are lost.

        Raises:
            FaultError: it is down already, or still runs afterwards.
        """
        self._take_down("killed")

    def start(self, ready_after: float = 0.0) -> None:
        """Start it again, and return once its process answers. Other faults stay in force.

        Args:
            ready_after: seconds during which it is then not ready: see `unready`.

        Raises:
            FaultError: `ready_after` is not a time.
        """
        if ready_after:
            spoiling.unready(ready_after)
        self._deeds.start(ready_after)

    def restart(
        self, down_for: float = 0.3, *, ready_after: float = 0.0, kill: bool = False
    ) -> None:
        """Stop it and start it again, as a deploy does; return once its process answers.

        Args:
            down_for: seconds between the end of the old process and the start of the new one.
            ready_after: seconds during which the new one is not ready: see `unready`.
            kill: end it with SIGKILL; else with SIGTERM, so that it finishes what it has begun.

        Raises:
            FaultError: one of these is not a time, or the backend is down already.
        """
        if not 0 <= down_for <= spoiling.MOST_SECONDS:
            raise FaultError(f"A restart can take 0 to {spoiling.MOST_SECONDS} s, not {down_for}.")
        if ready_after:
            spoiling.unready(ready_after)
        self._take_down("killed" if kill else "stopped")
        time.sleep(down_for)
        self.start(ready_after)

    @property
    def ready(self) -> bool:
        """Whether it is up and ready to serve, as far as the lab has made it."""
        self.look()
        return self.responsive and not {span.kind for span in self.suffered} & {"unready"}

    def answers(
        self, path: str, status: int = 200, body: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer a path like this until the lab is reset; it is no fault, and not undone as one.

        Args:
            path: such as "/login"; one that ends in `*` covers all paths that begin so.
            status: 200 to 599.
            body: the text.
            headers: such as `{"Set-Cookie": "user=ann"}`.

        Raises:
            FaultError: the backend cannot be told, or a value is not valid.
        """
        self._replies.set(path, status, body, headers or {})

    def expect(self, answers: Sequence[dict[str, Any]], *, any: bool) -> None:
        """Give the `answers` that the Caddyfile in force expects, or with `any` answer anything.

        The lab says this at each load.
        """
        self._replies.expect(answers, any=any)

    def restore(self) -> None:
        """Undo all its faults, and whatever else ails it; it is up and well afterwards."""
        self._deeds.restore()

    def renew(self) -> None:
        """Undo all its faults, and start it again if it still works on something.

        Requests that its clients abandoned would go on for up to a minute, and could make the
        next ones wait.
        """
        self._deeds.renew()
        self._replies.forget()

    def listen(self, listener: Listener) -> None:
        """Have it listen as a Caddyfile asks (`listener`); the lab does that when it loads one."""
        self._deeds.listen(listener)

    @property
    def listener(self) -> Listener:
        """What it listens to now."""
        return self._deeds.listener

    @property
    def born(self) -> Callable[[], None]:
        """Called each time it has been started again."""
        return self._deeds.born

    @born.setter
    def born(self, call: Callable[[], None]) -> None:
        self._deeds.born = call

    def relocate(self) -> None:
        """Start it again, which gives it another address where it is a container."""
        self._deeds.relocate()

    def requests(self) -> list[dict[str, Any]]:
        """The requests that the backend itself says it has executed (the last 20,000).

        Each has `id`, `method`, `path`, `start` (Unix time), `duration` (seconds), `status` and
        `check`: which proxy's check it was, where proxies check it differently.
        """
        return list(self.diary(0)["requests"])

    def diary(self, since: int, timeout: Seconds = 5) -> dict[str, Any]:
        """What it has executed from number `since` on ("requests"), and the "next" number.

        Raises:
            FaultError: it does not answer within `timeout` seconds.
        """
        asked: dict[str, Any] = {"params": {"since": since}, "timeout": timeout}
        return dict(self._control.ask("GET", "/requests", **asked).json())

    @property
    def judged(self) -> str:
        """What Caddy says of it, and why, as a sentence."""
        opinion, why = self.opinion, reasons(self._journal.opinions.of(self.number))
        because = why and f" ({why})"
        return "Caddy has ended" if opinion == UNKNOWN else f"Caddy says: {opinion}{because}"

    def __repr__(self) -> str:
        return f"<{self.name}: {self.state}; {self.judged}>"
