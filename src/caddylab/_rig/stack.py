"""The parts that one lab runs, put together: started and ended as one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial

from caddylab import _runtimes
from caddylab._caddy.running.admin import Admin, gone
from caddylab._caddy.running.journal import Journal
from caddylab._caddy.running.persistent import LOOK
from caddylab._engine.engine import Engine
from caddylab._errors import CaddyGone, StartFailed
from caddylab._machine.waiting import Every, poll
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.fleet import Fleet
from caddylab._rig.sender import Sender
from caddylab._rig.site import caddyfiles
from caddylab._rig.site.site import Site
from caddylab._rig.site.visitor import Visitor
from caddylab._runtimes.base import Runtime, Unit
from caddylab._view.feed import Feed

MakeBackend = Callable[[Unit, str, Journal, list[Span]], Backend]

FIRST_ANSWERS = 10.0
"""Seconds for each backend to answer through a Caddy that has just begun."""


class Stack:
    """A Caddy, its backends, the engine that sends to them, and what observes them.

    Args:
        runtime: "podman", "process" or "auto".
        lab_id: identifies its processes.
        backends: how many.
        life: ends everything that is started here.
        make_backend: makes each of the backends.

    Attributes:
        runtime: where it runs.
        reason: why it runs there, in a sentence.
        admin: asks Caddy itself.
        journal: what Caddy's log says.
        fleet: the backends.
        site: what Caddy serves.
        visitor: asks it, unrecorded.
        feed: tells observers what happens.
        engine: what sends.
        sender: has the engine send, and keeps the records.
        ready: when it was ready (Unix time).
        took: how many seconds that took.
    """

    def __init__(
        self,
        runtime: str,
        lab_id: str,
        backends: int,
        life: contextlib.ExitStack,
        make_backend: MakeBackend,
    ) -> None:
        began = time.perf_counter()
        self.runtime, self.reason = _runtimes.start(runtime, lab_id, backends, life)
        self._put_together(life, make_backend)
        self._meet()
        self.ready = time.time()
        self.took = time.perf_counter() - began

    def _put_together(self, life: contextlib.ExitStack, make_backend: MakeBackend) -> None:
        runtime = self.runtime
        # All that Caddy printed: the reason comes before a page of output per open request.
        self._last_words = partial(runtime.output, 1_000_000)
        self.admin = admin = Admin(runtime.admin(), runtime.caddy_runs, self._last_words)
        self.journal = journal_of(runtime, admin)
        self.fleet = Fleet(runtime, self.journal, make_backend)
        self.site = site = Site(admin, runtime, self.journal, self.fleet.dress)
        self.visitor = Visitor(site, self.ended)
        life.callback(self.visitor.close)
        life.callback(self.journal.close)
        self.journal.start()
        names = self.fleet.names  # a feed must not hold a lab that is forgotten
        self.feed = Feed(
            self.journal, self.fleet.backends, lambda: names.suffered, lambda: site.staged
        )
        life.callback(self.feed.end)
        self.engine = Engine()
        life.callback(self.engine.close)
        self.sender = Sender(self.engine, site, self.journal, self.fleet, self.feed, self.ended)

    def _meet(self) -> None:
        """Have a Caddy that has just begun serve the plain Caddyfile, and reach each backend."""
        self.load_plain()
        self._wait_for_first_answers()
        self.load_plain()  # the first answers have moved the round robin on

    def _wait_for_first_answers(self) -> None:
        """Return when each backend has answered through Caddy, which may reach one later."""
        heard, wanted = set[str](), len(self.fleet.backends)

        def all_answer() -> bool:
            heard.update(self.visitor.hear())
            return len(heard) == wanted

        if not poll(all_answer, FIRST_ANSWERS, interval=0.001):
            raise StartFailed(
                f"No answer through Caddy from {wanted - len(heard)} of {wanted} backends. "
                f"Caddy's last words:\n{self.runtime.output()}"
            )

    def load_plain(self) -> None:
        """Put the first, plain Caddyfile in force."""
        self.site.load(caddyfiles.plain(len(self.fleet.backends)))

    def reset(self) -> None:
        """Return to the initial state; records are kept."""
        self.sender.stop()
        anew = not self.site.answers()
        if anew:
            self.runtime.restart_caddy()
        self.fleet.renew()
        self.sender.renew()
        try:
            return self._meet() if anew else self.load_plain()
        except CaddyGone:
            if anew:
                raise
        self.runtime.restart_caddy()  # it has answered, and does not any more
        self._meet()

    def heeding(self, condition: Callable[[], object]) -> Callable[[], object]:
        """A condition that only Caddy can bring about; it raises CaddyGone when Caddy has ended."""
        look = Every(LOOK)

        def asked() -> object:
            met = condition()
            if not met and look.due() and (gone := self.ended()):
                raise gone
            return met

        return asked

    def ended(self) -> CaddyGone | None:
        """The error for a Caddy that has ended; None while it runs."""
        if self.runtime.caddy_runs():
            return None
        return gone(runs=False, last_words=self._last_words)


def journal_of(runtime: Runtime, admin: Admin) -> Journal:
    """The journal of a runtime's Caddy; it is not started yet."""
    units = runtime.units
    dials = {dial: unit.number for unit in units for dial in (unit.dial, unit.unix_dial)}
    return Journal(
        runtime.read_log, admin.upstreams, dials, runtime.caddy_runs, runtime.log_trouble
    )
