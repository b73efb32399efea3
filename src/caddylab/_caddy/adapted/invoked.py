"""Named routes put where they are invoked, so that a reader of the JSON can follow a request."""

from __future__ import annotations

from typing import Any

from caddylab._caddy.adapted.tree import Json, handlers

DEEPEST = 8


def inlined(server: Json) -> Json:
    """A server with its named routes in the place of each `invoke`; itself if it has none."""
    named = server.get("named_routes") or {}
    if not any(True for _ in handlers(server, "invoke")):
        return server
    rest = {key: value for key, value in server.items() if key != "named_routes"}
    found: Json = _inlined(rest, named, 0)
    return found


def readable(config: Json) -> Json:
    """A configuration with the named routes of all its servers inlined."""
    http = config.get("apps", {}).get("http", {})
    servers = {name: inlined(server) for name, server in http.get("servers", {}).items()}
    if all(servers[name] is server for name, server in http.get("servers", {}).items()):
        return config
    return {**config, "apps": {**config["apps"], "http": {**http, "servers": servers}}}


def _inlined(tree: Any, named: Json, depth: int) -> Any:
    if isinstance(tree, list):
        return [_inlined(each, named, depth) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("handler") == "invoke" and depth < DEEPEST:
        routes = [named[tree["name"]]] if tree.get("name") in named else []
        return {"handler": "subroute", "routes": _inlined(routes, named, depth + 1)}
    return {key: _inlined(value, named, depth) for key, value in tree.items()}
