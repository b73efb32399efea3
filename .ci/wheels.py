"""Download, into the folder named, what the tests install where there is no network."""

from __future__ import annotations

import sys
from pathlib import Path

from caddylab._cli.bundle.lock import pins
from caddylab._cli.bundle.target import targets
from caddylab._cli.bundle.wheels import collect

ROOT = Path(__file__).parents[1]


def main() -> None:
    """For a bundle and for the image of a class; the hub's lock holds what both need."""
    collect(pins(ROOT / "requirements-hub.lock"), targets(None, []), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
