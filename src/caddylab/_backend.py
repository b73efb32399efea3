"""One backend as a notebook holds it: `lab.backend(2)`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

from caddylab import _faults, _loopback
from caddylab._errors import FaultError
from caddylab._faults import DOWN, SILENT, Fault, Plug
from caddylab._journal import FAILED, UNHEALTHY, Journal
from caddylab._records import Span
from caddylab._runtimes.base import Unit
from caddylab._waiting import poll

IDLE_PATIENCE = 0.3
"""Seconds for a backend to finish what its clients have left behind."""
LATEST = sys.maxsize
"""The number of a request that has not come yet: none is told."""


class Backend:
    """One instance of the app behind Caddy.

    Every fault takes effect at once. Use it in a `with` block to have it mended at the block's
    end, or call `restore()`.
    """

    candid = True
    """Whether it tells what we made of it; in a game it does not."""

    def __init__(self, unit: Unit, secret: str, journal: Journal, spans: list[Span]) -> None:
        self.number = unit.number
        self._unit, self._journal, self._spans = unit, journal, spans
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._faults: list[Fault] = []

    @property
    def state(self) -> str:
        """What we made of it: "up", or the names of its faults."""
        return ", ".join(fault.span.kind for fault in self.faults) or "up"

    @property
    def faults(self) -> list[Fault]:
        """The faults in force, the oldest first."""
        return [fault for fault in self._faults if fault.active]

    @property
    def healthy(self) -> bool:
        """Whether Caddy would send it a request: neither check nor memory speaks against it.

        A Caddy that has ended sends nobody anything.
        """
        self._journal.catch_up()
        return self._journal.caddy_runs() and not any(
            self._journal.opinion(self.number, kind) for kind in (UNHEALTHY, FAILED)
        )

    @property
    def opinion(self) -> str:
        """Caddy's opinion in a word: "healthy", "unhealthy" (active check), "failed" (passive).

        It is "unknown" when Caddy has ended.
        """
        self._journal.catch_up()
        if not self._journal.caddy_runs():
            return "unknown"
        kinds = [kind for kind in (UNHEALTHY, FAILED) if self._journal.opinion(self.number, kind)]
        return ", ".join(kinds) or "healthy"

    @property
    def in_flight(self) -> int:
        """How many requests Caddy has under way at it (its counter is read every 0.1 s)."""
        self._journal.catch_up()
        return self._journal.in_flight.get(self.number, 0)

    def stop(self) -> None:
        """Stop it as `podman stop` does: it finishes what it has begun, then it is gone."""
        self._take_down("stopped", self._unit.stop)

    def kill(self) -> None:
        """Kill it (SIGKILL): what it had begun is lost."""
        self._take_down("killed", self._unit.kill)

    def start(self) -> None:
        """Start it again, and return once it answers. Other faults stay in force."""
        self._unit.start()
        for fault in self._active(DOWN):
            fault.end()
        self._tell_app()

    def crashed(self) -> Fault:
        """Stop it (SIGTERM), as the article's crash test does."""
        return self._take_down("crashed", self._unit.stop)

    def killed(self) -> Fault:
        """Kill it (SIGKILL): requests in flight are cut off."""
        return self._take_down("killed", self._unit.kill)

    def hung(self) -> Fault:
        """Freeze it: it accepts connections and never answers."""
        return self._silence("hung", self._unit.freeze, self._unit.thaw)

    def partitioned(self) -> Fault:
        """Cut it off: new connections get no answer, old ones stand still."""
        plugs: list[Plug] = []

        def cut() -> None:
            self._unit.freeze()
            plugs.append(Plug(self._unit.address))

        def mend() -> None:
            for plug in plugs:
                plug.pull()
            self._unit.thaw()

        return self._silence("partitioned", cut, mend)

    def slow(self, seconds: float, path: str | None = None) -> Fault:
        """Delay every answer by `seconds`; with `path`, only below that path."""
        return self._spoil("slow", f"{seconds:g} s", _faults.slow(seconds, path))

    def failing(self, share: float = 1.0, status: int = 500, path: str | None = None) -> Fault:
        """Answer a `share` of the requests with `status`; with `path`, only below that path."""
        return self._spoil("failing", f"{share:.0%} {status}", _faults.failing(share, status, path))

    def restore(self) -> None:
        """Undo all its faults; it is up and well afterwards."""
        for fault in reversed(self.faults):
            fault.undo()

    def renew(self) -> None:
        """Undo all its faults, and start it again if it still works on something.

        What its clients have left behind would go on for up to a minute, and could make the
        next ones wait.
        """
        if self._unit.running():
            self._unit.thaw()  # most of those that stood still are idle once they go on
        if not poll(self._idle, IDLE_PATIENCE):
            self._unit.kill()
            self._unit.start()
        self.restore()

    def _idle(self) -> bool:
        try:
            answer = self._control(
                "GET", "/requests", timeout=IDLE_PATIENCE, params={"since": LATEST}
            )
        except FaultError:  # so busy that it does not even say so
            return False
        return not answer.json()["running"]

    def requests(self) -> list[dict[str, Any]]:
        """What the backend itself says it has executed (its last 20,000 requests).

        Each has `id`, `method`, `path`, `start` (Unix time), `duration` (seconds), `status`.
        """
        return list(self.diary(0)["requests"])

    def diary(self, since: int) -> dict[str, Any]:
        """What it has executed from number `since` on ("requests"), and the "next" number."""
        answer: dict[str, Any] = self._control("GET", "/requests", params={"since": since}).json()
        return answer

    def __repr__(self) -> str:
        opinion = self.opinion
        said = "Caddy has ended" if opinion == "unknown" else f"Caddy says: {opinion}"
        return f"<backend {self.number}: {self.state}; {said}>"

    def _take_down(self, kind: str, act: Callable[[], None]) -> Fault:
        for fault in self._active(SILENT):  # a new process will not be frozen
            fault.undo()
        if not self._unit.running():
            raise FaultError(f"Backend {self.number} is down already; start it first.")
        return self._make(kind, "", act, self.start)

    def _silence(self, kind: str, act: Callable[[], None], undo: Callable[[], None]) -> Fault:
        def mend() -> None:
            undo()
            self._tell_app()

        self._need_responsive(kind)
        return self._make(kind, "", act, mend)

    def _spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        self._need_responsive(kind)
        for fault in self._active({kind}):
            fault.end()
        return self._make(kind, detail, self._tell_app, self._tell_app, message)

    def _make(
        self,
        kind: str,
        detail: str,
        act: Callable[[], None],
        undo: Callable[[], None],
        message: dict[str, Any] | None = None,
    ) -> Fault:
        span = Span(self.number, kind, time.time(), None, detail)
        fault = Fault(span, undo, message)
        self._faults = [*self.faults, fault]  # before `act`, so that Stop in it can be undone
        self._spans.append(span)
        act()
        return fault

    def _active(self, kinds: set[str]) -> list[Fault]:
        return [fault for fault in self.faults if fault.span.kind in kinds]

    def _need_responsive(self, kind: str) -> None:
        if stands := self._active(DOWN | SILENT):
            raise FaultError(
                f"Backend {self.number} is {stands[0].span.kind}, so it cannot be {kind} as well. "
                f"Restore it first: lab.backend({self.number}).restore()"
            )

    def _tell_app(self) -> None:
        """Bring the app's own faults in line with ours, if it can hear us now."""
        if self._active(DOWN | SILENT) or not self._unit.running():
            return
        told = {fault.span.kind: fault.message for fault in self.faults if fault.message}
        self._control("PUT", "/faults", json={"slow": None, "failing": None} | told)

    def _control(
        self, method: str, path: str, *, timeout: float = 5, **kwargs: Any
    ) -> httpx.Response:
        host, port = self._unit.control
        url = f"http://{host}:{port}"
        try:
            with _loopback.client(url, headers=self._headers, timeout=timeout) as client:
                return client.request(method, path, **kwargs).raise_for_status()
        except httpx.HTTPError as error:
            raise FaultError(
                f"Backend {self.number} ({self.state}) does not listen to its control channel: "
                f"{error}. Restore it first: lab.backend({self.number}).restore()"
            ) from error
