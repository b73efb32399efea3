"""A finished run in a file, to be shown again where no lab runs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, astuple, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from caddylab._caddy.adapted.balancing import Setting
from caddylab._engine.clients import Clients
from caddylab._engine.ledger import Ledger
from caddylab._engine.plan import Plan
from caddylab._errors import TrafficError
from caddylab._machine import files
from caddylab._records import Answerer, Attempt, Outcome, Request, Span

FORMAT = 2
"""Goes up when an older caddylab could not read the file any more."""
OLD_REQUEST = 12
"""The values of a request in a file from before it was recorded who answered."""
RENAMED = {"crashed": "stopped"}
"""Kinds of fault that older files call by another name."""


class Recording(NamedTuple):
    """All that a run's tables, charts and replay are made of."""

    ledger: Ledger
    clients: Clients
    faults: list[Span]
    opinions: list[Span]
    stage: Setting


def write(path: Path, recording: Recording) -> None:
    """Write it as JSON, compressed if the name ends in ".gz".

    Raises:
        TrafficError: the file cannot be written.
    """
    text = json.dumps(_packed(recording), separators=(",", ":"), ensure_ascii=False)
    content = text.encode(errors="replace")  # a learner's text may hold half a character
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)  # the same run makes the same file
    try:
        files.write(path, content)
    except (OSError, ValueError) as error:
        why = files.reason(error)
        raise TrafficError(f"The run could not be saved as {path}: {why}.") from error


def read(path: Path) -> Recording:
    """Read what `write` has written.

    Raises:
        TrafficError: there is no such file, or it holds something else.
    """
    from caddylab._traffic import schema  # here: pydantic takes 0.2 s

    try:
        return _unpacked(schema.checked(files.read(path), newest=FORMAT))
    except OSError as error:
        raise TrafficError(f"{path} cannot be read: {files.reason(error)}.") from error
    except schema.Newer:
        raise TrafficError(
            f"{path} was saved by a newer caddylab than this one: update this one."
        ) from None
    except (ValueError, TypeError, TrafficError) as error:
        raise TrafficError(
            f"{path} holds no run that could be read ({schema.reason(error)}). "
            "Expected a file that `t.save(...)` has written."
        ) from error


def _packed(recording: Recording) -> dict[str, Any]:
    ledger, clients = recording.ledger, recording.clients
    return {
        "format": FORMAT,
        "id": ledger.id,
        "began": ledger.began,
        "stopped": ledger.stopped,
        "plan": _plan(ledger.plan),
        "requests": [astuple(request) for request in ledger.requests],
        "clients": len(clients),
        "address": clients.shared,
        "faults": _rows(recording.faults),
        "opinions": _rows(recording.opinions),
        "stage": asdict(recording.stage),
    }


def _unpacked(packed: dict[str, Any]) -> Recording:
    plan = packed["plan"] | {"body": packed["plan"]["body"].encode("latin-1")}
    ledger = Ledger(Plan(**plan), packed["id"])
    ledger.began, ledger.stopped = float(packed["began"]), bool(packed["stopped"])
    ledger.requests += map(_request, packed["requests"])
    ledger.planned_total = max(ledger.planned_total, len(ledger.requests))
    ledger.launched.set()
    ledger.done.set()
    stage = {key: _tuples(value) for key, value in packed["stage"].items()}
    return Recording(
        ledger,
        Clients(packed["clients"], packed["address"]),
        [_fault(row) for row in packed["faults"]],
        [Span(*row) for row in packed["opinions"]],
        Setting(**stage),
    )


def _plan(plan: Plan) -> dict[str, Any]:
    values = {field.name: getattr(plan, field.name) for field in fields(plan)}
    return values | {"headers": dict(plan.headers), "body": plan.body.decode("latin-1")}


def _request(row: list[Any]) -> Request:
    request = Request(*row[:OLD_REQUEST])
    request.attempts = [Attempt(*attempt) for attempt in row[OLD_REQUEST - 1]]
    request.outcome = Outcome(request.outcome)
    known = row[OLD_REQUEST:]
    request.source = Answerer(known[0]) if known else _inferred(request)
    request.again = known[1] if len(known) > 1 else 0
    return request


def _inferred(request: Request) -> Answerer:
    """Who answered, for a run that was saved before this was recorded."""
    if not request.complete:
        return Answerer.UNKNOWN
    if any(a.status == request.status and a.backend is not None for a in request.attempts):
        return Answerer.BACKEND
    refused = request.status in (502, 503, 504) and not request.body
    return Answerer.NO_BACKEND if refused else Answerer.CADDY


def _fault(row: list[Any]) -> Span:
    span = Span(*row)
    return replace(span, kind=RENAMED.get(span.kind, span.kind))


def _rows(spans: Iterable[Span]) -> list[tuple[Any, ...]]:
    return [astuple(span) for span in spans]


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
