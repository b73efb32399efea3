"""What the lint has found, each with its place in its file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caddylab._caddy.advice.lint import Note
    from caddylab._caddy.completion.skipping import Unknown
    from caddylab._caddy.text.tokens import Statement
    from caddylab._cli.linting.sources import Source, Whole


UNKNOWN, MISSING = "unknown-directive", "file-not-here"
_ASK = "`--caddy PATH` asks a Caddy that has it."
_VARIABLE, _ENVFILE = "variable-not-set", "`--envfile FILE` reads a file of them."
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Diagnostic:
    """One thing found.

    `line` and the columns are 1-based, `end` is the column behind the last letter; all are None
    where no place can be named. A `mere` one is said, but is no finding that counts.
    """

    file: str
    line: int | None
    column: int | None
    end: int | None
    rule: str
    message: str
    help: str
    source: str = ""
    mere: bool = False

    @property
    def url(self) -> str:
        """The place in the documentation about its rule, with the run that proves it."""
        return url(self.rule)


def url(rule: str) -> str:
    """The place in the documentation about a rule."""
    return f"{source()}/blob/main/docs/lint.md#{rule}"


@cache
def source() -> str:
    """The address of the project, from its package's metadata."""
    from importlib.metadata import metadata

    urls = (url.split(", ") for url in metadata("caddylab").get_all("Project-URL") or [])
    return next((where for name, where in urls if name == "Source"), "")


def of_note(note: Note, whole: Whole) -> Diagnostic:
    """A diagnostic for a rule's note."""
    from caddylab._caddy.advice.lint import RULES

    help = note.help if note.rule != _VARIABLE else f"{RULES[_VARIABLE].write} {_ENVFILE}"
    mere = note.rule == _VARIABLE  # where the site runs, it may well be set
    if note.line is None:
        return Diagnostic(
            whole.main.name, None, None, None, note.rule, note.message, help, mere=mere
        )
    source, line, there = _place(whole, note.line)
    column, end = span(there, note.message)
    return Diagnostic(
        source.name, line, column, end, note.rule, note.message, help, there, mere=mere
    )


def of_unknown(found: Unknown, whole: Whole) -> Diagnostic:
    """A diagnostic for something that this Caddy does not know."""
    source, line, there = _place(whole, found.inner.line)
    word = f"`{found.word}`"
    message, help = f"This Caddy knows no {word}: judged without it.", _ASK
    if found.missing and found.inner.name == "import":
        message = f"{_no_import(found.word)} here: judged without it."
        help = "Where all files are that it imports, `caddylab lint` judges them, too."
    elif found.missing:
        message = f"There is no file {word} here: judged without it."
        help = "Where it is, `caddylab lint` judges it, too."
    elif found.plugin:
        message = f"{word} needs a plugin, {found.plugin.name}, that this Caddy lacks: "
        message += "judged without it."
    else:
        help = f"If it is misspelt, mend it; if it is a plugin's, {_ASK}"
    column, end = span(there, message)
    return Diagnostic(
        source.name,
        line,
        column,
        end,
        MISSING if found.missing else UNKNOWN,
        message,
        help,
        there,
        mere=bool(found.plugin) or found.missing,
    )


def _no_import(word: str) -> str:
    if "*" in word:
        return f"No file matches `{word}`"
    return f"There is no {'file' if '/' in word or '.' in word else 'snippet'} `{word}`"


def of_absent(statement: Statement, whole: Whole) -> Diagnostic:
    """A diagnostic for an import of files that are not here, which Caddy takes in silence."""
    from caddylab._caddy.completion.skipping import Unknown

    word = statement.words[1]
    return of_unknown(Unknown(statement, statement, word, None, missing=True), whole)


def _place(whole: Whole, line: int) -> tuple[Source, int, str]:
    """The file that a line of the outline stands in, its number there, and what it says."""
    source, line = whole.place(line)
    lines = source.text.splitlines()
    return source, line, lines[line - 1] if line <= len(lines) else ""


def span(line: str, message: str) -> tuple[int, int]:
    """From which column to which one (1-based) the word stands that a message is about.

    That is the first word in `...` of the message that is to be found on the line; else the whole
    statement.
    """
    for quoted in _QUOTED.findall(message):
        for words in _forms(quoted):
            if found := _word(words, line):
                return found
    bare = line.split(" #")[0].rstrip().removesuffix("{").rstrip()
    start = len(bare) - len(bare.lstrip()) + 1
    return start, max(len(bare), start) + 1


def _forms(quoted: str) -> Iterator[str]:
    """How a word of a message may be spelt in the Caddyfile: without the port that Caddy added."""
    yield quoted
    host = re.sub(r":(?:80|443)$", "", quoted)
    yield host
    yield host.strip("[]")
    yield from quoted.split()[:1]


def _word(words: str, line: str) -> tuple[int, int] | None:
    whole = re.search(rf"(?<![^\s\"'`,]){re.escape(words)}(?![^\s\"'`,])", line)
    inside = whole or (re.search(re.escape(words), line) if len(words) > 1 else None)
    return (inside.start() + 1, inside.end() + 1) if inside else None


def known_rules() -> list[str]:
    """The names that can be silenced."""
    from caddylab._caddy.advice.lint import RULES

    return [*RULES, UNKNOWN, MISSING]
