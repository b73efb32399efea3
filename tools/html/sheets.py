"""Removes from the style sheets what no page of the site could use.

The theme brings what a hundred other sites need. On a phone, nothing can be seen until all of it
has arrived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import tinycss2

WORD = re.compile(r"[\w-]+")
BUILT = ("bs-tooltip",)
"""Prefixes of classes whose names a script puts together."""
HOLDING = ("media", "supports", "layer", "container")
"""At-rules that contain other rules."""


class Names(HTMLParser):
    """Collects the elements, classes and ids of pages."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.named: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, its classes and its id."""
        self.elements.add(tag)
        for name, value in attrs:
            if name in ("class", "id"):
                self.named.update((value or "").split())


def lighten(pages: Path) -> None:
    """Rewrite a site's style sheets: what its pages or scripts might use stays, in order."""
    elements, named = used(pages)
    for path in pages.glob("_static/**/*.css"):
        rules = tinycss2.parse_stylesheet(
            path.read_text("utf-8"), skip_comments=True, skip_whitespace=True
        )
        path.write_text(tinycss2.serialize(list(kept(rules, elements, named))), "utf-8")


def used(pages: Path) -> tuple[set[str], set[str]]:
    """The elements of the pages, and all names: classes, ids and the words of scripts."""
    found = Names()
    for path in pages.rglob("*.html"):
        text = path.read_text("utf-8")
        found.feed(text)
        for script in re.findall(r"<script\b.*?</script>", text, re.DOTALL):
            found.named.update(WORD.findall(script))
    for path in pages.rglob("*.js"):
        found.named.update(WORD.findall(path.read_text("utf-8")))
    return found.elements | found.named, found.named


def kept(rules: list[Any], elements: set[str], named: set[str]) -> Iterator[Any]:
    """The rules that might apply to something."""
    for rule in rules:
        if rule.type == "qualified-rule":
            if any(might(part, elements, named) for part in parts(rule.prelude)):
                yield rule
        elif rule.type == "at-rule" and rule.at_keyword in HOLDING and rule.content:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            rule.content = list(kept(inner, elements, named))
            if rule.content:
                yield rule
        else:
            yield rule


def parts(prelude: list[Any]) -> Iterator[list[Any]]:
    """The selectors in a list."""
    part: list[Any] = []
    for token in prelude:
        if token == ",":
            yield part
            part = []
        else:
            part.append(token)
    yield part


def might(selector: list[Any], elements: set[str], named: set[str]) -> bool:
    """Whether everything a selector names exists; what is in brackets is taken on trust."""
    before = ""
    for token in selector:
        if token.type == "hash" and token.value not in named:
            return False
        if token.type == "ident" and before == "." and not _called(token.value, named):
            return False
        if token.type == "ident" and before not in (".", ":") and token.value not in elements:
            return False
        before = token.value if token.type == "literal" else ""
    return True


def _called(name: str, named: set[str]) -> bool:
    return name in named or name.startswith(BUILT)
