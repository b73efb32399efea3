"""A Caddyfile through `caddy adapt`, though its variables or its plugins may be missing here."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

_PLACE = re.compile(r"(?:^(?=-|\S*/)|\bat )(?P<file>[^\s:][^:\n]*):(?P<line>\d+)")


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
        self.texts = [source.text for source in whole.sources]
        self.adapted = Adapted({}, invented=invent(whole.outline, values)[0])
        self.others = {name: list(OTHERS) for name in self.adapted.invented}

    def adapt(self) -> Adapted:
        message = ""
        for _ in range(MOST):
            environment = {**self.values, **self.adapted.invented}
            config, message = self._ask(environment)
            if config is not None:
                self.adapted.config = config
                return self.adapted
            if not (self._skip(message) or self._think_again(message)):
                break
        raise self._refused(message)

    def _ask(self, environment: Mapping[str, str]) -> tuple[dict[str, Any] | None, str]:
        """Have Caddy read it, with copies of its imports where something was left out of these."""
        whole, main = self.whole, self.texts[0]
        if self.texts[1:] == [source.text for source in whole.sources[1:]]:
            return adapter.adapt(self.program, main, whole.folder, environment)
        from caddylab._caddy.safety.files import Files
        from caddylab._caddy.safety.imports import Importing

        with tempfile.TemporaryDirectory(prefix="caddylab-") as folder:
            files = Files(main, whole.folder, [Path(whole.folder.absolute().anchor)], str)
            importing = Importing(files, environment, Path(folder) / "imported")
            imports = importing.read(main)
            for source, text in zip(whole.sources[1:], self.texts[1:], strict=True):
                for path in imports:
                    if os.path.realpath(path) == os.path.realpath(source.name):
                        imports[path] = replace(imports[path], text=text)
            config, message = adapter.adapt(
                self.program, importing(main, imports), whole.folder, environment
            )
            return config, message.replace(str(importing.copies), "")

    def _skip(self, message: str) -> bool:
        """Take out what is a plugin's, or names a file that is not here.

        False where it is a mistake, or not to be found.
        """
        from caddylab._caddy.completion.skipping import missing, not_imported, unknown, without

        number, line = self._place(message)
        source = self.whole.sources[number]
        text = self.texts[number]
        found = unknown(message, self._error(message, source), text, line)
        found = found or missing(message, text, line)
        if (
            found is None and self.whole.absent
        ):  # else a word that is no file is a snippet, misspelt
            found = not_imported(message, text, line)
        if found is None:
            return False
        self.texts[number] = without(text, found.statement)
        if found.statement.name != "order":
            found.inner.line += source.first
            self.adapted.skipped.append(found)
        return True

    def _place(self, message: str) -> tuple[int, int | None]:
        """Which of the files a message is about, and its line there."""
        place = _PLACE.search(message)
        if not place or place["file"] == STDIN:
            return 0, _line(message)
        name = os.path.realpath(place["file"])
        files = (os.path.realpath(source.name) for source in self.whole.sources[1:])
        return next(
            ((n, int(place["line"])) for n, file in enumerate(files, 1) if file == name), (0, None)
        )

    def _think_again(self, message: str) -> bool:
        """Invent something else for a variable of the line that Caddy complains of."""
        words = [(s.line, w) for s in parse(self.texts[0]).walk() for w in s.words]
        line = _line(message)
        there = [pair for pair in words if line in (pair[0], None)]
        for variable in unset_in(there, self.values):
            if self.others[variable.name]:
                self.adapted.invented[variable.name] = self.others[variable.name].pop(0)
                return True
        return False

    def _refused(self, message: str) -> NotAdapted:
        source = self.whole.sources[self._place(message)[0]]
        return NotAdapted(source, self._error(message, source))

    def _error(self, message: str, source: Source) -> CaddyfileError:
        from caddylab._caddy.advice.explain import refuse

        plain = _PLACE.sub(lambda m: m[0].replace(m["file"], "Caddyfile"), message)
        return refuse(plain, source.text)


def _line(message: str) -> int | None:
    """The line of the Caddyfile itself that a message is about."""
    place = _PLACE.search(message)
    return int(place["line"]) if place and place["file"] == STDIN else None
