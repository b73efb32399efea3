"""Breaking a backend, and mending it again.

Three ways not to answer that Caddy tells apart: a backend that is *down* (stopped, crashed,
killed: the dial fails at once), one that is *hung* (the dial works, nobody answers) and one
that is *partitioned* (the dial itself gets no answer).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from caddylab._errors import FaultError
from caddylab._records import Span
from caddylab._runtimes.base import BACKLOG, Address

DOWN = {"stopped", "crashed", "killed"}
SILENT = {"hung", "partitioned"}


class Fault:
    """A fault that has been made; it ends with `undo()` or at the end of its `with` block.

    Args:
        span: the record of it.
        undo: what mends it.
        message: for a fault inside the app: what its control channel is told.
    """

    def __init__(
        self, span: Span, undo: Callable[[], None], message: dict[str, Any] | None = None
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
            self.end()
            self._undo()

    def end(self) -> None:
        """Note that it is over, for instance because a restart has mended it."""
        if self.span.end is None:
            self.span.end = time.time()

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *error: object) -> None:
        self.undo()

    def __repr__(self) -> str:
        span = self.span
        state = "is" if span.end is None else f"was, for {span.end - span.start:.1f} s,"
        detail = f" ({span.detail})" if span.detail else ""
        return f"<backend {span.backend} {state} {span.kind}{detail}>"


class Plug:
    """Fills a listen queue, so that further dials get no answer at all.

    A full queue makes the kernel drop each new connection's first packet in silence, which is
    what a partition looks like from the outside, and needs no admin rights.
    """

    def __init__(self, address: Address) -> None:
        self._sockets: list[socket.socket] = []
        for _ in range(2 * BACKLOG):
            if not self._connect(address):
                break

    def _connect(self, address: Address) -> bool:
        """Whether there was still room in the queue."""
        plug = socket.socket()
        self._sockets.append(plug)
        plug.settimeout(0.1)
        try:
            plug.connect(address)
        except OSError:
            return False
        return True

    def pull(self) -> None:
        """Free the queue."""
        for plug in self._sockets:
            with contextlib.suppress(OSError):
                plug.close()


def slow(seconds: float, path: str | None = None) -> dict[str, Any]:
    """The control message for a slow backend.

    Raises:
        FaultError: `seconds` is not a time.
    """
    if not 0 < seconds <= 600:
        raise FaultError(f"A backend can be slow by more than 0 and up to 600 s, not {seconds}.")
    return {"seconds": seconds, "path": path}


def failing(share: float, status: int, path: str | None = None) -> dict[str, Any]:
    """The control message for a backend that answers some requests with an error.

    Raises:
        FaultError: `share` is no share, or `status` no HTTP status of an answer.
    """
    if not 0 < share <= 1:
        raise FaultError(f"The share of failing requests lies between 0 and 1, not at {share}.")
    if not 200 <= status <= 599:
        raise FaultError(f"An answer's status lies between 200 and 599; {status} does not.")
    return {"share": share, "status": status, "path": path}
