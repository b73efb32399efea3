"""What is judged: a Caddyfile with the files that it imports, as one outline."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from caddylab._caddy.text.tokens import Outline, Statement, parse


@dataclass(frozen=True)
class Source:
    """One of these files; `first` lines come before its own in the common outline."""

    name: str
    text: str
    first: int = 0


@dataclass
class Whole:
    """A Caddyfile and what it imports.

    Its relative paths start from `folder`. The lines of the outline are counted through all
    files, the Caddyfile's own first. `absent` are the imports of files that are not here.
    """

    folder: Path
    sources: list[Source] = field(default_factory=list)
    outline: Outline = field(default_factory=Outline)
    absent: list[Statement] = field(default_factory=list)

    @property
    def main(self) -> Source:
        """The Caddyfile itself."""
        return self.sources[0]

    def place(self, line: int) -> tuple[Source, int]:
        """The file that a line of the outline stands in, and its number there."""
        source = next(s for s in reversed(self.sources) if s.first < line)
        return source, line - source.first

    def add(self, name: str, text: str) -> Outline:
        """Take one more file in; returns its outline."""
        last = self.sources[-1] if self.sources else None
        first = last.first + last.text.count("\n") + 1 if last else 0
        self.sources.append(Source(name, text, first))
        outline = parse(text)
        for statement in outline.walk():
            statement.line += first
        self.outline.statements += outline.statements
        self.outline.comments += [(line + first, words) for line, words in outline.comments]
        for what in ("surplus", "unclosed"):
            line = getattr(outline, what)
            if line and getattr(self.outline, what) is None:
                setattr(self.outline, what, line + first)
        return outline


def gather(name: str, text: str, folder: Path) -> Whole:
    """A Caddyfile with everything that it imports, as far as that can be read."""
    whole = Whole(folder)
    waiting = [(name, text, folder)]
    seen: set[str] = set()
    while waiting:
        name, text, folder = waiting.pop(0)
        outline = whole.add(name, text)
        for statement in _imports(outline):
            paths = sorted(glob.glob(str(folder / statement.words[1])))
            if not paths and _names_a_file(statement.words[1]):
                whole.absent.append(statement)
            for path in map(Path, paths):
                real = os.path.realpath(path)
                if real not in seen and (read := _read(path)) is not None:
                    seen.add(real)
                    waiting.append((_shown(path), read, path.parent))
    return whole


def _shown(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive than the working directory
        return str(path)


def _imports(outline: Outline) -> Iterator[Statement]:
    for statement in outline.walk():
        if statement.name == "import" and len(statement.words) > 1:
            yield statement


def _names_a_file(word: str) -> bool:
    """Whether an import's word is no name of a snippet; one with a variable may be either."""
    return any(letter in word for letter in "/.*") and "{" not in word


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8") if path.is_file() else None
    except (OSError, ValueError):
        return None
