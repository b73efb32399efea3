"""The site that Caddy serves: Caddyfiles in, a running configuration out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caddylab import _caddyfiles
from caddylab._caddy.admin import Admin
from caddylab._caddy.config import Instrument
from caddylab._caddy.lint import Note, lint
from caddylab._journal import Journal
from caddylab._loaded import Loaded
from caddylab._runtimes.base import Runtime


class Site:
    """What one Caddy has loaded.

    Attributes:
        text: the Caddyfile in force.
        config: the JSON in force, instruments included.
    """

    def __init__(self, admin: Admin, runtime: Runtime, journal: Journal) -> None:
        self._admin, self._runtime, self._journal = admin, runtime, journal
        self.text = ""
        self.config: dict[str, Any] = {}

    def load(self, caddyfile: str | Path) -> Loaded:
        """Put a Caddyfile in force: a name of the course's, a path, or the text itself."""
        name, text = _caddyfiles.read(caddyfile)
        adapted = self._admin.adapt(text)
        plan = Instrument(adapted, self._runtime, text).plan()
        with self._journal.reloading():
            self._admin.load(plan.config, text)
        self.text, self.config = text, plan.config
        return Loaded(name, text, [*lint(text, adapted), *plan.notes])

    def lint(self, text: str) -> list[Note]:
        """What Caddy would accept in silence though it is hardly meant."""
        return lint(text, self.adapt(text))

    def adapt(self, text: str) -> dict[str, Any]:
        """The JSON that Caddy makes of a Caddyfile."""
        return self._admin.adapt(text)
