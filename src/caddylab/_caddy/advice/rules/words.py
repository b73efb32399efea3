"""How the rules put things."""

from __future__ import annotations


def listed(options: list[str]) -> str:
    """Names of options as a list in a sentence."""
    return ", ".join(f"`{option}`" for option in options)


def duration(nanoseconds: float) -> str:
    """A duration as a Caddyfile spells it."""
    seconds = nanoseconds / 1e9
    return f"{seconds * 1000:g}ms" if 0 < seconds < 1 else f"{seconds:g}s"
