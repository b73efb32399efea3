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
    """Breaks the backends without the learner seeing it.

    Args:
        hands: the backends as the game controls them, with their real faults.

    Attributes:
        names: the name server.
        besiegers: traffic that does not come from the game's visitors.
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
        """Break a backend; a fault that a restart does not mend survives one."""
        with self._lock:
            self._wanted.setdefault(number, {})[kind] = deed
            self._suffer(number)

    def do(self, number: int, deed: Deed) -> None:
        """Do something to a backend; one that is down already cannot go down again."""
        with self._lock, contextlib.suppress(FaultError):
            deed(self.hands[number - 1])

    def start(self, number: int, ready_after: float = 0.0) -> None:
        """Start a backend; a partition is in force again at once, a hang is not."""
        with self._lock:
            self._wanted.get(number, {}).pop("hung", None)
            self.hands[number - 1].start(ready_after)
            self._suffer(number)

    def move(self, number: int) -> None:
        """Give a backend another address, if it is looked up by name."""
        with self._lock, contextlib.suppress(FaultError, LabError):
            self.names.moved(number)

    def forge(self, number: int) -> None:
        """Let a backend show a certificate that nobody trusts, whatever it is told to listen to."""
        self._strangers.setdefault(number, Signer())

    def disguised(self, number: int, listener: Listener) -> Listener:
        """The listener that a backend really has."""
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
