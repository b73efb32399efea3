"""Which file of the repository becomes which page of the site, and where its links then lead."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

TEXTS = {
    "Your own site": ("own-site", "test", "sites", "lint"),
    "What Caddy does": ("versions", "findings"),
    "For teachers": ("instructor-guide", *(f"cue-cards-{n}" for n in (45, 90, 180)), "offline"),
}
"""The documents that become pages, grouped as in the navigation."""
FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\[[^\]]*\])\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Places:
    """The pages of a course and of the files around it.

    Attributes:
        root: the folder that the course is in.
        names: each file that becomes a page, and its page's name, such as `labs/02-crash`.
    """

    root: Path
    names: Mapping[Path, str]

    @classmethod
    def beside(cls, course: Path) -> Places:
        """The pages of a folder of chapters, of the labs beside it and of the documents."""
        course = course.resolve()
        root = course.parent
        chapters = {path: path.stem for path in sorted(course.glob("*.ipynb"))}
        labs = {path: f"labs/{path.stem}" for path in sorted(root.glob("labs/*/*.ipynb"))}
        names = [name for names in TEXTS.values() for name in names]
        texts = {
            path: path.stem
            for path in (
                where / f"{name}.md" for name in names for where in (course, root / "docs")
            )
            if path.is_file()
        }
        return cls(root, chapters | labs | texts)

    @property
    def whole(self) -> bool:
        """Whether the rest of the repository is there, too, and not just a folder of chapters."""
        return bool(self.labs and self.texts)

    @property
    def chapters(self) -> list[Path]:
        """The notebooks of the course, in order."""
        return [
            path
            for path, name in self.names.items()
            if path.stem == name and path.suffix == ".ipynb"
        ]

    @property
    def labs(self) -> list[Path]:
        """The labs, in order."""
        return [path for path, name in self.names.items() if name.startswith("labs/")]

    @property
    def texts(self) -> list[Path]:
        """The documents."""
        return [path for path in self.names if path.suffix == ".md"]

    def parts(self) -> dict[str, list[str]]:
        """The navigation: titles, with the pages below each."""
        parts = {
            "The course": [self.names[path] for path in self.chapters],
            "Labs": [self.names[path] for path in self.labs],
        }
        there = [self.names[path] for path in self.texts]
        return parts | {
            title: [name for name in names if name in there] for title, names in TEXTS.items()
        }

    def source(self, path: Path) -> str:
        """The name of the file for Sphinx."""
        return f"{self.names[path]}{path.suffix}"

    def led(self, text: str, path: Path) -> str:
        """A file's Markdown with its links leading to pages, or to the repository."""
        parts = FENCE.split(text)
        parts[::2] = [
            LINK.sub(lambda found: f"{found[1]}({self._led(found[2], path)})", part)
            for part in parts[::2]
        ]
        return "".join(parts)

    def _led(self, target: str, path: Path) -> str:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            return target
        file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if file in self.names:
            here = Path(self.names[path]).parent
            page = Path(os.path.relpath(self.source(file), here)).as_posix() if parts.path else ""
            anchor = _anchor(file, unquote(parts.fragment)) if parts.fragment else ""
            return page + (f"#{quote(anchor)}" if anchor else "")
        if file.exists() and file.is_relative_to(self.root):
            return f"{repository()}/blob/main/{file.relative_to(self.root).as_posix()}"
        return target  # Sphinx complains that it leads nowhere


@cache
def repository() -> str:
    """The repository's address."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    found: str = project["project"]["urls"]["Source"]
    return found


def _anchor(file: Path, fragment: str) -> str:
    """JupyterLab's anchor for GitHub's `fragment`; notebooks use the former already."""
    if file.suffix != ".md":
        return fragment
    return next((name for name in _headings(file) if github(name) == fragment), fragment)


def _headings(file: Path) -> Iterator[str]:
    for heading in HEADING.findall(FENCE.sub("", file.read_text("utf-8"))):
        yield re.sub(r"[`*]", "", LINK.sub(r"\1", heading)).replace(" ", "-")


def github(anchor: str) -> str:
    """GitHub's anchor for JupyterLab's `anchor`."""
    return re.sub(r"[^\w-]", "", anchor.lower())
