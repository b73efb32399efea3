"""The result of `lab.load`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.safety.decision import Decision
from caddylab._look.counted import counted
from caddylab._look.sentences import paragraphs


@dataclass(frozen=True)
class Loaded:
    """A Caddyfile that is in force now.

    `warnings` are about what Caddy accepts in silence, and about what the lab does differently
    from a Caddy in production. `decisions` tells the latter part by part: what stood in the
    Caddyfile, what runs in its place, and why. `substitutions` tells everything that was replaced,
    invented or left out, with its line and what that means for the result. What is `held_back` is
    not shown, for it would give away the answer to a later question. Whoever has `asked` is also
    told what the Caddyfile lacks. That a Caddyfile lacks what rules of these names are about has
    been `mentioned` of another one, so it is not mentioned again.
    """

    name: str
    text: str = field(repr=False)
    warnings: Sequence[object] = ()
    decisions: Sequence[Decision] = ()
    substitutions: Sequence[Substitution] = ()
    held_back: bool = False
    asked: bool = False
    mentioned: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return "\n".join([self._first, *(f"{mark} {each}" for mark, each in self._said)])

    def _repr_html_(self) -> str:
        return paragraphs((each for _, each in self._said), self._first)

    @property
    def _first(self) -> str:
        if self.held_back:
            return f"Loaded {self.name}. What there is to say about it comes later: `lab.warnings`."
        many = counted(len(self.told), "warning") if self.told else "no warnings"
        lacks = 0 if self.asked else sum(rule not in self.mentioned for rule in self.lacking)
        more = f" It lacks {counted(lacks, 'thing')}; `lab.warnings` says what." if lacks else ""
        return f"Loaded {self.name}: {many}.{more}"

    @property
    def _said(self) -> list[tuple[str, object]]:
        """The lines below that, each with the mark that precedes it as plain text."""
        if self.held_back:
            return []
        return [*(("!", each) for each in self.told), *(("=", each) for each in self.replaced)]

    @property
    def replaced(self) -> list[Substitution]:
        """The substitutions that the warnings do not mention."""
        decided = {decision.why for decision in self.decisions}
        return [each for each in self.substitutions if each.means not in decided]

    @property
    def lacking(self) -> list[str]:
        """The rule of each warning about what is missing."""
        return [getattr(each, "rule", "") for each in self.warnings if _is_lacking(each)]

    @property
    def told(self) -> list[object]:
        """The warnings about what was written; those about what is missing wait to be asked for.

        A pool without a retry is no mistake in a lesson on what happens to such a pool.
        """
        return [each for each in self.warnings if self.asked or not _is_lacking(each)]


def _is_lacking(warning: object) -> bool:
    return bool(getattr(warning, "lacking", False))
