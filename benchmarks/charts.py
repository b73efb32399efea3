"""From 100,000 records to tables, and from tables to each chart's specification.

One thread works and waits for nothing, so its processor time is what a learner waits for on an idle
machine, and it can be measured on a busy one.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import altair as alt

from benchmarks._row import Row
from caddylab import _charts
from caddylab._engine.clients import Clients
from caddylab._engine.plan import Plan
from caddylab._records import Answerer, Attempt, Outcome, Request, Span
from caddylab._traffic import tables

NUMBER = 100_000
MOST = 1.0  # s
ROUNDS = 3


def run() -> list[Row]:
    """Each picture's time beside Altair's for the same table, row by row."""
    records, faults = _records()
    run = SimpleNamespace(id="5eed0001", began=0.0, plan=Plan(count=NUMBER), requests=records)
    clients = Clients(100)

    def make_tables() -> tuple[Any, ...]:
        return (
            tables.requests(run, records, clients),
            tables.attempts(run, records),
            tables.spans(run, faults, []),
        )

    requests, attempts, spans = make_tables()
    plain = _seconds(lambda: _every_row(requests))
    pictures: dict[str, Callable[[], Any]] = {
        kind: lambda kind=kind: _charts.draw(kind, requests, attempts, spans).to_dict()
        for kind in _charts.PICTURES
    }
    times = {name: _seconds(draw) for name, draw in pictures.items()}
    made = _seconds(make_tables)
    rows = [
        _row(f"{NUMBER:,} requests → {name} chart", seconds, plain)
        for name, seconds in times.items()
    ]
    slowest = made + max(times.values())
    return [*rows, _row(f"{NUMBER:,} records → tables → slowest chart", slowest, plain)]


def _row(name: str, ours: float, plain: float) -> Row:
    other = f"{plain:.2f} s (Altair, a mark a row)"
    return Row(name, f"{ours:.2f} s", other, ours / plain, f"≤ {MOST:g} s", ours <= MOST)


def _seconds(work: Callable[[], Any]) -> float:
    """Seconds of processor time."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def _every_row(requests: Any) -> dict[str, Any]:
    with alt.data_transformers.disable_max_rows():
        chart = alt.Chart(requests[["sent", "latency", "backend"]]).mark_point()
        return chart.encode(x="sent", y="latency", color="backend:N").to_dict()


def _records() -> tuple[list[Request], list[Span]]:
    """A minute at a fixed rate over two backends; the second is killed for ten seconds."""
    dice = random.Random(1)
    records = [_record(n, n * 60 / NUMBER, dice) for n in range(1, NUMBER + 1)]
    return records, [Span(2, "killed", 20.0, 30.0)]


def _record(n: int, planned: float, dice: random.Random) -> Request:
    backend, took = n % 2 + 1, 0.002 + dice.expovariate(300)
    request = Request(n, n % 100, planned, planned + 0.0002, took, Outcome.OK, 200, complete=True)
    if backend == 2 and 20 < planned < 20.5:
        request.attempts.append(Attempt("b2:8080", planned, 0.0003, 2, None, "connection refused"))
    if backend == 2 and 20 < planned < 30:
        backend = 1
    if 20.5 < planned < 30 and dice.random() < 0.01:
        request.status = 503
        request.judge(Outcome.UNAVAILABLE, Answerer.NO_BACKEND)
        return request
    request.judge(source=Answerer.BACKEND)
    request.attempts.append(Attempt(f"b{backend}:8080", planned + 0.0004, took, backend, 200))
    return request


if __name__ == "__main__":
    print(*run(), sep="\n")
