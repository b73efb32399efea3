"""What Caddy accepts without a word, though it is hardly what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from caddylab._caddy.checks import CHECKS, Note
from caddylab._caddy.placeholders import strange_placeholders
from caddylab._caddy.proxies import proxies
from caddylab._caddy.tokens import Outline, parse

__all__ = ["Note", "lint"]


def lint(text: str, config: dict[str, Any] | None = None) -> list[Note]:
    """Find what Caddy accepts in silence though it is hardly meant.

    Args:
        text: the Caddyfile.
        config: the JSON that Caddy made of it. Without it only the text itself is judged.

    Returns:
        The warnings in the order of their lines; none for a Caddyfile without such mistakes.
    """
    outline = parse(text)
    notes = [*_placeholders(outline), *_unclosed(outline), *_ports_as_hosts(config, outline)]
    for proxy in proxies(config, outline):
        notes += [note for check in CHECKS for note in check(proxy)]
    return sorted(dict.fromkeys(notes), key=lambda note: (note.line is None, note.line or 0))


def _placeholders(outline: Outline) -> Iterator[Note]:
    for line, name, near in strange_placeholders(outline):
        hint = f"Did you mean `{{{near}}}`?" if near else "See Caddy's list of placeholders."
        yield Note(line, f"Caddy knows no `{{{name}}}`: it stays there as plain text.", hint)


def _unclosed(outline: Outline) -> Iterator[Note]:
    if outline.unclosed:
        yield Note(
            outline.unclosed,
            "The `{` of this line is never closed; Caddy closes it at the end of the file.",
            "Give every `{` its `}`, each `}` on a line of its own.",
        )


def _ports_as_hosts(config: Any, outline: Outline) -> Iterator[Note]:
    servers = (config or {}).get("apps", {}).get("http", {}).get("servers", {})
    for server in servers.values():
        listen = " and ".join(server.get("listen", []))
        how = f"by HTTPS on {listen}" if listen == ":443" else f"on {listen}"
        for port in sorted(_numeric_hosts(server)):
            line = next((site.line for site in outline.sites(port)), None)
            message = f"`{port}` is taken for the name of a host, which Caddy serves {how}."
            yield Note(line, message, f"For port {port} write `:{port}`.")


def _numeric_hosts(server: dict[str, Any]) -> set[str]:
    matchers = [m for route in server.get("routes", []) for m in route.get("match", [])]
    return {host for matcher in matchers for host in matcher.get("host", []) if host.isdigit()}
