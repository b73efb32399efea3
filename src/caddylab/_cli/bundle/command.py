"""`caddylab bundle`: write the course and all that it needs into one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from caddylab._cli import Commands


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser("bundle", help="write one file for rooms without internet")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("--to", type=Path, default=Path(), metavar="FILE", help="or a folder (default: this one)")
    add("--platform", help="for other machines than this one, such as windows-x86_64")
    add(
        "--python", action="append", default=[], metavar="VERSION",
        help="for another Python than this one, such as 3.12; may be said again",
    )  # fmt: skip
    add(
        "--wheels", type=Path, metavar="FOLDER",
        help="where packages are, and where those go that have to be downloaded",
    )  # fmt: skip
    add("--no-images", action="store_true", help="leave out the container images")
    pages = parser.add_mutually_exclusive_group()
    pages.add_argument("--html", type=Path, metavar="FOLDER", help="pages that are made already")
    pages.add_argument("--no-html", action="store_true", help="leave out the pages to look at")


def run(options: argparse.Namespace) -> int:
    """Make the bundle that was asked for."""
    from caddylab._cli.bundle.make import Wish, make

    make(
        Wish(
            to=options.to,
            platform=options.platform,
            pythons=options.python,
            wheels=options.wheels,
            images=not options.no_images,
            html=not options.no_html,
            pages=options.html,
        )
    )
    return 0
