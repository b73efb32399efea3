"""Sending requests: an order becomes a plan, the plan a run, and the run its records."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from caddylab._caddy.adapted.sites import Route
from caddylab._caddy.running.journal import Journal
from caddylab._engine.clients import Clients
from caddylab._engine.conversation import Ask
from caddylab._engine.conversations import Conversations
from caddylab._engine.engine import Engine, Run
from caddylab._engine.plan import Plan
from caddylab._errors import CaddyGone, TrafficError
from caddylab._machine.waiting import Every
from caddylab._rig.fleet import Fleet
from caddylab._rig.site.doors import Door
from caddylab._rig.site.site import Site
from caddylab._traffic.order import Order
from caddylab._traffic.traffic import Traffic
from caddylab._view.feed import Feed

GLANCE = 0.1
"""Seconds. Small runs in quick succession do not look at each backend each time (12 ms in
containers); a backend that died is found by the next look, with the time of its death."""


class Sender:
    """Sends requests to a site, and keeps their records.

    Args:
        engine: what sends.
        site: the site to send to.
        journal: adds the attempts to the records.
        fleet: whose faults belong to the records.
        feed: hears of each run.
        ended: returns the error for a Caddy that has ended, if it has.

    Attributes:
        last: the records of the latest run.
        clients: those who take turns if nobody else is named.
    """

    def __init__(
        self,
        engine: Engine,
        site: Site,
        journal: Journal,
        fleet: Fleet,
        feed: Feed,
        ended: Callable[[], CaddyGone | None],
    ) -> None:
        self._engine, self._site, self._journal = engine, site, journal
        self._fleet, self._feed, self._ended = fleet, feed, ended
        self._glance = Every(GLANCE)
        self._runs: weakref.WeakSet[Traffic] = weakref.WeakSet()
        self.renew()
        self._held: list[Conversations] = []
        self.last: Traffic | None = None

    def order(
        self,
        *,
        clients: int | Clients,
        path: str | None,
        host: str | None,
        scheme: str | None,
        route: Route | None,
        method: str,
        headers: Mapping[str, str],
        **what: Any,
    ) -> Order:
        """A run that can be begun.

        Args:
            clients: how many clients take turns, or the clients themselves.
            path: what to ask for; else the site's.
            host: the host to ask for; else the site's.
            scheme: "https" or "http"; else what the site speaks.
            route: everything else is chosen to fit it; else the site's first, if nothing is named.
            method: of the request.
            headers: of the request.
            what: further arguments of `Plan`.

        Raises:
            TrafficError: this cannot be fired.
            CaddyGone: Caddy has ended.
        """
        if route:
            host, path, scheme = host or route.authority, path or route.path, scheme or route.scheme
        elif path is None and host is None:
            route = self._site.first
        if route and route.sockets:
            raise TrafficError(
                f"Only WebSockets reach {', '.join(route.upstreams)}, and `fire` sends requests. "
                f'Open some: `lab.websockets(2, path="{route.path}")`.'
            )
        method = route.method if route and method == "GET" else method
        people = clients if isinstance(clients, Clients) else self._from(route)
        door, authority = self._site.doors.asked(host, scheme, self._site.host)
        plan = Plan(
            path=self._site.path if path is None else path, host=authority, method=method,
            headers={**(route.headers if route else {}), **headers},
            clients=len(people) if isinstance(clients, Clients) else clients, **what,
        )  # fmt: skip
        if gone := self._ended():
            raise gone
        return Order(lambda: self._begin(plan, people, door))

    def _from(self, route: Route | None) -> Clients:
        """The clients that take turns; where a route lets in only some addresses, these."""
        if not (route and route.address):
            return self.clients
        return self._let_in.setdefault(route.address, Clients(address=route.address))

    def _begin(self, plan: Plan, people: Clients, door: Door) -> Traffic:
        journal, fleet, feed, glance = self._journal, self._fleet, self._feed, self._glance

        def settle() -> str:
            if glance.due():
                fleet.look()  # a backend that has died meanwhile is part of the records
            return journal.settle(run.id, run.ended)

        def prepare(run: Run) -> None:
            run.wire = journal.watch(run.id, run.requests)
            feed.follow(run)

        trust = self._site.trust(door)
        run = self._engine.start(plan, door.reached(), people, prepare, trust)
        traffic = Traffic(
            run, people, settle, fleet.spans, journal.opinions.spans,
            self._site.stage,
        )  # fmt: skip
        self.last = traffic
        self._runs.add(traffic)
        return traffic

    def hold(
        self, count: int, path: str, host: str | None, headers: Mapping[str, str], *,
        stream: bool, address: str = "",
    ) -> Conversations:  # fmt: skip
        """Open WebSockets or streams; `stop` closes them too.

        Raises:
            TrafficError: there cannot be so many.
            CaddyGone: Caddy has ended.
        """
        door, authority = self._site.doors.asked(host, None, self._site.host)
        if gone := self._ended():
            raise gone
        entrance = door.reached(), self._site.trust(door)
        held = Conversations.open(entrance, count, Ask(authority, path, headers, stream, address))
        self._held.append(held)
        return held

    @property
    def under_way(self) -> list[Traffic]:
        """What is being sent now."""
        return [traffic for traffic in list(self._runs) if not traffic.done]

    def stop(self) -> None:
        """Stop what is being sent."""
        for traffic in self.under_way:
            traffic.stop()
        while self._held:
            self._held.pop().close()

    def renew(self) -> None:
        """Replace the clients by new ones, which hold no cookies."""
        self.clients = Clients()
        self._let_in: dict[str, Clients] = {}
