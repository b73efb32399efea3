"""A lab from the side of its clients: requests go in, and their records come out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from caddylab._border import Seconds, border
from caddylab._caddy.adapted.routes import USUAL_PATH
from caddylab._caddy.adapted.sites import Route
from caddylab._engine.clients import Clients
from caddylab._engine.conversations import Conversations
from caddylab._errors import LabError, Stopped
from caddylab._machine.answer import Answer
from caddylab._machine.undisturbed import undisturbed
from caddylab._machine.waiting import poll
from caddylab._rig.lab_side import LabSide
from caddylab._traffic.traffic import Traffic

LONGEST = 600.0
"""Seconds after which a load ends, whatever its block still does."""
LEAD = 0.3
"""Seconds of load before the block begins, and after it ends."""


@border(LabError)
class ClientSide(LabSide):
    """Requests that are sent through Caddy."""

    @property
    def last(self) -> Traffic | None:
        """The records of the latest `fire`, also of one that was stopped."""
        return self.stack.sender.last

    @last.setter
    def last(self, traffic: Traffic | None) -> None:
        self.stack.sender.last = traffic

    def fire(
        self,
        count: int | None = None,
        *,
        concurrency: int = 1,
        rate: float | None = None,
        duration: float | None = None,
        path: str | None = None,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        host: str | None = None,
        scheme: str | None = None,
        route: Route | None = None,
        timeout: float = 30.0,
        clients: int | Clients = 1,
        keepalive: bool = True,
        retries: int = 0,
        backoff: float = 0.0,
        budget: float | None = None,
        http: str = "1.1",
        background: bool = False,
    ) -> Traffic:
        """Send real requests through Caddy and record each of them.

        Args:
            count: how many (closed loop): `concurrency` workers send the next request when
                the last one is answered.
            rate: requests per second for `duration` seconds (open loop), whatever the answers.
            clients: how many users take turns, each with an IP address and cookies of their
                own that last as long as the lab; or a `Clients` of your own.
            path: what to ask for; else "/test-api", or, for a Caddyfile with upstreams of other
                names, what its first route takes.
            host: the host to ask for; else the first name that the site has, or "localhost".
            scheme: "https" or "http"; else the site's own. Where the site speaks HTTPS, "http"
                meets the redirect.
            route: one of `lab.routes`: whatever is not named here is chosen to fit it: its
                method, its headers, and an address that it lets in. Where neither path
                nor host is named, it is the first route of a Caddyfile of your own.
            method: the HTTP method; any but CONNECT.
            body: sent with its Content-Length.
            headers: further request headers.
            timeout: seconds that a client waits for the whole answer.
            keepalive: whether clients use a connection again for their next request.
            retries: how often a client sends a request again that was refused, cut off or not
                answered in time, or whose answer was a 429 or 5xx.
            backoff: seconds before the first time; twice as long before each further one, give
                or take a half. A `Retry-After` in the answer can make it longer.
            budget: how many may be sent again in all, as a share of those sent for the first
                time, such as 0.1; None = without a limit.
            http: "1.1", or "2" where a site speaks HTTPS: then each client has one connection, on
                which all its requests go at once.
            background: whether to return at once; the traffic has `wait()` and `stop()`.

        Raises:
            TrafficError: this cannot be fired; says why.
            Stopped: Stop was pressed (a KeyboardInterrupt); `lab.last` has what was sent.
        """
        self._need_open()
        order = self.stack.sender.order(
            count=count, concurrency=concurrency, rate=rate, duration=duration, path=path,
            method=method, body=body, headers=headers or {}, host=host, scheme=scheme, route=route,
            timeout=timeout, clients=clients, keepalive=keepalive,
            retries=retries, backoff=backoff, budget=budget, http=http,
        )  # fmt: skip
        try:
            traffic = undisturbed(order.place)
            return traffic if background else self._await(traffic)
        except BaseException as error:  # Stop, above all: end the run, keep its records
            undisturbed(order.call_off)
            if isinstance(error, KeyboardInterrupt):
                raise Stopped(order.told()) from None
            raise

    def _await(self, traffic: Traffic) -> Traffic:
        return traffic.wait()

    @contextlib.contextmanager
    def under_load(self, rate: float = 100, **how: Any) -> Iterator[Traffic]:
        """Send requests at a steady rate while the block of a `with` statement runs.

        Args:
            rate: requests per second.
            how: as for `fire`, except `count`, `rate`, `duration` and `background`.

        Yields:
            The records. At the end of the block nothing more is sent, and requests under way
            are waited for.

        Raises:
            TrafficError: this cannot be fired; says why.
        """
        run = self.fire(rate=rate, duration=LONGEST, background=True, **how)
        try:
            poll(lambda: run.done or len(run) > rate * LEAD, 2 * LEAD + 1)
            yield run
            poll(lambda: run.done, LEAD)
            run.run.finish()
        except BaseException:
            run.stop()
            raise
        run.wait()

    def websockets(
        self,
        count: int,
        *,
        path: str = "/ws",
        host: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Conversations:
        """Open WebSockets through Caddy, and keep them open; a message comes every 0.1 s.

        Args:
            count: how many, each of a client of its own.
            path: path and query; "/ws" is where the course's backends speak.
            host: the host to ask for; else the one that `fire` asks for.
            headers: more headers of the handshake.

        Returns:
            Their records: which are open, how many messages came, how each ended.

        Raises:
            TrafficError: there cannot be so many.
        """
        self._need_open()
        return self.stack.sender.hold(count, path, host, headers or {}, stream=False)

    def streams(
        self,
        count: int,
        *,
        path: str = "/stream/600",
        host: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Conversations:
        """Ask for answers that come bit by bit, and return when each has begun.

        Args:
            count: how many, each of a client of its own.
            path: path and query; "/stream/30" is a line every 0.1 s, 30 in all.
            host: the host to ask for; else the one that `fire` asks for.
            headers: more request headers.

        Returns:
            Their records, as for `websockets`; one that came to its end is "complete".

        Raises:
            TrafficError: there cannot be so many.
        """
        self._need_open()
        return self.stack.sender.hold(count, path, host, headers or {}, stream=True)

    def get(
        self,
        path: str = USUAL_PATH,
        *,
        host: str | None = None,
        scheme: str | None = None,
        timeout: Seconds | None = 30.0,
        **options: Any,
    ) -> Answer:
        """One GET through Caddy, from this machine's own address; not recorded.

        Args:
            path: path and query.
            host: the host to ask for; else the first name that the site has.
            scheme: "https" or "http"; else what the site speaks.
            timeout: seconds to wait for each part of the answer; None = for ever.
            options: `headers`, `params`, `cookies` and `follow_redirects` (within the lab only).

        Raises:
            LabError: there is no answer; says why.
            CaddyGone: there is no answer because Caddy has ended.
        """
        self._need_open()
        return self.stack.visitor.get(path, host, scheme, timeout, options)

    def floor(self) -> float:
        """What the engine itself adds to a latency, in seconds at the median; measured once."""
        self._need_open()
        return undisturbed(self.stack.engine.floor)
