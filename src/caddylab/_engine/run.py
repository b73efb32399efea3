"""One plan being sent: everything here happens on the engine's thread unless it says so."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

from caddylab._engine import quiet
from caddylab._engine.carrier import Carrier
from caddylab._engine.client_retries import ClientRetries
from caddylab._engine.clients import Clients
from caddylab._engine.dialling import Dialling, Idle, unconnected
from caddylab._engine.ledger import Ledger
from caddylab._engine.plan import Plan
from caddylab._engine.tls import Trust
from caddylab._machine.ports import Address
from caddylab._records import Answerer, Outcome, Request


class Run(Ledger):
    """The requests of one plan, while they are being sent and afterwards.

    A request counts as sent from the moment the engine turns to it, before it connects: the
    time to connect is part of its latency. From that moment on it has a record, so that what
    was sent and what is recorded are the same at all times.
    """

    def __init__(
        self,
        plan: Plan,
        site: Address,
        clients: Clients,
        loop: asyncio.AbstractEventLoop,
        trust: Trust | None = None,
    ) -> None:
        super().__init__(plan)
        self._trust = trust
        self._secure = trust is not None
        self._loop, self._clients = loop, clients
        self._dialling = Dialling(plan, site, loop, trust)
        self._head = plan.head(self.id)
        self._in_flight: dict[int, asyncio.Task[None] | Carrier] = {}
        self._idle = Idle()
        self._client_retries = ClientRetries(plan, loop)
        self._wanted, self._begun = plan.total, 0
        self._patience: asyncio.TimerHandle | None = None

    # From any thread

    @property
    def in_flight(self) -> int:
        """How many requests are sent and not yet answered."""
        return len(self._in_flight)

    def stop(self) -> None:
        """Send nothing more; what is in flight is cut and recorded as cancelled.

        Not for listeners: it waits for the engine's thread, on which they run.
        """
        if not self.done.is_set():
            with contextlib.suppress(RuntimeError):  # the engine has ended first
                self._loop.call_soon_threadsafe(self._stop)
            self.done.wait(1)

    def finish(self) -> None:
        """Begin nothing more; what is in flight comes to its own end."""
        with contextlib.suppress(RuntimeError):  # the engine has ended, and the run with it
            self._loop.call_soon_threadsafe(self._finish)

    # On the engine's thread

    def launch(self) -> None:
        """Begin; the engine calls this on its thread. Does nothing the second time."""
        if self.launched.is_set():
            return
        quiet.hold()
        self.began, self._zero = time.time(), time.perf_counter()
        self.launched.set()
        if self.plan.open:
            self._tick()
        else:
            for _ in range(min(self.plan.concurrency, self.planned_total)):
                self._begin(0.0)

    def recover(self, error: BaseException) -> None:
        """Recover from an exception in the engine's loop: begin the run, or break it off."""
        if not self.launched.is_set():
            self._loop.call_soon(self.launch)
            return
        try:
            self._stop(f"the sender broke off: {type(error).__name__}")
        finally:
            self._end()

    def answered(self, connection: Carrier, request: Request) -> None:
        """A connection has read the whole answer."""
        self._read(connection, request)
        if connection.cookies:
            client = self._clients[request.client]
            for cookie in connection.cookies:
                client.take(cookie.decode("latin-1"), self._secure)
        if self._trust and (session := connection.new_session()):
            self._clients[request.client].sessions[self._trust, self.plan.host] = session
        self._idle.keep(connection, request.client)
        if connection.turned_away:
            self._without_a_line(request)
        assert request.status is not None
        self._settle(request, Outcome.of(request.status), not_before=connection.retry_after)

    def _without_a_line(self, request: Request) -> None:
        request.judge(source=Answerer.CADDY)
        request.complete = True
        if self.wire:
            self.wire.closed(f"{self.id}-{request.n}")

    def broken(self, connection: Carrier, request: Request, error: str) -> None:
        """A connection ended before the answer did."""
        self._read(connection, request)
        self._settle(request, Outcome.RESET, error)

    def _now(self) -> float:
        return time.perf_counter() - self._zero

    def _tick(self) -> None:
        """Open loop: send the request that is due, and set the clock for the next."""
        if self.stopped or self._begun >= self._wanted:
            return
        self._begin(self.plan.planned(self._begun + 1))
        if self._begun < self._wanted:
            due = self.plan.planned(self._begun + 1)
            self._loop.call_later(due - self._now(), self._tick)

    def _begin(self, planned: float | None = None) -> None:
        client = self._begun % self.plan.clients
        self._begun += 1
        self._turn_to(client, planned)

    def _turn_to(self, client: int, planned: float | None, again: int = 0) -> None:
        n, now = len(self.requests) + 1, self._now()
        request = Request(n, client, now if planned is None else planned, now, again=again)
        self.requests.append(request)
        self._tell("sent", request)
        if connection := self._idle.take(client):
            self._send(connection, request)
        else:
            self._in_flight[n] = self._loop.create_task(self._connect(request))
        if self._patience is None:
            self._patience = self._loop.call_later(self.plan.timeout, self._run_out)

    async def _connect(self, request: Request) -> None:
        try:
            connection = await self._dialling.connect(self._clients[request.client], self)
        except OSError as error:
            self._settle(request, *unconnected(error, self.plan.host))
        else:
            self._send(connection, request)

    def _send(self, connection: Carrier, request: Request) -> None:
        self._in_flight[request.n] = connection
        self._note(connection, request)
        cookies = self._clients[request.client].cookie_line(self._secure)
        message = b"%b%d%b\r\n\r\n%b" % (self._head, request.n, cookies, self.plan.body)
        connection.send(message, request)

    def _note(self, connection: Carrier, request: Request) -> None:
        """Note the request's connection before a line about it can appear in Caddy's log."""
        if self.wire is None:
            return
        peer = (self._clients[request.client].address, connection.port)
        if connection.fresh:
            self.wire.begin(peer, at_once=self.plan.http == "2")
        self.wire.sent(peer, f"{self.id}-{request.n}")

    def _read(self, connection: Carrier, request: Request) -> None:
        request.status = connection.status
        if connection.backend.isdigit() and len(connection.backend) < 4:
            request.claimed = int(connection.backend)
        # Most bodies are alike; interned, each text is kept once.
        request.body = sys.intern(connection.body.decode("utf-8", "replace")[:200])

    def _settle(
        self, request: Request, outcome: Outcome, error: str = "", not_before: float = 0.0
    ) -> None:
        """The request has ended: complete its record, and go on."""
        del self._in_flight[request.n]
        assert request.sent is not None
        request.duration = self._now() - request.sent
        request.error = error
        request.judge(outcome)
        self._tell("done", request)
        if not self.stopped and self._client_retries.wants(request, self._begun):
            self._send_again(request, not_before)
        elif self._begun < self._wanted and not self.stopped:
            if not self.plan.open:
                self._begin()
        elif not (self._in_flight or self._client_retries.coming):
            self._end()

    def _send_again(self, request: Request, not_before: float) -> None:
        def send() -> None:
            self._turn_to(request.client, due, request.again + 1)

        self.planned_total += 1
        due = self._now() + self._client_retries.schedule(request, not_before, send)

    def _run_out(self) -> None:
        """Cut the requests whose timeout is over: the first in flight is the oldest."""
        while self._in_flight:
            oldest = self.requests[next(iter(self._in_flight)) - 1]
            assert oldest.sent is not None
            left = oldest.sent + self.plan.timeout - self._now()
            if left > 0:
                self._patience = self._loop.call_later(left, self._run_out)
                return
            self._cut(oldest, Outcome.TIMEOUT, f"no complete answer within {self.plan.timeout:g} s")
        self._patience = None

    def _cut(self, request: Request, outcome: Outcome, error: str) -> None:
        carrier = self._in_flight[request.n]
        carrier.cancel()
        if not isinstance(carrier, asyncio.Task):
            self._read(carrier, request)
        self._settle(request, outcome, error)

    def _finish(self) -> None:
        self._client_retries.give_up()
        self._wanted, self.planned_total = self._begun, len(self.requests)
        if not self._in_flight:
            self._end()

    def _stop(self, why: str = "the run was stopped") -> None:
        if self.done.is_set():
            return
        self.stopped = True
        for n in list(self._in_flight):
            self._cut(self.requests[n - 1], Outcome.CANCELLED, why)
        self._end()

    def _end(self) -> None:
        if self.done.is_set():
            return
        quiet.release()
        self._client_retries.give_up()
        if self._patience is not None:
            self._patience.cancel()
        self._dialling.close(self._idle)
        self.ended = time.monotonic()
        self.done.set()
