"""How much memory a lab's Caddy may take, wherever it runs.

Above the first bound Go frees what it can; above the second Caddy ends, and not the machine.
"""

from __future__ import annotations

SOFT = 512 * 2**20
HARD = 1536 * 2**20

ENVIRONMENT = {
    "GOMEMLIMIT": str(SOFT),
    "GOTRACEBACK": "none",  # the stacks of ten thousand requests say no more than the first line
}
LIMIT = f"ulimit -d {HARD // 1024} 2>/dev/null; "
"""Run by a shell before it becomes Caddy; a system without such a limit does without it."""

ENDED = ("runtime: cannot allocate memory", "fatal error: out of memory", "runtime: out of memory")


def limited(command: list[str]) -> list[str]:
    """The command, run with the hard bound."""
    return ["sh", "-c", f'{LIMIT}exec "$@"', "sh", *command]


def verdict(output: str) -> str:
    """What to say about a Caddy with this last output; empty if memory was not the cause."""
    if not any(sign in output for sign in ENDED):
        return ""
    return (
        f" It needed more than the {HARD / 2**30:g} GB of memory that a lab grants it: perhaps a "
        "proxy that sends requests back to Caddy itself, or a body that is buffered."
    )
