"""A number with its noun."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """So many of them: "1 request", "2,000 requests".

    Args:
        number: how many.
        noun: what one of them is called.
        plural: what several are called, where an "s" does not do.
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
