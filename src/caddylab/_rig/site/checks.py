"""Whom active checks ask, where a Caddyfile has another port for them: `health_port`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.text.places import line_of

OPTION = "health_port"


def other_program(port: int, upstreams: Iterable[str], known: Collection[str]) -> str | None:
    """The one upstream that all checks ask, though it is another program than they judge.

    Args:
        port: the port that they ask.
        upstreams: the addresses that are judged.
        known: every address that a backend stands for.
    """
    asked = _asked(port, upstreams)
    return next(iter(asked)) if len(asked) == 1 and asked <= set(known) else None


def own_port(
    port: int, upstreams: Iterable[str], known: Collection[str], text: str
) -> Substitution:
    """What to say where each backend answers its checks at the port at which it serves."""
    others = sorted(_asked(port, upstreams) & set(known))
    means = "A backend answers checks there, too."
    if others:
        means = f"In production checks ask {', '.join(others)}; here each backend itself."
    stood, runs = f"{OPTION} {port}", "the port at which the backend serves"
    return Substitution(line_of(OPTION, text), stood, runs, means)


def _asked(port: int, upstreams: Iterable[str]) -> set[str]:
    return {f"{dial.rpartition(':')[0]}:{port}" for dial in upstreams}
