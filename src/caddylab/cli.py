"""The command `caddylab`: open the course, look at this machine, judge Caddy, clean up."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` takes longer to import than all that is done until `main`
if TYPE_CHECKING:
    from collections.abc import Sequence

STOPPED = 130
"""The exit code of a command that Ctrl-C has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: the words after `caddylab`; by default those of this process.
    """
    try:  # from here on, Ctrl-C ends the command quietly, even during this import
        from caddylab._cli.commands import run

        return run(arguments)
    except KeyboardInterrupt:
        print("caddylab: stopped.", file=sys.stderr)
        return STOPPED
