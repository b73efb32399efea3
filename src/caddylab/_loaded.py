"""What `lab.load` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caddylab._caddy.safety.decision import Decision


@dataclass(frozen=True)
class Loaded:
    """A Caddyfile that is in force now.

    `warnings` are about what Caddy accepts in silence, and about what the lab does differently
    from a Caddy in production. `decisions` tells the latter part by part: what stood in the
    Caddyfile, what runs in its place, and why.
    """

    name: str
    text: str = field(repr=False)
    warnings: Sequence[object] = ()
    decisions: Sequence[Decision] = ()

    def __repr__(self) -> str:
        count = len(self.warnings)
        many = {0: "no warnings", 1: "1 warning"}.get(count, f"{count} warnings")
        return "\n".join([f"Loaded {self.name}: {many}.", *(f"! {w}" for w in self.warnings)])
