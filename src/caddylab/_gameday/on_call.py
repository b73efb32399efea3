"""The lab of somebody on call: the faults are not theirs to make, to see or to undo."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from caddylab._caddy.running.journal import Journal
from caddylab._engine.clients import Clients
from caddylab._gameday.chaos import Chaos
from caddylab._gameday.servers import KnownNames, Note, Server, refuse_undo
from caddylab._notebook.lab import Lab
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.names import Names
from caddylab._rig.site.loaded import Loaded
from caddylab._runtimes.base import Unit

BACKENDS = 3
KNOWN = {"app:8080 #1": 2, "app:8080 #2": 3}
"""The backends that the site's name server lists."""
BESIEGERS, SOON = 30, 0.5
"""How many other clients there are, and how many seconds they wait."""


class OnCall(Lab):
    """A `Lab` whose faults belong to a game.

    Attributes:
        chaos: makes the faults.
        note: called with what the learner does, in words.
        reloads: from when to when (Unix time) Caddy took a new configuration.
    """

    def __init__(self, runtime: str, note: Note, closing: Callable[[], None]) -> None:
        self.note, self._closing = note, closing
        self.reloads: list[tuple[float, float]] = []
        self.chaos, self._hidden = Chaos([]), list[Span]()
        super().__init__(runtime, BACKENDS)
        self.stack.site.known = dict(KNOWN)
        self.chaos.names = self.stack.fleet.names
        self.chaos.names.conceal(self._hidden)
        for hand in self.chaos.hands:
            hand.born = self.chaos.names.refresh

    def _make_backend(self, unit: Unit, secret: str, journal: Journal, spans: list[Span]) -> Server:
        self.chaos.hands.append(Backend(unit, secret, journal, self._hidden))
        server = Server(unit, secret, journal, spans)
        server.chaos, server.note = self.chaos, self.note
        return server

    def load(
        self, caddyfile: str | Path, *, allow: Iterable[str | Path] = (), warn: bool = True
    ) -> Loaded:
        """As `Lab.load`; counts as something that the learner did."""
        loaded = self.deploy(caddyfile, allow)
        self.note("loaded a Caddyfile")
        return self.stack.site.shown(loaded, warn)

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

    @property
    def names(self) -> Names:
        """The lab's name server, which reveals only its answers."""
        return KnownNames(self.stack.fleet.names)

    def besiege(self, path: str, rate: float, seconds: float, tries: int) -> None:
        """Have clients that are not the game's visitors ask for something.

        Args:
            path: what they ask for.
            rate: how many come each second.
            seconds: for how long.
            tries: how often each asks again that has an error, or no answer soon.
        """
        crowd = self.fire(
            rate=rate, duration=seconds, path=path, timeout=SOON, retries=tries,
            clients=Clients(BESIEGERS), background=True,
        )  # fmt: skip
        self.chaos.besiegers.append(crowd)

    def forge(self, number: int) -> None:
        """Have a backend started again with a certificate that nobody trusts."""
        self.chaos.forge(number)
        server = self.backend(number)
        server.listen(server.listener)
        self.chaos.do(number, lambda hand: hand.kill())
        self.chaos.start(number)

    def restore(self) -> None:
        """Refused: nobody has an undo button in production."""
        refuse_undo()

    def reset(self) -> None:
        """Refused, likewise."""
        refuse_undo()

    def close(self) -> None:
        """End the game if it still goes on, and everything else. Safe to call twice."""
        if not self.closed:
            self._closing()
        super().close()
