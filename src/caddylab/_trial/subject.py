"""The Caddyfile under test: its text, its pool, and the requests that its tried route takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from caddylab._caddy.adapted.letting_in import USUAL
from caddylab._caddy.adapted.marks import ASK
from caddylab._caddy.adapted.matching import Asked
from caddylab._caddy.adapted.proxies import Block, Proxy
from caddylab._caddy.adapted.routes import Way, way
from caddylab._caddy.completion.invented import invent
from caddylab._caddy.text.tokens import parse
from caddylab._caddy.text.variables import fill
from caddylab._engine.clients import Clients
from caddylab._engine.conversation import Ask
from caddylab._errors import CaddyfileError
from caddylab._machine.environ import inherited
from caddylab._rig.rig import Rig
from caddylab._trial.choice import Candidate, bare, candidates, choose
from caddylab._trial.shorter import without

KEEPS = {"cookie", "ip_hash", "client_ip_hash"}
"""Policies that keep a user at the backend that knows their session."""
KINDS = ("GET", "POST")
_RANGE = re.compile(r":\d+-\d+$")
SHARES = {"random", "random_choose", "round_robin", "least_conn"}
"""Policies that give every upstream its share of the requests, however few users there are."""
PATIENCE = 5.0
"""Seconds for one request that shows whether a route can be tried."""


@dataclass(frozen=True)
class Tested:
    """What is tried.

    Args:
        name: of the file.
        text: the Caddyfile.
        proxy: the `reverse_proxy` whose upstreams suffer.
        pool: the numbers of the lab's backends that stand for them.
        written: how the file writes each of them.
        ask: the host and the path by which users reach it.
        methods: the HTTP methods that they use.
        route: the number of the route that is tried, from 1.
        routes: all routes that could be tried.
        values: what the variables of the text stand for.
        secure: whether the site speaks HTTPS.
        http: the version of HTTP that users speak, "1.1" or "2"; WebSockets are 1.1.
    """

    name: str
    text: str
    proxy: Proxy
    pool: tuple[int, ...]
    written: dict[int, str]
    ask: Ask
    methods: tuple[str, ...] = KINDS
    route: int = 1
    routes: Sequence[str] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    secure: bool = False
    http: str = "1.1"

    @property
    def sticky(self) -> bool:
        """Whether the policy keeps users at their backend."""
        return bool(KEEPS & set(self.proxy.policies))

    @property
    def shares(self) -> bool:
        """Whether every upstream has work, and so is missed when it is gone."""
        return set(self.proxy.policies) <= SHARES

    @property
    def checks(self) -> bool:
        """Whether active checks are of any use: Caddy asks no upstream that it looks up."""
        return not self.proxy.dynamic and not self.fastcgi

    @property
    def fastcgi(self) -> bool:
        """Whether Caddy speaks FastCGI to the upstreams."""
        return bool(self.proxy.transport.get("protocol") == "fastcgi")

    @property
    def line(self) -> int | None:
        """Where the `reverse_proxy` stands in the text; None if it stands in an imported file."""
        block = self.proxy.block
        return block.line if block and _may_be(block, self.proxy) else None

    def load(self, rig: Rig, text: str) -> None:
        """Load the Caddyfile, or one like it, into a lab."""
        rig.load(text)

    def without(self, text: str, number: int) -> str:
        """The Caddyfile without one upstream.

        Raises:
            CaddyfileError: the upstream is not a word of its own in the text.
        """
        upstream = self.written[number]
        filled = fill(text, self.values)
        shorter = without(filled, self.line, upstream) if self.line else None
        if shorter is None:
            raise CaddyfileError(
                f"{upstream} does not stand in the text by itself, so no reload takes it out."
            )
        return shorter


def _may_be(block: Block, proxy: Proxy) -> bool:
    """Whether a block of the text can be that of the proxy: the likeliest one need not be."""
    if proxy.dynamic:
        return "dynamic" in block.options
    named = [word for word, _ in block.upstreams]
    unclear = any("{" in word or _RANGE.search(word) for word in named)
    return unclear or bool(set(block.dials) & set(proxy.dials))


def look(rig: Rig, name: str, text: str, route: str = "", http: str = "1.1") -> Tested:
    """What there is to try in the Caddyfile that a lab has loaded.

    Args:
        rig: the lab.
        name: of the file.
        text: the Caddyfile.
        route: which of its routes; else the one with most upstreams.
        http: the version of HTTP that users speak, "1.1" or "2".

    Raises:
        CaddyfileError: it passes nothing on, there is no such route, or that one speaks plain HTTP
            where HTTP/2 is wanted.
    """
    found = candidates(rig, text)
    one = choose(found, route, text, lambda one: _reached(rig, one))
    secure = one.route.scheme == "https"
    if http == "2" and not secure:
        raise CaddyfileError(
            f"{one.name} speaks plain HTTP, and users speak HTTP/2 only where it is HTTPS.", text,
            help="Leave `--http 2` out.",
        )  # fmt: skip
    written = {rig.numbers[bare(dial)]: bare(dial) for dial in reversed(one.behind)}
    return Tested(
        name, text, one.proxy, tuple(sorted(written)), written, _ask(one), _methods(one),
        found.index(one) + 1, [str(each.route) for each in found], _values(rig, text),
        secure, http,
    )  # fmt: skip


def _values(rig: Rig, text: str) -> dict[str, str]:
    """What its variables stand for in a lab, those included that nobody has set."""
    known = inherited() | rig.stack.site.reading.variables
    invented, _ = invent(parse(text), known)
    return known | invented


def _reached(rig: Rig, one: Candidate) -> bool:
    """Whether users' requests reach its upstreams; one without an answer counts as reaching."""
    ask, method = _ask(one), _methods(one)[0]
    people = Clients(address=ask.address) if ask.address else 1
    [asked] = rig.fire(
        1, path=ask.path, host=ask.host, headers={**ask.headers, ASK: ask.path}, method=method,
        timeout=PATIENCE, clients=people,
    ).requests  # fmt: skip
    tried = {attempt.backend for attempt in asked.attempts}
    astray = asked.status is not None and asked.status < 500
    return not astray or bool(tried & {rig.numbers[bare(dial)] for dial in one.behind})


def _ask(one: Candidate) -> Ask:
    """The host that users ask for; with the port where that is not the usual one."""
    route = one.route
    return Ask(route.authority, route.path, route.headers, address=route.address)


def _methods(one: Candidate) -> tuple[str, ...]:
    """The users' methods: those that the matchers on the way to the proxy let through, and that no
    other handler takes before it.
    """
    taken = [
        match["method"] for set_ in one.proxy.step.conditions for match in set_ if "method" in match
    ]
    fits = [kind for kind in KINDS if all(kind in methods for methods in taken)]
    return tuple(kind for kind in fits if _comes(one, kind)) or tuple(fits or taken[0][:1])


def _comes(one: Candidate, method: str) -> bool:
    """Whether a request with this method reaches the proxy, as far as can be told."""
    route, step = one.route, one.proxy.step
    asked = Asked(
        route.host or "localhost", route.path, method, route.address or USUAL, route.headers
    )
    return way(step.server, asked, step.handler) not in (Way.CADDY, Way.ANOTHER)
