"""A Caddyfile without one of the upstreams of a `reverse_proxy`, as a reload takes it out."""

from __future__ import annotations

import re
from itertools import groupby

from caddylab._caddy.adapted.proxies import Block
from caddylab._caddy.text.tokens import Token, parse, tokens, ways

CARRIED_ON = re.compile(r"(?:[^\S\n]|\\\r?\n)*\Z")
"""What stands before a word on its line."""
WEIGHTED = ("lb_policy", "weighted_round_robin")
"""With it there is a weight for each upstream."""


def without(text: str, line: int, upstream: str) -> str | None:
    """The Caddyfile without that upstream, and without its weight.

    Args:
        text: the Caddyfile, its variables filled in.
        line: of the `reverse_proxy`, from 1.
        upstream: as Caddy's JSON has it.

    Returns:
        None where it does not stand in the text by itself.
    """
    outline = parse(text)
    there = (way for way in ways(outline.statements) if way[-1].line == line and way[-1].words)
    way = next(there, None)
    if way is None:
        return None
    block, every = Block.of(way, outline), tokens(text)
    named = _named(block, every)
    place = next((n for n, one in enumerate(named) if upstream in _spelt(one.word)), None)
    if place is None:
        return None
    policy = _row(every, block.options.get("lb_policy"))
    weights = policy if tuple(one.word for one in policy[:2]) == WEIGHTED else []
    gone = [named[place], *weights[len(WEIGHTED) :][place : place + 1]]
    for one in sorted(gone, key=lambda one: -one.start):
        text = CARRIED_ON.sub("", text[: one.start]) + text[one.end :]
    return text


def _named(block: Block, every: list[Token]) -> list[Token]:
    """The upstreams, which end the lines that they stand on."""
    found = []
    for line, words in groupby(block.upstreams, key=lambda one: one[1]):
        found += _row(every, line)[-len(list(words)) :]
    return found


def _row(every: list[Token], line: int | None) -> list[Token]:
    """The words of a line, and of those that carry it on; none without a line."""
    row: list[Token] = []
    for token in every if line else ():
        if row and (token.first or token.brace):
            break
        if row or token.line == line:
            row.append(token)
    return row


def _spelt(word: str) -> set[str]:
    """An upstream as Caddy's JSON may have it: without its scheme, and with the usual port."""
    plain = re.sub(r"^[a-z0-9]+://", "", word)
    return {word, plain, f"{plain}:80", f"{plain}:443"}
