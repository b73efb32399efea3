"""The colours of a cell: those of Python, or of the Caddyfile that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ipython_pygments_lexers import IPython3Lexer
from pygments.lexers import CaddyfileLexer
from pygments.token import Comment

MAGIC = "%%caddyfile"


class CellLexer(IPython3Lexer):
    """A cell's tokens."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """Those of a Caddyfile below the magic's line; else those of IPython."""
        if not text.startswith(MAGIC):
            yield from super().get_tokens_unprocessed(text)
            return
        line, end, rest = text.partition("\n")
        yield 0, Comment.Preproc, line + end
        for start, kind, value in CaddyfileLexer().get_tokens_unprocessed(rest):
            yield start + len(line) + len(end), kind, value
