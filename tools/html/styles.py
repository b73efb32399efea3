"""One style sheet for all pages, without the rules that match nothing on any of them.

The theme brings six, nine tenths of them for what these pages do not have, and a browser paints
nothing before it has read them all. A rule goes if it needs a class or an id that stands in no page
and in no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2

LINK = re.compile(r'<link(?=[^>]*rel="stylesheet")[^>]*href="([^"?]*)[^"]*"[^>]*>')
OPTIONS = re.compile(r'<script src="[^"]*/documentation_options\.js[^"]*"></script>')
ADDRESS = re.compile(r"url\((?!\"?data:|'?data:|#)([\"']?)([^)\"']+)\1\)")
NESTED = ("media", "supports", "layer", "container")
ONE = "site.css"


def gather(pages: Path) -> None:
    """Put one sheet in the place of those that each page names, and what is tiny into the page."""
    pages = pages.resolve()
    static = pages / "_static"
    found = (path for path in sorted(pages.rglob("*.html")) if static not in path.parents)
    texts = {path: path.read_text("utf-8") for path in found}
    names = [_names(path, text) for path, text in texts.items()]
    sheets = list(dict.fromkeys(sheet for each in names for sheet in each))
    scripts = (path.read_text("utf-8") for path in pages.rglob("*.js"))
    words = {word for text in (*texts.values(), *scripts) for word in re.findall(r"[\w-]+", text)}
    one = static / ONE
    one.write_text("\n".join(_needed(sheet, one, words) for sheet in sheets), "utf-8")
    options = (static / "documentation_options.js").read_text("utf-8")
    for path, text in texts.items():
        path.write_text(_with_one(path, text, one, options), "utf-8")


def _names(page: Path, text: str) -> list[Path]:
    return [(page.parent / href).resolve() for href in LINK.findall(text)]


def _with_one(page: Path, text: str, one: Path, options: str) -> str:
    way = "../" * len(page.parent.relative_to(one.parents[1]).parts)
    link = f'<link rel="stylesheet" href="{way}_static/{ONE}" />'
    links = iter([link])
    text = LINK.sub(lambda _: next(links, ""), text)
    return OPTIONS.sub(lambda _: f"<script>{options}</script>", text, count=1)


def _needed(sheet: Path, one: Path, words: set[str]) -> str:
    """The rules of a sheet that may match something, as they would stand in the one sheet."""

    def moved(found: re.Match[str]) -> str:
        where = (sheet.parent / found[2]).resolve()
        return f"url({where.relative_to(one.parent)})"

    rules = tinycss2.parse_stylesheet(
        sheet.read_text("utf-8"), skip_comments=True, skip_whitespace=True
    )
    return ADDRESS.sub(moved, "\n".join(_kept(rules, words)))


def _kept(rules: list[Any], words: set[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [s for s in _selectors(rule.prelude) if _may_match(s, words)]
            if selectors:
                heads = ",".join(tinycss2.serialize(s).strip() for s in selectors)
                yield f"{heads}{{{_squeezed(rule.content)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED and rule.content:
            inner = tinycss2.parse_rule_list(rule.content, True, True)
            if kept := "".join(_kept(inner, words)):
                yield f"@{rule.at_keyword}{_squeezed(rule.prelude)}{{{kept}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            yield _squeezed([rule])


def _selectors(prelude: list[Any]) -> list[list[Any]]:
    """The selectors between commas."""
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _may_match(selector: list[Any], words: set[str]) -> bool:
    """Whether all classes and ids that it needs are there; what `:not(…)` holds, it does not."""
    for dot, name in pairwise(selector):
        if dot.type == "literal" and dot.value == "." and name.value not in words:
            return False
    return all(token.value in words for token in selector if token.type == "hash")


def _squeezed(tokens: list[Any]) -> str:
    return re.sub(r"\s*\n\s*", " ", tinycss2.serialize(tokens))
