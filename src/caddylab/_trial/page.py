"""A rehearsal as one page that any browser opens, also without internet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from html import escape
from typing import Any

from caddylab._look.html_table import code, element, table
from caddylab._look.palette import COLOURS, ERROR
from caddylab._traffic.traffic import Traffic
from caddylab._trial import spoken, text
from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen

TINTS = {"✓": COLOURS[0], "◐": COLOURS[1], "✗": ERROR, "–": "gray"}
STYLE = """:root { color-scheme: light dark }
body { max-width: 75rem; margin: 1rem auto; padding: 0 1rem; font-family: sans-serif }
td, th { text-align: left; vertical-align: top; padding: .3em .8em } pre { overflow-x: auto }
summary { cursor: pointer; font-weight: bold; margin: 1em 0 .3em }
.warning { border-left: 5px solid; padding: .6em; font-weight: bold }"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""


def page(report: Rehearsal, told: Callable[[float], object] = lambda _: None) -> str:
    """The table, the advice, and for each row that users felt, its picture and its replay.

    Args:
        report: what came of a rehearsal.
        told: hears which share of the rows has been drawn, which takes a second for each.
    """
    title = f"caddylab test {escape(report.subject.name)}"
    parts = [_warning(report), _notes(report), _routes(report)]
    parts += [_table(report.rows.values(), "What users saw"), *_advice(report)]
    felt = [seen for seen in report.rows.values() if seen.runs and seen.sign != "✓"]
    for n, seen in enumerate(felt):
        told(n / len(felt))
        parts.append(_close(seen))
    return PAGE.format(title=title, style=STYLE, body="".join(parts))


def _warning(report: Rehearsal) -> str:
    said = spoken.busy(report)
    return f'<p class="warning" role="note">{code(said)}</p>' if said else ""


def _notes(report: Rehearsal) -> str:
    items = "".join(f"<li>{code(note)}</li>" for note in report.notes)
    return f"<h2>What differs from production</h2><ul>{items}</ul>" if items else ""


def _routes(report: Rehearsal) -> str:
    """All of them, and which one was tried."""
    tried = report.subject.route
    said = (
        f"{route}{' (tried)' if n == tried else ''}" for n, route in enumerate(report.routes, 1)
    )
    items = "".join(str(element("li", each)) for each in said)
    told = spoken.about_routes(report)
    about = element("p", code(told)) if told else ""
    return f"<h2>Routes</h2><ol>{items}</ol>{about}<h2>What happens</h2>"


def _table(rows: Collection[Seen], caption: str) -> str:
    legend = text.legend(rows, " · ")
    return f"<p>{caption}. {legend}</p>{table(text.HEAD, map(_row, rows))}"


def _row(seen: Seen) -> list[object]:
    style = f"text-align:left;border-left:5px solid {TINTS[seen.sign]};padding-left:.6em"
    name = element("th", f"{seen.sign} {seen.row}", scope="row", style=style)
    return [name, seen.answered, seen.words, f"{seen.slowest:.2f} s" if seen.total else ""]


def _advice(report: Rehearsal) -> Iterator[str]:
    if report.advice:
        yield f"<h2>Advice</h2><pre>{escape(spoken.advice(report))}</pre>"
        if report.advice.rows:
            yield _table(report.advice.rows.values(), "With all additions")


def _close(seen: Seen) -> str:
    """The worst second of a row: its picture, and a replay."""
    worst = max(seen.runs, key=lambda run: len(run) - run.good)
    second = _second(worst)
    picture: Any = worst.chart("timeline", between=second)  # never a live one
    image = _image(picture.to_dict())
    moving = worst.replay(between=second).html()
    return f"<details><summary>{escape(repr(seen))}</summary>{image}{moving}</details>"


def _image(spec: dict[str, Any]) -> str:
    from caddylab._charts.parts import renderer  # imported here: it brings a JavaScript engine

    png = renderer.picture(spec).get("image/png")
    alt = escape(renderer.sentence(spec), quote=True)
    return f'<img alt="{alt}" src="data:image/png;base64,{png}">' if png else ""


def _second(run: Traffic) -> tuple[float, float]:
    """The second in which most requests went wrong, since the run began."""
    bad = [r.sent or 0.0 for r in run.requests if not r.good]
    starts = bad or [r.sent or 0.0 for r in run.requests]
    worst = max(starts, key=lambda at: sum(at <= other < at + 1 for other in starts))
    return worst, worst + 1
