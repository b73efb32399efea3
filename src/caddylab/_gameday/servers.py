"""Backends and names as somebody on call has them: to be used, and not broken or mended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import httpx

from caddylab._errors import FaultError
from caddylab._gameday.chaos import Chaos
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.control import Control
from caddylab._rig.backends.faults import Fault
from caddylab._rig.backends.names import Names
from caddylab._runtimes.listener import Listener

Note = Callable[[str], None]


class Discreet(Control):
    """A control channel that does not reveal why there is no answer."""

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
        """What a list of processes shows: "up" or "down". A program that hangs is up, too."""
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
        """Stop it: it finishes the requests that it has begun."""
        self.note(f"stopped backend {self.number}")
        self.chaos.do(self.number, lambda hand: hand.stop())

    def kill(self) -> None:
        """Kill it: the requests that it had begun are lost."""
        self.note(f"killed backend {self.number}")
        self.chaos.do(self.number, lambda hand: hand.kill())

    def start(self, ready_after: float = 0.0) -> None:
        """Start it, if it is down."""
        self.note(f"started backend {self.number}")
        self.chaos.start(self.number, ready_after)

    def listen(self, listener: Listener) -> None:
        """As `Backend.listen`, and tell the game, which may have to start the backend with it."""
        listener = self.chaos.disguised(self.number, listener)
        super().listen(listener)
        self._hand.listen(listener)

    def expect(self, answers: Sequence[dict[str, Any]], *, any: bool) -> None:
        """As `Backend.expect`, likewise."""
        super().expect(answers, any=any)
        self._hand.expect(answers, any=any)

    @property
    def _hand(self) -> Backend:
        return self.chaos.hands[self.number - 1]

    def restore(self) -> None:
        """Refused: nobody has an undo button in production."""
        refuse_undo()

    def look(self) -> None:
        """Note nothing: `state` says whether it is up, and nothing says why not."""

    def _take_down(self, kind: str) -> Fault:
        refuse_fault()

    def _silence(self, kind: str) -> Fault:
        refuse_fault()

    def _spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        refuse_fault()

    def renew(self) -> None:
        """Refused, likewise."""
        refuse_undo()


class KnownNames(Names):
    """The name server as somebody on call has it: it answers, and does not reveal its faults."""

    def __init__(self, names: Names) -> None:
        self._asked = names

    @property
    def records(self) -> dict[str, list[str]]:
        """What it answers now."""
        return self._asked.records

    @property
    def faults(self) -> list[Fault]:
        """Nothing: its faults are hidden."""
        return []

    @property
    def suffered(self) -> list[Span]:
        """Likewise."""
        return []

    def moved(self, backend: int | str) -> Fault:
        """Refused: somebody else breaks things today."""
        refuse_fault()

    def unlisted(self, backend: int | str) -> Fault:
        """Refused, likewise."""
        refuse_fault()

    def slow(self, seconds: float) -> Fault:
        """Refused, likewise."""
        refuse_fault()

    def silent(self) -> Fault:
        """Refused, likewise."""
        refuse_fault()

    def restore(self) -> None:
        """Refused: nobody has an undo button in production."""
        refuse_undo()


def refuse_undo() -> NoReturn:
    raise FaultError(
        "In production nobody has an undo button. Change the Caddyfile so that the site can live "
        "with what has happened; `lab.backend(2).restart()` restarts a backend, if you think that "
        "this is what it needs."
    )


def refuse_fault() -> NoReturn:
    raise FaultError(
        "Today somebody else breaks things, and you are on call. To try a fault out, take a lab "
        "of your own when the game is over: lab = Lab()."
    )
