"""What the rules look at: a Caddyfile's text, and what Caddy made of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from caddylab._caddy.adapted.flow import Json, Step, servers, steps
from caddylab._caddy.adapted.proxies import Proxy, proxies
from caddylab._caddy.text.tokens import Outline, Statement
from caddylab._caddy.text.variables import filled


class Subject:
    """A Caddyfile as the rules see it.

    Attributes:
        outline: its text, with what its variables stand for.
        written: its text, with its variables.
        config: Caddy's JSON; empty where only the text is to be judged.
        environment: the variables that are set.
    """

    def __init__(
        self, outline: Outline, config: Json | None, environment: Mapping[str, str]
    ) -> None:
        self.written, self.outline = outline, filled(outline.braced(), environment)
        self.config, self.environment = config or {}, environment

    @cached_property
    def steps(self) -> list[Step]:
        """Every handler, where it stands."""
        return list(steps(self.config))

    @cached_property
    def proxies(self) -> list[Proxy]:
        """Every `reverse_proxy`, each with its block of the text."""
        return proxies(self.steps, self.outline)

    @property
    def servers(self) -> list[Json]:
        """The HTTP servers."""
        return servers(self.config)

    @property
    def ignored(self) -> dict[str, int]:
        """The names of the rules that a comment says to ignore, each with its line."""
        said = [(line, text.split()) for line, text in self.outline.comments]
        return {
            name: line
            for line, words in said
            if words[:2] == ["lint:", "ignore"]
            for name in words[2:]
        }

    def statements(self, *names: str) -> list[Statement]:
        """The statements of the text that begin with one of these words."""
        return [s for s in self.outline.walk() if s.name in names]

    def line_of(self, *words: str) -> int | None:
        """The first line with a word that holds one of `words`; comments do not count."""
        return next((s.line for s in self.outline.walk() if _holds(s, words)), None)


def _holds(statement: Statement, words: tuple[str, ...]) -> bool:
    return any(word in token for token in statement.words for word in words)
