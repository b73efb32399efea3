"""What a Caddyfile's own access log would keep: the lab reads another one, which it adds itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from caddylab._caddy.adapted.tree import find, handlers
from caddylab._exercises.chapters.hints12 import LOSES, NO_LOG
from caddylab._exercises.task import Finding

ACCESS = "http.log.access"
LEVELS = ("", "DEBUG", "INFO")
"""With any other level a log leaves out the requests that end well."""


def is_kept(adapted: Mapping[str, Any], fields: Iterable[str]) -> Iterator[Finding]:
    """Whether there is an access log, and one that keeps each line with these fields.

    Args:
        adapted: the JSON that Caddy has made of the Caddyfile.
        fields: what each line must have.
    """
    servers = [
        server
        for server in adapted["apps"]["http"]["servers"].values()
        if any(True for _ in handlers(server, "reverse_proxy"))
    ]
    yield Finding(
        "There is an access log.",
        all("logs" in server for server in servers),
        "Without `log` the lab has one, and production has none.",
        NO_LOG,
    )
    logs = {"default": {}} | adapted.get("logging", {}).get("logs", {})
    keeping = [log for log in logs.values() if _keeps(log, set(fields))]
    kept = all(any(_takes(log, name) for log in keeping) for s in servers for name in _names(s))
    yield Finding(
        "It keeps every line, with all its fields.",
        kept and not any(_skips(server.get("routes", ())) for server in servers),
        "What the lab reads is the lab's own log. Yours would lose some of it.",
        LOSES,
    )


def _names(server: Mapping[str, Any]) -> Iterator[str]:
    """The loggers to which a server's lines go."""
    logs = server["logs"]
    named = [logs.get("default_logger_name", "")]
    for several in (logs.get("logger_names") or {}).values():
        named += [several] if isinstance(several, str) else several
    yield from (f"{ACCESS}.{name}".rstrip(".") for name in named)


def _takes(log: Mapping[str, Any], logger: str) -> bool:
    """Whether a log takes what comes from a logger."""
    included = any(map(_is_within(logger), log.get("include") or [logger]))
    return included and not any(map(_is_within(logger), log.get("exclude") or []))


def _is_within(logger: str) -> Any:
    return lambda name: f"{logger}.".startswith(f"{name}.")


def _keeps(log: Mapping[str, Any], fields: set[str]) -> bool:
    changed = {name for one in find(log.get("encoder"), "fields") for name in one}
    appends = log.get("encoder", {}).get("format") == "append"
    discarded = log.get("writer", {}).get("output") == "discard"
    plain = log.get("level", "").upper() in LEVELS and "sampling" not in log and not discarded
    return plain and (appends or not changed & fields)


def _skips(routes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether `log_skip` is meant for every request; for some, such as checks, it may be."""
    always = (one for route in routes if "match" not in route for one in route.get("handle", ()))
    return any(one.get("log_skip") or _skips(one.get("routes", ())) for one in always)
