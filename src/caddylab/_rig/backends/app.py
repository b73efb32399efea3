"""The app inside a backend: what it is told over its control channel, and what it confirms."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any

import httpx

from caddylab._errors import CaddylabError, FaultError
from caddylab._rig.backends.control import Control
from caddylab._rig.backends.faults import DOWN, IN_APP, SILENT, Book
from caddylab._runtimes.base import Unit
from caddylab._runtimes.listener import PLAIN, Listener

IDLE_PATIENCE = 0.3
"""Seconds for a backend to finish requests that its clients have abandoned."""
ANSWER_PATIENCE = 5.0
"""Seconds for the app to answer on its control channel."""
BUSY_PATIENCE = 1.0
"""Seconds to wait for an app that was told of no fault; its clients may keep it busy."""
LATEST = sys.maxsize
"""A request number so high that it has not come yet: the app lists none from there on."""


class App:
    """Tells the app its faults, its answers and its listener; later, if it cannot be reached now.

    Args:
        unit: the process that the app runs in.
        book: the backend's faults, as the app is to behave.
        control: asks the app.

    Attributes:
        listener: what the app shall listen to.
    """

    def __init__(self, unit: Unit, book: Book, control: Control) -> None:
        self._unit, self._book, self._control = unit, book, control
        self.listener, self._listens = PLAIN, True
        self._answers: dict[str, Any] = {}
        self._heard: dict[str, Any] = {}
        self._told: dict[str, Any] | None = {}
        """The faults that the app has confirmed; None: it may not have got the last message."""

    @property
    def _hears(self) -> bool:
        return not self._book.active(DOWN | SILENT)

    def begin_anew(self) -> None:
        """Note that another process has replaced it, without faults and listening as it should."""
        self._told, self._heard, self._listens = {}, {}, True

    # --- its listener ----------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Have it listen like this: at once, or when it can be reached again or is started."""
        if listener != self.listener:
            self._write(listener)
            self.listener, self._listens = listener, False
        self.make_sure_it_listens()

    def make_sure_it_listens(self) -> None:
        """Have it read its listener again, if it has not done so and can be reached."""
        if not self._listens and self._hears:
            self._control.ask("POST", "/listener", timeout=ANSWER_PATIENCE)
            self._listens = True

    @property
    def written(self) -> Listener:
        """What it starts with: its listener, and what it answers from the beginning."""
        return self._with_answers(self.listener)

    def _with_answers(self, listener: Listener) -> Listener:
        answers = json.dumps(self._answers) if self._answers else ""
        return dataclasses.replace(listener, answers=answers)

    def _write(self, listener: Listener) -> None:
        self._unit.listen(self._with_answers(listener))

    # --- its answers -----------------------------------------------------------------------

    def answers(self, answers: dict[str, Any]) -> bool:
        """Whether these are its answers in the place of somebody's own service."""
        return answers == self._answers

    def answer(self, answers: dict[str, Any]) -> None:
        """Have it give these answers: now, if it can be reached, and each time it is started."""
        self._answers = answers
        self._write(self.listener)
        if self._hears:
            self.tell_answers()

    def tell_answers(self) -> None:
        """Tell it what to answer, if it has not been told yet."""
        if self._heard != self._answers:
            wanted = self._answers
            self._control.ask("PUT", "/answers", timeout=ANSWER_PATIENCE, json=wanted)
            self._heard = wanted

    # --- its faults ------------------------------------------------------------------------

    def spoil(self, kind: str, message: dict[str, Any]) -> None:
        """Add a fault, which replaces another one of the same kind."""
        try:
            self._tell(self._wanted() | {kind: message})
        except CaddylabError:
            with contextlib.suppress(CaddylabError):
                self.make_sure()
            raise

    def cure(self, kind: str) -> None:
        """Remove a fault, if the app can be reached; otherwise it is told later."""
        if self._hears:
            rest = self._wanted()
            del rest[kind]
            self._tell(rest)

    def make_sure(self, timeout: float = IDLE_PATIENCE) -> None:
        """Bring its own faults and its listener in line with the book, if it can be reached."""
        self.make_sure_it_listens()
        if self._told != self._wanted() and self._hears:
            self._tell(self._wanted(), timeout)

    def clear(self, replace: Callable[[], None]) -> None:
        """Remove every fault inside it.

        Args:
            replace: puts another process in the place of one that does not answer.
        """
        blameless = self._told == {}
        try:
            self._tell({}, BUSY_PATIENCE if blameless else ANSWER_PATIENCE)
        except FaultError as error:
            if not isinstance(error.__cause__, httpx.HTTPError):
                raise  # somebody else answers in its place
            if blameless and isinstance(error.__cause__, httpx.TimeoutException):
                self._told = {}  # busy with what its clients want
            else:
                replace()
        self._book.end(IN_APP)

    def idle(self) -> bool:
        """Whether it says that it has no work; an app too busy to answer has some."""
        try:
            asked = {"since": LATEST}
            answer = self._control.ask("GET", "/requests", timeout=IDLE_PATIENCE, params=asked)
        except FaultError:
            return False
        return not answer.json()["running"]

    def _wanted(self) -> dict[str, Any]:
        return {fault.span.kind: fault.message for fault in self._book.active(IN_APP)}

    def _tell(self, faults: dict[str, Any], timeout: float = ANSWER_PATIENCE) -> None:
        """Put exactly these faults in force inside the app; its answer lists those in force."""
        self._told = None  # the message may arrive and its answer get lost
        wanted = dict.fromkeys(IN_APP) | faults
        answer = self._control.ask("PUT", "/faults", timeout=timeout, json=wanted)
        if answer.json() != wanted:
            raise FaultError(f"Backend {self._unit.number} has other faults: {answer.text}")
        self._told = faults
