"""`caddylab clean`: remove what was left by labs whose notebook is gone."""

from __future__ import annotations

import argparse

from caddylab._cli import Commands


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser("clean", help="remove whatever labs have left behind")
    parser.set_defaults(run=run)
    parser.add_argument(
        "--yes", action="store_true",
        help="also remove authorities of Caddy's from the trust store, without asking",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Sweep, then offer to remove the authorities that this machine trusts."""
    from caddylab._cli import authorities

    code = sweep()
    authorities.offer(options.yes)
    return code


def sweep() -> int:
    """End and remove leftovers, say which, and what could not be examined; open labs stay.

    Returns:
        1 if something may be left that could not be examined or removed, else 0.
    """
    from caddylab._runtimes import lab_folder as folder
    from caddylab._runtimes.podman import presence as podman

    # Containers first: a lab's folder says that it is over.
    swept = {"containers": podman.sweep(), "processes and files": folder.sweep()}
    for what, labs in swept.items():
        for lab_id in labs:
            print(f"Removed the {what} of lab {lab_id}.")
    missed = [sentence for labs in swept.values() for sentence in labs.missed]
    for sentence in missed:
        print(sentence)
    if not any(swept.values()):
        found = "Nothing else" if missed else "Nothing"
        print(f"{found} was left behind. Labs of running notebooks stay as they are.")
    return int(bool(missed))
