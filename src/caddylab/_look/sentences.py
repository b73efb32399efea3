"""Sentences one below the other; a notebook shows what stands in backticks as code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from caddylab._look.html_table import Markup, code, element

Said = TypeVar("Said")


class Sentences(list[Said], Generic[Said]):
    """A list of things whose texts are sentences."""

    def __repr__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_html_(self) -> str:
        return paragraphs(self)


def paragraphs(sentences: Iterable[object], first: str = "") -> Markup:
    """A first sentence, and the others as a list below it."""
    items = [element("li", code(str(sentence))) for sentence in sentences]
    head = [element("p", code(first), style="margin:0")] if first else []
    below = [element("ul", *items, style="margin:.3em 0 0")] if items else []
    return element("div", *head, *below)
