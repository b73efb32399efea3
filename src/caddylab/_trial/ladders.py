"""What could mend a row: additions in Caddy's own terms, the smallest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor, log10

from caddylab._trial.edits import DYNAMIC, TRANSPORT, Option, put, value_of

RETRIES = "lb_retries"
KEEP, MOST, LEAST = "keep", "most", "least"
"""What to do with an existing value: leave it; take the larger one; take the smaller one."""
UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}


@dataclass(frozen=True)
class Addition:
    """An option to add, and what becomes of its existing value."""

    option: Option
    rule: str = KEEP

    def to(self, text: str, line: int) -> str:
        """The Caddyfile with the addition; unchanged if there is nothing to add."""
        there = value_of(text, line, self.option)
        if there is None and self.option.name == RETRIES and _tries_on(text, line):
            return text
        return text if there is not None and self._fits(there) else put(text, line, self.option)

    def _fits(self, there: str) -> bool:
        old, new = _number(there), _number(self.option.value)
        if self.rule == KEEP or old is None or new is None:
            return self.rule == KEEP and old != 0
        return old >= new if self.rule == MOST else 0 < old <= new


def _tries_on(text: str, line: int) -> bool:
    """Whether Caddy tries until a time is over: a number of retries would only end that sooner."""
    return value_of(text, line, Option("lb_try_duration")) not in (None, "0", "0s")


Step = tuple[Addition, ...]


def apply(text: str, line: int, additions: Iterable[Addition]) -> str:
    """The Caddyfile with all of them in the block of the proxy on that line."""
    for addition in additions:
        text = addition.to(text, line)
    return text


def _option(name: str, value: str, rule: str = KEEP, inside: str = "") -> Addition:
    return Addition(Option(name, value, inside), rule)


RETRY = _option(RETRIES, "1", MOST)
TWICE = _option(RETRIES, "2", MOST)
MEMORY = _option("fail_duration", "10s")
FADING = _option("fail_duration", "1s", LEAST)
FLEETING = _option("fail_duration", "500ms", LEAST)
SHORT_LIVED = _option("keepalive", "3s", LEAST, TRANSPORT)
STAY = _option("stream_close_delay", "5m", MOST)
UNHEALTHY = _option("unhealthy_status", "5xx")
DOUBT = _option("max_fails", "2", MOST)
REFRESH = _option("refresh", "1s", LEAST, DYNAMIC)
ON_500 = Addition(
    Option("lb_retry_match", body=(
        "method GET HEAD", "expression `{rp.is_transport_error} || {rp.status_code} >= 500`",
    )), "set",
)  # fmt: skip
"""In one block: of two blocks, either would be enough on its own, even for an order."""

MOST_RETRIES = 10
"""The most retries that are worth trying: each of them may hit a backend."""


def down(failures: int = 1) -> Sequence[Step]:
    """What could mend a dead backend that Caddy leaves alone only after so many failures.

    Fewer retries than that may happen to be enough, where several users fail at once.
    """
    if 1 < failures <= MOST_RETRIES:
        enough = _option(RETRIES, str(failures), MOST)
        return (enough,), (enough, MEMORY)
    return (RETRY,), (RETRY, MEMORY), (TWICE, MEMORY)


class Clocks:
    """Timeouts that fit the patience of the users.

    Users who wait for half their patience count as served slowly, so a silent backend gets a third,
    and the rest is left for another backend's answer.

    Args:
        patience: the users' patience, in seconds.
    """

    def __init__(self, patience: float) -> None:
        silence = duration(max(LEAST_SILENCE, patience / 3))
        self.header = _option("response_header_timeout", silence, LEAST, TRANSPORT)
        dial = duration(min(MOST_DIAL, max(LEAST_SILENCE, patience / 3)))
        self.dial = _option("dial_timeout", dial, LEAST, TRANSPORT)
        self.check = (
            _option("health_uri", "/"),
            _option("health_interval", "1s", LEAST),
            _option("health_timeout", silence, LEAST),
        )
        self.wait = (
            _option("lb_try_duration", duration(patience * 2 / 3), MOST),
            _option("lb_try_interval", "100ms", LEAST),
            _option(RETRIES, "10", MOST),
        )
        """Where there is a number of retries, too, whichever is used up first ends the search."""


LEAST_SILENCE, MOST_DIAL = 0.2, 0.5
"""Seconds: a healthy answer takes 0.1 s in these trials; and a connection comes about at once."""


def ladder(
    row: str,
    patience: float,
    upstreams: int,
    checks: bool = True,
    fastcgi: bool = False,
    failures: int = 1,
) -> Sequence[Step]:
    """What to try for a row, the smallest first; nothing if Caddy cannot help.

    Args:
        row: its name.
        patience: the users' patience, in seconds.
        upstreams: how many upstreams Caddy can choose from.
        checks: whether active checks are possible there.
        fastcgi: whether Caddy speaks FastCGI to them, which has timeouts of other names.
        failures: after how many failures Caddy leaves an upstream alone.
    """
    clocks = Clocks(patience)
    pool = _for_one(clocks) if upstreams < 2 else _for_several(clocks, down(failures))
    rungs = ANYWHERE.get(row) or pool.get(row, ())
    asked = set(clocks.check)
    steps = [step for step in rungs if checks or not asked & set(step)]
    return [_of_fastcgi(step) for step in steps if SHORT_LIVED not in step] if fastcgi else steps


def _of_fastcgi(step: Step) -> Step:
    """The same step where Caddy speaks FastCGI."""
    return tuple(
        replace(one, option=replace(one.option, name="read_timeout"))
        if one.option.name == "response_header_timeout" else one for one in step
    )  # fmt: skip


def _for_several(clocks: Clocks, down: Sequence[Step]) -> dict[str, Sequence[Step]]:
    dial, header, check = clocks.dial, clocks.header, clocks.check
    return {
        "killed under load": down,
        "down": down,
        "answers 500": (
            (RETRY, ON_500), (RETRY, ON_500, *check), (RETRY, ON_500, MEMORY, UNHEALTHY),
            (TWICE, ON_500, MEMORY, UNHEALTHY, DOUBT),
        ),
        "slow": (check,),
        "hung": (
            (header, RETRY), (header, RETRY, MEMORY), (header, RETRY, MEMORY, *check),
            (header, TWICE, MEMORY),
        ),
        "partitioned": (
            (dial, RETRY), (dial, RETRY, MEMORY), (dial, RETRY, MEMORY, *check),
            (dial, TWICE, MEMORY),
        ),
        "restart of one": down,
        "rolling restart": (*down, (RETRY, FADING), (*clocks.wait, FLEETING)),
        "old one stopped first": down,
        "flapping": down,
        "address changes": ((RETRY,), (RETRY, MEMORY), (RETRY, MEMORY, REFRESH)),
        "record vanishes": ((RETRY,), (RETRY, MEMORY), (RETRY, MEMORY, REFRESH)),
    }  # fmt: skip


def _for_one(clocks: Clocks) -> dict[str, Sequence[Step]]:
    return {"restart of one": (clocks.wait,), "flapping": (clocks.wait,)}


ANYWHERE: dict[str, Sequence[Step]] = {
    "reload with WebSockets and streams open": ((STAY,),),
    "backends close idle connections": ((SHORT_LIVED,),),
}


def duration(seconds: float) -> str:
    """The round number of seconds just below it, as Caddy writes it: 0.51 is "500ms"."""
    power = 10.0 ** floor(log10(seconds) + 1e-9)
    round_ = max(n * power for n in (1, 1.5, 2, 3, 5) if n * power <= seconds * 1.000001)
    return f"{round_:g}s" if round_ >= 1 else f"{round_ * 1000:g}ms"


def longer(one: str, other: str) -> bool:
    """Whether one value is a longer duration, or a larger number, than another."""
    mine, theirs = _number(one), _number(other)
    return mine is not None and theirs is not None and mine > theirs


def _number(text: str) -> float | None:
    """A number, or a duration in seconds; None if it is neither."""
    if text.isdigit():
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d)", text)
    if not parts or "".join(n + unit for n, unit in parts) != text:
        return None
    return sum(float(n) * UNITS[unit] for n, unit in parts)
