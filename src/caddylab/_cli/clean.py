"""Remove what labs left behind whose notebook is gone."""

from __future__ import annotations

from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.podman import runtime as podman


def sweep() -> int:
    """End and remove leftovers, say which, and what could not be looked at; open labs stay.

    Returns:
        1 if something may be left that could not be looked at or removed, else 0.
    """
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
