"""The engine in an open loop at 500 requests/s: how punctual it is, and what it adds."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from statistics import median

from benchmarks._row import Row
from benchmarks._static import static_caddy
from caddylab._engine.engine import Address, Engine, Run
from caddylab._engine.plan import Plan
from caddylab._records import Outcome

RATE = 500
SECONDS = 10
ROUNDS = 3
ON_TIME = 0.99
MOST_ADDED = 0.0006
BARE_CLOCK = """
import sys, time
rate, seconds = map(int, sys.argv[1:])
began, on_time = time.perf_counter(), 0
for i in range(rate * seconds):
    due = began + i / rate
    while (left := due - time.perf_counter()) > 0:
        time.sleep(left)
    on_time += time.perf_counter() - due <= 0.001
print(on_time / (rate * seconds))
"""


def run() -> list[Row]:
    """Punctuality and added latency, the median of three rounds of 10 s."""
    if shutil.which("hey") is None:
        raise RuntimeError(
            "This benchmark compares with hey, which is not here. On Debian: apt install hey"
        )
    engine = Engine()
    runs, theirs = [], []
    try:
        with static_caddy() as caddy:
            for _ in range(ROUNDS):
                runs.append(_fire(engine, caddy.address))
                theirs.append(_hey(caddy.address))
        hey, bare = (median(figures) for figures in zip(*theirs, strict=True))
        return [_punctual(runs, bare), _added(runs, hey), _floor(engine, hey)]
    finally:
        engine.close()


def _fire(engine: Engine, site: Address) -> Run:
    run = engine.start(Plan(rate=RATE, duration=SECONDS), site)
    run.wait()
    assert len(run.requests) == RATE * SECONDS
    assert all(request.outcome is Outcome.OK for request in run.requests)
    return run


def _hey(site: Address) -> tuple[float, float]:
    """hey's median latency at the same rate, and how punctual a bare clock is beside it.

    hey's one worker spaces its requests as we do; if the machine is too busy, it skips some.
    The clock is a program that only sleeps until each due time.
    """
    url, seconds = f"http://{site[0]}:{site[1]}/test-api", str(SECONDS // 2)
    command = ["hey", "-z", f"{seconds}s", "-c", "1", "-q", str(RATE), "-o", "csv", url]
    clock = [sys.executable, "-c", BARE_CLOCK, str(RATE), seconds]
    with subprocess.Popen(clock, stdout=subprocess.PIPE, text=True) as sleeper:
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        on_time, _ = sleeper.communicate()
    times = [float(row["response-time"]) for row in csv.DictReader(io.StringIO(text))]
    return median(times), float(on_time)


def _punctual(runs: list[Run], bare: float) -> Row:
    shares = [late.within_1ms for run in runs if (late := run.lateness())]
    share = median(shares)
    return Row(
        name=f"open loop, {RATE} requests/s for {SECONDS} s: sent within 1 ms of their time",
        ours=f"{share:.2%} (of {ROUNDS} rounds: {', '.join(f'{s:.2%}' for s in sorted(shares))})",
        other=f"{bare:.2%} (a program that only sleeps, beside hey)",
        ratio=share / bare,
        bar=f"ours ≥ {ON_TIME:.0%}",
        ok=share >= ON_TIME,
    )


def _added(runs: list[Run], hey: float) -> Row:
    ours = median(median(request.latency for request in run.requests) for run in runs)
    return Row(
        name=f"latency at p50, {RATE} requests/s, static Caddy: what the engine adds",
        ours=f"{ours * 1000:.2f} ms",
        other=f"{hey * 1000:.2f} ms (hey)",
        ratio=ours / hey,
        bar=f"ours - hey's ≤ {MOST_ADDED * 1000:.1f} ms",
        ok=ours - hey <= MOST_ADDED,
    )


def _floor(engine: Engine, hey: float) -> Row:
    return Row(
        name="the engine's floor: p50 against the smallest server, in its own loop",
        ours=f"{engine.floor() * 1000:.2f} ms",
        other=f"{hey * 1000:.2f} ms (hey, static Caddy)",
        ratio=engine.floor() / hey,
    )


if __name__ == "__main__":
    print(*run(), sep="\n")
