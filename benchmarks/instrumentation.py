"""What the lab's instruments cost: requests per second through Caddy with and without them."""

from __future__ import annotations

import contextlib
import copy
import io
import statistics
from typing import Any

from benchmarks._row import Row
from caddylab import Lab
from caddylab._engine.clients import Clients

ROUNDS, REQUESTS = 5, 4000
BAR = 0.85


def run() -> list[Row]:
    """The same traffic to the same backends, in turns; the median of the pairs."""
    with contextlib.redirect_stdout(io.StringIO()), Lab(runtime="process") as lab:
        pairs = [(throughput(lab, bare=False), throughput(lab, bare=True)) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return [
        Row(
            "requests/s through Caddy with the instruments / without",
            f"{ours:.0f}/s",
            f"{bare:.0f}/s",
            ratio,
            f"≥ {BAR}",
            ratio >= BAR,
        )
    ]


def throughput(lab: Lab, bare: bool) -> float:
    """Requests per second of 16 workers, as the engine sends them."""
    lab.load("random")
    if bare:
        lab.stack.site._admin.load(without_instruments(lab.config()))
    people = Clients(proxy=not bare)
    run = lab.fire(REQUESTS, concurrency=16, clients=people, background=True).run
    run.wait()
    last = max(r.sent + r.duration for r in run.requests if r.sent is not None)
    return len(run.requests) / last


def without_instruments(config: dict[str, Any]) -> dict[str, Any]:
    """The learner's configuration with mapped addresses and nothing else."""
    bare = copy.deepcopy(config)
    bare["logging"]["logs"].pop("caddylab")
    for server in bare["apps"]["http"]["servers"].values():
        server.pop("logs")
        server.pop("listener_wrappers")
    return bare
