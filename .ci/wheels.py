"""Download, into the folder named, what the tests install where there is no network."""

from __future__ import annotations

import sys
from pathlib import Path

from caddylab._cli.bundle.lock import pins
from caddylab._cli.bundle.target import targets
from caddylab._cli.bundle.wheels import collect

ROOT = Path(__file__).parents[1]
BUILDING = {"hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers"}
"""What pip asks for to install a checkout."""


def main() -> None:
    """For a bundle, for both classroom images and for .binder."""
    wanted = pins(ROOT / "requirements-hub.lock")
    building = [pin for pin in pins(ROOT / "requirements-dev.lock") if pin.name in BUILDING]
    collect([*wanted, *(pin for pin in building if pin not in wanted)], targets(None, []),
            Path(sys.argv[1]))  # fmt: skip


if __name__ == "__main__":
    main()
