"""A visitor with httpx, for whom every name leads to the lab's Caddy, and to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from caddylab._engine.tls import Trust
from caddylab._machine import loopback

if TYPE_CHECKING:
    from caddylab._rig.site.doors import Door
    from caddylab._rig.site.site import Site


def visitor(site: Site) -> httpx.Client:
    """A client of one Caddy; also a redirect, wherever it points, stays in the lab."""
    # With an id it is nobody's health check in a backend's diary.
    headers = {"X-Request-Id": "lab-0"}
    return loopback.client("", timeout=30, headers=headers, transport=_Home(site))


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
            request.url = url  # what was asked for, as the answer tells it

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
