"""The environment variables of somebody's own site, from a file."""

from __future__ import annotations

from pathlib import Path

from caddylab._caddy.text import envfile as environment
from caddylab._errors import LabError


def variables_of(envfile: str | Path) -> dict[str, str]:
    """The variables of a file.

    Raises:
        LabError: it cannot be read, or is not such a file.
    """
    try:
        return environment.read(Path(envfile).expanduser().read_text("utf-8"))
    except OSError as error:
        raise LabError(f"{envfile} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise LabError(f"{envfile} is no file of environment variables: {error}.") from error
