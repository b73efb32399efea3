"""What `lab.load` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Loaded:
    """A Caddyfile that is in force now.

    `warnings` are about what Caddy accepts in silence, and about what the lab does differently
    from a Caddy in production.
    """

    name: str
    text: str = field(repr=False)
    warnings: Sequence[object] = ()

    def __repr__(self) -> str:
        count = len(self.warnings)
        many = {0: "no warnings", 1: "1 warning"}.get(count, f"{count} warnings")
        return "\n".join([f"Loaded {self.name}: {many}.", *(f"! {w}" for w in self.warnings)])
