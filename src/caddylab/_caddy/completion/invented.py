"""Invented values for the unset environment variables of a Caddyfile: values that fit the place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from caddylab._caddy.advice.vocabulary import DIRECTIVES
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.text.tokens import Outline, Statement, Way
from caddylab._caddy.text.variables import VARIABLE, unset_in

PROXIES = {"reverse_proxy", "to", "php_fastcgi", "forward_auth", "health_upstream"}
HASH = "$2a$04$GECDc8hXgSToeRrr5ZQs3essYJ9myloMr1deIPco2c8.pSAD6CZPm"
BY_OPTION = (
    (
        re.compile(r"timeout|interval|duration|delay|ttl|max_age|period|window"),
        "10s",
    ),
    (re.compile(r"retries|fails|passes|count|events|max_requests|burst|roll_keep"), "3"),
    (re.compile(r"status"), "200"),
    (re.compile(r"^http_port$"), "80"),
    (re.compile(r"^https_port$"), "443"),
    (re.compile(r"_port$|^port$"), "8080"),
    (re.compile(r"size|buffer"), "10MiB"),
    (re.compile(r"^email$"), "admin@site.example"),
    (re.compile(r"^lb_policy$"), "round_robin"),
    (re.compile(r"^level$"), "INFO"),
    (re.compile(r"^health_uri$|^uri$|^root$|^rewrite$"), "/"),
    (re.compile(r"^acme_ca$"), "https://acme.example/directory"),
    (re.compile(r"^(acme_dns|dns)$"), "invented"),
)
"""Values that fit after an option, by the option's name."""


DECIDES = " The condition is tried without it; `--envfile` gives the variable a value."

OTHERS = ("site.example", "80", "10s", "backend:8080", "1MiB", "on", "")
"""Values to try where the first choice does not fit."""


def invent(
    outline: Outline, values: Mapping[str, str], above: Way = (), file: str = ""
) -> tuple[dict[str, str], list[Substitution]]:
    """Values for the variables that have none, and what to say about each.

    Args:
        outline: the Caddyfile.
        values: the environment.
        above: the statements around the `import`, for a file that is imported.
        file: the name of that file.
    """
    places = dict(_places(outline.statements, above))
    address = None if above else _address_alone(outline)
    words = ((s.line, word) for s in outline.walk() for word in s.words)
    invented: dict[str, str] = {}
    said = []
    for variable in unset_in(words, values):
        word, way = places.get(variable.name, ("", ()))
        bare = bool(way) and way[-1] is address
        if address and way and way[0].words and not bare:
            way = (address, *way)
        invented[variable.name] = value = _fitting(variable.name, word, way, bare=bare)
        shown = f"`{value}`" if value else ""
        means = f"The environment variable {variable.name} is not set."
        means += DECIDES if _in_a_condition(way) else ""
        said.append(Substitution(variable.line, f"{{${variable.name}}}", shown, means, file))
    return invented, said


def _in_a_condition(way: Way) -> bool:
    """Whether a variable decides what an `expression` finds."""
    return bool(way) and "expression" in way[-1].words


def _places(statements: list[Statement], above: Way) -> Iterator[tuple[str, tuple[str, Way]]]:
    """Where each variable stands; of several places the last one yielded, the first, counts."""
    for statement in reversed(statements):
        way = (*above, statement)
        yield from _places(statement.body, way)
        for word in reversed(statement.words):
            for variable in VARIABLE.finditer(word):
                yield variable["name"], (word, way)


def _address_alone(outline: Outline) -> Statement | None:
    """The address of a file's only site, where that has no braces around it."""
    sites = [s for s in outline.statements if s.words and not s.name.startswith("(")]
    first, then = [*sites, None, None][:2]
    if not first or not then or first.body:
        return None
    return first if then.name in DIRECTIVES or then.name.startswith("@") else None


def _fitting(name: str, word: str, way: Way, *, bare: bool) -> str:
    """A value for the variable `name`, which stands in `word`; `bare`: in a site's address."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "invented"
    statement = way[-1] if way else Statement(1, [])
    alone = statement.words == [word] and VARIABLE.fullmatch(word) is not None
    if alone and not (len(way) == 1 and (bare or statement.body)):
        return ""  # a place for more lines, of which there are none
    before = word.partition(f"{{${name}")[0]
    if before.endswith(":") and not before.endswith("//"):
        return "80" if len(way) == 1 else "8080"
    if len(way) == 1:
        return _address(slug, word, before)
    if statement.name in PROXIES and not word.startswith("/"):
        behind = word.partition(f"{{${name}")[2].partition("}")[2]
        return slug if behind.startswith(":") else f"{slug}:8080"
    return _by_option(name, slug, word, way)


def _address(slug: str, word: str, before: str) -> str:
    """A name for a site."""
    if not before and word.partition("}")[2].startswith("://"):
        return "http"
    if slug.endswith("port") and not before:
        return ":80"
    return f"{slug}.example"


MATCHED = {"handle", "handle_path", "route", "path"}
"""What a path stands behind."""


def _by_option(name: str, slug: str, word: str, way: Way) -> str:
    statement = way[-1] if way else Statement(1, [])
    if len(way) > 1 and way[-2].name in ("basic_auth", "basicauth"):
        return HASH if f"{{${name}" in " ".join(statement.words[1:]) else "invented"
    if statement.name in PROXIES:
        return slug
    if statement.name == "tls" and statement.words[1:] == [word]:
        return "admin@site.example"
    if statement.name == "lb_policy" and statement.words[1] != word:
        return "invented"
    if statement.name == "output":
        return "site.log"
    if "expression" in statement.words:
        return ""  # as Caddy reads it where the variable is not set
    if {"remote_ip", "client_ip", "trusted_proxies"} & set(statement.words):
        return "203.0.113.0/24"
    if statement.name in MATCHED and statement.words[1].startswith(f"{{${name}"):
        return "/invented"
    fits = (value for pattern, value in BY_OPTION if pattern.search(statement.name))
    return next(fits, "invented")
