"""The way of a request through Caddy's JSON: which handlers it passes, on what conditions."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Matchers = list[Json]
"""The matcher sets of a route: one of them must match; an empty list matches everything."""

_WHOLE: tuple[Json, ...] = ({"path": ["*"]}, {"path": ["/*"]}, {})
_LISTS = ("host", "method", "protocol")


@dataclass(frozen=True)
class Step:
    """A handler where it stands.

    Attributes:
        server: the server that it belongs to.
        conditions: the matchers of the routes around it, outermost first.
        before: the handler that answers everything that could come here, if there is one.
        main: False in `handle_errors`, and where a backend's answer is handled.
    """

    handler: Json
    server: Json
    conditions: tuple[Matchers, ...]
    before: Json | None
    main: bool

    @property
    def name(self) -> str:
        """What Caddy calls it, such as `reverse_proxy`."""
        return str(self.handler.get("handler"))

    @property
    def hosts(self) -> list[Any]:
        """The host names that its site is limited to."""
        return [match for matchers in self.conditions for match in matchers if "host" in match]


def steps(config: Any) -> Iterator[Step]:
    """Every handler of the HTTP servers, in the order in which Caddy runs them."""
    for server in servers(config):
        yield from _Walk(server, main=True).routes(server.get("routes") or [])
        for route in (server.get("named_routes") or {}).values():
            yield from _Walk(server, main=True).routes([route])
        yield from _Walk(server, main=False).routes((server.get("errors") or {}).get("routes", []))


def servers(config: Any) -> list[Json]:
    """The HTTP servers of a configuration."""
    apps = (config or {}).get("apps", {})
    return list(apps.get("http", {}).get("servers", {}).values())


def answers(handler: Json) -> bool:
    """Whether every request that comes to this handler ends with it."""
    match handler.get("handler"):
        case "reverse_proxy":  # `handle_response`, of which forward_auth is made, may pass it on
            return "handle_response" not in handler
        case "static_response":
            return not str(handler.get("status_code", "")).startswith("1")
        case "file_server":
            return not handler.get("pass_thru")
        case name:
            return name in ("error", "metrics")


def takes_all(matchers: Matchers) -> bool:
    """Whether every request matches."""
    return not matchers or any(match in _WHOLE for match in matchers)


def shared(one: tuple[Matchers, ...], other: tuple[Matchers, ...]) -> int:
    """How many of the routes around them the two share."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a is not b), min(len(one), len(other)))


def covers(wide: Matchers, narrow: Matchers) -> bool:
    """Whether whatever matches `narrow` matches `wide` too, as far as that can be told."""
    if takes_all(wide):
        return True
    return bool(narrow) and all(any(_within(n, w) for w in wide) for n in narrow)


def _within(narrow: Json, wide: Json) -> bool:
    return all(key in narrow and _allows(key, wide[key], narrow[key]) for key in wide)


def _allows(key: str, wide: Any, narrow: Any) -> bool:
    if key == "path":
        return all(any(_path_within(n, w) for w in wide) for n in narrow)
    if key in _LISTS and isinstance(narrow, list):
        return set(narrow) <= set(wide)
    return bool(narrow == wide)


def _path_within(narrow: str, wide: str) -> bool:
    start = wide[:-1]
    return narrow == wide or (wide[-1:] == "*" and "*" not in start and narrow.startswith(start))


class _Walk:
    def __init__(self, server: Json, main: bool) -> None:
        self.server, self.main = server, main

    def routes(
        self,
        routes: list[Json],
        conditions: tuple[Matchers, ...] = (),
        taken: Json | None = None,
    ) -> Generator[Step, None, Json | None]:
        """The steps of `routes`; returns the handler that answers all that comes to them."""
        ended: list[tuple[str | None, Matchers, Json]] = []
        open_groups = set()  # some of their requests come to what is behind the group
        for route in routes:
            match, group = route.get("match") or [], route.get("group")
            inside = (*conditions, match) if match else conditions
            first = taken or _first(ended, match, group)
            last = yield from self._handlers(route.get("handle") or [], inside, first)
            if _rewrites(route):  # what came with another path may match now
                ended = [(g, m, h) for g, m, h in ended if takes_all(m)]
            if (last or route.get("terminal")) and group not in open_groups:
                ended.append((None, match, last or {}))
            elif group:
                open_groups.add(group)
                ended.append((group, match, {}))
        return taken or next((h for g, m, h in ended if g is None and takes_all(m)), None)

    def _handlers(
        self, handlers: list[Json], conditions: tuple[Matchers, ...], taken: Json | None
    ) -> Generator[Step, None, Json | None]:
        for handler in handlers:
            yield Step(handler, self.server, conditions, taken, self.main)
            if handler.get("handler") == "subroute":
                taken = yield from self.routes(handler.get("routes") or [], conditions, taken)
                errors = (handler.get("errors") or {}).get("routes", [])
                yield from _Walk(self.server, main=False).routes(errors, conditions)
            for response in handler.get("handle_response") or []:
                later = _Walk(self.server, main=False)
                yield from later.routes(response.get("routes") or [], conditions)
            taken = taken or (handler if answers(handler) else None)
        return taken


def _first(
    ended: list[tuple[str | None, Matchers, Json]], match: Matchers, group: str | None
) -> Json | None:
    """What has ended all that matches: an answer, or an earlier route of the same group."""
    return next((h for g, m, h in ended if g in (None, group) and covers(m, match)), None)


def _rewrites(node: Any) -> bool:
    if isinstance(node, dict):
        return node.get("handler") == "rewrite" or any(map(_rewrites, node.values()))
    return isinstance(node, list) and any(map(_rewrites, node))
