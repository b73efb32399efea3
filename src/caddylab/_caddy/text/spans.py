"""Where a statement of a Caddyfile begins and ends, so that it can be left out."""

from __future__ import annotations

from caddylab._caddy.text.tokens import Statement, located, parse


def statement_at(text: str, line: int | None, word: str) -> Statement | None:
    """The innermost statement that has `word`, on that line or else anywhere.

    Args:
        text: the Caddyfile.
        line: where it is said to stand; None = anywhere.
        word: one of its words, or the end of one (as of a path).
    """
    having = [s for s in parse(text).walk() if any(_same(each, word) for each in s.words)]
    there = [s for s in having if s.line == line]
    found = there or having
    return found[-1] if found else None


def holder_of(text: str, statement: Statement) -> Statement | None:
    """The statement within whose braces another one stands; None for one that stands outside."""
    return next((s for s in parse(text).walk() if statement in s.body), None)


def _same(word: str, wanted: str) -> bool:
    return word == wanted or word.endswith(f"/{wanted}") or wanted.endswith(f"/{word}")


def last_line(text: str, statement: Statement) -> int:
    """The last line of a statement, its braces included."""
    depth, last, words = 0, statement.line, len(statement.words)
    for line, token in located(text):
        if line < statement.line:
            continue
        if words > 0:
            words -= 1
        elif depth == 0 and token != "{":
            break
        depth += (token == "{") - (token == "}")
        last = line + token.count("\n")
        if words <= 0 and depth == 0 and token == "}":
            break
    return last


def blank(text: str, statement: Statement) -> str:
    """The text without a statement; every other line keeps its number."""
    lines = text.split("\n")
    for n in range(statement.line - 1, last_line(text, statement)):
        lines[n] = ""
    return "\n".join(lines)
