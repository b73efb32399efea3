"""The lines of Caddy's log that a lab reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

REVERSE_PROXY = "http.handlers.reverse_proxy"
ACTIVE = "http.handlers.reverse_proxy.health_checker.active"
SELECTED = b'"selected upstream"'


@dataclass(slots=True)
class RoundTrip:
    """An attempt has ended (`upstream roundtrip`). `start` is Unix time."""

    id: str
    upstream: str
    start: float
    duration: float
    status: int | None
    error: str


@dataclass(slots=True)
class Closing:
    """Caddy is done with a request (the access log). `status` is 499 if the client left."""

    id: str
    status: int


@dataclass(slots=True)
class Flip:
    """An active health check has changed Caddy's mind about an upstream."""

    upstream: str
    healthy: bool
    time: float
    reason: str = ""


@dataclass(slots=True)
class Selection:
    """Caddy has chosen an upstream, for a request that it does not name (`selected upstream`)."""

    upstream: str
    time: float


@dataclass(slots=True)
class FailedCheck:
    """An active health check has failed, which may have changed nothing."""

    upstream: str
    time: float
    reason: str
    message: str = ""
    status: int | None = None


Line = RoundTrip | Closing | Flip | Selection | FailedCheck


class LogReader:
    """Turns the bytes of the log into lines, and those into what they mean.

    `selections` says whether the lines about chosen upstreams are wanted: half of the log.
    """

    def __init__(self) -> None:
        self.offset = 0
        self.selections = False
        self._rest = b""
        self._reasons: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Line]:
        """Take the next bytes; an unfinished last line waits for its end."""
        self.offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        wanted = lines if self.selections else (x for x in lines if SELECTED not in x)
        return [line for line in map(self._parse, wanted) if line is not None]

    def _parse(self, line: bytes) -> Line | None:
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        message, logger = entry.get("msg"), entry.get("logger", "")
        if message == "upstream roundtrip":
            return round_trip(entry)
        if message == "handled request":
            return Closing(request_id(entry), entry["status"])
        if message == "selected upstream":
            return Selection(entry["dial"], entry["ts"])
        if logger == "events" and entry.get("name") in ("healthy", "unhealthy"):
            return self._flip(entry)
        if logger == ACTIVE and "host" in entry:
            return self._failed_check(entry)
        return None

    def _failed_check(self, entry: dict[str, Any]) -> FailedCheck | None:
        if entry["msg"] == "host is up":
            return None
        why = self._reasons[entry["host"]] = reason(entry)
        status = entry.get("status_code")
        return FailedCheck(entry["host"], entry["ts"], why, entry["msg"], status)

    def _flip(self, entry: dict[str, Any]) -> Flip:
        host = entry["data"]["host"]
        healthy = entry["name"] == "healthy"
        return Flip(host, healthy, entry["ts"], "" if healthy else self._reasons.get(host, ""))


def round_trip(entry: dict[str, Any]) -> RoundTrip:
    """An `upstream roundtrip` entry; it is written when the attempt ends."""
    duration = entry["duration"]
    return RoundTrip(
        request_id(entry), entry["upstream"], entry["ts"] - duration, duration,
        entry.get("status"), entry.get("error", ""),
    )  # fmt: skip


def request_id(entry: dict[str, Any]) -> str:
    """The id that our client gave the request; empty for a stranger's."""
    return str(entry["request"].get("headers", {}).get("X-Request-Id", [""])[0])


def reason(entry: dict[str, Any]) -> str:
    """Why an active check failed, in Caddy's words."""
    if "status_code" in entry:
        return f"{entry['msg']}: {entry['status_code']}"
    return str(entry.get("error") or entry["msg"])
