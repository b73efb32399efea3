"""Claims about Caddy, and what a measurement says of them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Claim:
    """A sentence that a measurement can confirm or refute.

    Args:
        text: the claim.
        holds: what the measurement says of it.
        evidence: the figures that say so.
        only_if: the condition under which alone it holds.
    """

    text: str
    holds: bool
    evidence: str
    only_if: str = ""

    @property
    def verdict(self) -> str:
        """The judgement in words."""
        if self.holds and self.only_if:
            return f"holds only if {self.only_if}"
        return "holds" if self.holds else "does not hold"


class Verdicts(Sequence[Claim]):
    """The claims of a chapter as a table."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self._claims = tuple(claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __getitem__(self, index: Any) -> Any:
        return self._claims[index]

    def __repr__(self) -> str:
        return "\n".join(
            f"{'✓' if claim.holds else '✗'} {claim.text}\n    {claim.verdict}: {claim.evidence}"
            for claim in self._claims
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{h}</th>" for h in HEAD)
        return f"<table><tr>{head}</tr>{''.join(map(_row, self._claims))}</table>"


HEAD = ("The article's claim", "Verdict", "Measured just now")


def _row(claim: Claim) -> str:
    mark = "✓" if claim.holds else "✗"
    verdict = f"<b>{mark} {html.escape(claim.verdict)}</b>"
    cells = (html.escape(claim.text), verdict, html.escape(claim.evidence))
    return "<tr>" + "".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells) + "</tr>"


def verdicts(*claims: Claim) -> Verdicts:
    """Claims as a table of verdicts, for the end of a chapter."""
    return Verdicts(claims)
