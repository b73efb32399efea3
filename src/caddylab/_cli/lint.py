"""`caddylab lint`: Caddyfiles judged in place, without a lab."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caddylab._cli import Commands
from caddylab._errors import CaddylabError

FORMATS = ("text", "json", "github", "sarif")
CANNOT = 2
"""The exit code where something cannot be judged."""


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser(
        "lint",
        help="say what Caddy accepts in a Caddyfile in silence though it is hardly meant",
        description="Say what Caddy accepts in a Caddyfile in silence though it is hardly meant. "
        "No lab is started. The exit code is 0 where nothing is found, 1 where something is, 2 "
        "where a file cannot be read or Caddy refuses it. A rule is silenced, with a reason, in "
        "the file .caddylab.toml beside the Caddyfile or above it.",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help="a Caddyfile, a folder with some in it, or - for the standard input",
    )  # fmt: skip
    parser.add_argument("--format", choices=FORMATS, default="text", help="(default: text)")
    parser.add_argument("--caddy", type=Path, metavar="PATH", help="a Caddy with your own plugins")
    parser.add_argument("--envfile", type=Path, metavar="FILE", help="environment variables: .env")
    parser.set_defaults(run=run)


# Imported late: the command should be quick, and other commands need none of these modules.


def run(options: argparse.Namespace) -> int:
    """Judge the files, print what was found, and return the exit code."""
    from caddylab._caddy.running import program
    from caddylab._cli.linting import run
    from caddylab._machine.environ import inherited

    try:
        values = {**_variables(options.envfile), **inherited()}
        caddy = program.checked(options.caddy) if options.caddy else program.executable()
        result = run.lint(options.files, caddy, values)
    except CaddylabError as error:
        print(f"caddylab lint: {error}", file=sys.stderr)
        return CANNOT
    _print(_printer(options.format)(result))
    return result.code


def _print(text: str) -> None:
    try:
        print(text, end="\n" if text else "", flush=True)
    except BrokenPipeError:  # the reader, `head` for instance, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _variables(path: Path | None) -> dict[str, str]:
    from caddylab._caddy.text import envfile

    if path is None:
        return {}
    try:
        return envfile.read(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CaddylabError(f"{os.fspath(path)} cannot be read as an --envfile: {why}.") from error


def _printer(name: str) -> Callable[[Any], str]:
    if name == "text":
        from caddylab._cli.linting.text import text

        return text
    from caddylab._cli.linting import machine

    printers = {"json": machine.as_json, "github": machine.as_github, "sarif": machine.as_sarif}
    return printers[name]
