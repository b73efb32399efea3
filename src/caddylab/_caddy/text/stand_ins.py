"""Values for environment variables that nobody has set, such that each fits its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from caddylab._caddy.text.tokens import Outline, Statement
from caddylab._caddy.text.variables import unset_in

_BY_NAME = (
    (re.compile(r"PORT"), "80{n}"),
    (re.compile(r"MAIL"), "me{n}@site.example"),
    (re.compile(r"TIMEOUT|DURATION|INTERVAL|DELAY|TTL"), "10s"),
    (re.compile(r"UPSTREAM|BACKEND|ORIGIN"), "backend{n}:8080"),
    (re.compile(r"USER|LOGIN"), "user{n}"),
    (re.compile(r"DOMAIN|HOST|SITE|URL|FQDN"), "site{n}.example"),
)
_BY_DIRECTIVE = {
    "reverse_proxy": "backend{n}:8080",
    "to": "backend{n}:8080",
    "php_fastcgi": "backend{n}:9000",
    "email": "me@site.example",
    "http_port": "80{n}",
    "https_port": "84{n}",
    "root": "/srv",
    "import": "nothing-of-this-name-*",
}
_DURATION = re.compile(r"_(?:duration|interval|timeout|delay)$")
_COUNT = re.compile(r"^(?:lb_retries|max_fails|health_port|health_passes|health_fails|\w+_count)$")
OTHERS = ("site.example", "80", "10s", "backend:8080", "1MiB", "on", "")
"""What else may fit where the first thought does not."""


def invent(outline: Outline, values: Mapping[str, str]) -> dict[str, str]:
    """A value for each variable of a Caddyfile that has neither a value nor a default."""
    found: dict[str, str] = {}
    for statement, site in _statements(outline):
        for word in statement.words:
            for variable in unset_in([(statement.line, word)], values):
                if variable.name not in found:
                    form = _fitting(variable.name, word, statement, site)
                    found[variable.name] = form.format(n=len(found) + 1)
    return found


def _statements(outline: Outline) -> Iterator[tuple[Statement, bool]]:
    """Every statement, and whether it is the head of a site."""
    for top in outline.statements:
        yield top, not top.name.startswith(("(", "&("))
        for statement in list(top.walk())[1:]:
            yield statement, False


def _fitting(name: str, word: str, statement: Statement, site: bool) -> str:
    whole = f"{{${name}}}"
    if f":{whole}" in word:
        return "80{n}"
    if site:
        return "80{n}" if "PORT" in name and word == whole else "site{n}.example"
    if f"{whole}:" in word:
        return "backend{n}"
    if statement.name in _BY_DIRECTIVE:
        return _BY_DIRECTIVE[statement.name]
    if _DURATION.search(statement.name):
        return "10s"
    if _COUNT.search(statement.name):
        return "1"
    return next((value for names, value in _BY_NAME if names.search(name.upper())), "value{n}")
