"""A mistake, and how its line is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from string import Template

from caddylab._caddy.advice.foreign_word import Foreign
from caddylab._caddy.text.tokens import Outline

Find = Callable[[Outline, Mapping[str, str]], int | None]


@dataclass(frozen=True)
class Mistake:
    """One mistake; `find` looks for its line where Caddy names none, or a wrong one."""

    pattern: str
    help: str
    names: tuple[str, ...] = ()
    find: Find | None = None
    cutoff: float = 0.6
    """How alike (0 to 1) the word and its nearest name must be."""
    table: tuple[Foreign, ...] = ()
    """Words of other programs, whose meaning is the help: `$meaning`."""


def only(pattern: str) -> Find:
    """The one line with `pattern` (its `$word`s filled in); nothing when several have it."""

    def find(outline: Outline, fields: Mapping[str, str]) -> int | None:
        lines = _with(pattern, outline, fields)
        return lines.pop() if len(lines) == 1 else None

    return find


def first(pattern: str) -> Find:
    """The first line with `pattern`, where each that has it is as wrong as the others."""

    def find(outline: Outline, fields: Mapping[str, str]) -> int | None:
        return min(_with(pattern, outline, fields), default=None)

    return find


def _with(pattern: str, outline: Outline, fields: Mapping[str, str]) -> set[int]:
    quoted = {name: re.escape(value) for name, value in fields.items()}
    wanted = re.compile(Template(pattern).substitute(quoted))
    return {s.line for s in outline.walk() if wanted.search(" ".join(s.words))}


def its_expression(outline: Outline, fields: Mapping[str, str]) -> int | None:
    """The one line with the expression that Caddy shows, in which placeholders are calls."""
    parts = re.split(r'ph\(req, "[^"]+"\)', fields["expression"].strip())
    written = re.compile(r"\{[^{}]+\}".join(map(re.escape, parts)))
    lines = {s.line for s in outline.walk() if written.search(" ".join(s.words))}
    return lines.pop() if len(lines) == 1 else None


def second_site(outline: Outline, fields: Mapping[str, str]) -> int | None:
    """Where the site of that address stands a second time."""
    sites = outline.sites(fields["word"])
    return sites[1].line if len(sites) > 1 else None


def only_block(outline: Outline, fields: Mapping[str, str]) -> int | None:
    """Where the one block at the top stands that begins with `word`."""
    lines = [s.line for s in outline.statements if s.name == fields["word"]]
    return lines[0] if len(lines) == 1 else None


def surplus_brace(outline: Outline, fields: Mapping[str, str]) -> int | None:
    """Where the file closes more than it opens."""
    return outline.surplus


def late_globals(outline: Outline, fields: Mapping[str, str]) -> int | None:
    """Where a block without an address stands that is not the first."""
    return next((s.line for s in outline.statements[1:] if not s.words), None)


def one_of(words: Iterable[str]) -> str:
    """A pattern for one of these words, as `word`."""
    return rf"(?P<word>{'|'.join(map(re.escape, words))})(?![\w.-])"


IN_PROXY = "tokens for 'reverse_proxy': "
NO_SUCH = IN_PROXY + "unrecognized subdirective "
POLICY = r"module not registered: http\.reverse_proxy\.selection_policies\."
ARGUMENTS = "wrong argument count or unexpected line ending after "
PAIR = "`reverse_proxy backend1:8080 backend2:8080`"
