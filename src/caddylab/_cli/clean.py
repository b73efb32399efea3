"""Remove what labs left behind whose notebook is gone."""

from __future__ import annotations

from caddylab._runtimes import folder


def sweep() -> int:
    """End and remove leftovers, say which; labs of living notebooks stay. Always 0."""
    for lab_id in folder.sweep():
        print(f"Removed the processes and files of lab {lab_id}.")
    return 0
