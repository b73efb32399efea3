"""The engine: sends plans from a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import ipaddress
import statistics
import threading
from collections.abc import Callable
from functools import cached_property

from caddylab._engine.clients import Clients
from caddylab._engine.lateness import Lateness
from caddylab._engine.loop import new_event_loop, raise_open_files_limit
from caddylab._engine.plan import Plan
from caddylab._engine.run import Run
from caddylab._engine.tls import Trust
from caddylab._errors import LabClosed, TrafficError
from caddylab._machine.ports import Address
from caddylab._machine.steady import goes_on, in_thread

__all__ = ["Address", "Engine", "Lateness", "Run"]

CLOSED = "The engine has been closed with its lab; make a new one: Lab()."


class Engine:
    """Sends requests to an address of this machine and records each of them.

    It has a thread and an event loop of its own, so that a notebook and its Stop button stay
    alive; they begin with the first run. Several runs may go on at once.
    """

    def __init__(self) -> None:
        raise_open_files_limit()  # now: a partition needs many files, and so do Caddy's clients
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runs: list[Run] = []
        self._closed = False

    def start(
        self,
        plan: Plan,
        site: Address,
        clients: Clients | None = None,
        prepare: Callable[[Run], None] | None = None,
        trust: Trust | None = None,
    ) -> Run:
        """Begin to send `plan` to `site`, and return while it goes on.

        Args:
            plan: what to send.
            site: a loopback address, such as ("127.0.0.1", 8080).
            clients: who sends it (cookies and addresses); new ones if left out.
            prepare: called with the run before its first request, for example to subscribe.
            trust: the authorities whose certificates are accepted; None for plain HTTP.

        Raises:
            TrafficError: `site` is not on this machine, or the plan has too many clients.
            LabClosed: the engine has been closed.
        """
        _check_loopback(site)
        if plan.http == "2" and trust is None:
            raise TrafficError(
                'Clients speak HTTP/2 where a site speaks HTTPS; this one does not. Leave http="2" '
                "out, or give the site a name that Caddy has a certificate for."
            )
        clients = Clients() if clients is None else clients
        clients.grow(plan.clients)
        loop = self._alive()
        run = Run(plan, site, clients, loop, trust.speaking(plan.http) if trust else None)
        if prepare is not None:
            prepare(run)
        self._begin(run, loop)
        try:
            run.launched.wait()
        except BaseException:  # Ctrl-C: nobody holds the run yet and could stop it
            run.stop()
            raise
        return run

    def _begin(self, run: Run, loop: asyncio.AbstractEventLoop) -> None:
        """Launch it, unless the engine has been closed meanwhile; `close` stops all others."""
        with self._lock:
            if self._closed:
                raise LabClosed(CLOSED)
            self._runs = [r for r in self._runs if not r.done.is_set()] + [run]
            loop.call_soon_threadsafe(run.launch)

    def close(self) -> None:
        """Stop what is being sent and end the thread. Safe to call twice."""
        with self._lock:
            self._closed = True
            loop, thread, self._loop = self._loop, self._thread, None
        for run in self._runs:
            run.stop()
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def floor(self) -> float:
        """The engine's own share of a latency: seconds at p50.

        Measured once, with requests to the smallest possible server, in the engine's own
        loop; that server's work is in the figure too.
        """
        return self._floor

    @cached_property
    def _floor(self) -> float:
        loop = self._alive()
        server = asyncio.run_coroutine_threadsafe(_serve(), loop).result()
        try:
            site = server.sockets[0].getsockname()
            run = self.start(Plan(count=300), site, Clients(proxy=False))
            run.wait()
            return statistics.median(r.duration for r in run.requests[50:])
        finally:
            loop.call_soon_threadsafe(server.close)

    def _alive(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise LabClosed(CLOSED)
            if self._loop is None:
                self._loop = new_event_loop()
                self._thread = in_thread("caddylab-engine", self._live, self._loop)
            return self._loop

    def _live(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run the loop until it is stopped; an exception thrown into it ends only its runs."""
        asyncio.set_event_loop(loop)
        while True:
            try:
                loop.run_forever()
                break
            except BaseException as error:  # asyncio does not catch what would end a program
                goes_on(error)
                for run in self._runs:
                    run.recover(error)
        # What was cut in the last moment closes its sockets in the loop's next turns.
        for task in asyncio.all_tasks(loop):
            task.cancel()
        for _ in range(3):
            loop.run_until_complete(asyncio.sleep(0))
        loop.close()


class _Smallest(asyncio.Protocol):
    """A server that answers whatever it reads."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def _serve() -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(_Smallest, "127.0.0.1", 0)


def _check_loopback(site: Address) -> None:
    host, port = site
    try:
        ours = ipaddress.ip_address(host).is_loopback
    except ValueError:
        ours = False
    if not ours or not 0 < port < 65536:
        raise TrafficError(
            f"Traffic goes to this machine only, but {host}:{port} is no loopback address; "
            "give one such as ('127.0.0.1', 8080)."
        )
