"""WebSockets and streams that stay open, and what became of each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from caddylab._border import Seconds, border
from caddylab._engine.conversation import COMPLETE, HUNG_UP, Ask, Conversation
from caddylab._engine.tls import Trust
from caddylab._errors import TrafficError
from caddylab._look.html_table import table
from caddylab._machine.ports import Address
from caddylab._records import LIVES, Held

if TYPE_CHECKING:
    import pandas as pd

MOST = 1_000
"""The most that can be open: each has a thread."""


@border(TrafficError)
class Conversations(Sequence[Held]):
    """Some WebSockets or streams that were opened together; each has a record like a request.

    They live until they end, or are closed here or with their lab.
    """

    def __init__(self, conversations: Sequence[Conversation]) -> None:
        self._all = list(conversations)

    @classmethod
    def open(cls, entrance: tuple[Address, Trust | None], count: int, ask: Ask) -> Conversations:
        """Open `count` of them at a site, and return when each is open or refused.

        Raises:
            TrafficError: there cannot be so many.
        """
        if not 1 <= count <= MOST:
            raise TrafficError(f"From 1 to {MOST:,} connections can be held open, not {count}.")
        held = [Conversation(*entrance, n, ask) for n in range(1, count + 1)]
        for one in held:
            one.wait_until_open()
        return cls(held)

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, index: int) -> Held: ...
    @overload
    def __getitem__(self, index: slice) -> list[Held]: ...
    def __getitem__(self, index: Any) -> Any:
        return [one.record for one in self._all][index]

    @property
    def open_now(self) -> int:
        """How many are still open."""
        return sum(held.ended == LIVES for held in self)

    @property
    def lost(self) -> int:
        """How many were refused, or ended, not by us, before they were complete."""
        return sum(held.ended not in (LIVES, COMPLETE, HUNG_UP) for held in self)

    @property
    def frames(self) -> int:
        """How many messages, or pieces of an answer, have come on all of them."""
        return sum(held.frames for held in self)

    @property
    def ends(self) -> Counter[str]:
        """How many of them are "open", or how they ended.

        "closed (1001)": by a Close frame with this code; "cut off": without one; "fell silent":
        nothing came for five seconds; "complete": a stream came to its end; "hung up": by us;
        "502" or another status: refused.
        """
        return Counter(held.ended for held in self)

    @property
    def backends(self) -> Counter[int]:
        """The backends with which they were opened."""
        return Counter(held.claimed for held in self if held.claimed is not None)

    def wait(self, timeout: Seconds = 60.0) -> Conversations:
        """Return when all of them have ended, or after so many seconds."""
        deadline = time.monotonic() + timeout
        for one in self._all:
            one.wait(max(0.0, deadline - time.monotonic()))
        return self

    def close(self) -> None:
        """Hang up."""
        for one in self._all:
            one.close()
        self.wait(2)

    def table(self) -> pd.DataFrame:
        """A row for each: when it was opened, its frames, how it ended, after how long."""
        import pandas as pd

        rows = [
            (held.n, held.kind, held.claimed, held.opened, held.frames, held.ended, held.lasted)
            for held in self
        ]
        names = ["n", "kind", "backend", "opened", "frames", "ended", "lasted"]
        return pd.DataFrame(rows, columns=names)

    def __repr__(self) -> str:
        kind = f"{self[0].kind}s" if self else "connections"
        ends = ", ".join(f"{count} {how}" for how, count in self.ends.most_common())
        return f"<{len(self)} {kind}: {ends}; {self.frames:,} messages>"

    def _repr_html_(self) -> str:
        kind = self[0].kind if self else "connection"
        rows = [(how, count) for how, count in self.ends.most_common()]
        return table((f"{kind}s", "how many"), [*rows, ("messages that came", self.frames)])
