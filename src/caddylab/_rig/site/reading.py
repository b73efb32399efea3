"""What Caddy makes of a Caddyfile, once what it lacks has been invented or left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from caddylab._caddy.completion.complete import complete, outside
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.running.admin import Admin
from caddylab._caddy.safety.files import Files, allowed
from caddylab._caddy.safety.imports import Importing, Imports
from caddylab._caddy.text import variables
from caddylab._errors import CaddyfileError
from caddylab._machine.environ import inherited
from caddylab._runtimes.base import Runtime

COPIES = "imported"
"""The folder, within the lab's, for copies of the files that a Caddyfile imports."""


class Reading:
    """Has one lab's Caddy read Caddyfiles.

    Attributes:
        home: the folder that the relative paths of a text start from, and that it may read.
        allow: what every text may read besides.
        variables: environment variables besides those of this process.
        lenient: whether to do without what a Caddyfile cannot have, wherever possible.
    """

    def __init__(self, admin: Admin, runtime: Runtime) -> None:
        self._admin, self._runtime = admin, runtime
        self.lenient, self.variables = False, dict[str, str]()
        self.home: Path | None = None
        self.allow: tuple[str | Path, ...] = ()

    def files(
        self, text: str, folder: Path | None = None, allow: Iterable[str | Path] = ()
    ) -> Files:
        """What a text may read if its relative paths start from `folder`."""
        places = allowed(folder, (*self.allow, *allow))
        return Files(text, folder or Path.cwd(), places, self._runtime.bring)

    def adapt(self, text: str) -> dict[str, Any]:
        """The JSON that Caddy makes of a text."""
        files = self.files(text, self.home)
        return self.completed(text, files, own=True)[0] if self.lenient else self._as_is(files)

    def completed(
        self, text: str, files: Files, *, own: bool
    ) -> tuple[dict[str, Any], list[Substitution]]:
        """The JSON, and what was invented or left out so that Caddy could make it.

        Raises:
            CaddyfileError: Caddy refuses it even so.
        """
        importing = self._importing(files)
        whole = complete(
            text, importing.values,
            lambda tried, imports: self._refused(tried, imports, importing),
            importing.read, own=own,
        )  # fmt: skip
        if not whole.substitutions and not self.variables:
            return self._as_is(files), []
        return self._adapted(whole.text, whole.imports, importing), whole.substitutions

    def _importing(self, files: Files) -> Importing:
        return Importing(files, inherited() | self.variables, Path(self._runtime.here) / COPIES)

    def _refused(self, text: str, imports: Imports, importing: Importing) -> str:
        """Caddy's own words about a text that it does not take; nothing for one that it takes."""
        try:
            return self._admin.refusal(importing(text, imports))
        except CaddyfileError as error:  # of a file that may not be read
            return outside(error) if self.lenient else ""

    def _as_is(self, files: Files) -> dict[str, Any]:
        filled = variables.fill(files.text, inherited())
        importing = self._importing(files)
        if importing(filled) == filled:
            return self._admin.adapt(files.text)
        return self._adapted(filled, None, importing)

    def _adapted(self, text: str, imports: Imports | None, importing: Importing) -> dict[str, Any]:
        try:
            return self._admin.adapt(importing(text, imports))
        except CaddyfileError as error:
            copies = importing.files.bring(importing.copies)
            reason = error.reason.replace(copies, "")
            raise CaddyfileError(reason, importing.files.text, error.line, error.help) from None
