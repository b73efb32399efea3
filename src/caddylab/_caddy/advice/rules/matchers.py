"""A rule about the lists of matchers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caddylab._caddy.adapted.flow import Json
from caddylab._caddy.advice.rules.attempts import retry_sets
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.advice.vocabulary import DIRECTIVES
from caddylab._caddy.text.tokens import Statement, ways

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_BETWEEN_PATHS = re.compile(r",(?=/|\*\.)")


@rule(
    "comma-in-matcher",
    "A matcher whose words have commas between them",
    write="Separate them by blanks: `host a.example.com b.example.com`.",
)
def comma(subject: Subject) -> Findings:
    """Caddy takes a comma for a part of the word before it, so what is meant does not match."""
    for word in dict.fromkeys(word for each in _all(subject) for word in _joined(each)):
        line, written = _where(subject, word)
        if line:
            first = written.partition(",")[0]
            message = f"The comma is taken for a part of `{written}`: `{first}` does not match."
            yield Remark(line, message)


def _all(subject: Subject) -> Iterator[Json]:
    """Every set of matchers."""
    for step in subject.steps:
        for matchers in step.conditions:
            yield from matchers
    for proxy in subject.proxies:
        yield from retry_sets(proxy)


def _joined(matcher: Json) -> Iterator[str]:
    """The words that hold more than one of a list, or what separates it from the next."""
    yield from (w for kind in ("host", "method") for w in matcher.get(kind, []) if "," in w)
    yield from (word for word in matcher.get("path", []) if _BETWEEN_PATHS.search(word))
    for words in _lists(matcher):
        found = [word for word in words if word.endswith(",")]
        yield from found if found != words[-1:] else ()
    for inner in matcher.get("not", []):
        yield from _joined(inner)


def _lists(matcher: Json) -> Iterator[list[str]]:
    """The lists whose words may well have commas inside."""
    yield matcher.get("path", [])
    yield (matcher.get("file") or {}).get("try_files", [])
    pairs = [value for values in (matcher.get("query") or {}).values() for value in values]
    yield sorted(pairs, key=lambda value: not value.endswith(","))  # Caddy's JSON has no order
    yield from (matcher.get("vars") or {}).values()


def _where(subject: Subject, word: str) -> tuple[int | None, str]:
    """The line of a matcher with this word, and how it is written there; a site's is none."""
    for way in ways(subject.outline.statements):
        for written in way[-1].words if len(way) > 1 or _is_imported(way[0]) else ():
            if _plain(written) == _plain(word) or written.endswith(f"={word}"):
                return way[-1].line, written
    return None, ""


def _is_imported(statement: Statement) -> bool:
    """Whether it is no site: in a file that is imported, directives have nothing around them."""
    return statement.name[:1] == "@" or statement.name in DIRECTIVES


def _plain(word: str) -> str:
    """A word without the names of its placeholders, which Caddy's JSON has in full."""
    return _PLACEHOLDER.sub("{}", word)
