"""A visitor with httpx, for whom every name leads to the lab's Caddy, and to nobody else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx

from caddylab._caddy.running.persistent import while_it_runs
from caddylab._engine.tls import Trust
from caddylab._errors import CaddyGone, LabError
from caddylab._machine import loopback
from caddylab._machine.answer import Answer
from caddylab._machine.undisturbed import undisturbed
from caddylab._rig.site.doors import Door
from caddylab._rig.site.site import Site

SOON = 3.0
"""Seconds within which a healthy backend answers; after that, ask again."""


class Visitor:
    """Asks one Caddy; even a redirect, wherever it points, stays in the lab.

    Args:
        site: what that Caddy serves.
        ended: returns the error for a Caddy that has ended, if it has.
    """

    def __init__(self, site: Site, ended: Callable[[], CaddyGone | None]) -> None:
        self._site, self._ended = site, ended
        # The id keeps it from looking like a health check in a backend's diary.
        headers = {"X-Request-Id": "lab-0"}
        self._http = loopback.client("", timeout=30, headers=headers, transport=_Home(site))

    def get(
        self, path: str, host: str | None, scheme: str | None, timeout: float | None, options: Any
    ) -> Answer:
        """One GET, as `Rig.get` has it.

        Raises:
            LabError: there is no answer; says why.
            CaddyGone: there is no answer because Caddy has ended.
        """
        try:
            headers = httpx.Headers(options.pop("headers", None))
            host = host or headers.get("Host")
            door, authority = self._site.doors.asked(host, scheme, self._site.host)
            headers.setdefault("Host", authority)
            url = f"{door.base(authority)}{path}"
            ask = partial(self._http.get, url, headers=headers, timeout=timeout, **options)
            return loopback.answer(undisturbed(lambda: while_it_runs(ask, self._runs)))
        except (httpx.HTTPError, httpx.InvalidURL, TypeError, ValueError, AttributeError) as error:
            if gone := self._ended():
                raise gone from error
            why = f"{type(error).__name__}: {error}".removesuffix(": ")
            raise LabError(f"GET {path} got no answer ({why}).") from error

    def _runs(self) -> bool:
        return self._ended() is None

    def hear(self) -> Iterator[str]:
        """Ask once more: the backend that answers, if one does."""
        with contextlib.suppress(httpx.TransportError):
            answer = self._http.get(self._site.url, timeout=SOON)
            if answer.status_code == 200:
                yield answer.headers["X-Backend"]

    def close(self) -> None:
        """Close its connections."""
        self._http.close()


class _Home(httpx.BaseTransport):
    """Connects to the lab's doors, whatever the name."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._plain = httpx.HTTPTransport(verify=False)
        self._secure: tuple[Trust, httpx.HTTPTransport] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        door = self._door(url)
        host, port = door.reached()
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        request.url = url.copy_with(host=host, port=port)
        try:
            return self._transport(door).handle_request(request)
        finally:
            request.url = url  # what was asked for, as the answer reports it

    def _door(self, url: httpx.URL) -> Door:
        doors = self._site.doors
        for door in doors:
            if door.address == (url.host, url.port):
                return door
        return doors.choose(url.host, url.scheme, url.port)

    def _transport(self, door: Door) -> httpx.HTTPTransport:
        trust = self._site.trust(door)
        if trust is None:
            return self._plain
        if self._secure is None or self._secure[0] is not trust:
            if self._secure:
                self._secure[1].close()
            self._secure = trust, httpx.HTTPTransport(verify=trust.context)
        return self._secure[1]

    def close(self) -> None:
        self._plain.close()
        if self._secure:
            self._secure[1].close()
