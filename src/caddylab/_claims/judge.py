"""The learner judges a claim first; then they see what was measured, and our verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from caddylab._border import border
from caddylab._claims.chapters.book import BookedClaim, OpenClaim, of_chapter
from caddylab._claims.claims import MIME, Claim, verdict_table
from caddylab._errors import ArgumentError
from caddylab._look.html_table import Markup, code, element
from caddylab._look.progress_bar import shell

JUDGEMENTS = {
    "holds": "It holds",
    "does not hold": "It does not hold",
    "holds only if": "Only if …",
}
STYLE = """
.caddylab-claim { border-left: 4px solid #8a8f98; margin: .8em 0; padding: .1em 0 .1em 1em; }
.caddylab-claim p { margin: 0 0 .4em; max-width: 46em; }
.caddylab-judge { padding-top: 2.2em; position: relative; }
.caddylab-judge summary { border: 1px solid #8a8f98; border-radius: 1em; box-sizing: border-box;
  cursor: pointer; left: 0; list-style: none; padding: .15em .2em; position: absolute;
  text-align: center; top: 0; white-space: nowrap; width: 7em; }
.caddylab-judge > details:nth-child(2) > summary { left: 7.5em; width: 9.5em; }
.caddylab-judge > details:nth-child(3) > summary { left: 17.5em; width: 6em; }
.caddylab-judge summary::-webkit-details-marker { display: none; }
.caddylab-judge summary:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.caddylab-judge > details[open] > summary { font-weight: bold; }
.caddylab-judge > details > p { margin: .3em 0 .2em; }
"""


class Judgements(Sequence[Claim]):
    """A chapter's claims, each to be judged before the measurement's verdict is opened.

    It is plain HTML, so it works without a kernel, and on a page.
    """

    def __init__(self, entries: Sequence[BookedClaim], measured: Mapping[str, Any]) -> None:
        self._judged = [(entry, entry.judged(measured)) for entry in entries]
        self._claims = [claim for _, claim in self._judged if isinstance(claim, Claim)]

    def __len__(self) -> int:
        return len(self._claims)

    def __getitem__(self, index: Any) -> Any:
        return self._claims[index]

    def __repr__(self) -> str:
        return "\n".join(_plain(entry, claim) for entry, claim in self._judged)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        claims = [asdict(claim) for claim in self._claims]
        return {MIME: claims, "text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        cards = (
            _card(f"claim-{number}", entry, claim)
            for number, (entry, claim) in enumerate(self._judged, 1)
        )
        everything = element(
            "details",
            element("summary", "Show all the verdicts at once"),
            Markup(verdict_table("Claim", self._claims)),
        )
        return element("div", element("style", Markup(STYLE)), *cards, everything)


@border(ArgumentError)
def judge(chapter: str, measured: Mapping[str, Any] | None = None) -> Judgements:
    """A chapter's claims: judge whether each one holds, and then see what you have measured.

    Args:
        chapter: its number, such as "02".
        measured: what was measured, by the names that the chapter's cells give; the notebook's
            own variables if it is None.

    Raises:
        ArgumentError: there is no such chapter.
    """
    book = of_chapter(chapter)
    if book is None:
        raise ArgumentError(f"judge() knows no chapter {chapter!r}; expected one such as '02'.")
    return Judgements(book.entries, _notebook() if measured is None else measured)


def _notebook() -> Mapping[str, Any]:
    return getattr(shell(), "user_ns", {})


def _plain(entry: BookedClaim, claim: Claim | OpenClaim) -> str:
    by = f"{entry.by[0].upper()}{entry.by[1:]}"
    if isinstance(claim, OpenClaim):
        return f"? {by}: {entry.text}\n    not measured yet: {claim.lacking}"
    return f"{claim.sign} {by}: {entry.text}\n    {claim.verdict}: {claim.evidence}"


def _card(name: str, entry: BookedClaim, claim: Claim | OpenClaim) -> Markup:
    by = element("small", "Claimed by ", _source(entry))
    text = element("p", by, Markup("<br>"), element("b", code(entry.text)))
    if isinstance(claim, OpenClaim):
        lacking = element("p", Markup(f"Not measured yet: {code(claim.lacking)}."))
        return _framed(text, lacking)
    choices = (
        element("details", element("summary", said), _reply(kind, claim), name=name)
        for kind, said in JUDGEMENTS.items()
    )
    return _framed(text, Markup(_class("caddylab-judge", *choices)))


def _source(entry: BookedClaim) -> object:
    """Who makes the claim, with a link."""
    link = {"href": entry.source, "target": "_blank", "rel": "noopener"}
    return element("a", entry.by, **link) if entry.source else entry.by


def _framed(*content: object) -> Markup:
    return _class("caddylab-claim", *content)


def _class(name: str, *content: object) -> Markup:
    return element("div", *content, **{"class": name})


def _reply(said: str, claim: Claim) -> Markup:
    """Whether the learner is right, our verdict, and the figures."""
    right = claim.verdict.startswith(said) and (said != "holds" or not claim.only_if)
    opening = "You are right: it" if right else "Look again: it"
    verdict = element("b", opening, " ", code(claim.verdict), ".")
    measured = code(f"Measured just now: {claim.evidence}")
    return element("p", verdict, Markup("<br>"), measured)
