"""What Caddy thinks of each backend, proxy by proxy, and how that is put into words."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from caddylab._caddy.adapted.judges import Judge, judges
from caddylab._caddy.running.admin import Upstream
from caddylab._caddy.running.log import FailedCheck, Flip, RoundTrip
from caddylab._records import Span

UNHEALTHY, FAILED, FULL = "unhealthy", "failed", "full"
"""By its active checks; by failures that it remembers; by the requests under way."""
HEALTHY, UNKNOWN = "healthy", "unknown"
KINDS = (UNHEALTHY, FAILED, FULL)

TOGETHER = 0.1
"""Proxies that change to the same opinion within so many seconds count as doing so at once."""
CUT_OFF = ("stopping apps", "context canceled")
"""How Caddy explains a check that ended because a new configuration has taken over."""

Diary = Callable[[int], Iterable[Mapping[str, Any]]]
Members = Callable[[str], Iterable[int]]


def words(spans: Iterable[Span]) -> str:
    """One backend's opinions in words: "healthy", "unhealthy, failed", "unhealthy for /b".

    A proxy is named only where not all of them agree. A proxy that is not named has no complaint:
    to it the backend is healthy.
    """
    found = sorted(spans, key=lambda span: KINDS.index(span.kind))
    return ", ".join(span.said for span in found) or HEALTHY


def reasons(spans: Iterable[Span]) -> str:
    """Why Caddy thinks so, in its own words."""
    return "; ".join(dict.fromkeys(span.detail for span in spans if span.detail))


class Opinions:
    """Keeps what every proxy thinks of every backend, as spans.

    Args:
        backends: the number of the backend behind each dial address.

    Attributes:
        spans: every opinion; where not all proxies that name the backend held it,
            `Span.proxy` says which ones did.
        members: returns the backends behind a name that Caddy asks a name server for.
        diary: returns what a backend has executed lately; called only where several proxies check
            one backend differently, since Caddy's log does not say whose check it was.
    """

    def __init__(self, backends: dict[str, int]) -> None:
        self._backends = backends
        self._judges: list[Judge] = []
        self._holders: dict[tuple[int, str], list[Judge]] = defaultdict(list)
        self._open: dict[tuple[int, str], Span] = {}
        self._failures: dict[str, deque[FailedCheck]] = defaultdict(lambda: deque(maxlen=50))
        self.spans: list[Span] = []
        self.diary: Diary = lambda backend: ()
        self.members: Members = lambda name: ()
        self._dialled: dict[int, str] = {}
        self._hurt: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=50))
        self._looked = 0.0

    def of(self, backend: int) -> list[Span]:
        """The opinions of a backend now; empty = healthy in the opinion of every proxy."""
        found = (self._open.get((backend, kind)) for kind in KINDS)
        return [span for span in found if span]

    def begin(self, config: dict[str, Any], when: float) -> None:
        """Note that a new configuration is in force: Caddy has forgotten its opinions."""
        for span in self._open.values():
            span.end = when
        self._open.clear()
        self._holders.clear()
        self._failures.clear()
        self._dialled.clear()
        self._looked = when
        self._judges = judges(config)

    # --- active checks -------------------------------------------------------------------

    def failed(self, line: FailedCheck) -> None:
        """Note that a check has failed, which may change nothing."""
        self._failures[line.upstream].append(line)

    def flipped(self, flip: Flip) -> None:
        """Note that a check at this address has changed a proxy's mind about an upstream."""
        if flip.reason.endswith(CUT_OFF):
            return
        suspects = [
            (judge, backend)
            for judge in self._judges
            for dial, address in judge.checked.items()
            if address == flip.upstream and (backend := self._backends.get(dial)) is not None
            if (judge in self._holders[backend, UNHEALTHY]) is flip.healthy
        ]
        if suspects:
            judge, backend = self._likeliest(suspects, flip)
            self._note(judge, backend, UNHEALTHY, not flip.healthy, flip.time, flip.reason)

    def _likeliest(self, suspects: list[tuple[Judge, int]], flip: Flip) -> tuple[Judge, int]:
        """Which proxy changed its mind: certain, unless differing checks fail alike at once."""
        if len({judge.check for judge, _ in suspects}) > 1:
            for fits in self._evidence(flip):
                suspects = [suspect for suspect in suspects if fits(*suspect)] or suspects
            suspects = sorted(suspects, key=lambda suspect: suspect[0].patience)
        return suspects[0]

    def _evidence(self, flip: Flip) -> Iterator[Callable[[Judge, int], bool]]:
        failures = self._failures[flip.upstream]
        if not flip.healthy and failures:
            yield lambda judge, _: _may_have_said(judge, failures[-1])
            yield (
                lambda judge, _: (
                    sum(_may_have_said(judge, line) for line in failures)
                    >= judge.active.get("fails", 1)
                )
            )
            if (status := failures[-1].status) is None:
                return  # the backend has not answered, so it cannot say whom
            yield lambda judge, backend: self._answer(judge, backend, flip.time) == status
        elif flip.healthy:
            yield lambda judge, backend: judge.passes(self._answer(judge, backend, flip.time))

    def _answer(self, judge: Judge, backend: int, when: float) -> int:
        """The status with which the backend answered a proxy's latest check before `when`."""
        own = (e for e in self.diary(backend) if e["check"] == judge.mark and e["start"] <= when)
        statuses = [entry["status"] for entry in own]
        return statuses[-1] or 0 if statuses else 0

    # --- counters --------------------------------------------------------------------------

    def count(self, counts: Mapping[str, Upstream], asked: float, when: float) -> None:
        """Note what Caddy has counted, by dial address.

        Args:
            asked: when Caddy was asked; it may count failures after that for the next time.
            when: when it had answered.
        """
        for judge in self._judges:
            for dial, room in judge.rooms.items():
                backend, found = self._backends.get(dial), counts.get(dial, Upstream(0, 0))
                if backend is not None:
                    self._count(judge, backend, found, room, when)
            for name, room in judge.asks.items():
                for backend in self.members(name):
                    found = counts.get(self._dialled.get(backend, ""), Upstream(0, 0))
                    self._count(judge, backend, found, room, when)
        self._looked = asked

    def attempted(self, line: RoundTrip) -> None:
        """Note where Caddy dialled a backend, which may have had another address before, and when
        an attempt failed: the counters tell only later that it was so.
        """
        if (backend := self._backends.get(line.upstream)) is None:
            return
        self._dialled[backend] = line.upstream
        if line.error and not line.error.endswith(CUT_OFF):
            self._hurt[backend].append(line.start + line.duration)

    def _count(self, judge: Judge, backend: int, found: Upstream, room: int, when: float) -> None:
        failed = judge.max_fails is not None and found.fails >= judge.max_fails
        full = 0 < room <= found.num_requests
        under_way = f"{found.num_requests} requests under way, {room} are the most"
        since = self._since(backend, found.fails - (judge.max_fails or 0), when) if failed else when
        self._note(judge, backend, FAILED, failed, since, f"fails: {found.fails}")
        self._note(judge, backend, FULL, full, when, under_way)

    def _since(self, backend: int, more: int, when: float) -> float:
        """When the failure happened that was the last straw; so many more have followed it."""
        lately = [each for each in self._hurt[backend] if self._looked < each <= when]
        return lately[-1 - more] if more < len(lately) else when

    # --- spans -------------------------------------------------------------------------------

    def _note(
        self, judge: Judge, backend: int, kind: str, is_so: bool, when: float, detail: str
    ) -> None:
        holders = self._holders[backend, kind]
        if is_so is (judge in holders):
            return
        (holders.append if is_so else holders.remove)(judge)
        span = self._open.get((backend, kind))
        if span and holders and when - span.start < TOGETHER:
            span.proxy = self._who(backend, holders)
            return
        if span:
            self._end(span, when)
        if holders:
            self._begin(Span(backend, kind, when, None, detail, self._who(backend, holders)))

    def _begin(self, span: Span) -> None:
        self._open[span.backend, span.kind] = span
        self.spans.append(span)

    def _end(self, span: Span, when: float) -> None:
        """End a span; one that lasted only until the next proxy came to agree is removed."""
        del self._open[span.backend, span.kind]
        span.end = when
        if when - span.start < TOGETHER:
            for before in self.spans:
                alike = (before.backend, before.kind, before.end)
                if alike == (span.backend, span.kind, span.start):
                    before.end = when
                    self.spans.remove(span)
                    return

    def _who(self, backend: int, holders: list[Judge]) -> str:
        """The proxies that think so; empty if all do that name the backend."""
        naming = [
            judge for judge in self._judges
            if any(self._backends.get(dial) == backend for dial in judge.rooms)
            or any(backend in self.members(name) for name in judge.asks)
        ]  # fmt: skip
        those = [judge for judge in naming if judge in holders]
        return "" if len(those) == len(naming) else " and ".join(judge.name for judge in those)


def _may_have_said(judge: Judge, line: FailedCheck) -> bool:
    return judge.may_have_said(line.message, line.reason, line.status)
