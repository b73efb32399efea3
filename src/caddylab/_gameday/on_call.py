"""The lab of somebody on call: the faults are not theirs to make, to see or to undo."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx

from caddylab._caddy.running.journal import Journal
from caddylab._errors import FaultError
from caddylab._notebook.lab import Lab
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.control import Control
from caddylab._rig.backends.faults import Fault
from caddylab._rig.site.loaded import Loaded
from caddylab._runtimes.base import Unit

BACKENDS = 3

Deed = Callable[[Backend], object]
Note = Callable[[str], None]


class Chaos:
    """The hand that breaks the backends; the learner does not see it.

    Args:
        hands: the backends with the faults that are really made.
    """

    def __init__(self, hands: list[Backend]) -> None:
        self.hands = hands
        self._wanted: dict[int, dict[str, Deed]] = {}
        self._lock = threading.RLock()

    def afflict(self, number: int, kind: str, deed: Deed) -> None:
        """Break a backend; what a new start does not mend stays broken over one."""
        with self._lock:
            self._wanted.setdefault(number, {})[kind] = deed
            self._suffer(number)

    def do(self, number: int, deed: Deed) -> None:
        """Do something to a backend; what is down already cannot go down once more."""
        with self._lock, contextlib.suppress(FaultError):
            deed(self.hands[number - 1])

    def start(self, number: int, ready_after: float = 0.0) -> None:
        """Start it; a partition is there again at once, a program that hung is not."""
        with self._lock:
            self._wanted.get(number, {}).pop("hung", None)
            self.hands[number - 1].start(ready_after)
            self._suffer(number)

    def end(self) -> None:
        """Undo everything."""
        with self._lock:
            self._wanted.clear()
            for hand in self.hands:
                hand.restore()

    def _suffer(self, number: int) -> None:
        hand = self.hands[number - 1]
        there = {fault.span.kind for fault in hand.faults}
        for kind, deed in self._wanted.get(number, {}).items():
            if kind not in there:
                with contextlib.suppress(FaultError):  # it is down: later, when it is started
                    deed(hand)


class Discreet(Control):
    """A control channel that does not tell why there is no answer."""

    def ask(self, method: str, path: str, *, timeout: float = 5, **options: Any) -> httpx.Response:
        """As `Control.ask`."""
        try:
            return super().ask(method, path, timeout=timeout, **options)
        except FaultError as error:
            raise FaultError(
                f"Backend {self.number} does not answer this question, and that tells something."
            ) from error


class Server(Backend):
    """A backend as somebody on call has it: to be started and stopped, not broken or mended."""

    candid, channel = False, Discreet
    chaos: Chaos
    note: Note

    @property
    def state(self) -> str:
        """What a list of processes says: "up" or "down". A program that hangs is up, too."""
        return "up" if self._unit.running() else "down"

    def restart(
        self, down_for: float = 0.0, *, ready_after: float = 0.0, kill: bool = True
    ) -> None:
        """End it and start it again; whoever was logged in there is not any more."""
        self.note(f"restarted backend {self.number}")
        self.chaos.do(self.number, lambda hand: hand.kill() if kill else hand.stop())
        time.sleep(down_for)
        self.chaos.start(self.number, ready_after)

    def stop(self) -> None:
        """Stop it: it finishes what it has begun."""
        self.note(f"stopped backend {self.number}")
        self.chaos.do(self.number, lambda hand: hand.stop())

    def kill(self) -> None:
        """Kill it: what it had begun is lost."""
        self.note(f"killed backend {self.number}")
        self.chaos.do(self.number, lambda hand: hand.kill())

    def start(self, ready_after: float = 0.0) -> None:
        """Start it, if it is down."""
        self.note(f"started backend {self.number}")
        self.chaos.start(self.number, ready_after)

    def restore(self) -> None:
        """Refused: nobody has an undo button in production."""
        _refuse_undo()

    def look(self) -> None:
        """Note nothing: whether it is up, `state` says, and why not, nobody tells."""

    def _take_down(self, kind: str) -> Fault:
        _refuse_fault()

    def _silence(self, kind: str) -> Fault:
        _refuse_fault()

    def _spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        _refuse_fault()

    def renew(self) -> None:
        """Refused, likewise."""
        _refuse_undo()


class OnCall(Lab):
    """A `Lab` whose faults belong to a game.

    Attributes:
        chaos: makes the faults.
        note: is told what the learner does, in words.
        reloads: from when to when (Unix time) Caddy took a new configuration.
    """

    def __init__(self, runtime: str, note: Note, closing: Callable[[], None]) -> None:
        self.note, self._closing = note, closing
        self.reloads: list[tuple[float, float]] = []
        self.chaos, self._hidden = Chaos([]), list[Span]()
        super().__init__(runtime, BACKENDS)

    def _make_backend(self, unit: Unit, secret: str, journal: Journal, spans: list[Span]) -> Server:
        self.chaos.hands.append(Backend(unit, secret, journal, self._hidden))
        server = Server(unit, secret, journal, spans)
        server.chaos, server.note = self.chaos, self.note
        return server

    def load(
        self, caddyfile: str | Path, *, allow: Iterable[str | Path] = (), warn: bool = True
    ) -> Loaded:
        """As `Lab.load`; the learner's own deed."""
        loaded = self.deploy(caddyfile, allow)
        self.note("loaded a Caddyfile")
        return loaded.shown(warn)

    def deploy(self, caddyfile: str | Path, allow: Iterable[str | Path] = ()) -> Loaded:
        """Load a Caddyfile, whoever does it."""
        return self.stack.site.line.do(lambda: self._deploy(caddyfile, allow))

    def _deploy(self, caddyfile: str | Path, allow: Iterable[str | Path]) -> Loaded:
        with self._reloading():
            return super().load(caddyfile, allow=allow)

    @contextlib.contextmanager
    def _reloading(self) -> Iterator[None]:
        began = time.time()
        try:
            yield
        finally:
            self.reloads.append((began, time.time()))

    def backend(self, number: int | str) -> Server:
        """One of the backends, counted from 1.

        Raises:
            LabError: there is no such backend.
        """
        found = super().backend(number)
        assert isinstance(found, Server)
        return found

    def restore(self) -> None:
        """Refused: nobody has an undo button in production."""
        _refuse_undo()

    def reset(self) -> None:
        """Refused, likewise."""
        _refuse_undo()

    def close(self) -> None:
        """End the game if it still goes on, and everything else. Safe to call twice."""
        if not self.closed:
            self._closing()
        super().close()


def _refuse_undo() -> NoReturn:
    raise FaultError(
        "In production nobody has an undo button. Change the Caddyfile so that the site can live "
        "with what has happened; `lab.backend(2).restart()` restarts a backend, if you think that "
        "this is what it needs."
    )


def _refuse_fault() -> NoReturn:
    raise FaultError(
        "Today somebody else breaks things, and you are on call. To try a fault out, take a lab "
        "of your own when the game is over: lab = Lab()."
    )
