"""Remove what labs left behind whose notebook is gone."""

from __future__ import annotations

from caddylab._runtimes import folder, podman


def sweep() -> int:
    """End and remove leftovers, say which; labs of living notebooks stay. Always 0."""
    swept = {"containers": podman.sweep(), "processes and files": folder.sweep()}
    for what, labs in swept.items():
        for lab_id in labs:
            print(f"Removed the {what} of lab {lab_id}.")
    if not any(swept.values()):
        print("Nothing was left behind. Labs of running notebooks stay as they are.")
    return 0
