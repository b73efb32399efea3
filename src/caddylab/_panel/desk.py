"""Where the panel's controls put their calls: threads that exist only while there is work."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caddylab._errors import CaddylabError, LabClosed
from caddylab._machine import steady
from caddylab._panel.calls import Call

if TYPE_CHECKING:
    from caddylab._rig.rig import Rig

REMEMBERED = 10
"""How many calls are shown."""
NAME = "caddylab-panel"


@dataclass
class Entry:
    """A call that was made; `failed` names the error that it raised."""

    text: str
    failed: str = ""


class Desk:
    """Makes calls of a lab, one after another, away from the thread that takes the clicks.

    It holds no lab: one that is forgotten still closes.

    Args:
        lab: the lab that is called.
        changed: called after each of them, on the thread that made it.
    """

    def __init__(self, lab: Rig, changed: Callable[[], None]) -> None:
        self._lab = weakref.ref(lab)
        self.changed = changed
        self._queue = Queue()
        self.made: deque[Entry] = deque(maxlen=REMEMBERED)

    def lab(self) -> Rig | None:
        """The lab, unless it is closed or forgotten."""
        lab = self._lab()
        return lab if lab is not None and not lab.closed else None

    def do(self, call: Call, done: Callable[[Any], None], failed: Callable[[str], None]) -> None:
        """Make a call when those before it are over; then `done` gets what it returned.

        Args:
            call: what to do.
            done: called on success, on the desk's thread.
            failed: called with the error in words, likewise.
        """
        entry = self._note(call)
        self._queue.put(lambda: self._make(entry, call, done, failed))

    def do_now(
        self, call: Call, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Make a call at once, past those that wait."""
        entry = self._note(call)
        in_thread(lambda: self._make(entry, call, done, failed))

    def _note(self, call: Call) -> Entry:
        entry = Entry(str(call))
        self.made.append(entry)
        return entry

    def _make(
        self, entry: Entry, call: Call, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        try:
            done(call.make(self._need_lab()))
        except Exception as error:  # whatever it is, the learner sees it in the panel
            entry.failed = type(error).__name__
            failed(in_words(error))
        finally:
            self.changed()

    def _need_lab(self) -> Rig:
        lab = self.lab()
        if lab is None:
            raise LabClosed("This lab has been closed; make a new one with Lab().")
        return lab


class Queue:
    """Does jobs in their order on a thread that ends with the last of them."""

    def __init__(self) -> None:
        self._jobs: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._working = False

    def put(self, job: Callable[[], None]) -> None:
        """Add a job, which must not raise."""
        with self._lock:
            self._jobs.append(job)
            if not self._working:
                self._working = True
                in_thread(self._work)

    def _work(self) -> None:
        while job := self._next():
            job()

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            self._working = bool(self._jobs)
            return self._jobs.popleft() if self._jobs else None


class Pulse:
    """Calls `beat` every `period` seconds for as long as it answers that it is wanted.

    Attributes:
        beating: whether it does so now.
    """

    def __init__(self, beat: Callable[[], bool], period: float) -> None:
        self._beat, self._period = beat, period
        self._lock = threading.Lock()
        self._due = threading.Event()
        self.beating = False

    def wake(self) -> None:
        """Beat now, and go on while wanted."""
        with self._lock:
            self._due.set()
            if not self.beating:
                self.beating = True
                in_thread(self._go_on)

    def _go_on(self) -> None:
        while True:
            self._due.clear()
            wanted = self._beat()
            with self._lock:
                if not wanted and not self._due.is_set():
                    self.beating = False
                    return
            self._due.wait(self._period)


def in_thread(job: Callable[[], None]) -> None:
    """Do it on a thread of its own that keeps nobody from leaving."""
    steady.in_thread(NAME, job)


def in_words(error: Exception) -> str:
    """An error as the panel shows it."""
    return str(error) if isinstance(error, CaddylabError) else f"{type(error).__name__}: {error}"
