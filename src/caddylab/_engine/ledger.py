"""The records of one plan, whether it is still being sent or was read from a file."""

from __future__ import annotations

import logging
import math
import secrets
import threading
from collections.abc import Callable

from caddylab._caddy.running.wire import Wire
from caddylab._engine.lateness import Lateness
from caddylab._engine.plan import Plan
from caddylab._records import Request

Listener = Callable[[str, Request], None]

_log = logging.getLogger(__name__)


class Ledger:
    """What was sent by one plan.

    Args:
        plan: what is to be sent.
        id: eight hexadecimal digits; new ones if left out.

    Attributes:
        id: the requests' `X-Request-Id` is `<id>-<n>`.
        plan: what is to be sent.
        planned_total: how many requests were planned, resent ones included; a run that is stopped
            has fewer records.
        requests: the records in the order of `n`; grows while the run goes on.
        began: Unix time of the records' offset 0.
        launched: set when the run has begun.
        done: set when nothing more will be sent and nothing is in flight.
        ended: when that was (monotonic time); infinite until then.
        stopped: whether `stop` ended the run.
        wire: where the run notes on which connection it sends which request; None without a log.
    """

    began: float
    wire: Wire | None = None

    def __init__(self, plan: Plan, id: str = "") -> None:
        self.id = id or secrets.token_hex(4)
        self.plan, self.planned_total = plan, plan.total
        self.requests: list[Request] = []
        self.launched, self.done = threading.Event(), threading.Event()
        self.ended = math.inf
        self.stopped = False
        self._listeners: list[Listener] = []

    @property
    def in_flight(self) -> int:
        """How many requests are sent and not yet answered."""
        return 0

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is over; False if it still goes on after `timeout` seconds."""
        return self.done.wait(timeout)

    def stop(self) -> None:
        """Send nothing more; there is nothing to stop in a run that is over."""

    def finish(self) -> None:
        """Begin nothing more; there is nothing to begin in a run that is over."""

    def subscribe(self, listener: Listener) -> None:
        """Call `listener(event, request)` on the engine's thread, `event` "sent" or "done".

        It must be quick, since the engine sends nothing meanwhile; one that raises is dropped.
        """
        self._listeners = [*self._listeners, listener]

    def _tell(self, event: str, request: Request) -> None:
        for listener in self._listeners:
            try:
                listener(event, request)
            except Exception:
                _log.exception("A listener of the traffic failed; it hears nothing more.")
                self._listeners = [x for x in self._listeners if x is not listener]

    def lateness(self) -> Lateness | None:
        """How late the requests left; None for a closed loop, which has no schedule."""
        return Lateness.of(list(self.requests)) if self.plan.open else None

    @property
    def on_time(self) -> bool:
        """Whether at least 99 % of the requests left within 1 ms of their time."""
        late = self.lateness()
        return late is None or late.on_time

    def lateness_warning(self) -> str:
        """One sentence when the run was not on time, else nothing."""
        late = self.lateness()
        return late.warning() if late else ""
