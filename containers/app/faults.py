"""Faults that a backend can be told to have."""

from __future__ import annotations

import asyncio
import random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .statuses import LEAST, MOST

Prefix = Annotated[str | None, Field(pattern="^/")]
"""The beginning of the paths a fault is about; None = all of them."""


class _Strict(BaseModel):
    # A misspelt field is an error, not a fault that silently does nothing.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Slow(_Strict):
    """Every request waits `seconds` before it is handled."""

    seconds: float = Field(ge=0, le=600, allow_inf_nan=False)
    path: Prefix = None


class Failing(_Strict):
    """A `share` (0 to 1) of the requests, chosen at random, is answered with `status`."""

    share: float = Field(ge=0, le=1, allow_inf_nan=False)
    status: int = Field(default=500, ge=LEAST, le=MOST)
    path: Prefix = None


class Faults(_Strict):
    """All that is wrong with a backend at one time."""

    slow: Slow | None = None
    failing: Failing | None = None


HEALTHY = Faults()


class FaultSwitch:
    """Holds the faults in force; the control channel sets them, the observer asks."""

    def __init__(self) -> None:
        self.faults = HEALTHY

    def set(self, faults: Faults) -> None:
        """Replace all faults."""
        # One object stands for "none", so that a healthy request pays for one comparison.
        self.faults = HEALTHY if faults == HEALTHY else faults

    async def suffer(self, path: str) -> int | None:
        """Wait as long as a request to `path` must; its status if it is to fail."""
        faults = self.faults
        if (slow := faults.slow) and path.startswith(slow.path or "/"):
            await asyncio.sleep(slow.seconds)
        failing = faults.failing
        if failing and path.startswith(failing.path or "/") and random.random() < failing.share:
            return failing.status
        return None
