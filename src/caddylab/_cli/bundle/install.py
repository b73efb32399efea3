"""`caddylab install-bundle`: install the course from a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from caddylab._cli import Commands
from caddylab._cli.bundle.installer import add_arguments, install
from caddylab._cli.bundle.installer.refused import Refused
from caddylab._errors import BundleError


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser("install-bundle", help="install the course from such a file")
    parser.set_defaults(run=run)
    parser.add_argument("file", type=Path, help="what `caddylab bundle` wrote, or it unpacked")
    add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Install it.

    Raises:
        BundleError: it cannot be installed.
    """
    try:
        install(options.file, options.folder, images=not options.no_images)
    except Refused as error:
        raise BundleError(str(error)) from error
    return 0
