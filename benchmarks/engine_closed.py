"""The engine in a closed loop with 16 workers, beside other clients of the same Caddy."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import aiohttp
import httpx
import psutil

from benchmarks._row import Row, tried
from benchmarks._static import static_caddy
from caddylab._engine.engine import Address, Engine
from caddylab._engine.plan import Plan
from caddylab._engine.tls import Trust
from caddylab._records import Outcome

WORKERS = 16
SECONDS = 4.0
ROUNDS = 3
WRK = ["wrk", "-t", "1", "-c", str(WORKERS), "-d", f"{SECONDS / 2:.0f}s"]


def run() -> list[Row]:
    """Requests per second: ours and theirs in turn, the median of three rounds."""
    clients = {"ours": engine, "locust": locust, "aiohttp": with_aiohttp, "httpx": with_httpx}
    rates: dict[str, list[float]] = {name: [] for name in clients}
    with static_caddy() as caddy:
        for _ in range(ROUNDS):
            for name, measure in clients.items():
                rates[name].append(measure(caddy.address))
    ours, others = median(rates["ours"]), {name: median(r) for name, r in rates.items()}
    return [
        *tried("processor time a request", processor_time),
        _row("locust's FastHttpUser", ours, others["locust"], bar=1.0),
        _row("aiohttp", ours, others["aiohttp"]),
        _row("httpx", ours, others["httpx"]),
    ]


def processor_time() -> list[Row]:
    """What a request costs the client: ours, wrk's and hey's. Caddy limits their rates."""
    need("wrk", "hey")
    commands = {
        "wrk": WRK,
        "hey": ["hey", "-c", str(WORKERS), "-z", f"{SECONDS / 2:.0f}s"],
    }
    costs: dict[str, list[tuple[float, float]]] = {"ours": [], "wrk": [], "hey": []}
    with static_caddy() as caddy:
        for _ in range(ROUNDS):
            costs["ours"].append(own_cost(caddy.address))
            for name, command in commands.items():
                costs[name].append(cost_of([*command, f"{url(caddy.address)}/test-api"]))
    rates, used = (
        {name: median(each[k] for each in found) for name, found in costs.items()} for k in (0, 1)
    )
    return [_cost_row(name, rates, used) for name in ("wrk", "hey")]


def need(*programs: str) -> None:
    if missing := [name for name in programs if shutil.which(name) is None]:
        raise RuntimeError(f"not here: {', '.join(missing)}. On Debian: apt install wrk hey")


def _cost_row(whose: str, rates: dict[str, float], used: dict[str, float]) -> Row:
    figures = {name: f"{used[name]:.0f} µs at {rates[name]:,.0f}/s" for name in used}
    name = f"closed loop, {WORKERS} workers: the client's processor time a request"
    return Row(name, figures["ours"], f"{figures[whose]} ({whose})", used["ours"] / used[whose])


def own_cost(site: Address, trust: Trust | None = None) -> tuple[float, float]:
    engine = Engine()
    try:
        count = int(_rate(engine, site, 4000, trust) * SECONDS / 2)
        before = time.process_time()
        rate = _rate(engine, site, count, trust)
        return rate, (time.process_time() - before) * 1e6 / count
    finally:
        engine.close()


def cost_of(command: list[str]) -> tuple[float, float]:
    """A program's rate, which it prints, and its processor time per request in microseconds."""
    before = psutil.Process().cpu_times()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = psutil.Process().cpu_times()
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return rate, used * 1e6 / (rate * SECONDS / 2)


def engine(site: Address) -> float:
    """Ours, each request recorded; a short run first finds out how many fit the time."""
    engine = Engine()
    try:
        count = int(_rate(engine, site, 4000) * SECONDS)
        return _rate(engine, site, count)
    finally:
        engine.close()


def _rate(engine: Engine, site: Address, count: int, trust: Trust | None = None) -> float:
    before = time.perf_counter()
    run = engine.start(Plan(count=count, concurrency=WORKERS), site, trust=trust)
    run.wait()
    seconds = time.perf_counter() - before
    assert len(run.requests) == count
    assert all(request.outcome is Outcome.OK for request in run.requests)
    return count / seconds


def locust(site: Address) -> float:
    """locust's fastest user, in a process of its own."""
    script = Path(__file__).with_name("_locust.py")
    command = [sys.executable, str(script), url(site), str(SECONDS)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, failures, users = answer.split()
    assert (int(failures), int(users)) == (0, WORKERS)
    return float(rate)


def with_aiohttp(site: Address) -> float:
    async def measure() -> float:
        async with aiohttp.ClientSession() as session:

            async def get() -> None:
                async with session.get(f"{url(site)}/test-api") as response:
                    await response.read()

            return await _by_workers(get)

    return asyncio.run(measure())


def with_httpx(site: Address) -> float:
    async def measure() -> float:
        async with httpx.AsyncClient(base_url=url(site), trust_env=False) as client:

            async def get() -> None:
                await client.get("/test-api")

            return await _by_workers(get)

    return asyncio.run(measure())


async def _by_workers(get: Callable[[], object]) -> float:
    await get()  # type: ignore[misc]
    end, count = time.perf_counter() + SECONDS / 2, 0

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await get()  # type: ignore[misc]
            count += 1

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return count / (SECONDS / 2)


def url(site: Address, secure: str = "") -> str:
    return f"http{secure}://{site[0]}:{site[1]}"


def _row(whose: str, ours: float, other: float, bar: float | None = None) -> Row:
    return Row(
        name=f"closed loop, {WORKERS} workers, static Caddy",
        ours=f"{ours:,.0f} requests/s",
        other=f"{other:,.0f} requests/s ({whose})",
        ratio=ours / other,
        bar="" if bar is None else f"≥ {bar:.1f}",
        ok=bar is None or ours / other >= bar,
    )


if __name__ == "__main__":
    print(*run(), sep="\n")
