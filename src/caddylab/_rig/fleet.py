"""All backends of one lab."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from caddylab._caddy.running.journal import Journal
from caddylab._errors import FaultError, LabError
from caddylab._look.called import called
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.names import Names
from caddylab._rig.site.instrument import Prepared
from caddylab._runtimes.base import Runtime, Unit
from caddylab._runtimes.listener import PLAIN, Listener


class Fleet:
    """All backends of a lab, and the name server that knows them.

    Args:
        runtime: whose backends.
        journal: what Caddy's log says.
        make: makes each of them from its unit, the lab's secret, the journal and the spans.

    Attributes:
        spans: every fault, with its beginning and end.
        backends: in the order of their numbers.
        names: the name server.
        numbers: which backend stands for which upstream of the Caddyfile in force.
        named: the names of backends that have one of their own there, by number.
    """

    def __init__(
        self,
        runtime: Runtime,
        journal: Journal,
        make: Callable[[Unit, str, Journal, list[Span]], Backend],
    ) -> None:
        self.spans: list[Span] = []
        self.backends = [make(unit, runtime.secret, journal, self.spans) for unit in runtime.units]
        self.names = Names(runtime, self.backends, self.spans, journal.known, self._number)
        self.numbers: dict[str, int] = {}
        self.named: dict[int, str] = {}
        for backend in self.backends:
            backend.born = self.names.refresh
        journal.opinions.diary = _diaries(self.backends)
        journal.opinions.members = self.names.members

    def dress(self, plan: Prepared) -> None:
        """Have the backends speak and answer as a Caddyfile expects of its upstreams."""
        for backend in self.backends:
            backend.name = called(backend.number, plan.named)
            backend.listen(self._listener(plan, backend.number))
            expected = plan.expected.get(backend.number)
            backend.expect(expected or [], any=expected is not None)
        self.names.serve(plan.pools, plan.named)
        self.numbers, self.named = plan.numbers, plan.named

    def _listener(self, plan: Prepared, number: int) -> Listener:
        listener = plan.listeners.get(number, PLAIN)
        named = any(number in pool.members for pool in plan.pools.values())
        return self.names.at_its_place(number, listener) if named else listener

    def find(self, wanted: int | str) -> Backend:
        """One of them, by its number or by its upstream's address in the Caddyfile in force.

        Raises:
            LabError: there is no such backend.
        """
        number = self._number(wanted) if isinstance(wanted, str) else wanted
        if number not in range(1, len(self.backends) + 1):
            raise LabError(
                f"This lab has backends 1 to {len(self.backends)}, but no {number!r}. Name one of "
                "them, or ask for more when you make the lab, such as Lab(backends=4)."
            )
        return self.backends[number - 1]

    def _number(self, name: str) -> int:
        known = (number for dial, number in self.numbers.items() if _is(name, dial))
        if (number := next(known, None)) is None:
            names = ", ".join(self.numbers)
            raise LabError(f"No upstream of this Caddyfile is called {name!r}: it has {names}.")
        return number

    def look(self) -> None:
        """Note what has happened to each from outside the lab."""
        for backend in self.backends:
            backend.look()

    def restore(self) -> None:
        """Undo every fault, of the name server as well."""
        self.names.restore()
        for backend in self.backends:
            backend.restore()

    def renew(self) -> None:
        """Undo every fault, and have all of them idle."""
        self.names.restore()
        with ThreadPoolExecutor(len(self.backends)) as pool:
            list(pool.map(lambda backend: backend.renew(), self.backends))


def _is(name: str, dial: str) -> bool:
    return name in (dial, dial.rpartition(":")[0])


def _diaries(backends: list[Backend]) -> Callable[[int], list[dict[str, Any]]]:
    """What a backend has executed, if it answers at once; an opinion must not wait for it."""

    def diary(number: int) -> list[dict[str, Any]]:
        with contextlib.suppress(FaultError):
            return list(backends[number - 1].diary(0, timeout=0.5)["requests"])
        return []

    return diary
