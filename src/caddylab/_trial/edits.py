"""Options written into the block of a `reverse_proxy`, wherever that stands in a Caddyfile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caddylab._caddy.text.tokens import Token, tokens

TRANSPORT, DYNAMIC = "transport", "dynamic"
PHP = "php_fastcgi"
"""The directive that has the options of its transport in its own block."""
TAB = "\t"
DEEPEST = 8
"""How many levels of nested snippets are examined."""
EITHER = {"lb_retry_match"}
"""Options of which Caddy takes each statement there is: where one is changed, the others go."""
THEMES = {
    "retry": ("lb_",),
    "checks": ("health_",),
    "memory": ("fail_duration", "max_fails", "unhealthy_"),
}
"""Prefixes of options that belong together."""


@dataclass(frozen=True)
class Option:
    """One option as it is written.

    Args:
        name: such as "lb_retries".
        value: what follows the name.
        inside: "transport" or "dynamic", if that is where it belongs.
        body: the lines between its braces, if it has some.
    """

    name: str
    value: str = ""
    inside: str = ""
    body: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The option as it is written, its inner lines indented with tabs."""
        head = f"{self.name} {self.value}".strip()
        return [f"{head} {{", *(f"\t{line}" for line in self.body), "}"] if self.body else [head]

    def __str__(self) -> str:
        return f"{self.name} {self.value}".strip()


@dataclass(frozen=True)
class _Node:
    """A statement and its position: its words, and its block if it has one."""

    words: list[Token]
    opening: Token | None
    closing: Token | None
    inner: list[Token]

    @property
    def end(self) -> int:
        return self.closing.end if self.closing else self.words[-1].end


def put(text: str, line: int, option: Option) -> str:
    """The Caddyfile with an option in the block of the statement on that line.

    An option that exists already is changed; a statement without a block gets one.

    Args:
        text: the Caddyfile.
        line: the line of the `reverse_proxy`, from 1.
        option: what to write.
    """
    if option.name in EITHER:
        text = _with_one(text, line, option.name)
    proxy = _node([token for token in tokens(text) if token.line >= line])
    if not option.inside:
        return _put(text, proxy, option.name, option.lines)
    inner = _child(proxy, option.inside)
    if inner is None and option.inside == DYNAMIC:
        return text  # no upstreams are looked up there
    if inner is None and proxy.words[0].word == PHP:
        return _put(text, proxy, option.name, option.lines)
    if inner is None:
        block = [f"{option.inside} http {{", *(f"\t{line}" for line in option.lines), "}"]
        return _put(text, proxy, option.inside, block)
    return _put(text, inner, option.name, option.lines)


def value_of(text: str, line: int, option: Option) -> str | None:
    """The present value of an option; None if it is not there.

    The option may be in a snippet that the block imports.
    """
    every = list(tokens(text))
    proxy = _node([token for token in every if token.line >= line])
    for node in (proxy, *_imported(proxy, every, DEEPEST)):
        within = option.inside and proxy.words[0].word != PHP
        inside = _child(node, option.inside) if within else node
        if found := inside and _child(inside, option.name):
            return " ".join(token.word for token in found.words[1:])
    return None


def _imported(node: _Node, every: list[Token], depth: int) -> Iterator[_Node]:
    """The snippets that a block imports, and those that they import."""
    for child in reversed(_children(node)) if depth else ():
        name = child.words[1].word if child.words[0].word == "import" and child.words[1:] else ""
        start = next((n for n, t in enumerate(every) if name and t.word == f"({name})"), None)
        if start is not None:
            snippet = _node(every[start:])
            yield snippet
            yield from _imported(snippet, every, depth - 1)


def _put(text: str, node: _Node, name: str, lines: list[str]) -> str:
    outer = _indent(text, node.words[0])
    unit = "\t" if "\t" in outer or not re.search(r"^ +\S", text, re.MULTILINE) else "  "
    indent = _indent(text, node.inner[0]) if node.inner else outer + unit
    inner = "".join(f"{indent}{line.replace(TAB, unit)}\n" for line in lines)
    there = _child(node, name)
    if there:
        return text[: there.words[0].start] + inner.strip() + text[there.end :]
    if kin := _kin(node, name):
        at = text.find("\n", kin.end) + 1
        return text[:at] + inner + text[at:]
    if node.closing:
        at = text.rfind("\n", 0, node.closing.start) + 1
        return text[:at] + inner + text[at:]
    end = node.words[-1].end
    comment, newline, rest = text[end:].partition("\n")
    return f"{text[:end]} {{{comment.rstrip()}\n{inner}{outer}}}{newline}{rest}"


def _with_one(text: str, line: int, name: str) -> str:
    """The Caddyfile without the statements of an option in a block, except the first one."""
    proxy = _node([token for token in tokens(text) if token.line >= line])
    same = [child for child in _children(proxy) if child.words[0].word == name]
    for child in reversed(same[1:]):
        first = text.rfind("\n", 0, child.words[0].start) + 1
        text = text[:first] + text[text.find("\n", child.end) + 1 :]
    return text


def _indent(text: str, token: Token) -> str:
    """The blanks before the line of a token."""
    start = text.rfind("\n", 0, token.start) + 1
    return text[start : start + len(text[start:]) - len(text[start:].lstrip(" \t"))]


def _node(rest: list[Token]) -> _Node:
    """The statement that these tokens begin with."""
    words = [rest[0]]
    for token in rest[1:]:
        if token.first or token.brace:
            break
        words.append(token)
    behind = rest[len(words) :]
    if not behind or not (behind[0].brace and behind[0].word == "{"):
        return _Node(words, None, None, [])
    depth = 0
    for n, token in enumerate(behind):
        depth += ({"{": 1, "}": -1}[token.word]) if token.brace else 0
        if depth == 0:
            return _Node(words, behind[0], token, behind[1:n])
    return _Node(words, behind[0], None, behind[1:])


def _child(node: _Node, name: str) -> _Node | None:
    """The last statement of that name in its block: for Caddy, the last one counts."""
    return next((c for c in reversed(_children(node)) if c.words[0].word == name), None)


def _kin(node: _Node, name: str) -> _Node | None:
    """The last statement in its block that belongs together with an option of that name."""
    theme = _theme(name)
    alike = [c for c in _children(node) if theme and _theme(c.words[0].word) == theme]
    return alike[-1] if alike else None


def _theme(name: str) -> str:
    return next((theme for theme, starts in THEMES.items() if name.startswith(starts)), "")


def _children(node: _Node) -> list[_Node]:
    """The statements of a block."""
    rest, found = node.inner, list[_Node]()
    while rest:
        found.append(_node(rest))
        rest = [token for token in rest if token.start >= found[-1].end]
    return found


def extent(text: str, line: int) -> tuple[int, int]:
    """The first and the last line of the statement on that line."""
    node = _node([token for token in tokens(text) if token.line >= line])
    last = node.closing or node.words[-1]
    return node.words[0].line, last.line
