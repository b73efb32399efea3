"""The Caddyfile under test: its text, its pool, and what its routes take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caddylab._caddy.adapted.flow import steps
from caddylab._caddy.adapted.proxies import Proxy, proxies
from caddylab._caddy.adapted.routes import USUAL_PATH
from caddylab._caddy.adapted.sites import Route, first
from caddylab._caddy.text.tokens import parse
from caddylab._errors import CaddyfileError
from caddylab._rig.assignment import bare, number_of
from caddylab._rig.rig import Rig
from caddylab._trial.held import Ask

KEEPS = {"cookie", "ip_hash", "client_ip_hash"}
"""Policies that keep a user at the backend that knows their session."""


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
        pattern = rf"(?<=[ \t]){re.escape(upstream)}(?=\s)"
        shorter, found = re.subn(pattern, "", text)
        if not found:
            raise CaddyfileError(
                f"The upstream {upstream} does not stand in the text by itself, so nobody "
                "can take it out of the pool by a reload."
            )
        return shorter


def look(
    name: str,
    text: str,
    adapted: dict[str, Any],
    numbers: Mapping[str, int] | None = None,
    routes: Sequence[Route] = (),
) -> Tested:
    """What there is to try in a Caddyfile.

    Args:
        name: of the file.
        text: the Caddyfile.
        adapted: what Caddy made of it.
        numbers: which backend stands for which upstream; of the course's names if not given.
        routes: what leads to which upstreams.

    Raises:
        CaddyfileError: it passes nothing on.
    """
    found = [proxy for proxy in proxies(steps(adapted), parse(text)) if proxy.dials]
    main = [proxy for proxy in found if proxy.step.main] or found
    if not main:
        raise CaddyfileError(
            "This Caddyfile passes nothing on to a fixed upstream, so nothing behind it can fail.",
            text, help="Test a file with a `reverse_proxy`.",
        )  # fmt: skip
    proxy = max(main, key=lambda proxy: proxy.choices)
    known = numbers or {dial: n for dial in proxy.dials if (n := number_of(dial))}
    written = {known[bare(dial)]: bare(dial) for dial in proxy.dials if bare(dial) in known}
    return Tested(name, text, proxy, tuple(sorted(written)), written, _ask(proxy, routes))


def _ask(proxy: Proxy, routes: Sequence[Route]) -> Ask:
    """By which host and path users come to a proxy."""
    leading = [route for route in routes if set(route.upstreams) == set(proxy.dials)]
    route = first(leading)
    return Ask(route.host or "localhost", route.path) if route else Ask(path=USUAL_PATH)
