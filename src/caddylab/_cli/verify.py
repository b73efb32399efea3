"""`caddylab verify`: judge every claim of the course once more."""

from __future__ import annotations

import argparse
from pathlib import Path

from caddylab._cli import Commands


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser("verify", help="judge every claim of the course once more")
    parser.set_defaults(run=run)
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="such as 02 (default: all)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--caddy", type=Path, help="another Caddy, to see what it does differently")
    where.add_argument("--runtime", choices=["process", "podman"], help="where the labs run")
    where.add_argument("--keep", action="store_true", help="for authors: put them on record")


def run(options: argparse.Namespace) -> int:
    """Run the chapters and print what came of each claim."""
    from caddylab._cli.verdicts import verify

    return verify(options.chapters, options.caddy, options.runtime, options.keep)
