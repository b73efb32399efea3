"""How large a lab must be for a Caddyfile."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from caddylab._caddy.completion.complete import complete, outside
from caddylab._caddy.running import adapter, program
from caddylab._caddy.safety.files import Files, allowed
from caddylab._caddy.safety.imports import Importing, Imports
from caddylab._errors import CaddyfileError
from caddylab._rig.site import caddyfiles
from caddylab._rig.site.assignment import dials, needed

DYNAMIC = 2
"""How many backends there are for upstreams that a name server lists."""


def backends_for(
    caddyfile: str | Path, values: Mapping[str, str], allow: Iterable[str | Path] = ()
) -> int:
    """How many backends a Caddyfile needs, 1 to 16.

    Args:
        caddyfile: a name of the course's, a path, or the text itself.
        values: the environment variables.
        allow: what it may read besides its own folder.

    Raises:
        CaddyfileError: there is no such file.
        RuntimeUnavailable: there is no Caddy.
    """
    _, text = caddyfiles.read(caddyfile)
    folder = caddyfiles.folder(caddyfile)
    files = Files(text, folder or Path.cwd(), allowed(folder, allow), str)
    with tempfile.TemporaryDirectory(prefix="caddylab-") as copies:
        config = _adapted(text, values, Importing(files, values, Path(copies) / "copies"))
    dynamic = "dynamic_upstreams" in str(config)
    return max(needed(dials(config), own=True), DYNAMIC if dynamic else 1)


def _adapted(text: str, values: Mapping[str, str], importing: Importing) -> dict[str, Any]:
    """The JSON that Caddy makes of a Caddyfile; empty if Caddy refuses it."""
    caddy, here = program.executable(), importing.files.here

    def ask(tried: str, imports: Imports) -> str:
        try:
            return adapter.adapt(caddy, importing(tried, imports), here)[1]
        except CaddyfileError as error:  # of a file that may not be read
            return outside(error)

    whole = complete(text, values, ask, importing.read, own=True)
    try:
        return adapter.adapt(caddy, importing(whole.text, whole.imports), here)[0] or {}
    except CaddyfileError:
        return {}
