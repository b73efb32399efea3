"""The lab's name server as a notebook holds it: `lab.names`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caddylab._border import border
from caddylab._caddy.adapted.dynamic import Pool, target
from caddylab._errors import FaultError, LabError
from caddylab._look.called import called
from caddylab._machine.undisturbed import Line
from caddylab._records import NAME_SERVER, Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.faults import Book, Fault
from caddylab._runtimes.base import Runtime
from caddylab._runtimes.listener import Listener
from caddylab._runtimes.names import tell

MOVED, UNLISTED, SLOW, SILENT = "moved", "unlisted", "slow", "silent"
KINDS = {MOVED, UNLISTED, SLOW, SILENT}
MOST_SECONDS = 600

Known = Callable[[str, int], None]


@border(FaultError)
class Names:
    """Tells Caddy the addresses of the backends, where a Caddyfile has dynamic upstreams.

    Every fault takes effect at once; Caddy notices when it asks again (`refresh`, a minute unless
    the Caddyfile says otherwise). Use it in a `with` block to have it mended at the block's end,
    or call `restore()`.
    """

    def __init__(
        self,
        runtime: Runtime,
        backends: Sequence[Backend],
        spans: list[Span],
        known: Known,
        number: Callable[[str], int],
    ) -> None:
        self._runtime, self._backends, self._known, self._number = runtime, backends, known, number
        self._pools: dict[str, Pool] = {}
        self._line = Line()
        self._moves: dict[int, int] = {}
        self._last: dict[int, tuple[str, int]] = {}
        self._books = {number: Book(number, spans) for number in range(len(backends) + 1)}

    def moved(self, backend: int | str) -> Fault:
        """Give a backend another address, which the name server tells from now on.

        Args:
            backend: its number, or what its Caddyfile calls it, such as "app:3000".

        At the old address a client is refused. A container leaves nobody there: to connect takes
        Caddy's `dial_timeout`, 3 s; it is started again, so what it is doing is lost. Undone, the
        backend is at its first address again, or in a container at yet another one.
        """
        return self._line.do(lambda: self._move(self._member(backend)))

    def unlisted(self, backend: int | str) -> Fault:
        """Remove a backend's record, as if it had never existed; the backend goes on answering.

        Args:
            backend: its number, or what its Caddyfile calls it, such as "app:3000".
        """
        return self._fault(self._member(backend), UNLISTED)

    def slow(self, seconds: float) -> Fault:
        """Have the name server take `seconds` for each answer (FaultError if out of range)."""
        if not 0 < seconds <= MOST_SECONDS:
            raise FaultError(
                f"A name server can be slow by more than 0 and up to {MOST_SECONDS} s, "
                f"not {seconds}."
            )
        self._need_names()
        return self._fault(NAME_SERVER, SLOW, f"{seconds:g} s", {"seconds": float(seconds)})

    def silent(self) -> Fault:
        """Have the name server answer nothing any more."""
        self._need_names()
        return self._fault(NAME_SERVER, SILENT)

    def restore(self) -> None:
        """Undo all its faults."""
        for book in self._books.values():
            for fault in book.active():
                fault.undo()

    @property
    def faults(self) -> list[Fault]:
        """The faults in force."""
        return [fault for book in self._books.values() for fault in book.active()]

    @property
    def suffered(self) -> list[Span]:
        """The faults in force as they are recorded."""
        return [fault.span for fault in self.faults]

    @property
    def records(self) -> dict[str, list[str]]:
        """Its records now: by name, the addresses, or a service's targets with their ports."""
        zone = self._zone()
        services = {name: [f"{host}:{port}" for host, port in found]
                    for name, found in zone["services"].items()}  # fmt: skip
        answers = zone["addresses"] | services
        return {name: answers[pool.alias] for name, pool in self._pools.items()}

    def conceal(self, spans: list[Span]) -> None:
        """Keep its faults in these records from now on, where users of the lab do not look."""
        self._books = {number: Book(number, spans) for number in self._books}

    def serve(self, pools: dict[str, Pool], called_now: Mapping[int, str]) -> None:
        """Answer for the names of a Caddyfile; the lab does that when it loads one.

        Args:
            pools: the backends behind each name.
            called_now: the names that the Caddyfile has for backends, by number.
        """
        for number, book in self._books.items():
            book.name = called(number, called_now)
        self._line.do(lambda: self._serve(pools))

    def _serve(self, pools: dict[str, Pool]) -> None:
        self._pools = pools
        if pools:
            self._tell()

    def members(self, alias: str) -> list[int]:
        """The backends behind a name that Caddy asks for."""
        return [n for pool in self._pools.values() if pool.alias == alias for n in pool.members]

    def refresh(self) -> None:
        """Tell the name server where the backends are, after one of them was started again."""
        if self._pools and self._runtime.moves:
            with contextlib.suppress(FaultError):  # not the fault of whoever starts a backend
                self._line.do_if_free(self._tell)

    def __repr__(self) -> str:
        told = (f"{name} → {', '.join(found) or 'nobody'}" for name, found in self.records.items())
        return f"<names: {'; '.join(told) or 'no dynamic upstreams'}>"

    # --- what it answers ---------------------------------------------------------------------

    def _tell(self) -> None:
        server = self._runtime.names()
        tell(server.control, self._runtime.secret, self._zone())

    def _zone(self) -> dict[str, Any]:
        addresses: dict[str, list[str]] = {}
        services: dict[str, list[tuple[str, int]]] = {}
        for pool in self._pools.values():
            listed = [n for n in pool.members if not self._books[n].active({UNLISTED})]
            places = {n: place for n in listed if (place := self._place(n))[0]}
            if not pool.service:
                addresses[pool.alias] = [host for host, _ in places.values()]
                continue
            services[pool.alias] = [(target(n), port) for n, (_, port) in places.items()]
            addresses |= {target(n): [host] for n, (host, _) in places.items()}
        slow = self._books[NAME_SERVER].active({SLOW})
        seconds = (slow[-1].message or {})["seconds"] if slow else 0
        silent = bool(self._books[NAME_SERVER].active({SILENT}))
        return {"addresses": addresses, "services": services, "seconds": seconds, "silent": silent}

    def _place(self, number: int) -> tuple[str, int]:
        """Where a backend is; the reader of Caddy's log learns it before Caddy does."""
        host, port = self._runtime.place(number, self._moves.get(number, 0))
        if not host:  # it is down; its record stays
            return self._last.get(number, ("", port))
        self._known(f"{host}:{port}", number)
        self._known(f"{target(number)}.:{port}", number)
        self._last[number] = host, port
        return host, port

    # --- faults ------------------------------------------------------------------------------

    def _fault(
        self, number: int, kind: str, detail: str = "", message: dict[str, Any] | None = None
    ) -> Fault:
        return self._line.do(lambda: self._begin(number, kind, detail, message))

    def _begin(
        self,
        number: int,
        kind: str,
        detail: str = "",
        message: dict[str, Any] | None = None,
        start: float | None = None,
    ) -> Fault:
        book = self._books[number]
        book.end({kind})
        since = time.time() if start is None else start
        span = Span(number, kind, since, None, detail or self._detail(number))
        fault = book.add(span, lambda fault: self._line.do(lambda: self._end(fault)), message)
        try:
            self._tell()
        except BaseException:
            fault.end()
            raise
        return fault

    def _end(self, fault: Fault) -> None:
        fault.end()
        if fault.span.kind == MOVED:
            self._go(fault.span.backend, 0)
        self._tell()

    def _detail(self, number: int) -> str:
        return called(number) if number == NAME_SERVER else ""

    def _move(self, number: int) -> Fault:
        start = time.time()
        before, _ = self._place(number)
        self._go(number, self._moves.get(number, 0) + 1)
        after, _ = self._place(number)
        return self._begin(number, MOVED, f"{before} → {after}", start=start)

    def _go(self, number: int, move: int) -> None:
        self._moves[number] = move
        backend = self._backends[number - 1]
        if self._runtime.moves:
            backend.relocate()
        else:
            backend.listen(self.at_its_place(number, backend.listener))

    def at_its_place(self, number: int, listener: Listener) -> Listener:
        """A backend's listener, also at the address in its record, where the lab chooses that."""
        return listener if self._runtime.moves else listener.at(self._place(number))

    # --- who is meant ------------------------------------------------------------------------

    def _need_names(self) -> None:
        if not self._pools:
            raise FaultError(
                "No name server is asked here: the Caddyfile in force has no dynamic upstreams. "
                "They look so: `reverse_proxy { dynamic a app 8080 }`."
            )

    def _member(self, wanted: int | str) -> int:
        self._need_names()
        backend = self._number(wanted) if isinstance(wanted, str) else wanted
        members = sorted({n for pool in self._pools.values() for n in pool.members})
        if backend not in members:
            known = ", ".join(map(str, members))
            raise LabError(f"No name stands for backend {backend!r}; names stand for {known}.")
        return backend
