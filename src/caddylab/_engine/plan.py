"""What is to be sent: in a closed loop (a count, with a concurrency) or an open one (a rate)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from caddylab._caddy.adapted.routes import USUAL_PATH
from caddylab._errors import TrafficError

MOST = 10_000_000
"""The most requests that a plan can have: their records take about 3 GB."""
MOST_RETRIES = 100
LARGEST = 1_000_000_000
"""The limit for seconds and for requests a second: more than anybody can wait for or send."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r"/[!-~]*")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = {
    "host": "give it as host=...",
    "x-request-id": "it is how the lab finds this request in Caddy's log",
    "connection": "use keepalive=False to close after each answer",
    "content-length": "it follows from body=...",
    "transfer-encoding": "bodies are sent with their length",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be sent; checked when it is made.

    Closed loop: `count` requests, by `concurrency` workers who each send their next request
    when the last one is answered. Open loop: `rate` requests a second for `duration` seconds,
    the i-th planned at i / rate, whether or not the earlier ones are answered.

    Args:
        count: how many requests (closed loop).
        concurrency: how many workers (closed loop).
        rate: requests per second (open loop).
        duration: seconds during which requests are sent (open loop).
        path: path and query, as they stand in the request line.
        method: any method but CONNECT.
        body: sent with its Content-Length.
        headers: further request headers. A `Cookie` here goes beside the client's own.
        host: the Host header.
        timeout: the client's patience: seconds from the send to the end of the answer.
        clients: how many simulated users take turns: request n is of client (n-1) % clients.
        keepalive: whether clients use a connection again for their next request.
        retries: how often a client sends a request again that was refused, cut off or not answered
            in time, or whose answer was a 429 or 5xx.
        backoff: seconds before the first time; twice as long before each further one, give or
            take a half. A `Retry-After` makes it longer.
        budget: how many may be sent again in all, as a share of those sent for the first time;
            None = without a limit.
        http: the version that is spoken, "1.1" or "2"; by "2" each client has one connection, on
            which all its requests go at once.

    Raises:
        TrafficError: the plan cannot be fired; the message says what to change.
    """

    count: int | None = None
    concurrency: int = 1
    rate: float | None = None
    duration: float | None = None
    path: str = USUAL_PATH
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    host: str = "localhost"
    timeout: float = 30.0
    clients: int = 1
    keepalive: bool = True
    retries: int = 0
    backoff: float = 0.0
    budget: float | None = None
    http: str = "1.1"

    def __post_init__(self) -> None:
        self._check_loop()
        self._check_total()
        _whole("clients", self.clients)
        _positive("timeout", self.timeout, "seconds")
        self._check_retries()
        if self.http not in ("1.1", "2"):
            raise TrafficError(f'http is {self.http!r}, but must be "1.1" or "2".')
        self._check_request_line()
        self._check_headers()

    @property
    def open(self) -> bool:
        """Whether requests leave by the clock (open loop) and not by the answers."""
        return self.rate is not None

    @property
    def total(self) -> int:
        """How many requests the plan sends."""
        if self.count is not None:
            return self.count
        assert self.rate is not None
        assert self.duration is not None
        # Planned times begin at 0, so a begun interval counts; the rest is rounding error.
        return max(1, math.ceil(self.rate * self.duration - 1e-6))

    def planned(self, n: int) -> float:
        """When request `n` (from 1) of an open loop is due, in seconds after the beginning."""
        assert self.rate is not None
        return (n - 1) / self.rate

    def head(self, run: str) -> bytes:
        """The request's head up to and including `X-Request-Id: <run>-`."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [] if self.keepalive else ["Connection: close"]
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, f"X-Request-Id: {run}-"]).encode("latin-1")

    def _check_loop(self) -> None:
        if self.count is not None and (self.rate is not None or self.duration is not None):
            raise TrafficError(
                "The plan has both a count and a rate or duration. Give a count for a closed "
                "loop (so many requests), or a rate and a duration for an open loop."
            )
        if self.count is not None:
            _whole("count", self.count)
            _whole("concurrency", self.concurrency)
        else:
            self._check_open_loop()

    def _check_open_loop(self) -> None:
        if self.rate is None or self.duration is None:
            raise TrafficError(
                "The plan does not say how much to send. Give a count (closed loop: "
                "count=16), or a rate and a duration (open loop: rate=50, duration=10)."
            )
        _positive("rate", self.rate, "requests per second")
        _positive("duration", self.duration, "seconds")
        if self.concurrency != 1:
            raise TrafficError(
                "An open loop has no concurrency: it sends by the clock and waits for nobody. "
                "Leave concurrency out, or give a count in place of rate and duration."
            )

    def _check_total(self) -> None:
        total = self.rate * self.duration if self.rate and self.duration else self.count or 0
        if total > MOST:
            raise TrafficError(
                f"The plan has more than {MOST:,} requests, the most that one run can have. "
                "Send less, or send it in several runs."
            )

    def _check_retries(self) -> None:
        if isinstance(self.retries, bool) or self.retries not in range(MOST_RETRIES + 1):
            raise TrafficError(
                f"retries is {self.retries!r}, but must be a whole number from 0 to {MOST_RETRIES}."
            )
        if self.backoff != 0:
            _positive("backoff", self.backoff, "seconds")
        if self.budget is not None and self.budget != 0:
            _positive("budget", self.budget, "of what is sent, such as 0.1")

    def _check_request_line(self) -> None:
        if not isinstance(self.path, str) or not _PATH.fullmatch(self.path):
            raise TrafficError(
                f"The path {self.path!r} cannot stand in a request line: it must begin with "
                "'/' and have no spaces or accents (write a space as %20)."
            )
        if not isinstance(self.method, str) or not _TOKEN.fullmatch(self.method):
            raise TrafficError(f"The method {self.method!r} is none; write for example 'GET'.")
        object.__setattr__(self, "method", self.method.upper())
        if self.method == "CONNECT":
            raise TrafficError("CONNECT asks for a tunnel, which the lab does not make.")
        if not isinstance(self.body, bytes):
            raise TrafficError(
                f"The body is of type {type(self.body).__name__}, but bytes are sent; "
                "write for example body='...'.encode()."
            )

    def _check_headers(self) -> None:
        for name, value in {**self.headers, "host": self.host}.items():
            if not isinstance(name, str) or not _TOKEN.fullmatch(name):
                raise TrafficError(f"{name!r} is no name of a header.")
            if not isinstance(value, str) or not _VALUE.fullmatch(value):
                raise TrafficError(f"The header {name} cannot have the value {value!r}.")
        for name in self.headers:
            if why := _OURS.get(name.lower()):
                raise TrafficError(f"The header {name} is not yours to set: {why}.")


def _whole(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TrafficError(f"{name} is {value!r}, but must be a whole number from 1 on.")


def _positive(name: str, value: float, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TrafficError(f"{name} is {value!r}, but must be a number of {unit}.")
    if not 0 < value <= LARGEST:
        raise TrafficError(
            f"{name} is {value!r}, but must be more than 0 {unit}, and {LARGEST:,} at most."
        )
