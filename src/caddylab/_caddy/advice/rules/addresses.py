"""A rule about the addresses of sites."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caddylab._caddy.adapted.flow import Json
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject

_ADDRESS = re.compile(
    r"(?:https?://)?(?P<host>\[[^]]*\]|[^/:,\s]*)(?P<port>:\d+)?(?P<path>/[^,\s]*)?,?"
)
_ADDRESS_SIGNS = re.compile(r"[.:/]")
"""A line that begins without any of these may be a directive in a file that is imported."""
_ANY = {"0.0.0.0", "::"}


@rule(
    "caddy-warns",
    "An address of which Caddy itself warns",
    write="A site's address is a name and a port; `bind` says where Caddy listens, and `handle`"
    " which paths are meant.",
)
def warned_of(subject: Subject) -> Findings:
    """Caddy takes `0.0.0.0` for a name that clients write, and a path for that path alone. It warns
    of both in its log, where nobody looks.
    """
    hosts = {host for match in _sites(subject) for host in match.get("host", [])}
    for line, address in _addresses(subject):
        if (host := address["host"].strip("[]")) in _ANY & hosts:
            message = f"Only requests with `Host: {host}` come to this site, so hardly any."
            yield Remark(line, message, _listening(address["port"] or ""))
        if (path := address["path"]) in paths_in_addresses(subject):
            message = f"This address is about `{path}` and no other path."
            if path.endswith("*"):
                message = f"A path in an address, `{path}`, is deprecated."
            everything = path in ("/", "/*")
            help = f"Write `handle {path} {{ … }}` in the site."
            yield Remark(line, message, f"Leave the `{path}` out." if everything else help)


def paths_in_addresses(subject: Subject) -> set[str]:
    """The paths that the addresses of sites end with."""
    paths = {path for match in _sites(subject) for path in match.get("path", [])}
    return paths & {str(address["path"]) for _, address in _addresses(subject)}


def _listening(port: str) -> str:
    return f"Write `{port or ':80'}`; `bind` in the site says where Caddy listens."


def _addresses(subject: Subject) -> Iterator[tuple[int, re.Match[str]]]:
    for site in subject.outline.statements:
        for word in site.words if _ADDRESS_SIGNS.search(site.name) else ():
            if address := _ADDRESS.fullmatch(word):
                yield site.line, address


def _sites(subject: Subject) -> Iterator[Json]:
    """The matchers that the addresses of sites became."""
    for server in subject.servers:
        for route in server.get("routes") or []:
            yield from route.get("match") or []
