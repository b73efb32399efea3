"""Faults that a backend can be told to have."""

from __future__ import annotations

import asyncio
import contextlib
import random
from time import monotonic
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .statuses import LEAST, MOST
from .turns import FREE, Turns

Prefix = Annotated[str | None, Field(pattern="^/")]
"""The prefix of the paths that a fault affects; None = all paths."""


class _Strict(BaseModel):
    # A misspelt field is an error, not a fault that silently does nothing.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Slow(_Strict):
    """Every request waits `seconds` before it is handled."""

    seconds: float = Field(ge=0, le=600, allow_inf_nan=False)
    path: Prefix = None


class Failing(_Strict):
    """A `share` (0 to 1) of the requests, chosen at random, is answered with `status`.

    With `first`, the fault ends after that many failures.
    """

    share: float = Field(ge=0, le=1, allow_inf_nan=False)
    status: int = Field(default=500, ge=LEAST, le=MOST)
    first: int | None = Field(default=None, ge=1, le=1_000_000)
    path: Prefix = None


class Truncated(_Strict):
    """Every answer announces one byte more than it sends, and then the connection is cut."""

    path: Prefix = None


class Closing(_Strict):
    """A connection that was idle for `seconds` is closed just as its next request arrives."""

    seconds: float = Field(gt=0, le=600, allow_inf_nan=False)
    path: Prefix = None


class Limited(_Strict):
    """At most `at_once` requests are handled, each for `takes` seconds; others wait in turn.

    With a `queue`, at most that many wait; any more are turned away at once.
    """

    at_once: int = Field(ge=1, le=10_000)
    takes: float = Field(default=0, ge=0, le=600, allow_inf_nan=False)
    queue: int | None = Field(default=None, ge=0, le=1_000_000)
    path: Prefix = None


class Unready(_Strict):
    """It runs, but answers 503 to all but `/live`, for `seconds` (None: until told otherwise)."""

    seconds: float | None = Field(default=None, gt=0, le=600, allow_inf_nan=False)
    path: Prefix = None


class Faults(_Strict):
    """Everything that is wrong with a backend at one time."""

    slow: Slow | None = None
    failing: Failing | None = None
    truncated: Truncated | None = None
    closing: Closing | None = None
    limited: Limited | None = None
    unready: Unready | None = None


HEALTHY = Faults()
LIVE = "/live"
"""Here a backend says that its process runs, whether or not it is ready."""


class FaultSwitch:
    """Holds the faults in force; the control channel sets them, the observer asks."""

    def __init__(self, unready: bool = False) -> None:
        self.faults = Faults(unready=Unready()) if unready else HEALTHY
        self._turns: Turns | None = None
        self._failed = 0
        self._since = monotonic()

    def set(self, faults: Faults) -> None:
        """Replace all faults."""
        if (limited := faults.limited) != self.faults.limited:  # else the queue stays
            self._turns = Turns(limited.at_once, limited.takes, limited.queue) if limited else None
        if faults.failing != self.faults.failing:
            self._failed = 0
        if faults.unready != self.faults.unready:
            self._since = monotonic()
        # One object stands for "none", so that a healthy backend pays for one comparison a request.
        self.faults = HEALTHY if faults == HEALTHY else faults

    def turn(self, path: str) -> contextlib.AbstractAsyncContextManager[object]:
        """A context to hold while a request is handled; entering it waits for the request's turn.

        Raises:
            Full: too many are waiting already.
        """
        turns = self._turns if self._hits(self.faults.limited, path) else None
        return turns.one() if turns else FREE

    def truncates(self, path: str) -> bool:
        """Whether the answer to a request for `path` is cut short."""
        return self._hits(self.faults.truncated, path)

    def closes(self, path: str, idle: float) -> bool:
        """Whether a connection that was idle for `idle` seconds is closed now."""
        closing = self.faults.closing
        return closing is not None and self._hits(closing, path) and idle >= closing.seconds

    @staticmethod
    def _hits(fault: Truncated | Closing | Limited | None, path: str) -> bool:
        return fault is not None and path.startswith(fault.path or "/")

    async def suffer(self, path: str) -> int | None:
        """Wait as long as a request to `path` must; return the status if it is to fail."""
        faults = self.faults
        if (slow := faults.slow) and path.startswith(slow.path or "/"):
            await asyncio.sleep(slow.seconds)
        if faults.unready and path != LIVE and self._is_unready(faults.unready):
            return 503
        failing = faults.failing
        if failing and path.startswith(failing.path or "/") and self._fails(failing):
            return failing.status
        return None

    def _is_unready(self, unready: Unready) -> bool:
        return unready.seconds is None or monotonic() - self._since < unready.seconds

    def _fails(self, failing: Failing) -> bool:
        if failing.first is not None and self._failed >= failing.first:
            return False
        hit = random.random() < failing.share
        self._failed += hit
        return hit
