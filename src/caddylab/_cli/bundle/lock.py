"""The lock of the course: each package in one version, with the digests of its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+?))? \\\n"
    r"(?P<hashes>(?: +--hash=\S+(?: \\)?\n)+)",
    re.MULTILINE,
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Pin:
    """A package in one version; `digests` is empty where any file of it will do.

    The name is in its normal form, such as "jupyterlab-widgets"; `version` is None where any is.
    """

    name: str
    version: str | None = None
    marker: str | None = None
    digests: frozenset[str] = frozenset()

    def requirement(self) -> str:
        """A line that asks pip for it."""
        hashes = "".join(f" --hash=sha256:{digest}" for digest in sorted(self.digests))
        return f"{self.name}=={self.version}{hashes}" if self.version else self.name


def pins(path: Path) -> list[Pin]:
    """Every pin of a lock file."""
    return list(map(_pin, ENTRY.finditer(path.read_text("utf-8"))))


def _pin(entry: re.Match[str]) -> Pin:
    digests = frozenset(HASH.findall(entry["hashes"]))
    return Pin(entry["name"], entry["version"], entry["marker"], digests)
