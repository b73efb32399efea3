"""A lab from the side of its Caddy: Caddyfiles go in, and what is made of them comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from caddylab._border import border
from caddylab._caddy.adapted.sites import Route
from caddylab._caddy.advice.lint import Note
from caddylab._caddy.completion.substitution import Substitution
from caddylab._engine.tls import Trust
from caddylab._errors import LabError
from caddylab._look.sentences import Sentences
from caddylab._machine.undisturbed import undisturbed
from caddylab._rig.lab_side import LabSide
from caddylab._rig.site import caddyfiles
from caddylab._rig.site.loaded import Loaded


@border(LabError)
class CaddySide(LabSide):
    """What is loaded, where it is found, and what Caddy has made of it."""

    def load(
        self, caddyfile: str | Path, *, allow: Iterable[str | Path] = (), warn: bool = True
    ) -> Loaded:
        """Load a Caddyfile. Caddy's memory (failures, turns, health) begins afresh.

        Args:
            caddyfile: a name of `lab.caddyfiles`, a path, or the text itself.
            allow: folders and files of this machine that it may read, besides the folder that
                it lies in itself.
            warn: whether to show the warnings at once; `lab.warnings` shows them later.

        Returns:
            What was loaded, with warnings about what Caddy accepts in silence.

        Raises:
            CaddyfileError: Caddy refuses it, or it needs something that a lab lacks; the
                configuration before it stays in force.
        """
        self._need_open()
        return self.stack.site.shown(self.stack.site.load(caddyfile, allow), warn)

    @property
    def warnings(self) -> Loaded:
        """What was loaded last, with all that there is to say about it.

        That is also what `warn=False` has held back, and what the Caddyfile lacks.
        """
        return replace(self.stack.site.loaded, asked=True)

    def lint(self, text: str) -> list[Note]:
        """What Caddy would accept in silence though it is hardly meant; loads nothing.

        Args:
            text: the Caddyfile.

        Raises:
            CaddyfileError: Caddy refuses the text.
        """
        self._need_open()
        return undisturbed(lambda: self.stack.site.lint(text))

    def adapt(self, text: str) -> dict[str, Any]:
        """The JSON that Caddy makes of a Caddyfile, untouched; loads nothing.

        Args:
            text: the Caddyfile.

        Raises:
            CaddyfileError: Caddy refuses the text.
        """
        self._need_open()
        return undisturbed(lambda: self.stack.site.adapt(text))

    def config(self) -> dict[str, Any]:
        """The JSON that Caddy runs now: the Caddyfile's, with the lab's addresses and log."""
        return self.stack.site.config

    @property
    def caddyfile(self) -> str:
        """The text of the Caddyfile that is loaded."""
        return self.stack.site.text

    @property
    def caddyfiles(self) -> list[str]:
        """The names of the Caddyfiles that come with the course."""
        return caddyfiles.names()

    @property
    def routes(self) -> Sentences[Route]:
        """Which requests come to which upstreams, by the Caddyfile in force."""
        return Sentences(self.stack.site.routes)

    @property
    def trust(self) -> Trust | None:
        """Whose certificates clients of the site take; None where it speaks plain HTTP."""
        return self.stack.site.trust(self.stack.site.main)

    @property
    def substitutions(self) -> Sentences[Substitution]:
        """What was replaced, invented or left out of the Caddyfile in force, with its line."""
        return Sentences(self.stack.site.loaded.substitutions)

    @property
    def adapted(self) -> dict[str, Any]:
        """The JSON that Caddy made of the Caddyfile in force, with what was invented for it."""
        return self.stack.site.adapted

    def entrance(self, host: str | None = None) -> tuple[tuple[str, int], Trust | None]:
        """Where clients connect, and whose certificates they take if they speak TLS there.

        Args:
            host: whom they ask for, perhaps with a port; else whom `fire` asks for.
        """
        door, _ = self.stack.site.doors.asked(host, None, self.stack.site.host)
        return door.reached(), self.stack.site.trust(door)

    @property
    def runtime(self) -> str:
        """Where it runs: "podman" or "process"."""
        return self.stack.runtime.name

    @property
    def url(self) -> str:
        """Where Caddy listens, for a browser or curl on this machine.

        By HTTPS it has the name of the site, which only Caddy knows here: see `curl`.
        """
        return self.stack.site.url

    @property
    def curl(self) -> str:
        """A command that asks the site from a terminal, by its own name and certificate."""
        return self.stack.site.curl
