"""What the records of a run add up to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from caddylab._engine.ledger import Ledger
from caddylab._look.count import Count
from caddylab._look.in_a_row import InARow
from caddylab._records import Answerer, Outcome, Request


class Counts:
    """The records of one run, counted.

    Args:
        run: the records; the run may still go on.

    Attributes:
        names: what backends are called that have a name of their own in the Caddyfile.
        trouble: why Caddy's log could not be read or written for a while; "" if it could.
    """

    def __init__(self, run: Ledger) -> None:
        self.run, self.trouble = run, ""
        self.names: dict[int, str] = {}

    @property
    def requests(self) -> Sequence[Request]:
        """One record a request sent, in the order of planning."""
        return self.run.requests

    @property
    def done(self) -> bool:
        """Whether everything has been sent and has ended."""
        return self.run.done.is_set()

    @property
    def outcomes(self) -> Count[Outcome]:
        """How many requests ended with each outcome."""
        return Count(request.outcome for request in self.requests)

    @property
    def errors(self) -> int:
        """How many requests did not end well for their client."""
        return len(self.requests) - self.outcomes[Outcome.OK]

    @property
    def good(self) -> int:
        """How many requests a backend answered well, and the client got just that."""
        return sum(request.good for request in self.requests)

    @property
    def answerers(self) -> Count[Answerer]:
        """How many requests each answerer answered: a backend, Caddy, nobody."""
        return Count(request.answerer for request in self.requests)

    @property
    def shares(self) -> Count[int]:
        """How many requests each backend answered, by its number."""
        answers = (request.answered_by for request in self.requests)
        return Count(backend for backend in answers if backend is not None)

    @property
    def backends(self) -> list[int | None]:
        """Who answered, request by request; None where no backend did."""
        return InARow(request.answered_by for request in self.requests)

    @property
    def changes(self) -> int:
        """How often a request was answered by another backend than the request before it."""
        return sum(one != other for one, other in pairwise(self.backends))

    @property
    def longest_run(self) -> int:
        """How many requests in a row went to the same backend, at most."""
        return max((len(list(same)) for _, same in groupby(self.backends)), default=0)

    @property
    def retries(self) -> int:
        """How often Caddy tried again."""
        return sum(request.retries for request in self.requests)

    @property
    def again(self) -> int:
        """How many of the requests were sent by a client because the same one had failed before."""
        return sum(request.again > 0 for request in self.requests)

    @property
    def wanted(self) -> int:
        """How many different requests clients had; `good` of them were answered in the end."""
        return len(self.requests) - self.again

    @property
    def amplification(self) -> float:
        """How many attempts at backends there were for each request that a client had."""
        tries = sum(len(request.attempts) for request in self.requests)
        return tries / self.wanted if self.wanted else 0.0
