"""`caddylab test FILE`: what the users of a site would feel of each failure."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from caddylab._cli import Commands
from caddylab._errors import CaddylabError


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("test", help="say which failures the users of a site would feel")
    parser.add_argument("file", metavar="FILE", help="a Caddyfile, or a name of the course's")
    parser.add_argument(
        "--row", action="append", default=[], metavar="NAME",
        help="try this row only, such as 'rolling restart'; may be said again",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="decides which backend suffers")
    parser.add_argument("--runtime", choices=["process", "podman"], default="auto")
    parser.add_argument("--patience", type=float, default=1.5, metavar="SECONDS",
                        help="after which users give up (default: %(default)s)")  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it, and return the exit code: 0, 1 if users feel something, 2 if it cannot be tried."""
    from caddylab._cli.told import Told
    from caddylab._look.progress_bar import Bar
    from caddylab._trial.rehearsal import rehearse

    try:
        with Bar() as bar:
            report = rehearse(
                _named(options.file), options.row, runtime=options.runtime, seed=options.seed,
                patience=options.patience, audience=Told(bar),
            )  # fmt: skip
    except CaddylabError as error:
        print(f"caddylab: {error}", file=sys.stderr)
        return 2
    return int(bool(report.bad))


def _named(file: str) -> str | Path:
    """A path, if there is such a file; else perhaps a name of the course's."""
    path = Path(file).expanduser()
    return path if path.exists() else file
