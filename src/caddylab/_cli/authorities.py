"""Caddy's authorities that this machine trusts: labs of earlier versions installed some.

Caddy names each of them "Caddy Local Authority", whoever's Caddy it was; so they are shown, and
never removed without a yes.
"""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import which

NAME = "Caddy Local Authority"
STORES = {  # where Caddy puts them, and the command that tells the system that they are gone
    "/usr/local/share/ca-certificates": ("update-ca-certificates", "--fresh"),
    "/etc/pki/ca-trust/source/anchors": ("update-ca-trust", "extract"),
    "/etc/ca-certificates/trust-source/anchors": ("trust", "extract-compat"),
    "/usr/share/pki/trust/anchors": ("update-ca-certificates",),
}


def found(stores: Iterable[str] = STORES) -> list[Path]:
    """The files of such authorities in this machine's trust store."""
    return sorted(path for store in stores for path in _in(Path(store)))


def _in(store: Path) -> Iterator[Path]:
    for path in store.glob("*") if store.is_dir() else ():
        with suppress(OSError, ValueError):
            text = path.read_text("utf-8", errors="replace")
            if NAME.encode() in ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN") :].strip()):
                yield path


def removal(paths: Iterable[Path]) -> str:
    """The commands that remove them."""
    paths = list(paths)
    removes = [f"rm '{path}'" for path in paths]
    return "\n".join([*removes, *(" ".join(refresh) for refresh in _refreshes(paths))])


def examine() -> str:
    """For `caddylab doctor`: what was examined, and what was not.

    Raises:
        Trusted: this machine trusts one of Caddy's authorities.
    """
    if paths := found(STORES):
        raise Trusted(f"this machine trusts {_count(paths)}:\n" + "\n".join(map(str, paths)))
    if looked := [store for store in STORES if Path(store).is_dir()]:
        return (
            f'this computer trusts none of Caddy\'s own (no "{NAME}" in {", ".join(looked)}; '
            "browsers and Java keep lists of their own, which were not looked at)"
        )
    return f'not looked at, for this system keeps them elsewhere: search for "{NAME}" there'


class Trusted(Exception):
    """This machine trusts one of Caddy's authorities."""


def offer(
    yes: bool = False, ask: Callable[[str], str] = input, stores: Iterable[str] = STORES
) -> None:
    """For `caddylab clean`: name them, and remove them after a yes.

    Args:
        yes: the answer in advance, so that nobody is asked.
        ask: asks the user; no answer is a no.
        stores: the folders to look into.
    """
    paths = found(stores)
    if not paths:
        return
    print(f"This machine trusts {_count(paths)} (perhaps of another Caddy of yours):")
    print("\n".join(f"  {path}" for path in paths))
    if yes or _agreed(ask):
        _remove(paths)
    else:
        print(f"They stay. To remove them yourself, as an administrator:\n{removal(paths)}")


def _agreed(ask: Callable[[str], str]) -> bool:
    try:
        return ask("Remove them? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _remove(paths: list[Path]) -> None:
    try:
        for path in paths:
            path.unlink()
            print(f"Removed {path}.")
    except PermissionError as error:
        print(f"Not removed: {error}. As an administrator:\n{removal(paths)}")
        return
    for refresh in _refreshes(paths):
        subprocess.run(refresh, check=False, capture_output=True, timeout=120)


def _refreshes(paths: Iterable[Path]) -> list[tuple[str, ...]]:
    commands = {STORES[str(path.parent)] for path in paths if str(path.parent) in STORES}
    return sorted(command for command in commands if which(command[0]))


def _count(paths: list[Path]) -> str:
    return f'1 "{NAME}"' if len(paths) == 1 else f'{len(paths)} of the name "{NAME}"'
