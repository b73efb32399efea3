"""Records as data frames, for charts and learners."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from caddylab._engine.clients import Clients
from caddylab._engine.ledger import Ledger
from caddylab._machine.late import ensure
from caddylab._records import Request, Span

if TYPE_CHECKING:
    import pandas as pd

REQUEST = {
    "n": "int64", "id": "str", "client": "int64", "address": "str", "planned": "float64",
    "latency": "float64", "latency_intended": "float64", "outcome": "str", "answerer": "str",
    "retries": "int64", "again": "int64",
    "complete": "bool", "error": "str", "body": "str",
}  # fmt: skip
ATTEMPT = {
    "n": "int64", "attempt": "int64", "upstream": "str", "start": "float64",
    "duration": "float64", "error": "str", "ok": "bool",
}  # fmt: skip
"""The types of the columns, needed when there are no rows."""


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The same table; a notebook shows its times with their units."""
    from caddylab._traffic.timed import Timed  # imports pandas, which takes its time

    return Timed(table)


def requests(run: Ledger, records: Sequence[Request], clients: Clients) -> pd.DataFrame:
    """One row a request."""
    ensure("pandas")
    import pandas as pd

    rows = list(records)
    addresses = [clients[k].address for k in range(len(clients))]
    columns: dict[str, Any] = {
        "n": [r.n for r in rows],
        "id": [f"{run.id}-{r.n}" for r in rows],
        "client": [r.client for r in rows],
        "address": [addresses[r.client] for r in rows],
        "method": run.plan.method,
        "path": run.plan.path,
        "planned": [r.planned for r in rows],
        "sent": _floats([r.sent for r in rows]),
        "latency": [r.duration for r in rows],
        "latency_intended": [r.latency_intended for r in rows],
        "outcome": [r.outcome.value for r in rows],
        "status": _whole([r.status for r in rows]),
        "answerer": [r.answerer.value for r in rows],
        "backend": _whole([r.answered_by for r in rows]),
        "retries": [r.retries for r in rows],
        "again": [r.again for r in rows],
        "complete": [r.complete for r in rows],
        "error": [r.error for r in rows],
        "body": [r.body for r in rows],
    }
    return pd.DataFrame(columns).astype(REQUEST)


def attempts(run: Ledger, records: Sequence[Request]) -> pd.DataFrame:
    """One row an attempt, in the order of requests."""
    ensure("pandas")
    import pandas as pd

    # A run that goes on adds attempts meanwhile: each list is read once.
    ns, numbers, tries = [], [], []
    for request in list(records):
        for number, attempt in enumerate(request.attempts, 1):
            ns.append(request.n)
            numbers.append(number)
            tries.append(attempt)
    columns: dict[str, Any] = {
        "n": ns,
        "attempt": numbers,
        "backend": _whole([a.backend for a in tries]),
        "upstream": [a.upstream for a in tries],
        "start": [a.start - run.began for a in tries],
        "duration": [a.duration for a in tries],
        "status": _whole([a.status for a in tries]),
        "error": [a.error for a in tries],
        "ok": [not a.error for a in tries],
    }
    return pd.DataFrame(columns).astype(ATTEMPT)


def spans(run: Ledger, faults: Iterable[Span], opinions: Iterable[Span]) -> pd.DataFrame:
    """Faults and opinions that touch the run; times in seconds since it began."""
    return timeline(run.began, faults, opinions, until=length(run))


def length(run: Ledger) -> float:
    """Seconds from the beginning of a run to the end of its last request."""
    ends = [r.sent + r.duration for r in list(run.requests) if r.sent is not None]
    return max(ends, default=0.0)


def touching(spans: Iterable[Span], zero: float, until: float = math.inf) -> Iterator[Span]:
    """The spans that touch the `until` seconds after `zero` (Unix time)."""
    for span in list(spans):
        if span.start <= zero + until and (span.end is None or span.end >= zero):
            yield span


def timeline(
    zero: float, faults: Iterable[Span], opinions: Iterable[Span], until: float = math.inf
) -> pd.DataFrame:
    """Faults (source "fault") and Caddy's opinions ("caddy") that touch the time from `zero` on.

    Args:
        zero: the Unix time that `start` and `end` count from; `end` is NaN for what lasts.
        until: seconds after `zero` at which to stop.
    """
    ensure("pandas")
    import pandas as pd

    sources = ("fault", faults), ("caddy", opinions)
    found = [(name, span) for name, spans in sources for span in touching(spans, zero, until)]
    columns = {
        "backend": ([span.backend for _, span in found], "int64"),
        "kind": ([span.said for _, span in found], "str"),
        "source": ([source for source, _ in found], "str"),
        "start": ([span.start - zero for _, span in found], "float64"),
        "end": ([None if s.end is None else s.end - zero for _, s in found], "float64"),
        "detail": ([span.detail for _, span in found], "str"),
    }
    return pd.DataFrame({name: pd.Series(v, dtype=kind) for name, (v, kind) in columns.items()})


def _whole(values: Sequence[int | None]) -> Any:
    """Whole numbers, some of them missing."""
    ensure("pandas")
    import numpy as np
    import pandas as pd

    missing = np.array([value is None for value in values], dtype=bool)
    filled = np.array([value or 0 for value in values], dtype="int64")
    return pd.arrays.IntegerArray(filled, missing)


def _floats(values: Sequence[float | None]) -> Any:
    """Numbers, with NaN for the missing ones."""
    import numpy as np

    return np.array(values, dtype="float64")
