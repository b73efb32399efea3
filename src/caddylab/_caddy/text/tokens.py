"""The outline of a Caddyfile: enough of its grammar to find the line to point at.

Caddy alone decides what a Caddyfile means; nothing here refuses one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

_TOKEN = re.compile(
    r"""
      (?P<space>(?:[^\S\n]|\\\r?\n)+)
    | (?P<newline>\n)
    | (?P<comment>\#[^\n]*)
    | "(?P<quoted>(?:\\.|[^"\\])*)(?:"|\Z)
    | `(?P<raw>[^`]*)(?:`|\Z)
    | <<(?P<mark>[\w-]+)\r?\n(?P<heredoc>.*?)(?:\n[^\S\n]*)?(?P=mark)
    | (?P<brace>[{}])(?=\s|\Z)
    | (?P<word>(?:(?!\\\r?\n)\S)+)
    """,
    re.VERBOSE | re.DOTALL,
)

_ADDRESS = re.compile(r"[.:/]")


@dataclass
class Statement:
    """One directive, option or site: its words, and what stands between its braces."""

    line: int
    words: list[str]
    body: list[Statement] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its first word; empty for the block of global options."""
        return self.words[0] if self.words else ""

    @property
    def is_apart(self) -> bool:
        """Whether it is a snippet or a named route, rather than a site."""
        return self.name.startswith(("(", "&("))

    def walk(self) -> Iterator[Statement]:
        """Itself and everything inside, in the order of the text."""
        yield self
        for statement in self.body:
            yield from statement.walk()


Way = tuple[Statement, ...]
"""A statement with those around it: the outermost first, the statement itself last."""


def ways(statements: Iterable[Statement], above: Way = ()) -> Iterator[Way]:
    """The `Way` of each statement, and of everything inside it."""
    for statement in statements:
        way = (*above, statement)
        yield way
        yield from ways(statement.body, way)


@dataclass
class Outline:
    """A Caddyfile as nested statements.

    `surplus` is the line of the first `}` that closes nothing, `unclosed` the line of the
    outermost `{` that is never closed; `comments` are the texts behind a `#`, by their lines.
    """

    statements: list[Statement] = field(default_factory=list)
    surplus: int | None = None
    unclosed: int | None = None
    comments: list[tuple[int, str]] = field(default_factory=list)

    def walk(self) -> Iterator[Statement]:
        """Every statement, in the order of the text."""
        for statement in self.statements:
            yield from statement.walk()

    def braced(self) -> Outline:
        """The same, with braces around a site that has none because it is the only one."""
        apart = (n for n, each in enumerate(self.statements) if not each.is_apart)
        first = next((n for n in apart if self.statements[n].words), None)
        site = self.statements[first] if first is not None else None
        if first is None or site is None or site.body or site.name == "import":
            return self
        rest = self.statements[first + 1 :]
        if any(each.body and _ADDRESS.search(each.name) for each in rest):
            return self  # the first one has braces, with nothing in them
        whole = Statement(site.line, site.words, rest)
        return replace(self, statements=[*self.statements[:first], whole])

    def sites(self, address: str) -> list[Statement]:
        """The sites that have `address` among their addresses."""
        return [s for s in self.statements if address in (w.strip(",") for w in s.words)]

    def expanded(
        self, statement: Statement, seen: frozenset[str] = frozenset()
    ) -> Iterator[Statement]:
        """What stands inside `statement`, with snippets in the place of their `import`."""
        for inner in statement.body:
            yield inner
            yield from self.expanded(inner, seen)
            if inner.name == "import":
                yield from self._imported(inner, seen)

    def _imported(self, statement: Statement, seen: frozenset[str]) -> Iterator[Statement]:
        title = f"({' '.join(statement.words[1:2])})"
        for snippet in self.statements:
            if snippet.name == title and title not in seen:
                yield from self.expanded(snippet, seen | {title})


def located(text: str) -> Iterator[tuple[int, str]]:
    """Every word with its line, braces included, comments aside."""
    line = 1
    for token in _TOKEN.finditer(text.removeprefix("\ufeff")):
        kind = token.lastgroup or ""
        if kind not in ("space", "newline", "comment"):
            yield line, token[kind]
        line += token.group().count("\n")


@dataclass(frozen=True)
class Token:
    """A word or a brace, and where it stands: its line (from 1), and its place in the text.

    `first`: whether a line begins with it that is not the last one carried on by a `\\`.
    """

    line: int
    word: str
    start: int
    end: int
    brace: bool
    first: bool


def tokens(text: str) -> list[Token]:
    """Every word and brace of a Caddyfile in its place, comments aside."""
    found, line, first = [], 1, True
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind not in ("space", "newline", "comment"):
            found.append(Token(line, token[kind], *token.span(), kind == "brace", first))
            first = False
        first = first or kind == "newline"
        line += token.group().count("\n")
    return found


def parse(text: str) -> Outline:
    """The outline of the Caddyfile `text`; never fails."""
    return _Parser().parse(text)


class _Parser:
    def __init__(self) -> None:
        self.outline = Outline()
        self.open: list[Statement] = []
        self.words: list[str] = []
        self.began = 0
        self.fresh = True  # nothing has come on this line yet

    def parse(self, text: str) -> Outline:
        line = 1
        plain = text.removeprefix("\ufeff").replace("\r", "")  # Caddy passes over these, too
        for token in _TOKEN.finditer(plain):
            self._take(token, line)
            line += token.group().count("\n")
        self._end()
        self.outline.unclosed = self.open[0].line if self.open else None
        return self.outline

    def _take(self, token: re.Match[str], line: int) -> None:
        kind = token.lastgroup or ""
        if kind == "newline":
            self._end_line()
        elif kind == "brace" and token.group() == "{":
            self._push(line)
        elif kind == "brace":
            self._pop(line)
        elif kind == "comment":
            self.outline.comments.append((line, token.group()[1:].strip()))
        elif kind != "space":
            if self.fresh and token[kind] == "import":
                self._end()  # even where a site's addresses go on in the next line
            self.began = self.began if self.words else line
            self.words.append(token[kind])
        self.fresh = kind == "newline" or (self.fresh and kind == "space")

    @property
    def _siblings(self) -> list[Statement]:
        return self.open[-1].body if self.open else self.outline.statements

    def _end_line(self) -> None:
        addresses_go_on = not self.open and self.words and self.words[-1].endswith(",")
        if not addresses_go_on:
            self._end()

    def _end(self) -> None:
        if self.words:
            self._siblings.append(Statement(self.began, self.words))
            self.words = []

    def _push(self, line: int) -> None:
        alone = not self.words
        self._end()
        # Caddy lets a site's `{` stand on the line below its address, and on no other.
        if alone and (self.open or not self._siblings or self._siblings[-1].body):
            self._siblings.append(Statement(line, []))
        self.open.append(self._siblings[-1])

    def _pop(self, line: int) -> None:
        self._end()
        if self.open:
            self.open.pop()
        elif self.outline.surplus is None:
            self.outline.surplus = line
