"""The front page: what this is, a real run that plays at once, and links to everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader
from places import Places, repository

from caddylab import Traffic

HERE = Path(__file__).parent
RUN = HERE.parents[1] / "docs" / "hang.json.gz"
ID = re.compile(r"caddylab-[0-9a-f]{8}")
LEARN = re.compile(r"\*\*You will (?:learn|practise)\*\* (.+?)(?:\n\n|\Z)", re.DOTALL)
LINKS = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def write(folder: Path, places: Places, parts: Mapping[str, list[str]], **words: str) -> None:
    """Write what `index.md` shows.

    Args:
        folder: where Sphinx reads.
        places: the pages.
        parts: the navigation: titles, with the pages below each.
        words: what else the page says.
    """
    templates = Environment(
        loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    cards = list(_cards(places.chapters))
    said: dict[str, Any] = {"chapters": cards, "replay": replay(), "whole": places.whole}
    said |= {"parts": {title: names for title, names in parts.items() if names}}
    said |= {"source": repository()}
    for name in ("index.md", "front.html"):
        page = templates.get_template(f"{name}.j2").render(said | words)
        (folder / name).write_text(page, "utf-8")


def replay() -> str:
    """The run's replay, under a fixed id, so that the same run makes the same page."""
    return ID.sub("caddylab-front", Traffic.load(RUN).replay().html())


def _cards(chapters: Sequence[Path]) -> Iterator[dict[str, str]]:
    for path in (path for path in chapters if path.stem[0].isdigit()):
        first = nbformat.read(path, as_version=4).cells[0].source
        title = first.partition("\n")[0].removeprefix("# ")
        learn = LEARN.search(first)
        yield {"name": path.stem, "title": title, "learn": _plain(learn[1]) if learn else ""}


def _plain(text: str) -> str:
    plain = re.sub(r"[*`]", "", LINKS.sub(r"\1", text)).replace("\n", " ")
    return plain[:1].upper() + plain[1:]
