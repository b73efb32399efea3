"""Download what the tests install without a network, into the folder that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from caddylab._cli.bundle.lock import pins
from caddylab._cli.bundle.target import targets
from caddylab._cli.bundle.wheels import collect

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Download for the bundle and for the image of a class: the hub's lock has what both need."""
    collect(pins(ROOT / "requirements-hub.lock"), targets(None, []), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
