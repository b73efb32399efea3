"""What a file must be to count as a saved run: everything in it is checked first.

A file may come from a stranger or from a broken disk. What passes here needs no care later.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from caddylab._caddy.adapted.balancing import Setting
from caddylab._caddy.running.opinions import KINDS
from caddylab._engine.clients import MOST_CLIENTS
from caddylab._records import NAME_SERVER, Attempt, Request, Span
from caddylab._runtimes.base import MOST_BACKENDS

GZIP = b"\x1f\x8b"
MOST_BYTES = 400_000_000
"""The most bytes of JSON; enough for more than a million requests."""
MOST_DENSE = 60
"""Records compress to about a tenth; a file that is far denser is meant to exhaust the memory."""
SMALL = 1_000_000

LONG = 1e11
Seconds = Annotated[float, Field(ge=-LONG, le=LONG)]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
Backend = Annotated[int, Field(ge=1, le=MOST_BACKENDS)]
Suffering = Annotated[int, Field(ge=NAME_SERVER, le=MOST_BACKENDS)]
Status = Annotated[int, Field(ge=100, le=999)]
Duration = Annotated[float, Field(ge=0, le=LONG)]

STRICTER: dict[str, Any] = {
    "n": Annotated[int, Field(ge=1, le=2**53)],
    "client": Annotated[int, Field(ge=0, lt=MOST_CLIENTS)],
    "backend": Backend,
    "duration": Duration,
    "status": Status,
}
"""What is narrower than a number in general, by the name of the field."""
CONFIG = ConfigDict(strict=False, allow_inf_nan=False)


class Packed(BaseModel):
    """A whole file; rows are checked by `table`, since older files have fewer columns."""

    model_config = CONFIG

    format: Whole
    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,32}$")]
    began: Seconds
    stopped: bool
    plan: PackedPlan
    requests: list[list[Any]]
    clients: Annotated[int, Field(ge=1, le=MOST_CLIENTS)]
    address: str | None
    faults: list[list[Any]]
    opinions: list[list[Any]]
    stage: dict[str, Any]


class PackedPlan(BaseModel):
    """The plan's own checks follow when it is made of this."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    count: Annotated[int, Field(ge=1, le=2**53)] | None
    concurrency: Annotated[int, Field(ge=1, le=2**53)]
    rate: Annotated[float, Field(gt=0, le=LONG)] | None
    duration: Duration | None
    path: str
    method: str
    body: str
    headers: dict[str, str]
    host: str
    timeout: Duration
    clients: Annotated[int, Field(ge=1, le=MOST_CLIENTS)]
    keepalive: bool
    retries: Annotated[int, Field(ge=0, le=2**53)] = 0
    backoff: Duration = 0.0
    budget: Duration | None = None
    http: Literal["1.1", "2"] = "1.1"


def text_of(content: bytes) -> bytes:
    """The JSON of a file, which may be compressed.

    Raises:
        ValueError: it is broken, or too large to be a run.
    """
    if not content.startswith(GZIP):
        return content
    most = min(MOST_BYTES, max(SMALL, MOST_DENSE * len(content)))
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(content, most)
    except zlib.error as error:
        raise ValueError(f"its compression is broken: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is cut off, or far larger than it looks")
    return text


class Newer(ValueError):
    """A newer caddylab has written this file."""


def checked(content: bytes, newest: int) -> dict[str, Any]:
    """What the file says, as it was packed, every value of the kind that it must be.

    Args:
        content: of the file.
        newest: the highest number of a format that can be read.

    Raises:
        Newer: it is of another format.
        ValueError: it is no saved run; says why.
    """
    raw = from_json(text_of(content), allow_inf_nan=False)
    if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > newest:
        raise Newer
    packed = Packed.model_validate(raw).model_dump()
    packed["requests"] = table(Request, packed["requests"])
    for row in packed["requests"]:
        row[ATTEMPTS] = table(Attempt, row[ATTEMPTS])
    packed["faults"] = table(Span, packed["faults"])
    packed["opinions"] = table(Span, packed["opinions"])
    if not {row[KIND] for row in packed["opinions"]} <= set(KINDS):
        raise ValueError("Caddy has no such opinion")
    named = {OLDER.get(key, key): value for key, value in packed["stage"].items()}
    stage = _SETTING.validate_python(named)
    packed["stage"] = {field.name: getattr(stage, field.name) for field in fields(Setting)}
    _check_numbers(packed, stage.backends)
    return packed


def _check_numbers(packed: dict[str, Any], backends: int) -> None:
    """Requests are numbered from 1; no client or backend is named that does not exist."""
    if not 1 <= backends <= MOST_BACKENDS:
        raise ValueError(f"it has {backends} backends")
    if any(isinstance(x, float) and abs(x) > LONG for x in packed["stage"].values()):
        raise ValueError("it has a time that nobody can wait for")
    if [row[0] for row in packed["requests"]] != list(range(1, len(packed["requests"]) + 1)):
        raise ValueError("its requests are not in their order")
    if any(row[1] >= packed["clients"] for row in packed["requests"]):
        raise ValueError("a request is of a client that there was not")
    attempts = (attempt for row in packed["requests"] for attempt in row[ATTEMPTS])
    named = {attempt[3] for attempt in attempts if len(attempt) > 3 and attempt[3] is not None}
    named |= {row[0] for row in packed["faults"]} - {NAME_SERVER}
    named |= {row[0] for row in packed["opinions"]}
    if not named <= set(range(1, backends + 1)):
        raise ValueError("it names a backend that there was not")


def table(record: type, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as they were written of this record, by this version or one with fewer fields."""
    if not rows:
        return []
    found: list[list[Any]] = _adapter(record, len(rows[0])).validate_python(rows)
    return [list(row) for row in found]


def reason(error: Exception) -> str:
    """What is wrong, and where, in a line."""
    if not isinstance(error, ValidationError):
        return str(error).partition("\n")[0]
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


@cache
def _adapter(record: type, width: int) -> TypeAdapter[Any]:
    """Of a list of rows with the first `width` fields of the record."""
    hints = get_type_hints(record)
    needed = sum(f.default is MISSING and f.default_factory is MISSING for f in fields(record))
    if not needed <= width <= len(fields(record)):
        raise ValueError(f"a row of {record.__name__} has {width} values")
    columns = [_column(record, field.name, hints[field.name]) for field in fields(record)[:width]]
    return TypeAdapter(list[tuple[*columns]], config=CONFIG)  # type: ignore[valid-type]


def _column(record: type, name: str, hint: Any) -> Any:
    if hint == list[Attempt]:
        return list[list[Any]]
    if (record, name) == (Span, "backend"):
        return Suffering
    narrow = STRICTER.get(name, {int: Whole, float: Seconds}.get(_plain(hint), hint))
    return narrow | None if _plain(hint) is not hint else narrow


def _plain(hint: Any) -> Any:
    """The type without `| None`."""
    others = [part for part in getattr(hint, "__args__", ()) if part is not type(None)]
    return others[0] if len(others) == 1 and type(None) in hint.__args__ else hint


ATTEMPTS = [field.name for field in fields(Request)].index("attempts")
KIND = [field.name for field in fields(Span)].index("kind")
_SETTING = TypeAdapter(Setting)

OLDER = {"check": "health_interval", "memory": "fail_duration", "most": "max_fails"}
"""What a setting's parts were called in files of earlier versions."""
