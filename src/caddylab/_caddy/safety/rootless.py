"""Whether a site serves pages without saying which: then Caddy takes the folder that it runs in."""

from __future__ import annotations

from collections.abc import Iterable

from caddylab._caddy.safety.permits import ROOT
from caddylab._caddy.safety.walk import Json

USES = {"file_server": "root", "templates": "file_root"}
"""Handlers that serve pages, and the field that says from where, if not a `root` before them."""
SUBROUTE = "subroute"


def rootless(routes: Iterable[Json], rooted: bool = False) -> bool:
    """Whether something among these routes serves pages for which no `root` has been set.

    Args:
        routes: in the order in which Caddy takes them.
        rooted: whether a `root` has been set before.
    """
    for route in routes:
        looks = [match["file"] for match in route.get("match", []) if "file" in match]
        if not rooted and any(_unsaid(look, "root") for look in looks):
            return True
        for handler in route.get("handle", []):
            if _serves(handler, rooted):
                return True
            sets = handler.get("handler") == "vars" and "root" in handler
            rooted = rooted or (sets and not route.get("match"))
    return False


def _serves(handler: Json, rooted: bool) -> bool:
    kind = handler.get("handler", "")
    if kind == SUBROUTE:
        errors = handler.get("errors", {}).get("routes", [])
        return rootless(handler.get("routes", []), rooted) or rootless(errors, rooted)
    return not rooted and kind in USES and _unsaid(handler, USES[kind])


def _unsaid(holder: Json, key: str) -> bool:
    return holder.get(key) in (None, "", ROOT)
