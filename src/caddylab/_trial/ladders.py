"""What could mend a row: additions in Caddy's own terms, the smallest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caddylab._trial.edits import TRANSPORT, Option, put, value_of

KEEP, MOST, LEAST = "keep", "most", "least"
"""What to do with a value that stands there: leave it; take the larger, or the smaller one."""
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
    """An option, and what becomes of the value that it has already."""

    option: Option
    rule: str = KEEP

    def to(self, text: str, line: int) -> str:
        """The Caddyfile with it; the same if it has nothing to add."""
        there = value_of(text, line, self.option)
        return text if there is not None and self._fits(there) else put(text, line, self.option)

    def _fits(self, there: str) -> bool:
        old, new = _number(there), _number(self.option.value)
        if self.rule == KEEP or old is None or new is None:
            return self.rule == KEEP and there != "0"
        return old >= new if self.rule == MOST else 0 < old <= new


Step = tuple[Addition, ...]


def apply(text: str, line: int, additions: Iterable[Addition]) -> str:
    """The Caddyfile with all of them in the block of the proxy on that line."""
    for addition in additions:
        text = addition.to(text, line)
    return text


def _option(name: str, value: str, rule: str = KEEP, inside: str = "") -> Addition:
    return Addition(Option(name, value, inside), rule)


RETRY = _option("lb_retries", "1", MOST)
TWICE = _option("lb_retries", "2", MOST)
MEMORY = _option("fail_duration", "10s")
FADING = _option("fail_duration", "1s", LEAST)
FLEETING = _option("fail_duration", "500ms", LEAST)
WAIT = (
    _option("lb_try_duration", "1s", MOST),
    _option("lb_try_interval", "100ms", LEAST),
    _option("lb_retries", "10", MOST),
)
"""With `lb_retries` beside it, whichever is used up first ends the search."""
LONG = (_option("lb_try_duration", "3s", MOST),)
DIAL = _option("dial_timeout", "500ms", LEAST, TRANSPORT)
SHORT_LIVED = _option("keepalive", "3s", LEAST, TRANSPORT)
STAY = _option("stream_close_delay", "5m")
UNHEALTHY = _option("unhealthy_status", "5xx")
DOUBT = _option("max_fails", "2", MOST)
ON_500 = Addition(
    Option("lb_retry_match", body=(
        "method GET HEAD", "expression `{rp.is_transport_error} || {rp.status_code} >= 500`",
    )), "set",
)  # fmt: skip
"""In one block: two blocks would each be enough by themselves, also for an order."""

DOWN: Sequence[Step] = ((RETRY,), (RETRY, MEMORY), (TWICE, MEMORY))
ROLLING: Sequence[Step] = (*DOWN, (RETRY, FADING), (*WAIT, FLEETING))


def ladder(row: str, patience: float, upstreams: int) -> Sequence[Step]:
    """What to try for a row, the smallest first; nothing if Caddy cannot help.

    Args:
        row: its name.
        patience: of the users, in seconds; a third of it is what an answer may take.
        upstreams: among how many Caddy can choose.
    """
    if upstreams < 2:
        return ALONE.get(row, ())
    header = _option("response_header_timeout", f"{round(patience / 3 * 1000)}ms", LEAST, TRANSPORT)
    silent = ((header, RETRY), (header, RETRY, MEMORY), (header, TWICE, MEMORY))
    return {"slow": silent, "hung": silent, **LADDERS}.get(row, ())


LADDERS: dict[str, Sequence[Step]] = {
    "killed under load": DOWN,
    "down": DOWN,
    "answers 500": (
        (RETRY, ON_500), (TWICE, ON_500), (RETRY, ON_500, MEMORY, UNHEALTHY),
        (TWICE, ON_500, MEMORY, UNHEALTHY, DOUBT),
    ),
    "partitioned": ((DIAL, RETRY), (DIAL, RETRY, MEMORY), (DIAL, TWICE, MEMORY)),
    "restart of one": DOWN,
    "rolling restart": ROLLING,
    "old one stopped first": DOWN,
    "flapping": DOWN,
    "reload with WebSockets and streams open": ((STAY,),),
    "backends close idle connections": ((SHORT_LIVED,),),
}  # fmt: skip
ALONE: dict[str, Sequence[Step]] = {
    "restart of one": (WAIT, LONG),
    "reload with WebSockets and streams open": ((STAY,),),
    "backends close idle connections": ((SHORT_LIVED,),),
}


def _number(text: str) -> float | None:
    """A number, or a duration in seconds; None if it is neither."""
    if text.isdigit():
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d)", text)
    if not parts or "".join(n + unit for n, unit in parts) != text:
        return None
    return sum(float(n) * UNITS[unit] for n, unit in parts)


REASONS = {
    "all down": "No upstream is left, and Caddy has nobody to ask: only one more server helps, in "
    "`handle_errors` or as the last upstream of `lb_policy first`.",
    "answers 500": "Caddy passes on what a backend answers.",
    "reload under load": "Caddy resets connections that are opened in the very moment of a reload; "
    "whoever asks again is served. Reload seldom.",
    "its line removed first": "Caddy resets connections that are opened in the very moment of a "
    "reload; whoever asks again is served.",
    "old one stopped first": "Caddy resets connections that are opened in the very moment of a "
    "reload; whoever asks again is served.",
    "overload": "More is asked for than all backends together can do; Caddy cannot do it for them. "
    "`unhealthy_request_count` would turn the surplus away at once.",
    "answer cut short": "The head of the answer has gone to the user when its body breaks off: "
    "there is no way back.",
}
"""Why Caddy cannot mend what is left of a row."""
UNDER_WAY = (
    "An order (POST) that has reached a backend is not sent to another one: it might be carried "
    "out twice."
)
MEMORY_LOST = "A session in a backend's memory ends with it; keep sessions where all find them."
ONE_ONLY = "There is one upstream only, so nobody can take its place."
