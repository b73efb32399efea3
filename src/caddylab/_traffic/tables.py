"""Records as data frames; the charts and the learners work on these."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from caddylab._records import Request, Span
from caddylab._traffic.clients import Clients
from caddylab._traffic.engine import Run

if TYPE_CHECKING:
    import pandas as pd

REQUEST: dict[str, tuple[Callable[[Request], Any], str]] = {
    "n": (lambda r: r.n, "int64"),
    "client": (lambda r: r.client, "int64"),
    "planned": (lambda r: r.planned, "float64"),
    "sent": (lambda r: r.sent, "float64"),
    "latency": (lambda r: r.latency, "float64"),
    "latency_intended": (lambda r: r.latency_intended, "float64"),
    "outcome": (lambda r: r.outcome.value, "str"),
    "status": (lambda r: r.status, "Int64"),
    "backend": (lambda r: r.answered_by, "Int64"),
    "retries": (lambda r: r.retries, "int64"),
    "complete": (lambda r: r.complete, "bool"),
    "error": (lambda r: r.error, "str"),
    "body": (lambda r: r.body, "str"),
}


def requests(run: Run, records: Sequence[Request], clients: Clients) -> pd.DataFrame:
    """One row a request."""
    import pandas as pd

    records = list(records)
    columns = {
        name: pd.Series([get(record) for record in records], dtype=kind)
        for name, (get, kind) in REQUEST.items()
    }
    table = pd.DataFrame(columns)
    table.insert(1, "id", [f"{run.id}-{record.n}" for record in records])
    table.insert(3, "address", [clients[record.client].address for record in records])
    table.insert(4, "method", run.plan.method)
    table.insert(5, "path", run.plan.path)
    return table


def attempts(run: Run, records: Iterable[Request]) -> pd.DataFrame:
    """One row an attempt, in the order of requests."""
    import pandas as pd

    rows = chain.from_iterable(
        ((request.n, number, attempt) for number, attempt in enumerate(request.attempts, 1))
        for request in list(records)
    )
    found = list(rows)
    return pd.DataFrame(
        {
            "n": pd.Series([n for n, _, _ in found], dtype="int64"),
            "attempt": pd.Series([number for _, number, _ in found], dtype="int64"),
            "backend": pd.Series([a.backend for _, _, a in found], dtype="Int64"),
            "upstream": pd.Series([a.upstream for _, _, a in found], dtype="str"),
            "start": pd.Series([a.start - run.began for _, _, a in found], dtype="float64"),
            "duration": pd.Series([a.duration for _, _, a in found], dtype="float64"),
            "status": pd.Series([a.status for _, _, a in found], dtype="Int64"),
            "error": pd.Series([a.error for _, _, a in found], dtype="str"),
            "ok": pd.Series([not a.error for _, _, a in found], dtype="bool"),
        }
    )


def spans(run: Run, faults: Iterable[Span], opinions: Iterable[Span]) -> pd.DataFrame:
    """Faults and opinions that touch the run; times in seconds since it began."""
    ends = [r.sent + r.duration for r in list(run.requests) if r.sent is not None]
    return timeline(run.began, faults, opinions, until=max(ends, default=0.0))


def timeline(
    zero: float, faults: Iterable[Span], opinions: Iterable[Span], until: float = math.inf
) -> pd.DataFrame:
    """Faults (source "fault") and Caddy's opinions ("caddy") that touch the time from `zero` on.

    Args:
        zero: the Unix time that `start` and `end` count from; `end` is NaN for what lasts.
        until: seconds after `zero` at which to stop.
    """
    import pandas as pd

    found = [("fault", span) for span in list(faults)] + [
        ("caddy", span) for span in list(opinions)
    ]
    touching = [
        (source, span)
        for source, span in found
        if span.start <= zero + until and (span.end is None or span.end >= zero)
    ]
    columns = {
        "backend": ([span.backend for _, span in touching], "int64"),
        "kind": ([span.kind for _, span in touching], "str"),
        "source": ([source for source, _ in touching], "str"),
        "start": ([span.start - zero for _, span in touching], "float64"),
        "end": ([None if s.end is None else s.end - zero for _, s in touching], "float64"),
        "detail": ([span.detail for _, span in touching], "str"),
    }
    return pd.DataFrame({name: pd.Series(v, dtype=kind) for name, (v, kind) in columns.items()})
