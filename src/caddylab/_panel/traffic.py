"""The panel's traffic: what to send, Fire, Stop, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets

from caddylab._engine.clients import MOST_CLIENTS
from caddylab._panel import html as panel_html
from caddylab._panel.calls import Call, fire, on_lab, stop
from caddylab._panel.desk import Desk, in_thread, in_words
from caddylab._panel.tally import Tally
from caddylab._records import NAMES, Answerer
from caddylab._view.docking import docked

if TYPE_CHECKING:
    from caddylab._rig.rig import Rig
    from caddylab._traffic.traffic import Traffic

ONE, MANY, RATE = "one by one", "several at a time", "by the clock"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PATHS = [
    "/delay/100",
    "/test-api",
    "/slow-api",
    "/slow-block",
    "/delay/500",
    "/status/500",
    "/stream/20",
    "/",
]
"""The first takes a moment, so that there is something to watch."""
DEFAULTS = {"path": "/test-api", "method": "GET", "clients": 1, "timeout": 30.0}
LABEL = "What came of the traffic"
PROMISE = "At its end, a run is summed up here. While a cell runs, clicks wait for it."


class TrafficForm:
    """What to send: the arguments of `lab.fire`."""

    def __init__(self) -> None:
        self.how = ipywidgets.Dropdown(options=[ONE, MANY, RATE], description="Send")
        self.count = _whole("Requests", 100, 1_000_000)
        self.concurrency = _whole("At a time", 10, 1000)
        self.rate = _number("Per second", 50, 5000)
        self.duration = _number("For (s)", 10, 3600)
        self.method = ipywidgets.Dropdown(options=METHODS, description="Method")
        self.path = ipywidgets.Combobox(options=PATHS, value=PATHS[0], description="Path")
        self.clients = _whole("Clients", 1, MOST_CLIENTS)
        self.timeout = _number("Patience (s)", 30, 3600)
        self.path.tooltip = "Path and query of each request"
        self.clients.tooltip = "How many users take turns, each with an address and cookies"
        self.timeout.tooltip = "So long a client waits for an answer"
        self.fields = [
            self.how, self.count, self.concurrency, self.rate, self.duration,
            self.method, self.path, self.clients, self.timeout,
        ]  # fmt: skip
        for field in self.fields:
            panel_html.classed(field, "field")
        self.how.observe(self._show_fields, "value")
        self._show_fields()
        self.box = ipywidgets.VBox([_row(self.fields[:5]), _row(self.fields[5:])])

    @property
    def call(self) -> Call:
        """The call that Fire makes now."""
        asked = {name: getattr(self, name).value for name in DEFAULTS}
        others = {name: value for name, value in asked.items() if value != DEFAULTS[name]}
        if self.how.value == RATE:
            return fire(rate=self.rate.value, duration=self.duration.value, **others)
        if self.how.value == MANY:
            return fire(self.count.value, concurrency=self.concurrency.value, **others)
        return fire(self.count.value, **others)

    def _show_fields(self, _: Any = None) -> None:
        """Two fields are shown at a time, in the same two places."""
        by_clock = self.how.value == RATE
        for field in (self.count, self.concurrency):
            field.layout.display = "none" if by_clock else None
        for field in (self.rate, self.duration):
            field.layout.display = None if by_clock else "none"
        self.concurrency.layout.visibility = "visible" if self.how.value == MANY else "hidden"


class TrafficPart:
    """Controls for `lab.fire` and `stop`.

    Args:
        desk: makes the calls.
        seen: whether somebody looks at the panel.

    Attributes:
        form: what to send.
        fire, stop: the buttons.
        last: the latest traffic that was fired here.
        tally: counts of the traffic that is shown.
    """

    def __init__(self, desk: Desk, seen: Callable[[], bool]) -> None:
        self._desk, self.seen, self._viewed = desk, seen, False
        self.form = TrafficForm()
        self.last: Traffic | None = None
        self.tally: Tally | None = None
        self._starting = self._stopping = False
        self._told: Traffic | None = None
        self._make_widgets()
        self.fire.on_click(self._fire)
        self.stop.on_click(self._stop)

    def _make_widgets(self) -> None:
        self.fire = ipywidgets.Button(description="Fire", tooltip="lab.fire(...)")
        self.stop = ipywidgets.Button(
            description="Stop firing", disabled=True, tooltip="lab.last.stop()"
        )
        self.progress, self.strip = ipywidgets.HTML(), ipywidgets.HTML(panel_html.strip([]))
        self.report = ipywidgets.HTML(panel_html.promise(PROMISE, LABEL))
        panel_html.classed(self.fire, "fire")
        panel_html.classed(self.stop, "stop")
        panel_html.classed(self.progress, "state")
        panel_html.classed(self.strip, "strip")
        panel_html.classed(self.report, "report")
        buttons = ipywidgets.HBox([self.fire, self.stop, self.progress])
        heading = panel_html.heading("Traffic")
        bar = panel_html.classed(buttons, "bar")
        self.box = ipywidgets.VBox([heading, self.form.box, bar, self.strip, self.report])

    @property
    def busy(self) -> bool:
        """Whether something is being sent, or will be at once."""
        running = self.tally is not None and self._told is not self.tally.traffic
        return self._starting or self._stopping or running

    def refresh(self, lab: Rig) -> None:
        """Show the present state: the panel's own traffic while it runs, else the lab's latest."""
        traffic = self._shown(lab)
        running = traffic is not None and not traffic.done
        self.fire.disabled = running or self._starting
        self.stop.disabled = not running or self._stopping
        if traffic is not None:
            self._follow(traffic)

    def shut(self) -> None:
        """Disable everything: the lab has been closed."""
        for widget in (*self.form.fields, self.fire, self.stop):
            widget.disabled = True

    def _shown(self, lab: Rig) -> Traffic | None:
        own = self.last
        return own if own is not None and not own.done else lab.last

    def _follow(self, traffic: Traffic) -> None:
        if self.tally is None or self.tally.traffic is not traffic:
            self.tally, self._told = Tally(traffic), None
            self.report.value = panel_html.promise(PROMISE, LABEL)
        ended = traffic.done  # before the counting, so that the last count is complete
        self.tally.update()
        self.strip.value = panel_html.strip(traffic.requests, traffic.names)
        self.progress.value = progress(self.tally)
        if ended and self._told is None:
            self._told = traffic
            in_thread(lambda: self._conclude(traffic))

    def _conclude(self, traffic: Traffic) -> None:
        """Wait for Caddy's log, and say what came of it."""
        try:
            text = repr(traffic.wait())
        except Exception as error:  # the lab may have been closed under it
            text = in_words(error)
        if self._told is traffic:
            self._report(text)
            self._desk.changed()  # now it is known who has answered

    def _fire(self, _: Any) -> None:
        if not (self._starting or self.fire.disabled):
            self._starting = self.fire.disabled = True
            self._show_view()
            self._desk.do(self.form.call, self._fired, self._refused)

    def _show_view(self) -> None:
        """Open the live view at the first firing, if somebody is there to see it."""
        lab = self._desk.lab()
        if self.seen() and lab is not None and not (self._viewed or docked(lab.stack.feed)):
            self._desk.do(on_lab("view", dock=True), lambda _: None, self._refused)
        self._viewed = self._viewed or self.seen()

    def _fired(self, traffic: Traffic) -> None:
        self.last, self._starting = traffic, False

    def _refused(self, error: str) -> None:
        self._starting = self._stopping = False
        self._report(error, alarm=True)

    def _stop(self, _: Any) -> None:
        if self.tally is not None and not (self._stopping or self.stop.disabled):
            self._stopping = self.stop.disabled = True
            traffic, lab = self.tally.traffic, self._desk.lab()
            call = stop(traffic, lab is None or lab.last is traffic)
            self._desk.do_now(call, self._stopped, self._refused)
            in_thread(lambda: self._show_end(traffic))

    def _show_end(self, traffic: Traffic) -> None:
        """Show it as soon as nothing runs: Stop itself waits for Caddy's log, too."""
        if traffic.run.wait(1):
            self._desk.changed()

    def _stopped(self, _: Traffic) -> None:
        self._stopping = False

    def _report(self, text: str, alarm: bool = False) -> None:
        self.report.value = panel_html.report(text, LABEL, alarm)


def progress(tally: Tally) -> str:
    total = tally.traffic.run.planned_total
    failed = f", {tally.failed:,} failed" if tally.failed else ""
    failed += f", {tally.cancelled:,} cancelled" if tally.cancelled else ""
    failed += f", {tally.pages:,} × {NAMES[Answerer.CADDY]}" if tally.pages else ""
    if tally.traffic.done:
        stopped = "stopped" if tally.traffic.run.stopped else "done"
        return panel_html.note(f"{stopped}: {tally.sent:,} of {total:,} sent{failed}")
    label = f"{tally.sent:,} of {total:,} sent, {tally.in_flight:,} in flight{failed}"
    return panel_html.bar(label, tally.sent / total)


def _row(fields: list[Any]) -> Any:
    return panel_html.classed(ipywidgets.HBox(fields), "row")


def _whole(label: str, value: int, most: int) -> Any:
    return ipywidgets.BoundedIntText(value=value, min=1, max=most, description=label)


def _number(label: str, value: float, most: float) -> Any:
    return ipywidgets.BoundedFloatText(value=value, min=0.1, max=most, description=label)
