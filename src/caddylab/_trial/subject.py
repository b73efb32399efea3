"""The Caddyfile under test: its text, its pool, and what its routes take."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caddylab._caddy.adapted.flow import steps
from caddylab._caddy.adapted.proxies import Proxy, proxies
from caddylab._caddy.text.tokens import parse
from caddylab._errors import CaddyfileError
from caddylab._rig.rig import Rig
from caddylab._trial.held import Ask

KEEPS = {"cookie", "ip_hash", "client_ip_hash"}
"""Policies that keep a user at the backend that knows their session."""
NETWORK = re.compile(r"^(?:tcp|udp)[46]?/")
KINDS = ("GET", "POST")


@dataclass(frozen=True)
class Tested:
    """What is tried.

    Args:
        name: of the file.
        text: the Caddyfile.
        proxy: the `reverse_proxy` whose upstreams suffer.
        pool: the numbers of the lab's backends that stand for them.
        written: how the file writes each of them.
        ask: by which host and path users come to it.
        methods: what they ask with.
    """

    name: str
    text: str
    proxy: Proxy
    pool: tuple[int, ...]
    written: dict[int, str]
    ask: Ask
    methods: tuple[str, ...] = ("GET", "POST")

    @property
    def sticky(self) -> bool:
        """Whether the policy keeps users at their backend."""
        return bool(KEEPS & set(self.proxy.policies))

    @property
    def line(self) -> int | None:
        """Where the `reverse_proxy` stands in the text."""
        return self.proxy.block.line if self.proxy.block else None

    def load(self, rig: Rig, text: str) -> None:
        """Load the Caddyfile, or one like it, into a lab."""
        rig.load(text)

    def without(self, text: str, number: int) -> str:
        """The Caddyfile without one upstream.

        Raises:
            CaddyfileError: it does not stand in the text by itself.
        """
        upstream = self.written[number]
        words = [word for word, _ in self.proxy.block.upstreams] if self.proxy.block else []
        word = next((word for word in words if upstream in _spelt(word)), upstream)
        pattern = rf"(?<=[ \t]){re.escape(word)}(?=\s)"
        shorter, found = re.subn(pattern, "", text)
        if not found:
            raise CaddyfileError(
                f"The upstream {upstream} does not stand in the text by itself, so nobody "
                "can take it out of the pool by a reload."
            )
        return shorter


def _spelt(word: str) -> set[str]:
    """An upstream as Caddy's JSON may have it: without its scheme, and with the usual port."""
    bare = re.sub(r"^[a-z0-9]+://", "", word)
    return {word, bare, f"{bare}:80", f"{bare}:443"}


def look(rig: Rig, name: str, text: str) -> Tested:
    """What there is to try in the Caddyfile that a lab has loaded.

    Args:
        rig: the lab.
        name: of the file.
        text: the Caddyfile.

    Raises:
        CaddyfileError: it passes nothing on.
    """
    found = [proxy for proxy in proxies(steps(rig.adapted), parse(text)) if proxy.dials]
    routes = {route.upstreams: route for route in reversed(rig.routes) if route.sure}
    routes = {route.upstreams: route for route in reversed(rig.routes)} | routes
    known = [proxy for proxy in found if tuple(proxy.dials) in routes and proxy.step.main]
    if not known:
        raise CaddyfileError(
            "This Caddyfile passes nothing on to a fixed upstream, so nothing behind it can fail.",
            text, help="Test a file with a `reverse_proxy`.",
        )  # fmt: skip
    proxy = max(known, key=lambda proxy: proxy.choices)
    route = routes[tuple(proxy.dials)]
    written = {rig.backend(_bare(dial)).number: _bare(dial) for dial in reversed(proxy.dials)}
    ask = Ask(route.host or "localhost", route.path)
    return Tested(name, text, proxy, tuple(sorted(written)), written, ask, _methods(proxy))


def _bare(dial: str) -> str:
    return NETWORK.sub("", dial)


def _methods(proxy: Proxy) -> tuple[str, ...]:
    """What users ask with: what the matchers on the way to the proxy let through."""
    taken = [
        match["method"] for set_ in proxy.step.conditions for match in set_ if "method" in match
    ]
    fits = [kind for kind in KINDS if all(kind in methods for methods in taken)]
    return tuple(fits) or tuple(taken[0][:1])
