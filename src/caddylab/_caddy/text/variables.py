"""The environment variables of a Caddyfile: `{$NAME}` and `{$NAME:default}`.

Caddy puts their values into the text before it reads it as a Caddyfile. The lab does the same on
Caddy's behalf, so that the variables of the notebook count, in containers too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from caddylab._caddy.text.tokens import Outline, Statement, located

VARIABLE = re.compile(r"\{\$(?P<name>[^}:]+)(?P<default>:[^}]*)?\}")

PLAUSIBLE = ("site.example", "80", "10s", "backend1:8080")
"""Values one of which fits in most places: a name, a number, a duration, an address."""


@dataclass(frozen=True)
class Unset:
    """A variable that has neither a value nor a default, and the line (1-based) of its first use.

    Its text is a sentence.
    """

    name: str
    line: int

    def __str__(self) -> str:
        return f"The environment variable {self.name} is not set (line {self.line})"

    @property
    def help(self) -> str:
        """How to give it a value."""
        return (
            f'Set it before you load: `os.environ["{self.name}"] = "…"`; or give it a default in '
            f"the Caddyfile: `{{${self.name}:…}}`."
        )


def fill(text: str, values: Mapping[str, str], otherwise: str = "") -> str:
    """The text as Caddy reads it.

    Args:
        text: the Caddyfile.
        values: the environment.
        otherwise: what stands in for a variable with neither a value nor a default; for Caddy
            that is nothing.
    """

    def value(variable: re.Match[str]) -> str:
        default = variable["default"]
        return values.get(variable["name"], otherwise if default is None else default[1:])

    return VARIABLE.sub(value, text)


def unset(text: str, values: Mapping[str, str]) -> list[Unset]:
    """The variables with neither a value nor a default, each once, comments aside."""
    return unset_in(located(text), values)


def unset_in(words: Iterable[tuple[int, str]], values: Mapping[str, str]) -> list[Unset]:
    """The same of words, each with its line."""
    found: dict[str, Unset] = {}
    for line, word in words:
        for variable in VARIABLE.finditer(word):
            name = variable["name"]
            if name not in values and variable["default"] is None:
                found.setdefault(name, Unset(name, line))
    return list(found.values())


def filled(outline: Outline, values: Mapping[str, str]) -> Outline:
    """The outline as Caddy reads it: what a variable stands for may be several words, or none.

    Variables with neither a value nor a default stay as they are.
    """
    statements = [_filled(statement, values) for statement in outline.statements]
    return replace(outline, statements=statements)


def _filled(statement: Statement, values: Mapping[str, str]) -> Statement:
    words = [each for word in _joined(statement.words) for each in _read(word, values)]
    body = [_filled(inner, values) for inner in statement.body]
    return Statement(statement.line, words, body)


def _joined(words: Iterable[str]) -> Iterator[str]:
    """The words, each default with blanks in one piece: `{$NAME:a b}`."""
    held = ""
    for word in words:
        held = f"{held} {word}" if held else word
        if held.rfind("{$") <= held.rfind("}"):
            yield held
            held = ""
    yield from held.split()


def _read(word: str, values: Mapping[str, str]) -> list[str]:
    """What Caddy reads in the place of a word; a word with blanks of its own was quoted."""

    def value(variable: re.Match[str]) -> str:
        default = variable["default"]
        return values.get(variable["name"], variable[0] if default is None else default[1:])

    text = VARIABLE.sub(value, word)
    return [text] if text == word or " " in VARIABLE.sub("", word) else text.split()
