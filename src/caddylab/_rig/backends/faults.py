"""Breaking a backend, and mending it again.

Three ways not to answer that Caddy tells apart: a backend that is *down* (its process has ended,
by the lab or by itself: the dial fails at once), one that is *hung* (the dial works, nobody
answers) and one that is *partitioned* (the dial itself gets no answer).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from caddylab._border import border
from caddylab._errors import FaultError
from caddylab._look.called import called
from caddylab._look.fault_kinds import DOWN as DOWN
from caddylab._look.fault_kinds import KINDS
from caddylab._records import Span

DIED = "died"
"""The kind of fault that the lab did not make: killed from outside, or ended by itself."""
SILENT = {"hung", "partitioned"}
IN_APP = {"slow", "failing", "truncated", "closing", "limited", "unready"}


@border(FaultError)
class Fault:
    """A fault that has been made; it ends with `undo()` or at the end of its `with` block.

    Args:
        span: the record of it.
        undo: mends the backend, and ends this fault once that is confirmed.
        message: for a fault inside the app: what is sent over its control channel.
        who: the name of whoever suffers it.
    """

    def __init__(
        self,
        span: Span,
        undo: Callable[[Fault], None],
        message: dict[str, Any] | None = None,
        who: str = "",
    ) -> None:
        self.span, self.message = span, message
        self._who = who or called(span.backend)
        self._undo = undo

    @property
    def active(self) -> bool:
        """Whether it is still in force."""
        return self.span.end is None

    def undo(self) -> None:
        """Mend it. Does nothing the second time."""
        if self.active:
            self._undo(self)

    def end(self, when: float | None = None) -> None:
        """Note that it is over, since `when` (Unix time) or now."""
        if self.span.end is None:
            self.span.end = time.time() if when is None else max(when, self.span.start)

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *error: object) -> None:
        self.undo()

    def __repr__(self) -> str:
        span = self.span
        who = self._who if span.backend else "name server"
        detail = f" ({span.detail})" if span.detail else ""
        if span.end is None:
            return f"<{who} {is_so(span.kind)}{detail}>"
        state = f"was, for {span.end - span.start:.1f} s,"
        return f"<{who} {state} {span.kind}{detail}>"


def is_so(kind: str) -> str:
    """The fault as a predicate: "is hung", "has died"."""
    return KINDS[kind].state


class Book:
    """The faults of one backend, as they were seen.

    Args:
        backend: its number.
        spans: the lab's records of all faults, to which those of this backend are added.

    Attributes:
        name: the backend's name.
    """

    def __init__(self, backend: int, spans: list[Span]) -> None:
        self._backend, self._spans, self.name = backend, spans, called(backend)
        self._faults: list[Fault] = []

    def active(self, kinds: Iterable[str] | None = None) -> list[Fault]:
        """The faults in force, the oldest first; with `kinds`, only those of these kinds."""
        found = [fault for fault in self._faults if fault.active]
        return found if kinds is None else [fault for fault in found if fault.span.kind in kinds]

    def add(
        self, span: Span, undo: Callable[[Fault], None], message: dict[str, Any] | None = None
    ) -> Fault:
        """Note a fault that is in force."""
        fault = Fault(span, undo, message, self.name)
        self._faults = [*self.active(), fault]
        self._spans.append(span)
        return fault

    def end(self, kinds: Iterable[str], when: float | None = None) -> None:
        """Note that these faults are over."""
        for fault in self.active(kinds):
            fault.end(when)
