"""A still picture of a tape's end, for where nothing moves: GitHub, a printed page."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from caddylab._look import drawable
from caddylab._look.called import called
from caddylab._look.palette import CADDY, FONT, INK, PAPER, mark
from caddylab._records import NAMES, Answerer
from caddylab._view.tape import HIDDEN, Event

ROW = 84


def escape(text: str) -> str:
    """The text as it can stand in SVG."""
    return html.escape(drawable.text(text))


class Totals:
    """What a tape adds up to."""

    def __init__(self, events: Sequence[Event], backends: int) -> None:
        over = list({event[2]: event for event in events if event[0] == "d"}.values())
        tries = Counter(event[2] for event in events if event[0] == "r")
        self.sent = sum(event[0] == "s" for event in events)
        self.pages = sum(event[3] == "ok" and event[6] == Answerer.CADDY for event in over)
        self.ok = sum(event[3] == "ok" for event in over) - self.pages
        self.errors = len(over) - self.ok - self.pages
        self.retries = sum(tries.values()) - len(tries)
        self.answered = Counter(event[5] for event in over)
        self.failed = _failed(events)
        self.last = dict.fromkeys(range(1, backends + 1), ("up", "healthy"))
        stages = [event[2] for event in events if event[0] == "l"]
        self.names: dict[int, str] = dict(stages[-1]["names"]) if stages else {}
        self.last |= {event[2]: (event[3], event[4]) for event in events if event[0] == "b"}

    def __str__(self) -> str:
        pages = f"{self.pages} × {NAMES[Answerer.CADDY]} · " if self.pages else ""
        return (
            f"{self.sent} requests sent · {self.ok} ok · {pages}{self.errors} errors · "
            f"{self.retries} retries"
        )


def _failed(events: Sequence[Event]) -> Counter[int]:
    """How many attempts of each backend failed: by an error, or an answer not passed on whole."""
    last: dict[int, Event] = {}
    failed = []
    for event in events:
        if event[0] == "r":
            failed += [last.pop(event[2], None), event if event[6] else None]
            last |= {} if event[6] else {event[2]: event}
    over = {event[2]: event for event in events if event[0] == "d"}
    failed += [last.get(key) for key, end in over.items() if end[3] != "ok" and not end[5]]
    return Counter(event[4] for event in failed if event)


def still(events: Sequence[Event], backends: int) -> str:
    """The picture as SVG."""
    counts = Totals(events, backends)
    height, middle = 70 + ROW * backends, 56 + ROW * backends / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" width="720" '
        f'height="{height}" font-family="{FONT}" fill="{INK}" role="img">',
        f"<title>{escape(str(counts))}</title>",
        f'<rect width="720" height="{height}" fill="{PAPER}"/>',
        f'<text x="20" y="34" font-size="19" font-weight="600">{escape(str(counts))}</text>',
        f'<path d="M110,{middle}H260" stroke="{CADDY}" stroke-width="3"/>',
        _box(20, middle - 28, 90, 56, "clients"),
        _box(260, middle - 28, 90, 56, "Caddy"),
    ]
    parts += [_backend(number, middle, counts) for number in range(1, backends + 1)]
    return "".join([*parts, "</svg>"])


def _box(x: float, y: float, width: float, height: float, text: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="none" '
        f'stroke="{CADDY}" stroke-width="2"/><text x="{x + width / 2}" y="{y + height / 2 + 5}" '
        f'text-anchor="middle" font-size="15">{text}</text>'
    )


def _backend(number: int, middle: float, counts: Totals) -> str:
    colour, path = mark(number)
    y = 56 + ROW * (number - 0.5)
    state, opinion = counts.last[number]
    own = called(number, counts.names)
    name = own if state == HIDDEN else f"{own}: {state}"
    answered, failed = counts.answered[number], counts.failed[number]
    share = answered / sum(counts.answered.values()) if answered else 0
    fails = f", {failed} failed" if failed else ""
    return (
        f'<path d="M350,{middle}C395,{middle} 395,{y} 440,{y}" fill="none" stroke="{colour}" '
        f'stroke-width="{2 + 10 * share:.1f}" stroke-opacity=".6"/>'
        f'<rect x="440" y="{y - 34}" width="260" height="68" rx="8" fill="none" '
        f'stroke="{colour}" stroke-width="2"/>'
        f'<path d="{path}" fill="{colour}" transform="translate(460,{y - 15})scale(8)"/>'
        f'<text x="476" y="{y - 10}" font-size="15" font-weight="600">'
        f'{escape(name)}</text><text x="452" y="{y + 8}" font-size="13">Caddy: '
        f'{escape(opinion)}</text><text x="452" y="{y + 25}" font-size="13">'
        f"{answered} answered ({share:.0%}){fails}</text>"
    )
