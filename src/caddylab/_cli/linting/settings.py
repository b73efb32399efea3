"""`.caddylab.toml`: which rules are silent for the Caddyfiles beside and below it, and why."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from caddylab._cli.linting.findings import Diagnostic, known_rules
from caddylab._errors import CaddylabError

NAME = ".caddylab.toml"
_EXAMPLE = '[lint.silence]\nport-as-host = "the host is really called 80"'


@dataclass
class Silences:
    """What one file says; `silence` has a reason for each rule, `fired` those that found something.

    Without a file everything is empty.
    """

    path: Path | None = None
    silence: dict[str, str] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)

    def silences(self, finding: Diagnostic) -> bool:
        """Whether a finding is meant as it is; remembers that its rule has fired."""
        self.fired.add(finding.rule)
        return finding.rule in self.silence

    @property
    def idle(self) -> list[str]:
        """The rules that are silenced though they have found nothing."""
        return [name for name in self.silence if name not in self.fired]


class Kept:
    """The settings by their folders, each file read once."""

    def __init__(self) -> None:
        self.read: dict[Path, Silences] = {}
        self._none = Silences()

    def above(self, folder: Path) -> Silences:
        """The settings of the nearest file, in a folder or one above it.

        Raises:
            CaddylabError: the file is not valid; says why.
        """
        for each in (folder.resolve(), *folder.resolve().parents):
            if (path := each / NAME).is_file():
                if path not in self.read:
                    self.read[path] = load(path)
                return self.read[path]
        return self._none


def load(path: Path) -> Silences:
    """The settings of one file.

    Raises:
        CaddylabError: it is not valid; says why.
    """
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(path, f"cannot be read: {error}") from error
    lint = _table(path, found, "", {"lint"}).get("lint", {})
    silence = _table(path, lint, "lint", {"silence"}).get("silence", {})
    for name, reason in _table(path, silence, "lint.silence", set(silence)).items():
        _check(path, name, reason)
    return Silences(path, dict(silence))


def _table(path: Path, found: Any, name: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _wrong(path, f"has no table `[{name}]`, but `{name} = {found!r}`")
    for key in found:
        if key not in known:
            whole = f"{name}.{key}".lstrip(".")
            raise _wrong(path, f"has `{whole}`, which means nothing here")
    return found


def _check(path: Path, name: str, reason: object) -> None:
    rules = known_rules()
    if name not in rules:
        near = get_close_matches(name, rules, 1)
        meant = f" Did you mean `{near[0]}`?" if near else ""
        raise _wrong(path, f"silences `{name}`, but no rule is called that.{meant}")
    if not isinstance(reason, str) or not reason.strip():
        raise _wrong(path, f"silences `{name}` without a reason: say why, as a text")


def _wrong(path: Path, what: str) -> CaddylabError:
    return CaddylabError(
        f"{path} {what.rstrip('.?')}{what[-1] if what[-1] in '.?' else '.'} "
        f"It is written like this:\n\n{_EXAMPLE}"
    )
