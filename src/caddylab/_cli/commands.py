"""All commands, and how one is run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from caddylab._cli import clean, doctor, lint, open, progress, test, verify
from caddylab._cli.about import Version
from caddylab._cli.bundle import command, install
from caddylab._errors import CaddylabError
from caddylab._look.terminal import show_what_it_can

COMMANDS = (open, lint, test, doctor, verify, progress, command, install, clean)
"""Each adds its parser and says what to run; what that needs is imported when it runs."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: the words after `caddylab`; by default those of this process.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    show_what_it_can()
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except CaddylabError as error:
        print(f"caddylab: {error}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("caddylab", description="Break the Balancer, a course.")
    parser.add_argument("--version", action=Version)
    parser.set_defaults(run=lambda _: _which(parser))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for each in COMMANDS:
        each.add(commands)
    return parser


def _which(parser: argparse.ArgumentParser) -> int:
    """Show the commands to somebody who has named none."""
    parser.print_help(sys.stderr)
    return 2
