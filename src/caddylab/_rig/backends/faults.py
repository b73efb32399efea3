"""Breaking a backend, and mending it again.

Three ways not to answer that Caddy tells apart: a backend that is *down* (stopped, crashed,
killed, or died without us: the dial fails at once), one that is *hung* (the dial works, nobody
answers) and one that is *partitioned* (the dial itself gets no answer).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from caddylab._border import border
from caddylab._errors import FaultError
from caddylab._look.fault_kinds import DOWN as DOWN
from caddylab._look.fault_kinds import KINDS
from caddylab._records import Span
from caddylab._runtimes.base import BACKLOG, Address

DIED = "died"
"""Nobody asked it to: it was killed from outside, or ended by itself."""
SILENT = {"hung", "partitioned"}
IN_APP = {"slow", "failing", "truncated", "closing", "limited"}

MOST_SECONDS = 600
MOST_AT_ONCE = 10_000
LEAST_STATUS, MOST_STATUS = 200, 599
"""What the app takes, too (`containers/app/statuses.py`)."""


@border(FaultError)
class Fault:
    """A fault that has been made; it ends with `undo()` or at the end of its `with` block.

    Args:
        span: the record of it.
        undo: what mends it, and ends it when that is seen.
        message: for a fault inside the app: what its control channel is told.
    """

    def __init__(
        self, span: Span, undo: Callable[[Fault], None], message: dict[str, Any] | None = None
    ) -> None:
        self.span, self.message = span, message
        self._undo = undo

    @property
    def active(self) -> bool:
        """Whether it still is in force."""
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
        who = f"backend {span.backend}" if span.backend else "name server"
        detail = f" ({span.detail})" if span.detail else ""
        if span.end is None:
            return f"<{who} {is_so(span.kind)}{detail}>"
        state = f"was, for {span.end - span.start:.1f} s,"
        return f"<{who} {state} {span.kind}{detail}>"


def is_so(kind: str) -> str:
    """What is said of a backend: "is hung", "has died"."""
    return KINDS[kind].state


class Book:
    """The faults of one backend, as they were seen.

    Args:
        backend: its number.
        spans: the lab's records of all faults, to which those of this backend are added.
    """

    def __init__(self, backend: int, spans: list[Span]) -> None:
        self._backend, self._spans = backend, spans
        self._faults: list[Fault] = []

    def active(self, kinds: Iterable[str] | None = None) -> list[Fault]:
        """Those in force, the oldest first; with `kinds`, those of them."""
        found = [fault for fault in self._faults if fault.active]
        return found if kinds is None else [fault for fault in found if fault.span.kind in kinds]

    def add(
        self, span: Span, undo: Callable[[Fault], None], message: dict[str, Any] | None = None
    ) -> Fault:
        """Note a fault that is in force."""
        fault = Fault(span, undo, message)
        self._faults = [*self.active(), fault]
        self._spans.append(span)
        return fault

    def end(self, kinds: Iterable[str], when: float | None = None) -> None:
        """Note that these are over."""
        for fault in self.active(kinds):
            fault.end(when)


class Plug:
    """Fills the listen queue of each address, so that further dials get no answer at all.

    A full queue makes the kernel drop each new connection's first packet in silence, which is
    what a partition looks like from the outside, and needs no admin rights.
    """

    def __init__(self, *addresses: Address | str) -> None:
        self._sockets: list[socket.socket] = []
        for address in addresses:
            self._fill(address)

    def _fill(self, address: Address | str) -> None:
        most = len(self._sockets) + 2 * BACKLOG
        try:
            while len(self._sockets) < most and self._connect(address):
                pass
        except OSError as error:
            self.pull()
            raise FaultError(
                f"The listen queue at {_written(address)} cannot be filled: {error}. It "
                f"takes about {BACKLOG} connections, and each of them an open file."
            ) from error

    def _connect(self, address: Address | str) -> bool:
        """Whether there was still room in the queue."""
        plug = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self._sockets.append(plug)
        plug.settimeout(0.1)
        try:
            plug.connect(address)
        except (TimeoutError, BlockingIOError):  # a full unix socket says so at once
            return False
        return True

    def pull(self) -> None:
        """Free the queue."""
        for plug in self._sockets:
            with contextlib.suppress(OSError):
                plug.close()


def _written(address: Address | str) -> str:
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"


def slow(seconds: float, path: str | None = None) -> dict[str, Any]:
    """The control message for a slow backend.

    Raises:
        FaultError: `seconds` is not a time, or `path` no path.
    """
    if not 0 < seconds <= MOST_SECONDS:
        raise FaultError(
            f"A backend can be slow by more than 0 and up to {MOST_SECONDS} s, not {seconds}."
        )
    return {"seconds": float(seconds), "path": _prefix(path)}


def failing(share: float, status: int, path: str | None = None) -> dict[str, Any]:
    """The control message for a backend that answers some requests with an error.

    Raises:
        FaultError: `share` is no share, `status` no HTTP status of an answer, or `path` no path.
    """
    if not 0 < share <= 1:
        raise FaultError(f"The share of failing requests lies between 0 and 1, not at {share}.")
    need_status(status)
    return {"share": float(share), "status": int(status), "path": _prefix(path)}


def need_status(status: int) -> None:
    """Check the status of an answer.

    Raises:
        FaultError: it is none.
    """
    if not LEAST_STATUS <= status <= MOST_STATUS or status != int(status):
        raise FaultError(
            f"An answer's status is a whole number from {LEAST_STATUS} to {MOST_STATUS}, "
            f"not {status}."
        )


def truncated(path: str | None = None) -> dict[str, Any]:
    """The control message for a backend whose answers are shorter than they announce.

    Raises:
        FaultError: `path` is no path.
    """
    return {"path": _prefix(path)}


def closing(seconds: float) -> dict[str, Any]:
    """The control message for a backend that closes idle connections when the next request comes.

    Raises:
        FaultError: `seconds` is not a time.
    """
    if not 0 < seconds <= MOST_SECONDS:
        raise FaultError(
            f"A connection can be idle for more than 0 and up to {MOST_SECONDS} s, not {seconds}."
        )
    return {"seconds": float(seconds), "path": None}


def limited(at_once: int) -> dict[str, Any]:
    """The control message for a backend that works on few requests at a time.

    Raises:
        FaultError: `at_once` is no such number.
    """
    if not 1 <= at_once <= MOST_AT_ONCE or at_once != int(at_once):
        raise FaultError(
            f"A backend can work on 1 to {MOST_AT_ONCE} requests at a time, not on {at_once}."
        )
    return {"at_once": int(at_once), "path": None}


def _prefix(path: str | None) -> str | None:
    if path is not None and not path.startswith("/"):
        raise FaultError(
            f"A path begins with a slash: {'/' + path!r}, not {path!r}. Leave it out for all paths."
        )
    return path
