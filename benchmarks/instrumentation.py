"""What the lab's instruments cost: requests per second through Caddy with and without them."""

from __future__ import annotations

import contextlib
import copy
import io
import statistics
from typing import Any

import psutil

from benchmarks._row import Row
from caddylab import Lab
from caddylab._engine.clients import Clients

Cost = dict[str, float]

ROUNDS, REQUESTS = 5, 4000
BAR = 0.9


def run() -> list[Row]:
    """The same traffic to the same backends, in turn; the medians of the pairs.

    Processor time per request shows where the difference goes, even on a shared machine.
    """
    with contextlib.redirect_stdout(io.StringIO()), Lab(runtime="process") as lab:
        pairs = [(measured(lab, bare=False), measured(lab, bare=True)) for _ in range(ROUNDS)]
    return [_rate(pairs), *(_cpu(pairs, who) for who in ("all", "Caddy", "the lab"))]


def _rate(pairs: list[tuple[Cost, Cost]]) -> Row:
    ours, bare = (
        statistics.median(cost["rate"] for cost in side) for side in zip(*pairs, strict=True)
    )
    ratio = statistics.median(ours["rate"] / bare["rate"] for ours, bare in pairs)
    what = "requests/s through Caddy with the instruments / without"
    return Row(what, f"{ours:.0f}/s", f"{bare:.0f}/s", ratio, f"≥ {BAR}", ratio >= BAR)


def _cpu(pairs: list[tuple[Cost, Cost]], who: str) -> Row:
    """Without / with: what the rates' ratio is where the processor is the bottleneck."""
    ours, bare = (
        statistics.median(cost[who] for cost in side) for side in zip(*pairs, strict=True)
    )
    ratio = statistics.median(bare[who] / ours[who] for ours, bare in pairs)
    bar = f"≥ {BAR}" if who == "all" else ""
    what = f"the same in processor time a request, {who}: without / with"
    return Row(what, f"{ours:.0f} µs", f"{bare:.0f} µs", ratio, bar, not bar or ratio >= BAR)


def measured(lab: Lab, bare: bool) -> Cost:
    """What a request costs, sent by the engine with 16 workers, in microseconds; and the rate."""
    lab.load("random")
    if bare:
        lab.stack.site._admin.load(without_instruments(lab))
    before = _used(lab)
    run = lab.fire(REQUESTS, concurrency=16, clients=Clients(proxy=not bare), background=True).run
    run.wait()
    last = max(r.sent + r.duration for r in run.requests if r.sent is not None)
    used = {who: (after - before[who]) * 1e6 / REQUESTS for who, after in _used(lab).items()}
    return {**used, "all": sum(used.values()), "rate": len(run.requests) / last}


def _used(lab: Lab) -> Cost:
    """Seconds of processor time so far: the lab's own process, Caddy, and the backends."""
    caddy, ours = lab.stack.runtime._caddy, psutil.Process()
    others = [child for child in ours.children(recursive=True) if child != caddy]
    return {
        "Caddy": _seconds(caddy),
        "the lab": _seconds(ours),
        "backends": sum(map(_seconds, others)),
    }


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def without_instruments(lab: Lab) -> dict[str, Any]:
    """The learner's configuration with mapped addresses and nothing else."""
    bare = copy.deepcopy(lab.config())
    bare["logging"] = lab.stack.site.adapted.get("logging", {})
    for server in bare["apps"]["http"]["servers"].values():
        server.pop("logs")
        server.pop("listener_wrappers")
    return bare
