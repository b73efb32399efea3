"""What each proxy of a configuration judges its upstreams by.

Caddy keeps the result of active checks, and the limits, per proxy; what it counts (failures and
requests under way), per address. So two proxies may hold different opinions of one upstream.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from caddylab._caddy.adapted.dynamic import sources

Json = dict[str, Any]

CHECK = "X-Caddylab-Check"
"""The header that names the proxy in its checks, where checks that differ ask one address."""
REST = "the rest"
NANO = 1e9


@dataclass(frozen=True, eq=False)
class Judge:
    """One proxy.

    Attributes:
        name: the requests that it takes, in words, such as "/api/*"; `REST` = all others.
        checked: by dial address of an upstream, the address that its active check asks; empty
            without checks.
        rooms: by dial address, how many requests make an upstream full (0: no limit).
        asks: the same by the name that it asks a name server for, of upstreams that are dynamic.
        max_fails: how many remembered failures make an upstream failed; None = they do not matter.
        active: its active check, as Caddy's JSON has it.
        check: everything that the check's result depends on.
        mark: the value of the header `CHECK` in its checks.
    """

    name: str
    checked: dict[str, str]
    rooms: dict[str, int]
    max_fails: int | None
    active: Json
    check: str = ""
    mark: str = ""
    asks: dict[str, int] = field(default_factory=dict)

    def passes(self, status: int) -> bool:
        """Whether its check takes an answer with this status for a good one."""
        return matches(status, self.active.get("expect_status", 0))

    def may_have_said(self, message: str, reason: str, status: int | None) -> bool:
        """Whether this line of Caddy's log, about a failed check, can be about this proxy's."""
        if status is not None:
            wanted = bool(self.active.get("expect_status"))
            said = wanted == (message == "unexpected status code")
            return said and not self.passes(status)
        if url := re.match(r'\w+ "([^"]*)"', reason):
            return self._asks(url[1]) or bool(self.active.get("follow_redirects"))
        return bool(self.active.get("expect_body"))

    def _asks(self, url: str) -> bool:
        asked, wanted = urlsplit(url), urlsplit(self.active.get("uri", ""))
        return (asked.path or "/", asked.query) == (wanted.path or "/", wanted.query)

    @property
    def patience(self) -> float:
        """Seconds until the proxy's check has noticed that nobody answers."""
        interval = self.active.get("interval", 30 * NANO)
        timeout = self.active.get("timeout", 5 * NANO)
        return float((self.active.get("fails", 1) - 1) * interval + timeout) / NANO


def judges(config: Json) -> list[Judge]:
    """All proxies of a configuration that Caddy runs."""
    named = [(name or REST, proxy) for name, proxy in proxies(config)]
    names = [name for name, _ in named]
    return [
        _judge(name if names.count(name) == 1 else f"{name} ({names[: n + 1].count(name)})", proxy)
        for n, (name, proxy) in enumerate(named)
    ]


def mark_checks(config: Json) -> None:
    """Have checks that differ, but ask one address, say which proxy they belong to."""
    asked: dict[str, list[Json]] = defaultdict(list)
    for _, proxy in proxies(config):
        for address in set(_checked(proxy).values()):
            asked[address].append(proxy)
    for together in asked.values():
        if len({_check(proxy) for proxy in together}) > 1:
            for proxy in together:
                _active(proxy).setdefault("headers", {})[CHECK] = [secrets.token_hex(4)]


def proxies(config: Json) -> Iterator[tuple[str, Json]]:
    """Every `reverse_proxy`, with the requests that it takes in words; empty = all of them."""
    servers = config.get("apps", {}).get("http", {}).get("servers", {})
    for server in servers.values():
        yield from _walk(server.get("routes", []), ())
        yield from _walk(server.get("errors", {}).get("routes", []), ("errors",))
        yield from _walk(server.get("named_routes", {}), ())


def _walk(node: Any, where: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, where)
    elif isinstance(node, dict):
        if "handle" in node:
            where = (*where, *_matched(node.get("match")))
        if node.get("handler") == "reverse_proxy":
            yield " ".join(dict.fromkeys(where)), node
        for value in node.values():
            yield from _walk(value, where)


def _matched(sets: Any) -> Iterator[str]:
    """A route's matchers in a word or two."""
    words = [" ".join(map(_words, one.items())) for one in sets or [] if isinstance(one, dict)]
    if any(words):
        yield " or ".join(filter(None, words))


def _words(matcher: tuple[str, Any]) -> str:
    name, value = matcher
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return " ".join(value)
    return f"{name} {' '.join(value)}" if isinstance(value, dict) else name


def _judge(name: str, proxy: Json) -> Judge:
    active, passive = _active(proxy), proxy.get("health_checks", {}).get("passive")
    room = (passive or {}).get("unhealthy_request_count", 0)
    dials = {up["dial"]: up for up in proxy.get("upstreams", []) if "dial" in up}
    return Judge(
        name,
        _checked(proxy),
        {dial: up.get("max_requests") or room for dial, up in dials.items()},
        None if passive is None else passive.get("max_fails") or 1,
        active,
        _check(proxy),
        "".join(active.get("headers", {}).get(CHECK, [])),
        {str(source.get("name")): room for source in sources(proxy)},
    )


def _active(proxy: Json) -> Json:
    active: Json = proxy.get("health_checks", {}).get("active", {})
    return active


def _checked(proxy: Json) -> dict[str, str]:
    active = _active(proxy)
    if not any(active.get(key) for key in ("uri", "path", "port")):
        return {}
    port = None if "upstream" in active else active.get("port")
    dials = [up["dial"] for up in proxy.get("upstreams", []) if "dial" in up]
    return {dial: _address(dial, port) for dial in dials}


def _address(dial: str, port: int | None) -> str:
    """The address by which Caddy's log names a check of this upstream."""
    address = dial.removeprefix("tcp/")
    return f"{address.rpartition(':')[0]}:{port}" if port else address


def _check(proxy: Json) -> str:
    active = dict(_active(proxy))
    headers = {key: value for key, value in active.get("headers", {}).items() if key != CHECK}
    return json.dumps([active | {"headers": headers}, proxy.get("transport")], sort_keys=True)


def matches(status: int, wanted: int) -> bool:
    """Whether a check that wants this status (2 = any 2xx, 0 = not said) takes `status`."""
    return status == wanted or status // 100 == (wanted or 2)
