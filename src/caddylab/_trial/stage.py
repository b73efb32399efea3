"""One lab in which rows are tried: the Caddyfile under test, its users, its backends."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from caddylab._caddy.adapted.marks import ASK
from caddylab._engine.clients import Clients
from caddylab._machine.waiting import poll
from caddylab._rig.backends.backend import Backend
from caddylab._rig.rig import Rig
from caddylab._traffic.traffic import Traffic
from caddylab._trial.held import WebSockets
from caddylab._trial.seen import Askers, Seen, late, lost
from caddylab._trial.subject import Tested

READERS, BUYERS, MEMBERS = 8, 4, 8
"""How many ask, order, and are logged in at once."""
RATES = {"GET": 37.0, "POST": 31.0, "session": 17.0}
"""Requests per second under load: out of step, so that round robin does not sort them by kind."""
WORK = "/delay/100"
"""Under load, each request takes 0.1 s of work, so that some are always under way."""
LONG_WORK = "/delay/300"
"""What a crowd asks for: even on a busy machine, the first still wait when the last come."""
STREAM, LASTS = "/stream/12", 1.2
"""A streamed answer, and the least seconds that it takes; patience begins after these."""
QUICK = "/test-api"
ASKED = 12
"""How many requests show which backends work."""
LONGEST = 60.0
"""Seconds after which the load of a row ends, whatever the row still does."""


class Stage:
    """Where one row is tried.

    Args:
        rig: the lab; its faults are mended before.
        subject: what is tried.
        text: the Caddyfile, perhaps with additions.
        patience: seconds after which users give up.
        seed: decides which backend suffers.

    Attributes:
        runs: the traffic of the row, by the kind of its requests.
    """

    def __init__(
        self, rig: Rig, subject: Tested, text: str, patience: float = 1.5, seed: int = 1
    ) -> None:
        self.rig, self.subject, self.text = rig, subject, text
        self.patience = patience
        # Nobody has a cookie of an earlier row.
        self._people = Clients(MEMBERS, subject.ask.address or None)
        self._victim = -1 if seed == 1 else random.Random(seed).randrange(len(subject.pool))
        self._missed: tuple[int, ...] = subject.pool
        self.runs: dict[str, list[Traffic]] = {}
        self.sockets: list[WebSockets] = []
        self._warned: set[Traffic] | None = None  # those begun when Caddy may know better
        self._since = time.monotonic()

    # --- the site --------------------------------------------------------------------------

    @property
    def pool(self) -> list[Backend]:
        """The backends that share the requests."""
        return [self.rig.backend(number) for number in self.subject.pool]

    @property
    def victim(self) -> Backend:
        """The backend that suffers: with seed 1 the last, as in the course, else any one."""
        return self.rig.backend(self._missed[self._victim % len(self._missed)])

    def load(self, text: str = "") -> None:
        """Load the Caddyfile under test, or another one; Caddy's memory begins afresh."""
        self.subject.load(self.rig, text or self.text)

    def without(self, backend: Backend) -> str:
        """The Caddyfile under test without one upstream."""
        return self.subject.without(self.text, backend.number)

    def pause(self, seconds: float) -> None:
        """Let time pass that is part of the row."""
        self.rig.pause(seconds)

    def mark(self) -> None:
        """Note that something begins now."""
        self._since = time.monotonic()

    def wait_until_later(self, seconds: float) -> None:
        """Wait until `seconds` after the mark; users who come later may be spared the fault."""
        self.pause(max(0.0, self._since + seconds - time.monotonic()))
        self._warned = set()

    def look_who_works(self) -> None:
        """Choose victims that work, where a policy leaves others idle: nobody would miss those."""
        if self.subject.shares:
            return
        self.load()
        run = self.rig.fire(ASKED, **self._as(self._kinds()[0], QUICK))
        work = set(run.backends)
        self._missed = tuple(n for n in self.subject.pool if n in work) or self.subject.pool

    # --- its users -------------------------------------------------------------------------

    def burst(self, ask: str = QUICK, times: int = 1, *, strangers: bool = False) -> None:
        """Have `times` as many users as usual ask at once; return when all know their answer.

        With `strangers` nobody asks who would have to be logged in.
        """
        crowds = [(kind, n) for kind, n in self._crowds() if not (strangers and kind == "session")]
        background = [self._fire(kind, ask, times * count) for kind, count in crowds]
        for run in background:
            run.wait()

    def fire(self, kind: str, ask: str, count: int) -> None:
        """Have `count` requests of one kind sent at once."""
        self._fire(kind, ask, count).wait()

    def begin(self, kind: str, ask: str, count: int) -> None:
        """As `fire`, and return at once."""
        self._fire(kind, ask, count)

    def log_in(self) -> None:
        """Log everybody in, where the site keeps users at their backend."""
        if self.subject.sticky:
            self.rig.fire(
                MEMBERS, concurrency=MEMBERS, clients=self._people, method="POST", body=b"",
                timeout=self.patience, **self._to("/login?user=ann"),
            )  # fmt: skip

    @contextmanager
    def load_on(self) -> Iterator[None]:
        """Have users come all the time until the block ends; then wait for the last of them."""
        runs = [self._come(kind) for kind in self._kinds()]
        try:
            poll(lambda: all(len(run) > 2 for run in runs), self.patience)
            poll(lambda: self.victim.in_flight, 1.0)
            yield
        except BaseException:
            for run in runs:
                run.stop()
            raise
        for run in runs:
            run.run.finish()
        for run in runs:
            run.wait()

    def crowd_in(self) -> None:
        """Have more users come at once, buyers first; return when the victim works for some."""
        for kind, count in reversed(self._crowds()):
            self._fire(kind, LONG_WORK, count)
        poll(lambda: self.victim.in_flight > 2, self.patience)

    def hold(self, count: int) -> WebSockets:
        """Open WebSockets, and keep them."""
        ask = self.subject.ask
        headers = {**ask.headers, ASK: "/ws"}
        held = WebSockets(self.rig.stack.sender.hold(
            count, ask.path, ask.host, headers, stream=False, address=ask.address
        ))  # fmt: skip
        self.sockets.append(held)
        return held

    def _kinds(self) -> Sequence[str]:
        members = self.subject.sticky and set(self.subject.methods) >= {"GET", "POST"}
        return [*self.subject.methods, *(["session"] if members else [])]

    def _crowds(self) -> list[tuple[str, int]]:
        counts = {"GET": READERS, "session": MEMBERS}
        return [(kind, counts.get(kind, BUYERS)) for kind in self._kinds()]

    def _fire(self, kind: str, ask: str, count: int) -> Traffic:
        return self._note(kind, self.rig.fire(
            count, concurrency=count, background=True, **self._as(kind, ask),
        ))  # fmt: skip

    def _come(self, kind: str) -> Traffic:
        rate = RATES.get(kind, RATES["POST"])
        return self._note(kind, self.rig.fire(
            rate=rate, duration=LONGEST, background=True, **self._as(kind, WORK),
        ))  # fmt: skip

    def _as(self, kind: str, ask: str) -> dict[str, Any]:
        if kind == "session":
            return {"timeout": self.patience, "clients": self._people, **self._to("/me")}
        method = "GET" if kind == "stream" else kind
        body = b'{"order": "pizza"}' if method == "POST" else b""
        # Each has a backend, is let in, or has the one connection of HTTP/2.
        known = self.subject.sticky or self.subject.ask.address or self.subject.http == "2"
        people = {"clients": self._people} if known else {}
        patience = self.patience + (LASTS if kind == "stream" else 0)
        return {"method": method, "body": body, "timeout": patience, **people, **self._to(ask)}

    def _to(self, ask: str) -> dict[str, Any]:
        route = self.subject.ask
        headers = {**route.headers, ASK: ask}
        return {
            "path": route.path, "host": route.host, "headers": headers, "http": self.subject.http,
        }  # fmt: skip

    def _note(self, kind: str, run: Traffic) -> Traffic:
        self.runs.setdefault(kind, []).append(run)
        if self._warned is not None:
            self._warned.add(run)
        return run

    # --- what came of it -------------------------------------------------------------------

    def settle(self) -> None:
        """Wait for everything that was begun."""
        for runs in self.runs.values():
            for run in runs:
                run.wait()

    def seen(self, row: str, began: float, *, waits: bool, orders: bool, reloads: bool) -> Seen:
        """What the users saw of the row that began at `began` (monotonic time)."""
        groups = [
            Askers.of(kind, runs, self._late(kind), self._warned or ())
            for kind, runs in self.runs.items()
        ]
        groups += [held.group() for held in self.sockets]
        runs = tuple(run for runs in self.runs.values() for run in runs)
        took = time.monotonic() - began
        sessions = lost(self.runs.get("session", []))
        return Seen(
            row, tuple(groups), self.patience, sessions, took, runs,
            waits=waits, orders=orders, reloads=reloads,
        )  # fmt: skip

    def _late(self, kind: str) -> float:
        """Seconds from which on a good answer counts as slow; a stream is given its own time."""
        return math.inf if kind == "stream" else late(self.patience)

    def clear(self) -> None:
        """Mend everything, and hang up."""
        for held in self.sockets:
            held.close()
        for runs in self.runs.values():
            for run in runs:
                if not run.done:
                    run.stop()
        self.rig.restore()
