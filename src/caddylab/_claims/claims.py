"""Claims about Caddy, and what a measurement says about them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Annotated, Any

from caddylab._border import Between, border
from caddylab._errors import ArgumentError
from caddylab._look.html_table import Markup, code, element, table

MIME = "application/vnd.caddylab.verdicts+json"
"""How an executed notebook carries its verdicts to `caddylab verify`."""


@border(ArgumentError)
@dataclass(frozen=True)
class Claim:
    """A sentence that a measurement can confirm or refute.

    Args:
        text: the claim.
        holds: what the measurement says about it.
        evidence: the figures that say so.
        only_if: the condition under which alone it holds.
    """

    text: str
    holds: bool
    evidence: str
    only_if: str = ""

    @property
    def sign(self) -> str:
        """The judgement at a glance."""
        return ("◐" if self.only_if else "✓") if self.holds else "✗"

    @property
    def verdict(self) -> str:
        """The judgement in words."""
        if self.holds and self.only_if:
            return f"holds only if {self.only_if}"
        return "holds" if self.holds else "does not hold"


class Verdicts(Sequence[Claim]):
    """Claims as a table, under the name of whoever makes them.

    Args:
        claims: what was claimed, each with what was measured.
        by: who claims it; not empty.
    """

    def __init__(self, claims: Sequence[Claim], by: str) -> None:
        self._claims = tuple(claims)
        self._head = f"{by[0].upper()}{by[1:]}'s claim"

    def __len__(self) -> int:
        return len(self._claims)

    def __getitem__(self, index: Any) -> Any:
        return self._claims[index]

    def __repr__(self) -> str:
        lines = (
            f"{claim.sign} {claim.text}\n    {claim.verdict}: {claim.evidence}"
            for claim in self._claims
        )
        return "\n".join([f"{self._head}:", *lines])

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {MIME: [asdict(claim) for claim in self._claims], "text/plain": repr(self)}

    def _repr_html_(self) -> str:
        return verdict_table(self._head, self._claims)


def verdict_table(head: str, claims: Sequence[Claim]) -> str:
    """Claims with their verdicts, and what was measured."""
    return table((head, "Verdict", "Measured just now"), map(_cells, claims))


def _cells(claim: Claim) -> tuple[Markup, ...]:
    verdict = element("b", claim.sign, " ", code(claim.verdict))
    return code(claim.text), verdict, code(claim.evidence)


@border(ArgumentError)
def verdicts(*claims: Claim, by: str = "the article") -> Verdicts:
    """Claims as a table of verdicts, for the end of a chapter.

    Args:
        claims: what was claimed, each with what was measured.
        by: who claims it, as the table says above it.

    Raises:
        ArgumentError: `by` is empty.
    """
    if not by.strip():
        raise ArgumentError("verdicts() wants to know by whom the claims are, not an empty text.")
    return Verdicts(claims, by.strip())


@border(ArgumentError)
def plausible(
    n: Annotated[int, Between(1, 10_000_000)], share: float = 0.5, error: float = 1e-4
) -> range:
    """How often something may happen by chance: for judging what is random.

    Args:
        n: how often it could happen.
        share: how often it should, from 0 to 1.
        error: the probability that a fair chance leaves the range all the same.

    Returns:
        The counts between which a binomial count lies except with probability `error`.

    Raises:
        ArgumentError: `n` is not above 0, or `share` or `error` not between 0 and 1.
    """
    if not (n > 0 and 0 < share < 1 and 0 < error < 1):
        raise ArgumentError(
            f"plausible() wants n > 0 and share and error between 0 and 1, not "
            f"n={n}, share={share}, error={error}."
        )
    below = list(accumulate(_binomial(n, k, share) for k in range(n + 1)))
    low = next(k for k, p in enumerate(below) if p > error / 2)
    high = next(k for k, p in enumerate(below) if p >= 1 - error / 2 or k == n)
    return range(low, high + 1)


def _binomial(n: int, k: int, share: float) -> float:
    choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(choose + k * math.log(share) + (n - k) * math.log1p(-share))
