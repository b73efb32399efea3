"""The figures of a run that the course's experiments are about, each under a name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate, pairwise
from statistics import median
from typing import Annotated

from caddylab._border import Between, Seconds, border
from caddylab._errors import TrafficError
from caddylab._look.in_a_row import InARow
from caddylab._records import Outcome, Request
from caddylab._traffic.counts import Counts


@border(TrafficError)
class Figures(Counts):
    """What can be asked of a run without writing a loop. All times are in seconds."""

    @property
    def statuses(self) -> list[int | None]:
        """The status that each request got, in order; None where no answer came."""
        return InARow(request.status for request in self.requests)

    @property
    def bodies(self) -> list[str]:
        """The beginning of each answer's text, in order."""
        return [request.body for request in self.requests]

    @property
    def attempts_made(self) -> int:
        """How many attempts at backends Caddy made for all requests together."""
        return sum(len(request.attempts) for request in self.requests)

    @property
    def dialled(self) -> dict[int, str]:
        """The address at which Caddy dialled each backend, by the backend's number."""
        attempts = (attempt for request in self.requests for attempt in request.attempts)
        return {a.backend: a.upstream for a in attempts if a.backend is not None}

    @property
    def median(self) -> float:
        """The median latency in seconds; 0.0 without requests."""
        return median(self._latencies()) if self.requests else 0.0

    @property
    def slowest(self) -> float:
        """The longest latency in seconds; 0.0 without requests."""
        return max(self._latencies(), default=0.0)

    @property
    def took(self) -> float:
        """Seconds from the run's beginning to the end of the request that ended last."""
        return max((end for _, end in self._ends()), default=0.0)

    @property
    def goodput(self) -> float:
        """How many requests a second were answered well in an open loop.

        Raises:
            TrafficError: they did not come at a rate.
        """
        if not self.run.plan.open:
            raise TrafficError(
                "Only a run at a rate has a goodput: lab.fire(rate=40, duration=2).goodput"
            )
        return self.good * float(self.run.plan.rate or 1) / max(1, self.wanted)

    def waited_longer_than(self, seconds: Seconds) -> int:
        """How many requests took longer than `seconds`."""
        return sum(latency > seconds for latency in self._latencies())

    def good_after(self, seconds: Seconds) -> float:
        """The percentage answered well of the requests due later than `seconds` after the start.

        Raises:
            TrafficError: none was due so late.
        """
        late = [request.good for request in self.requests if request.planned > seconds]
        if not late:
            raise TrafficError(f"No request was due later than {seconds:g} s after the start.")
        return 100 * sum(late) / len(late)

    def overtaken(self, by: Seconds = 0.1) -> int:
        """How many requests were answered `by` seconds before one that had come earlier."""
        ends = [end for request, end in self._ends() if request.good]
        latest = accumulate(ends, max, initial=0.0)
        return sum(before > end + by for before, end in zip(latest, ends, strict=False))

    def answers_to(self, client: int) -> list[str]:
        """The beginning of each answer's text that one client got; clients are counted from 0."""
        return [request.body for request in self.requests if request.client == client]

    @property
    def moved_clients(self) -> int:
        """How many clients were answered by more than one backend."""
        met = defaultdict(set)
        for request in self.requests:
            met[request.client].add(request.answered_by)
        return sum(len(backends) > 1 for backends in met.values())

    @property
    def most_errors(self) -> int:
        """The largest number of errors that one client had."""
        failed = Counter(r.client for r in self.requests if r.outcome is not Outcome.OK)
        return max(failed.values(), default=0)

    def spared(self, backend: int) -> float:
        """The longest time, in seconds, between two attempts of Caddy's at `backend`."""
        attempts = (attempt for request in self.requests for attempt in request.attempts)
        starts = sorted(a.start for a in attempts if a.backend == backend)
        return max((later - before for before, later in pairwise(starts)), default=0.0)

    def differs_from(self, other: Figures) -> int:
        """How many requests, number by number, another backend answered than in the run `other`.

        Raises:
            TrafficError: the runs are not equally long.
        """
        if len(self.requests) != len(other.requests):
            raise TrafficError(
                f"This run has {len(self.requests)} requests and the other {len(other.requests)}: "
                "only runs of the same length can be compared number by number."
            )
        pairs = zip(self.backends, other.backends, strict=True)
        return sum(one != another for one, another in pairs)

    def per(self, size: Annotated[int, Between(1, 1_000_000)], backend: int) -> list[int]:
        """How many of each `size` requests in a row a backend answered."""
        starts = range(0, len(self.requests) - size + 1, size)
        return [self.backends[start : start + size].count(backend) for start in starts]

    def _latencies(self) -> list[float]:
        return [request.latency for request in self.requests]

    def _ends(self) -> Iterator[tuple[Request, float]]:
        return ((r, r.sent + r.latency) for r in self.requests if r.sent is not None)
