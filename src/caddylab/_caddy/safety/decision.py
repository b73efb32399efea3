"""What became of a part of a Caddyfile that reaches beyond the lab."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the lab does with something that a Caddyfile asks for."""

    REDIRECTED = "redirected"
    LEFT_OUT = "left out"
    REFUSED = "refused"
    ALLOWED = "allowed"


@dataclass(frozen=True)
class Decision:
    """One part of a Caddyfile, and what runs in its place.

    Attributes:
        module: Caddy's name of the module, such as `caddy.logging.writers.file`.
        verdict: what was decided.
        stood: what the Caddyfile says.
        runs: what the lab runs; empty if nothing does.
        why: the reason, a sentence.
        by_default: whether the Caddyfile has no line of it: Caddy would do it by itself.
    """

    module: str
    verdict: Verdict
    stood: str
    runs: str
    why: str
    by_default: bool = False

    def __str__(self) -> str:
        here = f"here it is {self.runs}" if self.runs else "here it is left out"
        return f"`{self.stood}`: {here}. {self.why}"
