"""The lines of Caddy's log that a lab reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from caddylab._caddy.adapted.marks import COPIED, WRITTEN

Peer = tuple[str, int]

ACCESS, ERRORS = "http.log.access", "http.log.error"
ACTIVE = "http.handlers.reverse_proxy.health_checker.active"
BEGINNING = b'{"level":"'
SELECTED = b'"selected upstream"'


@dataclass(slots=True)
class RoundTrip:
    """An attempt has ended (`upstream roundtrip`). `start` is Unix time.

    `peer` is the client's address and port, `id` its `X-Request-Id`, which a Caddyfile may have
    changed. `length` is the length of the answer's body in bytes, where the backend tells it.
    `handled` says that a `handle_response` has taken the answer, `inner` that this was in another
    site of Caddy's own, whose closing line may come too late to tell what was made of it.
    `asked` is the method and the path, as the backend got them.
    """

    peer: Peer
    id: str
    upstream: str
    start: float
    duration: float
    status: int | None
    error: str
    length: int | None = None
    handled: bool = False
    inner: bool = False
    asked: str = ""


@dataclass(slots=True)
class Handling:
    """A `handle_response` has taken the answer of the last attempt (`handling response`)."""

    peer: Peer
    id: str


@dataclass(slots=True)
class Refusal:
    """A proxy has found no backend that would answer (the error log)."""

    peer: Peer
    id: str
    status: int


@dataclass(slots=True)
class Closing:
    """Caddy is done with a request (the access log). `status` is 499 if the client left.

    `nobody` says that no handler took it (Caddy's "NOP"): the client gets an empty 200 all the
    same. `size` is the length of the body that was sent, `encoded` says that it was compressed
    on the way, and `own` that the headers are Caddy's own and no backend's. `copied` and `written`
    are our marks (`adapted/marks`): a `copy_response` has run, a page was put in an answer's place.
    `asked` is the method and the path, as the client sent them.
    """

    peer: Peer
    id: str
    status: int
    method: str = "GET"
    size: int = 0
    encoded: bool = False
    own: bool = False
    nobody: bool = False
    copied: bool = False
    written: bool = False
    asked: str = ""


@dataclass(slots=True)
class Flip:
    """An active health check has changed Caddy's mind about an upstream."""

    upstream: str
    healthy: bool
    time: float
    reason: str = ""


@dataclass(slots=True)
class Selection:
    """Caddy has chosen an upstream (`selected upstream`); the line names no request."""

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


Ours = RoundTrip | Handling | Refusal | Closing
"""The lines that are about a client's request."""
Line = Ours | Flip | Selection | FailedCheck


class LogReader:
    """Turns the bytes of the log into lines, and those into what they mean.

    `selections` says whether to read the lines about chosen upstreams, which are half of the log.
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
            return self._read(parsed(line))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None  # not one of the lines that we know: whatever it is, it ends nothing

    def _read(self, entry: dict[str, Any]) -> Line | None:
        message, logger = entry["msg"], entry["logger"]
        if message == "upstream roundtrip":
            return round_trip(entry)
        if message == "handling response" and "request" in entry:
            return Handling(peer(entry), request_id(entry))
        if logger.startswith(ACCESS):
            return closing(entry)
        if logger.startswith(ERRORS):
            return refusal(entry)
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


def parsed(line: bytes) -> Any:
    """The content of a line; on a full disk, the line before it may have been cut off midway.

    Pydantic reads JSON in less than half the time of `json`; `json` reads what Pydantic refuses.
    """
    try:
        return from_json(line)
    except ValueError:
        return json.loads(line[max(0, line.rfind(BEGINNING)) :])


def round_trip(entry: dict[str, Any]) -> RoundTrip:
    """An `upstream roundtrip` entry; it is written when the attempt ends."""
    duration = entry["duration"]
    length = header(entry.get("headers"), "Content-Length")
    return RoundTrip(
        peer(entry), request_id(entry), entry["upstream"], entry["ts"] - duration, duration,
        entry.get("status"), entry.get("error", ""), int(length) if length.isdigit() else None,
        asked=asked(entry),
    )  # fmt: skip


def closing(entry: dict[str, Any]) -> Closing:
    """An entry of the access log: "handled request", or "NOP" if no handler took it."""
    headers = entry.get("resp_headers")
    return Closing(
        peer(entry), request_id(entry), entry["status"], entry["request"]["method"], entry["size"],
        encoded=bool(header(headers, "Content-Encoding")),
        own=not header(headers, "Via") and header(headers, "Server") == "Caddy",
        nobody=entry["msg"] == "NOP", copied=COPIED in entry, written=WRITTEN in entry,
        asked=asked(entry),
    )  # fmt: skip


def refusal(entry: dict[str, Any]) -> Refusal | None:
    """An entry of the error log, if a proxy wrote it.

    Where the error page fails as well, Caddy answers with the status of the first error.
    """
    error = entry.get("first_error") or entry
    if not str(error.get("err_trace", "")).startswith("reverseproxy."):
        return None
    return Refusal(peer(entry), request_id(entry), error["status"])


def peer(entry: dict[str, Any]) -> Peer:
    """The client's address and port: those of its PROXY line, if it sent one."""
    request = entry["request"]
    return request["remote_ip"], int(request["remote_port"])


def asked(entry: dict[str, Any]) -> str:
    """The method and the path of a request, without its query."""
    request = entry["request"]
    return f"{request['method']} {request['uri'].partition('?')[0]}"


def request_id(entry: dict[str, Any]) -> str:
    """The request's id, as the Caddyfile passed it on; empty where there is none."""
    return header(entry["request"].get("headers"), "X-Request-Id")


def header(headers: dict[str, list[str]] | None, name: str) -> str:
    """The first value of a header; empty where there is none."""
    values = (headers or {}).get(name)
    return str(values[0]) if values else ""


def reason(entry: dict[str, Any]) -> str:
    """Why an active check failed, in Caddy's words."""
    if "status_code" in entry:
        return f"{entry['msg']}: {entry['status_code']}"
    return str(entry.get("error") or entry["msg"])
