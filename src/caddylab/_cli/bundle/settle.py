"""The end of an installation, done by the course that has just been installed.

python -m caddylab._cli.bundle.settle FOLDER [IMAGES]
"""

from __future__ import annotations

import sys
from pathlib import Path

from caddylab._cli import notebooks
from caddylab._cli.bundle import images
from caddylab._errors import CaddylabError


def main(folder: str, archive: str | None = None) -> int:
    """Copy the notebooks, and load the images of `archive` if Podman answers."""
    try:
        notebooks.copy_to(Path(folder))
    except CaddylabError as error:
        print(error, file=sys.stderr)
        return 1
    if archive:
        print(images.load(Path(archive)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
