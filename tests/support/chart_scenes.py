"""Runs as charts see them, invented but true to what Caddy does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

REQUESTS = {
    "n": "int64", "id": "str", "client": "int64", "address": "str", "method": "str",
    "path": "str", "planned": "float64", "sent": "float64", "latency": "float64",
    "latency_intended": "float64", "outcome": "str", "status": "Int64",
    "answerer": "str", "backend": "Int64", "retries": "int64", "complete": "bool", "error": "str",
    "body": "str",
}  # fmt: skip
ATTEMPTS = {
    "n": "int64", "attempt": "int64", "backend": "Int64", "upstream": "str", "start": "float64",
    "duration": "float64", "status": "Int64", "error": "str", "ok": "bool",
}  # fmt: skip
SPANS = {"backend": "int64", "kind": "str", "source": "str", "start": "float64", "end": "float64"}
REFUSED = "dial tcp 127.0.0.1:8002: connect: connection refused"
GONE = "context canceled"


@dataclass
class Scene:
    """The three tables of one run."""

    requests: pd.DataFrame
    attempts: pd.DataFrame
    spans: pd.DataFrame


class Script:
    """Writes a scene: requests one by one, each with its attempts."""

    def __init__(self) -> None:
        self.requests: list[tuple] = []
        self.attempts: list[tuple] = []
        self.spans: list[tuple] = []

    def request(
        self,
        sent: float,
        *tries: tuple[int, float, int | str],
        outcome: str = "ok",
        status: int | None = None,
        planned: float | None = None,
        latency: float | None = None,
        client: int | None = None,
        path: str = "/test-api",
        body: str = "",
        answerer: str = "",
    ) -> None:
        """Add one request; a try is (backend, duration, status or error).

        A backend answered if the last try says so; otherwise Caddy did, for lack of one.
        """
        n, at, backend = len(self.requests) + 1, sent + 0.0002, None
        for k, (tried, duration, end) in enumerate(tries, 1):
            code, error = (end, "") if isinstance(end, int) else (None, end)
            upstream = f"127.0.0.1:{8000 + tried}"
            self.attempts.append((n, k, tried, upstream, at, duration, code, error, not error))
            at += duration
            if code is not None:
                backend, status = tried, code
        took = at - sent + 0.0002 if latency is None else latency
        late = 0.0 if planned is None else sent - planned
        client = (n - 1) % 20 if client is None else client
        refused = "caddy, for want of a backend" if status else "no answer"
        who = answerer or ("backend" if backend else refused)
        if who != "backend":
            backend = None
        self.requests.append((
            n, f"5eed0001-{n}", client, f"203.0.113.{client + 1}", "GET", path,
            sent if planned is None else planned, sent, took, took + late, outcome, status,
            who, backend, max(0, len(tries) - 1), True, "", body,
        ))  # fmt: skip

    def span(self, backend: int, kind: str, source: str, start: float, end: float) -> None:
        """A fault, or an opinion of Caddy's."""
        self.spans.append((backend, kind, source, start, end))

    def scene(self) -> Scene:
        """The scene that was written, as tables."""
        return Scene(
            _table(self.requests, REQUESTS),
            _table(self.attempts, ATTEMPTS),
            _table(self.spans, SPANS),
        )


def _table(rows: list[tuple], kinds: dict[str, str]) -> pd.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pd.DataFrame(
        {name: pd.Series(column, dtype=kind)
         for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    )  # fmt: skip


def happy(number: int = 16, backends: int = 2) -> Scene:
    """One request after the other; round robin begins at the second backend."""
    dice, script, at = np.random.default_rng(1), Script(), 0.001
    for k in range(number):
        took = 0.0012 + dice.exponential(0.0006)
        script.request(at, ((k + 1) % backends + 1, took, 200))
        at += took + 0.001
    return script.scene()


def killed() -> Scene:
    """20 clients; backend 2 is killed at 2 s and back at 6 s; passive and active checks."""
    dice, script = np.random.default_rng(2), Script()
    script.span(2, "killed", "fault", 2.0, 6.0)
    script.span(2, "failed", "caddy", 2.011, 12.0)
    script.span(2, "unhealthy", "caddy", 2.9, 6.9)
    for k in range(400):
        at = k * 0.02 + dice.uniform(0, 0.004)
        took = 0.004 + dice.exponential(0.003)
        if k % 2 and 2.0 <= at < 2.05:
            script.request(at, (2, 0.0003, REFUSED), (1, took, 200))
        else:
            down = 2.0 <= at < 6.9
            script.request(at, (1 if down else k % 2 + 1, took, 200))
    return script.scene()


def hung() -> Scene:
    """Backend 2 hangs: every second request is stuck until its client gives up."""
    script = Script()
    script.span(2, "hung", "fault", 1.0, float("nan"))
    script.span(2, "unhealthy", "caddy", 6.0, float("nan"))
    for k in range(80):
        at = k * 0.1
        if k % 2 and 1.0 <= at < 6.0:
            script.request(at, (2, 2.0, GONE), outcome="timeout", latency=2.0)
        else:
            script.request(at, (1 if at >= 6.0 else k % 2 + 1, 0.003, 200))
    return script.scene()


def slow() -> Scene:
    """Open loop, 50 requests/s; for a while backend 2 takes a second to answer."""
    dice, script = np.random.default_rng(3), Script()
    script.span(2, "slow", "fault", 3.0, 7.0)
    for k in range(500):
        planned = k * 0.02
        took = 0.003 + dice.exponential(0.002)
        if k % 2 and 3.0 <= planned < 7.0:
            took += 1.0
        script.request(planned + 0.0003, (k % 2 + 1, took, 200), planned=planned)
    return script.scene()


def outage() -> Scene:
    """Both backends stop: one 502, then 503s, until they are back."""
    script = Script()
    for backend in (1, 2):
        script.span(backend, "stopped", "fault", 0.2, 0.6)
        script.span(backend, "failed", "caddy", 0.21 + 0.02 * backend, 0.7)
    for k in range(40):
        at = k * 0.02
        if 0.2 <= at < 0.24:
            script.request(at, (k % 2 + 1, 0.0004, REFUSED), outcome="502", status=502)
        elif 0.24 <= at < 0.7:
            script.request(at, outcome="503", status=503, latency=0.0008)
        else:
            script.request(at, (k % 2 + 1, 0.002, 200))
    return script.scene()


def failing() -> Scene:
    """Four backends; the third answers 500 now and then; a client gives up in between."""
    dice, script = np.random.default_rng(4), Script()
    for k in range(60):
        backend = k % 4 + 1
        took = 0.002 + dice.exponential(0.001)
        if backend == 3 and dice.random() < 0.5:
            script.request(k * 0.01, (3, took, 500), outcome="other 5xx")
        elif k == 31:
            script.request(k * 0.01, (backend, 0.05, GONE), outcome="cancelled", latency=0.05)
        else:
            script.request(k * 0.01, (backend, took, 200))
    return script.scene()


def sticky() -> Scene:
    """Eight clients by ip_hash, logged in; backend 2 is restarted, which forgets the logins."""
    script, views = Script(), [0] * 8
    script.span(2, "stopped", "fault", 0.6, 0.9)
    for k in range(160):
        at, client = k * 0.01, k % 8
        home = client % 2 + 1
        if home == 2 and 0.6 <= at < 0.65:
            script.request(at, (2, 0.0003, REFUSED), outcome="502", status=502, client=client,
                           path="/me")  # fmt: skip
        elif home == 2 and at >= 0.6:
            answerer = 1 if at < 1.1 else 2
            script.request(at, (answerer, 0.001, 401), outcome="4xx", client=client, path="/me",
                           body='{"detail": "does not know this session"}')  # fmt: skip
        else:
            views[client] += 1
            body = f'{{"user":"u{client}","views":{views[client]},"backend":"{home}"}}'
            script.request(at, (home, 0.001, 200), client=client, path="/me", body=body)
    return script.scene()


def crowded() -> Scene:
    """20 clients that send again at once; backend 2 hangs and holds them until they give up."""
    dice, script = np.random.default_rng(6), Script()
    script.span(2, "hung", "fault", 1.0, 4.0)
    free, turn = [0.01 * k for k in range(20)], 0
    while min(free) < 6:
        client = int(np.argmin(free))
        at, turn = free[client], turn + 1
        stuck = turn % 2 and 1.0 <= at < 4.0
        took = 1.5 if stuck else 0.08 + dice.exponential(0.04)
        if stuck:
            script.request(at, (2, took, GONE), outcome="timeout", latency=took, client=client)
        else:
            script.request(at, (turn % 2 + 1, took, 200), client=client)
        free[client] = at + took + 0.01
    return script.scene()


SCENES: dict[str, Callable[[], Scene]] = {
    "happy": happy, "killed": killed, "hung": hung, "slow": slow,
    "outage": outage, "failing": failing, "sticky": sticky,
    "crowded": crowded,
}  # fmt: skip


def large(number: int = 100_000) -> Scene:
    """A minute of open loop over three backends, the second killed for ten seconds."""
    dice = np.random.default_rng(5)
    planned = np.arange(number) * (60 / number)
    backend = np.arange(number) % 3 + 1
    down = (backend == 2) & (planned > 20) & (planned < 30)
    retried, lost = down & (planned < 20.5), down & (planned >= 20.5) & (dice.random(number) < 0.01)
    backend = np.where(down, 1, backend)
    took = 0.002 + dice.lognormal(-6, 1, number)
    sent = planned + 0.0003
    outcome = np.where(lost, "503", "ok")
    missing = pd.Series(backend, dtype="Int64").mask(lost)
    n = np.arange(1, number + 1)
    requests = pd.DataFrame({
        "n": n, "id": [f"5eed0002-{k}" for k in n], "client": n % 20,
        "address": [f"203.0.113.{k % 20 + 1}" for k in n], "method": "GET", "path": "/test-api",
        "planned": planned, "sent": sent, "latency": took, "latency_intended": took + 0.0003,
        "outcome": outcome, "status": np.where(lost, 503, 200),
        "answerer": np.where(lost, "caddy, for want of a backend", "backend"), "backend": missing,
        "retries": retried.astype(int), "complete": True, "error": "", "body": "",
    }).astype(REQUESTS)  # fmt: skip
    answered = n[~lost]
    final = pd.DataFrame({
        "n": answered, "attempt": np.where(retried[~lost], 2, 1), "backend": backend[~lost],
        "upstream": "127.0.0.1:8001", "start": sent[~lost], "duration": took[~lost],
        "status": 200, "error": "", "ok": True,
    })  # fmt: skip
    first = pd.DataFrame({
        "n": n[retried], "attempt": 1, "backend": 2, "upstream": "127.0.0.1:8002",
        "start": sent[retried], "duration": 0.0003, "status": None, "error": REFUSED, "ok": False,
    })  # fmt: skip
    attempts = pd.concat([final.astype(ATTEMPTS), first.astype(ATTEMPTS)])
    spans = _table([(2, "killed", "fault", 20.0, 30.0), (2, "failed", "caddy", 20.5, 30.5)], SPANS)
    return Scene(requests, attempts.sort_values(["n", "attempt"], ignore_index=True), spans)
