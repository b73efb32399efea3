"""Turning the course into pages, and what pages refer to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

TOOL = Path(__file__).parents[2] / "tools" / "make_html.py"
EXECUTED = ("00", "99")  # between them a chart, a replay, a live view, a panel and a prediction


def make(*arguments):
    command = [sys.executable, TOOL, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)


def _elsewhere(target: str) -> bool:
    """Whether the address is on the web, or something that the reader's machine serves itself."""
    parts = urlsplit(target)
    return parts.scheme == "https" or parts.hostname == "127.0.0.1"


@dataclass
class Page(HTMLParser):
    """Collects a page's anchors and references; ordinary links may lead to other hosts."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    targets: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self.feed(self.path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        ordinary = tag == "a" or given.get("rel") == "canonical"
        for target in (given[name] for name in ("href", "src") if given.get(name)):
            if not (ordinary and _elsewhere(target)):
                self.targets.append(target)

    def loaded(self) -> set[Path]:
        """The files that the page loads at once."""
        paths = (self.path.parent / urlsplit(target).path for target in self.targets)
        return {path.resolve() for path in paths if path.suffix in (".js", ".css", ".svg")}


read = cache(Page)


def lost(page: Page) -> Iterator[str]:
    """What the page refers to but does not exist."""
    for target in page.targets:
        parts = urlsplit(target)
        path = page.path.parent / unquote(parts.path) if parts.path else page.path
        if parts.scheme or parts.netloc:
            if parts.scheme != "data":
                yield f"{page.path.name}: {target} is on another host"
        elif not path.is_file():
            yield f"{page.path.name}: {target} is no file"
        elif parts.fragment and unquote(parts.fragment) not in read(path).anchors:
            yield f"{page.path.name}: {target} is no anchor"
