"""Numbers as people read them."""

from __future__ import annotations


def ms(seconds: float) -> str:
    """A time with its unit."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
