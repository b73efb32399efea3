"""How well an open loop kept its schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from caddylab._records import Request

ON_TIME = 0.001
"""A request is on time when it leaves at most so many seconds late."""
SHARE_ON_TIME = 0.99
"""A run is on time when this share of its requests is."""


@dataclass(frozen=True)
class Lateness:
    """How late requests left: seconds between planned and sent.

    Attributes:
        p50: the median.
        p99: what 99 % of the requests did not exceed.
        max: the worst.
        within_1ms: the share (0 to 1) of the requests that left within 1 ms of their time.
    """

    p50: float
    p99: float
    max: float
    within_1ms: float

    @classmethod
    def of(cls, requests: Iterable[Request]) -> Self | None:
        """The lateness of these requests; None when none of them was sent."""
        late = sorted(r.sent - r.planned for r in requests if r.sent is not None)
        if not late:
            return None
        return cls(
            p50=late[len(late) // 2],
            p99=late[int(len(late) * 0.99)],
            max=late[-1],
            within_1ms=sum(seconds <= ON_TIME for seconds in late) / len(late),
        )

    @property
    def on_time(self) -> bool:
        """Whether at least 99 % of the requests left within 1 ms of their time."""
        return self.within_1ms >= SHARE_ON_TIME

    def warning(self) -> str:
        """One sentence when the schedule was not kept, else nothing."""
        if self.on_time:
            return ""
        return (
            f"This machine was busy: {1 - self.within_1ms:.0%} of the requests left more than "
            f"1 ms late, {self.max * 1000:.0f} ms at most. Who answered, and how many failed, "
            f"holds all the same; latencies below {max(2, self.p99 * 1000):.0f} ms say more about "
            "this machine than about Caddy. A lower rate helps."
        )
