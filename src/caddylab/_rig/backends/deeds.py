"""What is done to one backend: done to its end or not at all, and noted when it is seen.

The book never runs ahead: a fault, a start, a stop stands in it once a look at the process, or the
app's own answer, shows that it is so. A deed that fails leaves in it what is really there.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx

from caddylab._errors import CaddylabError, FaultError
from caddylab._machine.undisturbed import Line, undisturbed
from caddylab._machine.waiting import poll
from caddylab._records import Span
from caddylab._rig.backends.faults import DIED, DOWN, IN_APP, SILENT, Book, Fault, Plug, is_so
from caddylab._runtimes.base import Sight, Unit
from caddylab._runtimes.listener import PLAIN, Listener

T = TypeVar("T")
Control = Callable[..., httpx.Response]

IDLE_PATIENCE = 0.3
"""Seconds for a backend to finish what its clients have left behind."""
ANSWER_PATIENCE = 5.0
"""Seconds for the app to answer at its control channel."""
BUSY_PATIENCE = 1.0
"""Seconds to ask one that nobody has told of a fault; it may be busy with what clients want."""
LATEST = sys.maxsize
"""The number of a request that has not come yet: none is told."""
GOING_ON = {"stopped": "stopping", "crashed": "crashing", "killed": "dying"}
"""What is said of a backend while it is being taken down."""


class Deeds:
    """Breaks and mends one backend; one deed at a time, and none is cut short by Stop.

    Args:
        unit: the backend's process.
        spans: the lab's records of all faults.
        control: asks the app's control channel: `control("PUT", "/faults", json={})`.

    Attributes:
        book: its faults.
    """

    def __init__(self, unit: Unit, spans: list[Span], control: Control) -> None:
        self.book = Book(unit.number, spans)
        self._unit, self._control = unit, control
        self._line = Line()
        self._going_on = ""
        self._plug: Plug | None = None
        self._instance: str | None = None
        self._answers: dict[str, Any] = {}
        self._heard: dict[str, Any] = {}
        """What the app is to answer in the place of another, and what it has heard of that."""
        self.listener, self._listens = PLAIN, True
        """What it shall listen to, and whether it does."""
        self.born: Callable[[], None] = lambda: None
        """Called when it has been started again."""
        self._told: dict[str, Any] | None = {}
        """The faults that the app has confirmed; None: nobody knows whether it heard the last."""

    @property
    def state(self) -> str:
        """The faults in the book and what is going on, in words."""
        words = [fault.span.kind for fault in self.book.active()]
        return ", ".join([*words, *filter(None, [self._going_on])]) or "up"

    def look(self) -> None:
        """Note what is really there, unless something is being done just now."""
        undisturbed(lambda: self._line.do_if_free(self._look_in_passing))

    def take_down(self, kind: str) -> Fault:
        """End its process: "killed" at once, "stopped" and "crashed" in good order."""
        return self._do(GOING_ON[kind], lambda: self._take_down(kind))

    def start(self) -> None:
        """Start it if it is down; what is wrong inside the app stays wrong."""
        self._do("starting", self._start)

    def silence(self, kind: str) -> Fault:
        """Freeze it ("hung"), and let nobody connect ("partitioned")."""
        return self._do("", lambda: self._silence(kind))

    def spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        """Have the app be "slow" or "failing", in place of what it was told of that before."""
        return self._do("", lambda: self._spoil(kind, detail, message))

    def answer(self, answers: dict[str, Any]) -> None:
        """Have the app answer this in the place of somebody's own service, from now on."""
        if answers != self._answers:
            self._do("", lambda: self._answer(answers))

    def listen(self, listener: Listener) -> None:
        """Have it listen so; one that cannot hear it now does when it can, or is started."""
        self._do("", lambda: self._listen(listener))

    def relocate(self) -> None:
        """Start it again until it has another address; what is wrong inside it stays wrong."""
        self._do("moving", self._relocate)

    def restore(self) -> None:
        """Make it well, whatever it suffers."""
        self._do("", self._restore)

    def renew(self) -> None:
        """Make it well, and idle."""
        self._do("", self._renew)

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

    # --- looking ---------------------------------------------------------------------------

    def _look_in_passing(self) -> None:
        with contextlib.suppress(CaddylabError, OSError):
            self._look()
            self._make_sure()

    def _look(self) -> Sight:
        """What is really there; the book says so, too, afterwards."""
        sight = self._unit.look()
        if not sight.running:
            self._note_end(sight)
        else:
            self._note_instance(sight)
            self._note_silence(sight)
        return sight

    def _note_end(self, sight: Sight) -> None:
        self._unplug()
        self.book.end(SILENT, sight.ended)
        if not self.book.active(DOWN):
            since = sight.ended or time.time()
            self.book.add(Span(self._unit.number, DIED, since, None, sight.how), self._undo)

    def _note_instance(self, sight: Sight) -> None:
        """A process that somebody else has started knows of no fault."""
        if self._instance not in (None, sight.instance):
            self.book.end(DOWN | SILENT | IN_APP)
            self._told, self._listens = {}, True
            self.born()
        self._instance = sight.instance

    def _note_silence(self, sight: Sight) -> None:
        if sight.frozen and not self.book.active(SILENT):
            self.book.add(Span(self._unit.number, "hung", time.time()), self._undo)
        elif not sight.frozen and self.book.active(SILENT):
            self._unplug()
            self.book.end(SILENT)

    def _need_responsive(self, kind: str) -> None:
        self._look()
        if stands := self.book.active(DOWN | SILENT):
            n = self._unit.number
            raise FaultError(
                f"Backend {n} {is_so(stands[0].span.kind)}, so it cannot be {kind} as well. "
                f"Restore it first: lab.backend({n}).restore()"
            )

    # --- down and up -----------------------------------------------------------------------

    def _take_down(self, kind: str) -> Fault:
        if not self._look().running:
            died = self.book.active({DIED})
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
            self.book.end({"partitioned"})
            self._look()
            return None
        self.book.end(SILENT, sight.ended)
        return self.book.add(span, self._undo)

    def _start(self) -> None:
        if self._look().running:
            return
        self._launch()
        try:
            self._make_sure(timeout=ANSWER_PATIENCE)
        except CaddylabError:
            self.book.end(IN_APP)  # a new process has none of itself
            raise

    def _launch(self) -> None:
        """Start its process, which is well, and note it when it runs and answers."""
        self._unit.start()
        self._instance, self._told, self._heard = self._unit.look().instance, {}, {}
        self._tell_answers()
        self._listens = True
        self.book.end(DOWN)
        self.born()

    # --- silent ----------------------------------------------------------------------------

    def _silence(self, kind: str) -> Fault:
        self._need_responsive(kind)
        span = Span(self._unit.number, kind, time.time())
        try:
            self._unit.freeze()
            if kind == "partitioned":
                self._plug = Plug(self._unit.address, *self.listener.also)
        except BaseException:
            self._unplug()
            self._unit.thaw()
            raise
        if not self._unit.look().running:
            self._look()
            raise FaultError(f"Backend {self._unit.number} died while it was being {kind}.")
        return self.book.add(span, self._undo)

    def _break_silence(self) -> None:
        """Let it go on and answer, if it does not."""
        self._unplug()
        self._unit.thaw()
        self.book.end(SILENT)
        self._tell_answers()

    def _unplug(self) -> None:
        plug, self._plug = self._plug, None
        if plug:
            plug.pull()

    # --- where it is ---------------------------------------------------------------------------

    def _relocate(self) -> None:
        self._need_responsive("moved")
        self._unit.kill()
        self._launch()
        self._make_sure(timeout=ANSWER_PATIENCE)

    # --- what it listens to -----------------------------------------------------------------

    def _listen(self, listener: Listener) -> None:
        self._look()
        if listener != self.listener:
            self._unit.listen(listener)
            self.listener, self._listens = listener, False
        self._make_sure_it_listens()

    def _make_sure_it_listens(self) -> None:
        if not self._listens and not self.book.active(DOWN | SILENT):
            self._control("POST", "/listener", timeout=ANSWER_PATIENCE)
            self._listens = True

    # --- inside the app --------------------------------------------------------------------

    def _answer(self, answers: dict[str, Any]) -> None:
        """Tell it now, if it hears us, and each time that it has been started."""
        self._answers = answers
        if not self.book.active(DOWN | SILENT):
            self._tell_answers()

    def _tell_answers(self) -> None:
        if self._heard != self._answers:
            wanted = self._answers
            self._control("PUT", "/answers", timeout=ANSWER_PATIENCE, json=wanted)
            self._heard = wanted

    def _spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        self._need_responsive(kind)
        span = Span(self._unit.number, kind, time.time(), None, detail)
        try:
            self._tell(self._wanted() | {kind: message})
        except CaddylabError:
            with contextlib.suppress(CaddylabError):
                self._make_sure()
            raise
        self.book.end({kind})
        return self.book.add(span, self._undo, message)

    def _wanted(self) -> dict[str, Any]:
        return {fault.span.kind: fault.message for fault in self.book.active(IN_APP)}

    def _make_sure(self, timeout: float = IDLE_PATIENCE) -> None:
        """Bring the app's own faults in line with the book, if it can hear us now."""
        self._make_sure_it_listens()
        if self._told != self._wanted() and not self.book.active(DOWN | SILENT):
            self._tell(self._wanted(), timeout)

    def _tell(self, faults: dict[str, Any], timeout: float = ANSWER_PATIENCE) -> None:
        """Put exactly these faults in force inside the app; it answers with what it has."""
        self._told = None  # it may hear this, and its answer may get lost
        wanted = dict.fromkeys(IN_APP) | faults
        answer = self._control("PUT", "/faults", timeout=timeout, json=wanted)
        if answer.json() != wanted:
            raise FaultError(f"Backend {self._unit.number} has other faults: {answer.text}")
        self._told = faults

    # --- well again ------------------------------------------------------------------------

    def _undo(self, fault: Fault) -> None:
        self._do("", lambda: self._mend(fault))

    def _mend(self, fault: Fault) -> None:
        self._look()
        if not fault.active:
            return  # it ended without us
        kind = fault.span.kind
        if kind in DOWN:
            self._start()
        elif kind in SILENT:
            self._break_silence()
            self._make_sure(timeout=ANSWER_PATIENCE)
        else:
            self._cure(fault)

    def _cure(self, fault: Fault) -> None:
        """End a fault inside the app; one that cannot hear it now is told later."""
        if not self.book.active(DOWN | SILENT):
            rest = self._wanted()
            del rest[fault.span.kind]
            self._tell(rest)
        fault.end()

    def _restore(self) -> None:
        if not self._look().running:
            self._launch()
        self._break_silence()
        self._make_sure_it_listens()
        self._clear()

    def _clear(self) -> None:
        """Have no fault inside the app."""
        blameless = self._told == {}
        try:
            self._tell({}, BUSY_PATIENCE if blameless else ANSWER_PATIENCE)
        except FaultError as error:
            if not isinstance(error.__cause__, httpx.HTTPError):
                raise  # somebody else answers in its place
            if blameless and isinstance(error.__cause__, httpx.TimeoutException):
                self._told = {}  # busy with what its clients want
            else:
                self._unit.kill()
                self._launch()
        self.book.end(IN_APP)

    def _renew(self) -> None:
        if self._look().running:
            self._break_silence()  # most of those that stood still are idle once they go on
            if not poll(self._idle, IDLE_PATIENCE):
                self._unit.kill()
                self._launch()
        self._restore()

    def _idle(self) -> bool:
        try:
            asked = {"since": LATEST}
            answer = self._control("GET", "/requests", timeout=IDLE_PATIENCE, params=asked)
        except FaultError:  # so busy that it does not even say so
            return False
        return not answer.json()["running"]
