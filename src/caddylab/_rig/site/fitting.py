"""How large a lab must be for a Caddyfile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from caddylab._caddy.completion.complete import complete, outside
from caddylab._caddy.running import adapter, program
from caddylab._caddy.safety.files import Files, allowed
from caddylab._caddy.safety.imports import imported
from caddylab._errors import CaddyfileError
from caddylab._rig.site import caddyfiles
from caddylab._rig.site.assignment import dials, needed

DYNAMIC = 2
"""So many backends for upstreams that a name server tells of."""


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
    caddy, (_, text) = program.executable(), caddyfiles.read(caddyfile)
    folder = caddyfiles.folder(caddyfile)
    files = Files(text, folder or Path.cwd(), allowed(folder, allow), str)

    def ask(tried: str) -> str:
        try:
            return adapter.adapt(caddy, imported(tried, files), files.here)[1]
        except CaddyfileError as error:  # of a file that may not be read
            return outside(error)

    whole = complete(text, values, ask, own=True)
    try:
        config, _ = adapter.adapt(caddy, imported(whole.text, files), files.here)
    except CaddyfileError:
        config = None
    dynamic = "dynamic_upstreams" in str(config)
    return max(needed(dials(config or {})), DYNAMIC if dynamic else 1)
