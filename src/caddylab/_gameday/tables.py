"""The requests of a game as a data frame, to find out what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from caddylab._gameday.score import PAGE, Sample
from caddylab._records import Outcome, Request
from caddylab._traffic.timed import Timed

JUDGEMENT = {0.0: "good", PAGE: "page", 1.0: "bad"}


def requests(judged: Iterable[tuple[Request, Sample]], waiting: Mapping[int, int]) -> pd.DataFrame:
    """One row a request, in the order of their sending.

    Columns: `at` (seconds), `kind`, `client`, `outcome`, `status`, `backend` (who answered),
    `tried` (whom Caddy tried; at its end where a request still waits), `latency` (seconds) and
    `judged`.
    """
    rows = sorted(judged, key=lambda pair: pair[1].at)
    columns = {
        "at": [round(sample.at, 3) for _, sample in rows],
        "kind": [sample.kind for _, sample in rows],
        "client": [request.client for request, _ in rows],
        "outcome": [request.outcome.value for request, _ in rows],
        "status": pd.array([request.status for request, _ in rows], dtype="Int64"),
        "backend": pd.array([request.answered_by for request, _ in rows], dtype="Int64"),
        "tried": [_tried(request, waiting) for request, _ in rows],
        "latency": [round(request.duration, 3) for request, _ in rows],
        "judged": [JUDGEMENT.get(sample.cost, "does not count") for _, sample in rows],
    }
    return Timed(pd.DataFrame(columns))


def _tried(request: Request, waiting: Mapping[int, int]) -> str:
    """Whom Caddy has tried, and whom it is trying, as far as that can be told."""
    tried = [_who(attempt.backend) for attempt in list(request.attempts)]
    if request.outcome is Outcome.PENDING and (place := waiting.get(id(request))):
        tried.append(str(place))
    return " ".join(tried)


def _who(backend: int | None) -> str:
    return "?" if backend is None else str(backend)
