"""A memory that no single request turns against everybody: its `max_fails` is high enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caddylab._caddy.advice.lint import Note
from caddylab._errors import CaddylabError
from caddylab._trial.edits import Option, extent
from caddylab._trial.ladders import MOST, RETRIES, Addition, apply

Judge = Callable[[str], Sequence[Note]]
"""What `caddylab lint` has to say about a Caddyfile."""
HARM = {"one-request-fails-all", "bad-status-not-retried"}
ENOUGH = [
    (Addition(Option("max_fails", most), MOST), Addition(Option(RETRIES, most), MOST))
    for most in ("2", "3", "4", "6")
]


def harmless(text: str, line: int, judge: Judge) -> str:
    """The Caddyfile with the smallest `max_fails` to which our own rules do not object.

    More retries go with it: whoever meets that many failures must still get to another upstream.
    Where nothing helps, such as retries for seconds, it stays as it is.

    Args:
        text: the Caddyfile, with all additions.
        line: of the `reverse_proxy` that they belong to.
        judge: applies the rules.
    """
    tried = [text, *(apply(text, line, enough) for enough in ENOUGH)]
    return next((one for one in tried if not _harms(one, line, judge)), text)


def _harms(text: str, line: int, judge: Judge) -> bool:
    first, last = extent(text, line)
    try:
        said = judge(text)
    except CaddylabError:  # if Caddy refuses it, the trials will say so, row by row
        return False
    return any(note.rule in HARM and first <= (note.line or 0) <= last for note in said)
