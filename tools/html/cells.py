"""Syntax colours for a cell: those of Python, or of a Caddyfile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ipython_pygments_lexers import IPython3Lexer
from pygments.lexers import CaddyfileLexer
from pygments.token import Comment

MAGIC = "%%caddyfile"


class CellLexer(IPython3Lexer):
    """Lexes a cell."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """A Caddyfile's tokens below the magic's line; without that line, IPython's."""
        if not text.startswith(MAGIC):
            yield from super().get_tokens_unprocessed(text)
            return
        line, end, rest = text.partition("\n")
        yield 0, Comment.Preproc, line + end
        for start, kind, value in CaddyfileLexer().get_tokens_unprocessed(rest):
            yield start + len(line) + len(end), kind, value
