"""The panel's backends: the state of each, and what breaks and mends it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from caddylab._look.fault_kinds import KINDS
from caddylab._panel import html as panel_html
from caddylab._panel import standing
from caddylab._panel.calls import Call, on_backend, on_lab
from caddylab._panel.desk import Desk
from caddylab._rig.backends.faults import DOWN, SILENT
from caddylab._rig.backends.spoiling import LEAST_STATUS, MOST_SECONDS, MOST_STATUS

if TYPE_CHECKING:
    from caddylab._rig.backends.backend import Backend
    from caddylab._rig.rig import Rig

HEAD = ("", "in truth", "Caddy thinks", "answered")

ACTIONS = {
    "stop": (
        "Stop",
        KINDS["stopped"].going_on,
        "as a shutdown does: it finishes what it has begun",
    ),
    "start": ("Start", "starting", "starts it again"),
    **{name: (k.button, k.going_on, k.does) for name, k in KINDS.items() if k.button},
    "restore": ("Restore", "restoring", "undoes its faults"),
}
"""Method → its button, what to say while it goes on, and what it does."""


class Settings:
    """How slow and how failing: the arguments of `slow` and `failing`."""

    def __init__(self) -> None:
        self.seconds = ipywidgets.BoundedFloatText(
            value=2, min=0.01, max=MOST_SECONDS, step=0.5, description="Slow by (s)"
        )
        self.percent = ipywidgets.BoundedFloatText(
            value=100, min=0.1, max=100, step=10, description="Failing (%)"
        )
        self.status = ipywidgets.BoundedIntText(
            value=500, min=LEAST_STATUS, max=MOST_STATUS, description="with status"
        )
        self.fields = [self.seconds, self.percent, self.status]
        for field in self.fields:
            panel_html.classed(field, "setting")

    def call(self, backend: int | str, method: str) -> Call:
        """The call that a button makes now."""
        if method == "slow":
            return on_backend(backend, "slow", self.seconds.value)
        if method == "failing":
            share, status = round(self.percent.value / 100, 6), self.status.value
            options = {} if status == 500 else {"status": status}
            return on_backend(backend, "failing", *([share] if share < 1 else []), **options)
        return on_backend(backend, method)


class Row:
    """One backend.

    Attributes:
        backend: its number, or its upstream's address in a Caddyfile of the learner's own.
        state: its name, its state, Caddy's opinion, its share of the answers.
        buttons: by the method that they call.
        acting: the operation that is going on, and since when (`time.monotonic`).
    """

    def __init__(self, number: int, act: Callable[[int, str], None]) -> None:
        self.number = number
        self.backend: int | str = number
        self.acting: tuple[str, float] | None = None
        self.state = panel_html.classed(ipywidgets.HTML(), "standing")
        self.buttons = {
            method: ipywidgets.Button(description=a[0]) for method, a in ACTIONS.items()
        }
        for method, button in self.buttons.items():
            button.on_click(lambda _, method=method: act(number, method))
        buttons = panel_html.classed(ipywidgets.HBox(list(self.buttons.values())), "buttons")
        self.box = panel_html.classed(ipywidgets.HBox([self.state, buttons]), "backend")

    def refresh(self, backend: Backend, opinion: str, answered: Counter[int]) -> None:
        """Show its state."""
        made = standing.state(backend)  # this examines the real state
        kinds = {fault.span.kind for fault in backend.faults}
        down = backend.state == "down"  # as a backend says it that does not tell why
        for method, button in self.buttons.items():
            button.disabled = self.acting is not None or not possible(method, kinds, down)
        state = self._going_on() or made
        seen = standing.opinion(opinion, backend)
        cells = [self._name(backend.name), state, seen, self._share(answered)]
        self.state.value = f'<div class="{panel_html.CLASS}-cells">{"".join(cells)}</div>'

    def explain(self, settings: Settings) -> None:
        """Let each button's tooltip say what it calls."""
        for method, button in self.buttons.items():
            button.tooltip = f"{settings.call(self.backend, method)} – {ACTIONS[method][2]}"

    def _going_on(self) -> str:
        if self.acting is None:
            return ""
        method, since = self.acting
        return standing.acting(ACTIONS[method][1], since)

    def _name(self, name: str) -> str:
        look = panel_html.mark(self.number)
        return f'<span><i style="{look}">{self.number}</i> <b>{escape(name)}</b></span>'

    def _share(self, answered: Counter[int]) -> str:
        count, total = answered[self.number], answered.total()
        share = count / total if total else 0.0
        colour = panel_html.mark(self.number)
        bar = f'<u><s style="width:{share:.1%};{colour}"></s></u>'
        return f"<span>{bar}<em>{count:,}{f' · {share:.0%}' if total else ''}</em></span>"


class BackendsPart:
    """Controls for every backend, and for all at once.

    Attributes:
        settings: how slow, how failing.
        rows: one a backend, in their order.
        restore: mends everything.
        report: what went wrong.
    """

    def __init__(self, desk: Desk, lab: Rig) -> None:
        self._desk = desk
        self._known: dict[int, str] = {}
        self.settings = Settings()
        self.rows = [Row(backend.number, self._act) for backend in lab.backends]
        self.restore = ipywidgets.Button(
            description="Restore everything", tooltip="lab.restore()", disabled=True
        )
        self.report = panel_html.classed(ipywidgets.HTML(), "line")
        self.restore.on_click(self._restore)
        for field in self.settings.fields:
            field.observe(self._explain, "value")
        self._explain()
        self._report("")
        self.names = panel_html.classed(ipywidgets.HTML(), "line")
        rows = [row.box for row in self.rows]
        self.box = ipywidgets.VBox([*self._top(), *rows, self.names, self.report])

    def _top(self) -> list[Any]:
        bar = [panel_html.heading("Backends"), *self.settings.fields, self.restore]
        cells = "".join(f"<span>{escape(text)}</span>" for text in HEAD)
        head = ipywidgets.HTML(f'<div class="{panel_html.CLASS}-cells">{cells}</div>')
        top = panel_html.classed(ipywidgets.HBox(bar), "bar", "top")
        return [top, panel_html.classed(head, "standing", "head")]

    @property
    def busy(self) -> bool:
        """Whether something is being done to a backend."""
        return any(row.acting for row in self.rows)

    def refresh(self, lab: Rig, answered: Counter[int]) -> None:
        """Show the present state."""
        self._find_by(lab)
        for row, backend in zip(self.rows, lab.backends, strict=True):
            row.refresh(backend, _opinion_of(lab, row.number), answered)
        names = lab.names.suffered
        self.names.value = standing.names(names)
        faults = any(backend.faults for backend in lab.backends)
        self.restore.disabled = self.busy or not (faults or names)

    def _find_by(self, lab: Rig) -> None:
        """Write calls with the names that the Caddyfile in force has for the backends."""
        numbers, own = lab.numbers, lab.stack.fleet.named
        known = {number: name for name, number in reversed(numbers.items()) if number in own}
        if known != self._known:
            self._known = known
            for row in self.rows:
                row.backend = known.get(row.number, row.number)
            self._explain()

    def shut(self) -> None:
        """Disable everything: the lab has been closed."""
        buttons = [button for row in self.rows for button in row.buttons.values()]
        for widget in (*self.settings.fields, *buttons, self.restore):
            widget.disabled = True

    def _explain(self, _: Any = None) -> None:
        for row in self.rows:
            row.explain(self.settings)

    def _act(self, number: int, method: str) -> None:
        row = self.rows[number - 1]
        if not row.buttons[method].disabled:
            self._do(self.settings.call(row.backend, method), method, [row])

    def _restore(self, _: Any) -> None:
        if not self.restore.disabled:
            self._do(on_lab("restore"), "restore", self.rows)

    def _do(self, call: Call, method: str, rows: list[Row]) -> None:
        for row in rows:
            row.acting = (method, time.monotonic())
            for button in row.buttons.values():
                button.disabled = True
        self.restore.disabled = True

        def over(error: str) -> None:
            for row in rows:
                row.acting = None
            self._report(error)

        self._desk.do(call, lambda _: over(""), over)

    def _report(self, error: str) -> None:
        self.report.value = panel_html.report(error, "What went wrong", alarm=True)


def possible(method: str, kinds: set[str], down: bool = False) -> bool:
    """Whether this can be done to a backend with these faults, or that is down."""
    if method == "restore":
        return bool(kinds)
    down = down or bool(kinds & DOWN)
    if method == "start":
        return down
    return not down and (method in ("stop", "killed") or not kinds & SILENT)


def _opinion_of(lab: Rig, number: int) -> str:
    """`lab.backend(number).opinion`, as the journal has it: asking Caddy anew could block."""
    return lab.stack.journal.opinion(number)
