"""Which files a Caddyfile may read: those beside it, and those that were allowed by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from caddylab._caddy.text.places import line_of
from caddylab._errors import CaddyfileError

OUTSIDE = (
    "It lies outside of the Caddyfile's folder; `caddylab test --allow PATH`, or `allow=` in a "
    "notebook, lets it be read."
)


@dataclass(frozen=True)
class Files:
    """The files and folders that a Caddyfile may read.

    Attributes:
        text: the Caddyfile, for error messages.
        here: the folder that its relative paths begin in; its own, if it is a file.
        allowed: folders (or files) that it may read.
        bring: makes a file or folder of this machine readable for Caddy; returns where Caddy finds
            it or a copy of it.
    """

    text: str
    here: Path
    allowed: Sequence[Path]
    bring: Callable[[Path], str]

    def __call__(self, written: str) -> str:
        """Where Caddy finds the file or folder that the Caddyfile calls `written`.

        Raises:
            CaddyfileError: it may not read there.
        """
        return self.bring(self.find(written))

    def find(self, written: str) -> Path:
        """The place on this machine that `written` means, if it may be read.

        Raises:
            CaddyfileError: it may not.
        """
        if "{" in written or written.endswith("\\"):
            raise self.refusal(written, "is known only once a request comes")
        path = Path(os.path.realpath(self.here / Path(written).expanduser()))
        if not any(path.is_relative_to(folder) for folder in self.allowed):
            raise self.refusal(written, "is not in the Caddyfile's folder")
        return path

    def exists(self, written: str) -> bool:
        """Whether the path exists on this machine, or may: it can depend on the request."""
        return "{" in written or (self.here / Path(written).expanduser()).exists()

    def refusal(self, written: str, what: str) -> CaddyfileError:
        """The error for a path that may not be read."""
        return CaddyfileError(
            f"This Caddyfile reads `{written}` on this machine, which {what}.",
            self.text,
            line_with(written, self.text),
            help="A lab reads the folder of the Caddyfile that it loads by its path, and what is "
            f'allowed: `lab.load(…, allow=["{_folder(written)}"])`, or '
            f"`caddylab test --allow {_folder(written)}`.",
        )


def line_with(written: str, text: str) -> int | None:
    """The line on which `written` stands by itself, or else within a longer word."""
    within = (n for n, line in enumerate(text.splitlines(), 1) if written and written in line)
    return line_of(written, text) or next(within, None)


def allowed(folder: Path | None, more: Iterable[str | Path]) -> list[Path]:
    """The places that may be read: the Caddyfile's folder, if it has one, and those named."""
    places = [*([folder] if folder else []), *(Path(place).expanduser() for place in more)]
    return [Path(os.path.realpath(place)) for place in places]


def _folder(written: str) -> str:
    return "the folder" if "{" in written else written
