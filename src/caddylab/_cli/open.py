"""`caddylab open`: bring the notebooks up to date and show them in JupyterLab."""

from __future__ import annotations

import argparse
from pathlib import Path

from caddylab._cli import Commands
from caddylab._cli.bundle.installer import DEFAULT_FOLDER


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser("open", help="copy the notebooks to a folder and open them")
    parser.set_defaults(run=run)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=DEFAULT_FOLDER,
        help="where your copy of the notebooks is or shall be (default: ./%(default)s); "
        "what you changed there is never overwritten",
    )
    where.add_argument("--here", action="store_true", help="open this checkout's own notebooks")
    parser.add_argument(
        "--solutions",
        action="store_true",
        help="for teachers: copy the guide, the demos and the solutions as well",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=_port, help="the port to try first (default: 8888)")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: expected a number from 1 to 65535")


def run(options: argparse.Namespace) -> int:
    """Copy the notebooks and serve them until JupyterLab is told to end."""
    from caddylab._cli import jupyterlab, notebooks

    folder = (
        notebooks.own()
        if options.here
        else notebooks.copy_to(options.folder, solutions=options.solutions)
    )
    return jupyterlab.serve(folder, browser=not options.no_browser, port=options.port)
