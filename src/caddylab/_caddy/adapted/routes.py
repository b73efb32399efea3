"""Which requests a site's configuration leads to a proxy: read from the JSON, asking nobody.

Only what is certain is said. A matcher that looks at anything other than host, path and
method, or a rewritten path, makes the answer "perhaps", and nothing is said then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

from caddylab._caddy.adapted.letting_in import only_asks
from caddylab._caddy.adapted.matching import Asked, any_fits
from caddylab._caddy.adapted.tree import handlers

Json = dict[str, Any]

USUAL_PATH = "/test-api"
"""What `fire` asks for unless it is told otherwise."""
PROXY = "reverse_proxy"
ANSWERS = {"static_response", "file_server", "error", "acme_server", "metrics", "push"}
"""Handlers that answer by themselves."""
SILENT = {"vars", "headers", "map", "encode", "templates", "request_body"}
"""Handlers that never answer."""
REWRITES = {"rewrite", "map"}


class Way(Enum):
    """Where a request ends."""

    PROXY = "a proxy"
    ANOTHER = "another proxy than the one that is meant"
    CADDY = "Caddy itself"
    NOBODY = "nobody"
    PERHAPS = "not to be told"


def way(server: Json, asked: Asked, to: Json | None = None) -> Way:
    """Where a request ends in a server of Caddy's JSON; `to` = the one proxy that is meant."""
    return _through(server.get("routes", []), asked, to) or Way.NOBODY


def hosts(server: Json) -> list[str]:
    """The host names that a server answers for; none if it answers for all."""
    routes = server.get("routes", [])
    names: list[str] = []
    for route in routes:
        matchers = route.get("match") or [{}]
        handles = route.get("handle") or []
        if handles and all(handler.get("handler") in SILENT for handler in handles):
            continue
        if any("host" not in matcher for matcher in matchers):
            return []
        names += [host for matcher in matchers for host in matcher["host"]]
    return list(dict.fromkeys(names))


def only_paths(server: Json, asked: Asked) -> list[str]:
    """The paths that lead to a proxy, where these are why a request reaches none."""
    found = [path for paths in _paths_to_proxies(server.get("routes", [])) for path in paths]
    reached = (way(server, replace(asked, path=_example(path))) for path in found)
    return [
        path for path, end in zip(found, reached, strict=True) if end in (Way.PROXY, Way.PERHAPS)
    ]


def remarks(server: Json, asked: Asked, others: Collection[Json] = ()) -> Iterator[str]:
    """What to tell somebody whose requests ask for that; `others` are the file's other servers."""
    if names := hosts(server):
        every = {*names, *(name for other in others for name in hosts(other))}
        of = "the only name" if len(every) == 1 else f"one of the {len(every)} names"
        who = "this site answers" if len(every) == len(names) else "the sites answer"
        yield f"`fire` asks for `{asked.host}`, {of} that {who} for."
    if not any(True for _ in handlers(server, PROXY)):
        return
    end = way(server, asked)
    if end is Way.NOBODY:
        what = f"a {asked.method} of `{asked.path}`"
        yield f"Nobody takes {what}, which `fire` sends; {_why(server, asked)}"
    elif end is Way.CADDY:
        yield f"Caddy itself answers `{asked.path}`, which `fire` asks for; no backend sees it."


def _why(server: Json, asked: Asked) -> str:
    paths = only_paths(server, asked)
    if not paths:
        return "there is no proxy on its way."
    exact = next((path for path in paths if "*" not in path), None)
    if exact:
        return f"`{exact}` is only `{exact}` itself. Ask for it, or write the proxy without it."
    return f"only `{'`, `'.join(paths)}` leads to a backend. Ask for that: `fire(path=…)`."


def host_of(server: Json) -> str:
    """The host to ask for: any will do, or the first that the site names."""
    names = [name for name in hosts(server) if "{" not in name]
    return example(names[0]) if names else "localhost"


def example(name: str) -> str:
    """A host that this site name matches, as clients write it."""
    return ascii_name(name.replace("*", "www"))


def ascii_name(name: str) -> str:
    """A name as it goes over the wire: `münchen.de` is `xn--mnchen-3ya.de`."""
    with contextlib.suppress(UnicodeError):
        return name.encode("idna").decode()
    return name


def _through(routes: list[Json], asked: Asked, to: Json | None) -> Way | None:
    """Where a request ends within these routes; None if it leaves them again."""
    taken: set[str] = set()
    for route in routes:
        group = route.get("group", "")
        fits = any_fits(route.get("match"), asked)
        if fits is None:
            return Way.PERHAPS
        if not fits or (group and group in taken):
            continue
        taken.add(group)
        for handler in route.get("handle", []):
            if prefix := _stripped(handler):
                asked = replace(asked, path="/" + asked.path.removeprefix(prefix).lstrip("/"))
            elif end := _by(handler, asked, to):
                return end
        if route.get("terminal"):
            return Way.NOBODY
    return None


def _stripped(handler: Json) -> str:
    """The prefix that a handler strips from the path, if it changes nothing else in it."""
    rest = set(handler) - {"handler", "strip_path_prefix"}
    return str(handler.get("strip_path_prefix", "")) if not rest else ""


def _by(handler: Json, asked: Asked, to: Json | None) -> Way | None:
    name = handler.get("handler", "")
    if name == PROXY and to is not None and handler is not to:
        return None if only_asks(handler) else Way.ANOTHER
    if name == PROXY:
        return Way.PROXY
    if name in ANSWERS:
        return Way.CADDY
    if name in REWRITES:
        return Way.PERHAPS
    return _through(handler.get("routes", []), asked, to) if name == "subroute" else None


def _paths_to_proxies(routes: list[Json]) -> Iterator[list[str]]:
    for route in routes:
        for matcher in route.get("match") or []:
            yield matcher.get("path", [])
        for handler in route.get("handle", []):
            yield from _paths_to_proxies(handler.get("routes", []))


def _example(path: str) -> str:
    return path.replace("*", "x")
