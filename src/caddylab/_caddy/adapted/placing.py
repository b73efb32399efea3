"""Which statement of the text a handler was made of; Caddy sorts them, so order does not tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from caddylab._caddy.adapted.flow import Step
from caddylab._caddy.adapted.tree import strings
from caddylab._caddy.text.tokens import Outline, Statement, Way, ways

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_HOST = re.compile(r"(?:\w+://)?(?P<host>[^:/,]+)(?::\d+)?,?")
Words = set[str]


def likeness(asked: Iterable[Words], found: Words) -> int:
    """How well the matchers of a text, each a set of words, fit the words of Caddy's JSON."""
    return sum(len(_plain(words) & _plain(found)) or -1 for words in asked if words)


def around(way: Way, outline: Outline) -> list[Words]:
    """The matchers that a statement stands behind, and the hosts of its site."""
    site = way[0].words if len(way) > 1 and not way[0].is_apart else []
    hosts = {found["host"] for word in site if (found := _HOST.fullmatch(word))}
    return [hosts, *(set(_matcher(statement, way, outline)) for statement in way)]


def conditions(step: Step) -> Words:
    """The words of the matchers around a handler."""
    return set(strings(list(step.conditions)))


def line_of(outline: Outline, names: Collection[str], step: Step) -> int | None:
    """The line of the statement, of one of these names, that a handler was made of.

    None where several fit as well as each other.
    """
    found = {*conditions(step), *strings(step.handler), str(step.handler.get("status_code", ""))}
    likely: dict[int, list[int]] = {}
    for way in ways(outline.statements):
        if way[-1].name in names:
            asked = [*around(way, outline), *({word} for word in _arguments(way[-1]))]
            likely.setdefault(likeness(asked, found), []).append(way[-1].line)
    best = likely[max(likely)] if likely else []
    return best[0] if len(best) == 1 else None


def _plain(words: Words) -> Words:
    """The words without the names of placeholders, which Caddy's JSON has in full."""
    return {_PLACEHOLDER.sub("{}", word) for word in words}


def _matcher(statement: Statement, way: Way, outline: Outline) -> Iterator[str]:
    word = "".join(statement.words[1:2])
    if word.startswith("/"):
        yield word
    elif word.startswith("@"):
        inside = [s for s in way[0].walk() if s.name == word]
        for defined in inside or [s for s in outline.walk() if s.name == word]:
            yield from defined.words[1:]
            yield from (other for s in defined.body for each in s.walk() for other in each.words)


def _arguments(statement: Statement) -> Iterable[str]:
    """What follows the matcher."""
    words = statement.words[1:]
    return words[1:] if words and (words[0] == "*" or words[0][:1] in "@/") else words
