"""A Caddyfile through `caddy adapt`, though its variables or its plugins may be missing here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caddylab._caddy.completion.invented import OTHERS, invent
from caddylab._caddy.running import adapter
from caddylab._caddy.running.adapter import STDIN
from caddylab._caddy.text.tokens import parse
from caddylab._caddy.text.variables import unset_in
from caddylab._cli.linting.sources import Source, Whole
from caddylab._errors import CaddyfileError

if TYPE_CHECKING:
    from caddylab._caddy.completion.skipping import Unknown

MOST = 40
"""How often Caddy is asked about one file at most."""

_PLACE = re.compile(r"(?:^|\bat )(?P<file>[^\s:][^:\n]*):(?P<line>\d+)")


@dataclass
class Adapted:
    """What Caddy made of a Caddyfile.

    `skipped` is what this Caddy does not know and was left out; `invented` are the values of
    variables that are not set.
    """

    config: dict[str, Any]
    skipped: list[Unknown] = field(default_factory=list)
    invented: dict[str, str] = field(default_factory=dict)


class NotAdapted(Exception):
    """Caddy refuses the Caddyfile, or a file that it imports."""

    def __init__(self, source: Source, error: CaddyfileError) -> None:
        super().__init__(str(error))
        self.source, self.error = source, error


def adapt(whole: Whole, program: Path, values: Mapping[str, str]) -> Adapted:
    """Have Caddy turn a Caddyfile into its JSON.

    Args:
        whole: the Caddyfile, and what it imports.
        program: the Caddy to ask.
        values: the environment variables.

    Raises:
        NotAdapted: Caddy does not take it, for another reason than a plugin or a variable.
        RuntimeUnavailable: the program is no Caddy.
    """
    return _Attempt(whole, program, values).adapt()


class _Attempt:
    """One Caddyfile on its way through Caddy."""

    def __init__(self, whole: Whole, program: Path, values: Mapping[str, str]) -> None:
        self.whole, self.program, self.values = whole, program, values
        self.text = whole.main.text
        self.adapted = Adapted({}, invented=invent(whole.outline, values)[0])
        self.others = {name: list(OTHERS) for name in self.adapted.invented}

    def adapt(self) -> Adapted:
        message = ""
        for _ in range(MOST):
            environment = {**self.values, **self.adapted.invented}
            config, message = adapter.adapt(self.program, self.text, self.whole.folder, environment)
            if config is not None:
                self.adapted.config = config
                return self.adapted
            if not (self._skip(message) or self._think_again(message)):
                break
        raise self._refused(message)

    def _skip(self, message: str) -> bool:
        """Take out what belongs to a plugin; False where it is a mistake, or not to be found."""
        from caddylab._caddy.completion.skipping import unknown, without

        found = unknown(message, self._error(message), self.text, _line(message))
        if found is None:
            return False
        self.text = without(self.text, found.statement)
        if found.statement.name != "order":
            self.adapted.skipped.append(found)
        return True

    def _think_again(self, message: str) -> bool:
        """Invent something else for a variable of the line that Caddy complains of."""
        words = [(s.line, w) for s in parse(self.text).walk() for w in s.words]
        line = _line(message)
        there = [pair for pair in words if line in (pair[0], None)]
        for variable in unset_in(there, self.values):
            if self.others[variable.name]:
                self.adapted.invented[variable.name] = self.others[variable.name].pop(0)
                return True
        return False

    def _refused(self, message: str) -> NotAdapted:
        place = _PLACE.search(message)
        source = self.whole.main
        if place and place["file"] != STDIN:
            name = Path(place["file"]).name
            same = (s for s in self.whole.sources[1:] if Path(s.name).name == name)
            source = next(same, source)
        return NotAdapted(source, self._error(message, source))

    def _error(self, message: str, source: Source | None = None) -> CaddyfileError:

        from caddylab._caddy.advice.explain import refuse

        plain = _PLACE.sub(lambda m: m[0].replace(m["file"], "Caddyfile"), message)
        return refuse(plain, (source or self.whole.main).text)


def _line(message: str) -> int | None:
    """The line of the Caddyfile itself that a message is about."""
    place = _PLACE.search(message)
    return int(place["line"]) if place and place["file"] == STDIN else None
