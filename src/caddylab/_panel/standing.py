"""The state of a backend, in words and marks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from caddylab._caddy.running.opinions import FULL, HEALTHY
from caddylab._look.called import called
from caddylab._look.fault_kinds import KINDS
from caddylab._panel.html import CLASS
from caddylab._records import Span

if TYPE_CHECKING:
    from caddylab._rig.backends.backend import Backend

QUICK = 0.3
"""Seconds that an action may take before the panel says that it goes on."""


def acting(what: str, since: float) -> str:
    """What goes on, since when (`time.monotonic`), if it takes long enough to be said."""
    passed = time.monotonic() - since
    return "" if passed < QUICK else _word("odd", f"{what} … {passed:.0f} s")


def state(backend: Backend) -> str:
    """The real state of a backend."""
    details = ", ".join(fault.span.detail for fault in backend.faults if fault.span.detail)
    return _word("good" if backend.state == "up" else "bad", backend.state, details)


def names(faults: Sequence[Span]) -> str:
    """What is so of the name server, and of what it tells."""
    told = (f"{called(span.backend)} {KINDS[span.kind].now}" for span in faults)
    return " ".join(_word("bad", f"{text[:1].upper()}{text[1:]}.") for text in told)


def opinion(said: str, backend: Backend) -> str:
    """What Caddy thinks of it, and whether it is wrong."""
    broken = bool(backend.faults)
    if said == HEALTHY:
        return _word("odd" if broken else "good", HEALTHY, "has not noticed" if broken else "")
    if said == FULL:
        return _word("odd", FULL, "it has as many requests as it may")
    return _word("bad", said, "it is up again" if backend.mended else "")


def _word(look: str, text: str, note: str = "") -> str:
    mark = {"good": "●", "bad": "✕", "odd": "●"}[look]
    small = f" <small>{escape(note)}</small>" if note else ""
    title = escape(f"{text} {note}".strip())
    return (
        f'<span class="{CLASS}-{look}" title="{title}">'
        f'<b aria-hidden="true">{mark}</b> {escape(text)}{small}</span>'
    )
