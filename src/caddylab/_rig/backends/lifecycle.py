"""The process of a backend: taken down, started, silenced, and looked at.

The book never runs ahead: a fault, a start, a stop stands in it once a look at the process, or the
app's own answer, confirms it. After a failure the book describes what is really there.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from caddylab._errors import CaddylabError, FaultError
from caddylab._records import Span
from caddylab._rig.backends.app import ANSWER_PATIENCE, App
from caddylab._rig.backends.faults import DIED, DOWN, IN_APP, SILENT, Book, Fault, is_so
from caddylab._rig.backends.plug import Plug
from caddylab._rig.backends.spoiling import unready
from caddylab._runtimes.base import Sight, Unit


class Lifecycle:
    """One backend's process, and what the book says of it.

    Args:
        unit: the process as its runtime sees it.
        book: the backend's faults.
        app: what runs in it.
        undo: mends a fault that is found here.

    Attributes:
        born: called each time the process has been started again.
    """

    def __init__(self, unit: Unit, book: Book, app: App, undo: Callable[[Fault], None]) -> None:
        self._unit, self._book, self._app, self._undo = unit, book, app, undo
        self._plug: Plug | None = None
        self._instance: str | None = None
        self.born: Callable[[], None] = lambda: None

    # --- looking ---------------------------------------------------------------------------

    def look(self) -> Sight:
        """Look at the real state, and bring the book in line with it."""
        sight = self._unit.look()
        if not sight.running:
            self._note_end(sight)
        else:
            self._note_instance(sight)
            self._note_silence(sight)
            self._note_readiness()
        return sight

    def _note_end(self, sight: Sight) -> None:
        self._unplug()
        self._note_readiness(sight.ended or time.time())
        self._book.end(SILENT, sight.ended)
        if not self._book.active(DOWN):
            since = sight.ended or time.time()
            self._book.add(Span(self._unit.number, DIED, since, None, sight.how), self._undo)

    def _note_instance(self, sight: Sight) -> None:
        """Note if somebody else has started another process, which knows no fault."""
        if self._instance not in (None, sight.instance):
            self._book.end(DOWN | SILENT | IN_APP)
            self._app.begin_anew()
            self.born()
        self._instance = sight.instance

    def _note_silence(self, sight: Sight) -> None:
        if sight.frozen and not self._book.active(SILENT):
            self._book.add(Span(self._unit.number, "hung", time.time()), self._undo)
        elif not sight.frozen and self._book.active(SILENT):
            self._unplug()
            self._book.end(SILENT)

    def _note_readiness(self, ended: float | None = None) -> None:
        """What makes itself ready is ready in time, and is not any more when it has `ended`."""
        for fault in self._book.active({"unready"}):
            if seconds := (fault.message or {}).get("seconds"):
                ready = fault.span.start + seconds
                over = ready if ended is None else min(ready, ended)
                if time.time() >= over:
                    fault.end(over)

    def need_responsive(self, kind: str) -> None:
        """Check that it can be broken in another way as well.

        Raises:
            FaultError: it is down or silent.
        """
        self.look()
        if stands := self._book.active(DOWN | SILENT):
            n = self._unit.number
            raise FaultError(
                f"Backend {n} {is_so(stands[0].span.kind)}, so it cannot be {kind} as well. "
                f"Restore it first: lab.backend({n}).restore()"
            )

    # --- down and up -----------------------------------------------------------------------

    def take_down(self, kind: str) -> Fault:
        """End the process: "killed" at once, "stopped" gracefully."""
        if not self.look().running:
            died = self._book.active({DIED})
            how = f" (it died: {died[0].span.detail})" if died else ""
            raise FaultError(f"Backend {self._unit.number} is down already{how}; start it first.")
        span = Span(self._unit.number, kind, time.time())
        end: Callable[[], None] = self._unit.kill if kind == "killed" else self._unit.stop
        self._unplug()
        try:
            end()
        finally:
            fault = self._note_down(span)
        if fault is None:
            raise FaultError(f"Backend {self._unit.number} was to be {kind}, and still runs.")
        return fault

    def _note_down(self, span: Span) -> Fault | None:
        sight = self._unit.look()
        if sight.running:
            self._book.end({"partitioned"})
            self.look()
            return None
        self._book.end(SILENT, sight.ended)
        self._note_readiness(sight.ended or time.time())
        return self._book.add(span, self._undo)

    def start(self, ready_after: float = 0.0) -> None:
        """Start it if it is down; faults inside the app stay in force."""
        if self.look().running:
            return
        if ready_after:
            self._launch_unready(ready_after)
        else:
            self.launch()
        try:
            self._app.make_sure(timeout=ANSWER_PATIENCE)
        except CaddylabError:
            self._book.end(IN_APP)  # a new process has no faults of its own
            raise

    def launch(self) -> None:
        """Start a healthy process, and note it once it runs and answers."""
        self._unit.start()
        self._instance = self._unit.look().instance
        self._app.begin_anew()
        self._app.tell_answers()
        self._book.end(DOWN)
        self.born()

    def _launch_unready(self, seconds: float) -> None:
        """Start the process so that nobody meets it before it knows that it is not ready."""
        message, listener = unready(seconds), self._app.written
        self._unit.listen(dataclasses.replace(listener, unready=True))
        try:
            self.launch()
        finally:
            self._unit.listen(listener)
        self._app.spoil("unready", message)
        span = Span(self._unit.number, "unready", time.time(), None, f"for {seconds:g} s")
        self._book.add(span, self._undo, message)

    def replace(self) -> None:
        """Kill the process, and start another."""
        self._unit.kill()
        self.launch()

    # --- silent ----------------------------------------------------------------------------

    def silence(self, kind: str) -> Fault:
        """Freeze it ("hung"), and let nobody connect ("partitioned")."""
        self.need_responsive(kind)
        span = Span(self._unit.number, kind, time.time())
        try:
            self._unit.freeze()
            if kind == "partitioned":
                self._plug = Plug(self._unit.address, *self._app.listener.also)
        except BaseException:
            self._unplug()
            self._unit.thaw()
            raise
        if not self._unit.look().running:
            self.look()
            raise FaultError(f"Backend {self._unit.number} died while it was being {kind}.")
        return self._book.add(span, self._undo)

    def break_silence(self) -> None:
        """Let it go on and answer, if it is silent."""
        self._unplug()
        self._unit.thaw()
        self._book.end(SILENT)
        self._app.tell_answers()

    def _unplug(self) -> None:
        plug, self._plug = self._plug, None
        if plug:
            plug.pull()
