"""Whether a request fits a route's matchers, as far as the JSON tells."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SENT = {"accept-encoding", "connection", "content-length", "cookie", "user-agent", "x-request-id"}
"""Headers whose values are not known here."""


@dataclass(frozen=True)
class Asked:
    """What a request asks for.

    Attributes:
        host: the host that is asked.
        path: the path that is asked for.
        method: the HTTP method.
        address: the client's address; None if that is not known.
        headers: the headers besides the usual ones, by their names in lower case; None
            if they are not known.
    """

    host: str
    path: str
    method: str = "GET"
    address: str | None = None
    headers: Mapping[str, str] | None = None


def any_fits(matchers: list[Json] | None, asked: Asked) -> bool | None:
    """Whether one of a route's matcher sets fits; None where that cannot be told."""
    return _any(_fits(matcher, asked) for matcher in matchers or [{}])


def _fits(matcher: Json, asked: Asked) -> bool | None:
    answers = [_one_fits(kind, wanted, asked) for kind, wanted in matcher.items()]
    return False if False in answers else None if None in answers else True


def _one_fits(kind: str, wanted: Any, asked: Asked) -> bool | None:
    if kind == "host":
        return _any(_like(name, asked.host, "[^.]*") for name in wanted)
    if kind == "path":
        return _any(_like(path, asked.path, ".*") for path in wanted)
    if kind == "method":
        return asked.method in wanted
    if kind == "not":
        inner = any_fits(wanted, asked)
        return None if inner is None else not inner
    if kind == "path_regexp":
        return _finds(wanted, asked.path)
    if kind in ("remote_ip", "client_ip") and asked.address is not None:
        return _any(_within(asked.address, one) for one in wanted.get("ranges", []))
    if kind in ("header", "header_regexp") and asked.headers is not None:
        answers = [_says(asked, name.lower(), value) for name, value in wanted.items()]
        return False if False in answers else None if None in answers else True
    return None


def _finds(wanted: Json, text: str) -> bool | None:
    with contextlib.suppress(re.error):
        return re.search(wanted.get("pattern", ""), text) is not None
    return None  # Go has a few words of its own


def _within(address: str, network: str) -> bool | None:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    return None


def _says(asked: Asked, name: str, wanted: Any) -> bool | None:
    """Whether a header of the request has a wanted value: a pattern, or one of several texts."""
    said = asked.host if name == "host" else (asked.headers or {}).get(name)
    if said is None:
        return None if name in SENT else wanted is None
    if isinstance(wanted, dict):
        return _finds(wanted, said)
    return wanted is not None and (not wanted or _any(_like(w, said, ".*") for w in wanted))


def _any(answers: Iterable[bool | None]) -> bool | None:
    known = list(answers)
    return True if True in known else None if None in known else False


def _like(pattern: str, text: str, star: str) -> bool | None:
    if "{" in pattern or "%" in pattern:
        return None
    wanted = star.join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(wanted, text, re.IGNORECASE) is not None
