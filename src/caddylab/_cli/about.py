"""`caddylab --version`: its own version and Caddy's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


class Version(argparse.Action):
    """Print the versions and end."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="say which versions these are")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the versions and end."""
        print(versions())
        parser.exit()


def versions() -> str:
    """The versions of caddylab and of the Caddy that it runs."""
    from importlib.metadata import version

    return f"caddylab {version('caddylab')}, {_caddy()}"


def _caddy() -> str:
    from caddylab._caddy.running import program
    from caddylab._caddy.running.version import CADDY_VERSION
    from caddylab._errors import RuntimeUnavailable

    try:
        path = program.executable()
        found = program.version(path)
    except RuntimeUnavailable:
        return f"no Caddy (it is made for {CADDY_VERSION})"
    made_for = "" if found == CADDY_VERSION else f"; it is made for {CADDY_VERSION}"
    return f"Caddy {found} ({path}{made_for})"
