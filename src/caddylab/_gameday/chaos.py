"""What breaks a game's site; nobody sees it at work."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable

from caddylab._errors import FaultError, LabError
from caddylab._machine.certificates import Signer
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.names import Names
from caddylab._runtimes.listener import Listener
from caddylab._traffic.traffic import Traffic

Deed = Callable[[Backend], object]


class Chaos:
    """The hand that breaks the backends; the learner does not see it.

    Args:
        hands: the backends with the faults that are really made.

    Attributes:
        names: the name server.
        besiegers: what is sent that is no part of the game's visitors.
    """

    names: Names

    def __init__(self, hands: list[Backend]) -> None:
        self.hands = hands
        self.besiegers: list[Traffic] = []
        self._strangers: dict[int, Signer] = {}
        self._own: dict[int, Listener] = {}
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

    def move(self, number: int) -> None:
        """Give a backend another address, if a name stands for it."""
        with self._lock, contextlib.suppress(FaultError, LabError):
            self.names.moved(number)

    def forge(self, number: int) -> None:
        """Let a backend show a certificate that nobody trusts, whatever it is told to listen to."""
        self._strangers.setdefault(number, Signer())

    def disguised(self, number: int, listener: Listener) -> Listener:
        """What a backend listens to in truth."""
        if number not in self._strangers or not listener.certificate:
            return listener
        self._own[number] = listener
        [certificate] = self._strangers[number].certificates([(f"backend{number}",)])
        return dataclasses.replace(listener, certificate=certificate)

    def end(self) -> None:
        """Undo everything."""
        for traffic in self.besiegers:
            traffic.stop()
        with self._lock:
            self._wanted.clear()
            self._strangers.clear()
            for number, listener in self._own.items():
                self.hands[number - 1].listen(listener)
            self.names.restore()
            for hand in self.hands:
                hand.restore()

    def _suffer(self, number: int) -> None:
        hand = self.hands[number - 1]
        there = {fault.span.kind for fault in hand.faults}
        for kind, deed in self._wanted.get(number, {}).items():
            if kind not in there:
                with contextlib.suppress(FaultError):  # it is down: later, when it is started
                    deed(hand)
