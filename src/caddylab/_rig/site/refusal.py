"""The error for what a lab cannot run, with the line that it stands on."""

from __future__ import annotations

from dataclasses import dataclass

from caddylab._caddy.text.places import line_of
from caddylab._caddy.text.variables import Unset, unset
from caddylab._errors import CaddyfileError
from caddylab._machine.environ import inherited


@dataclass(frozen=True)
class Refuse:
    """Makes the errors about one Caddyfile."""

    text: str

    @property
    def unset(self) -> list[Unset]:
        """The environment variables of the text that are not set."""
        return unset(self.text, inherited())

    def __call__(
        self, reason: str, *, help: str, word: str = "", line: int | None = None
    ) -> CaddyfileError:
        """The error; where a variable is not set, it says so, too."""
        missing = "".join(f" {variable}." for variable in self.unset)
        line = line or line_of(word, self.text)
        return CaddyfileError(reason + missing, self.text, line, help)
