"""Operations on one backend: each is completed or not begun, and one runs at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from caddylab._errors import CaddylabError
from caddylab._look.fault_kinds import KINDS
from caddylab._machine.undisturbed import Line, undisturbed
from caddylab._machine.waiting import poll
from caddylab._records import Span
from caddylab._rig.backends.app import ANSWER_PATIENCE, IDLE_PATIENCE, App
from caddylab._rig.backends.control import Control
from caddylab._rig.backends.faults import DOWN, SILENT, Book, Fault
from caddylab._rig.backends.lifecycle import Lifecycle
from caddylab._runtimes.base import Unit
from caddylab._runtimes.listener import Listener

T = TypeVar("T")


class Deeds:
    """Breaks and mends one backend: one operation at a time, none of them cut short by Stop.

    Args:
        unit: the backend's process.
        spans: the lab's records of all faults.
        control: asks the app.

    Attributes:
        book: its faults.
    """

    def __init__(self, unit: Unit, spans: list[Span], control: Control) -> None:
        self._number = unit.number
        self.book = Book(unit.number, spans)
        self._app = App(unit, self.book, control)
        self._process = Lifecycle(unit, self.book, self._app, self._undo)
        self._line = Line()
        self._going_on = ""

    @property
    def state(self) -> str:
        """The faults in the book and what is going on, in words."""
        words = [fault.span.kind for fault in self.book.active()]
        return ", ".join([*words, *filter(None, [self._going_on])]) or "up"

    @property
    def listener(self) -> Listener:
        """What it shall listen to."""
        return self._app.listener

    @property
    def born(self) -> Callable[[], None]:
        """Called each time it has been started again."""
        return self._process.born

    @born.setter
    def born(self, call: Callable[[], None]) -> None:
        self._process.born = call

    def look(self) -> None:
        """Note its real state, unless an operation is going on."""
        undisturbed(lambda: self._line.do_if_free(self._look_in_passing))

    def take_down(self, kind: str) -> Fault:
        """End its process: "killed" at once, "stopped" gracefully."""
        return self._do(KINDS[kind].going_on, lambda: self._process.take_down(kind))

    def start(self, ready_after: float = 0.0) -> None:
        """Start it if it is down; faults inside the app stay in force."""
        self._do("starting", lambda: self._process.start(ready_after))

    def silence(self, kind: str) -> Fault:
        """Freeze it ("hung"), and let nobody connect ("partitioned")."""
        return self._do("", lambda: self._process.silence(kind))

    def spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        """Have the app be "slow" or "failing", which replaces an earlier fault of that kind."""
        return self._do("", lambda: self._spoil(kind, detail, message))

    def answer(self, answers: dict[str, Any]) -> None:
        """Have the app give these answers in the place of somebody's own service, from now on."""
        if not self._app.answers(answers):
            self._do("", lambda: self._app.answer(answers))

    def listen(self, listener: Listener) -> None:
        """Have it listen like this: at once, or when it can be reached again or is started."""
        self._do("", lambda: self._listen(listener))

    def relocate(self) -> None:
        """Start it again until it has another address; faults inside the app stay in force."""
        self._do("moving", self._relocate)

    def restore(self) -> None:
        """Undo every fault, and mend whatever else is wrong."""
        self._do("", self._restore)

    def renew(self) -> None:
        """Undo every fault, and make it idle."""
        self._do("", self._renew)

    # --- one at a time ---------------------------------------------------------------------

    def _do(self, going_on: str, deed: Callable[[], T]) -> T:
        def said() -> T:
            with self._saying(going_on):
                return deed()

        return self._line.do(said)

    @contextlib.contextmanager
    def _saying(self, going_on: str) -> Iterator[None]:
        self._going_on = going_on
        try:
            yield
        finally:
            self._going_on = ""

    def _look_in_passing(self) -> None:
        with contextlib.suppress(CaddylabError, OSError):
            self._process.look()
            self._app.make_sure()

    # --- the process and the app in it -----------------------------------------------------

    def _listen(self, listener: Listener) -> None:
        self._process.look()
        self._app.listen(listener)

    def _relocate(self) -> None:
        self._process.need_responsive("moved")
        self._process.replace()
        self._app.make_sure(timeout=ANSWER_PATIENCE)

    def _spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        self._process.need_responsive(kind)
        span = Span(self._number, kind, time.time(), None, detail)
        self._app.spoil(kind, message)
        self.book.end({kind})
        return self.book.add(span, self._undo, message)

    # --- well again ------------------------------------------------------------------------

    def _undo(self, fault: Fault) -> None:
        self._do("", lambda: self._mend(fault))

    def _mend(self, fault: Fault) -> None:
        self._process.look()
        if not fault.active:
            return  # the lab did not end it
        kind = fault.span.kind
        if kind in DOWN:
            self._process.start()
        elif kind in SILENT:
            self._process.break_silence()
            self._app.make_sure(timeout=ANSWER_PATIENCE)
        else:
            self._app.cure(kind)
            fault.end()

    def _restore(self) -> None:
        if not self._process.look().running:
            self._process.launch()
        self._process.break_silence()
        self._app.make_sure_it_listens()
        self._app.clear(self._process.replace)

    def _renew(self) -> None:
        if self._process.look().running:
            self._process.break_silence()  # most are idle once they go on
            if not poll(self._app.idle, IDLE_PATIENCE):
                self._process.replace()
        self._restore()
