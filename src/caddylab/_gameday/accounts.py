"""The accounts of a game: the result of every request, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from caddylab._gameday import score
from caddylab._gameday.crowd import Crowd
from caddylab._gameday.score import Sample
from caddylab._gameday.status import Status
from caddylab._records import Request


class Accounts:
    """Judges the requests of a crowd.

    Args:
        crowd: who sends them.
        reloads: when (from, to; Unix time) Caddy took a new configuration; the list grows.
        rate: requests a second.
        seconds: how long the game lasts.
    """

    def __init__(
        self, crowd: Crowd, reloads: Sequence[tuple[float, float]], rate: float, seconds: float
    ) -> None:
        self._crowd, self._reloads = crowd, reloads
        self._seconds, self._allowed = seconds, score.allowance(rate, seconds)

    def judged(self, began: float) -> Iterator[tuple[Request, Sample]]:
        """Every request that has ended, with its cost.

        Args:
            began: when the game began (Unix time).
        """
        now = time.time()
        for kind, sent, request in self._crowd.requests():
            cost = score.cost(request, now - sent)
            if cost is None:
                continue
            if cost and score.is_reload(request, sent, self._reloads):
                cost = score.EXCUSED
            yield request, Sample(sent - began, kind, cost)

    def samples(self, began: float) -> list[Sample]:
        """What each of them costs."""
        return [sample for _, sample in self.judged(began)]

    def status(self, began: float, played: float) -> Status:
        """How things stand after so many seconds."""
        samples = self.samples(began)
        good = score.good_share(score.recent(samples, played))
        return Status(played, self._seconds, good, score.left(samples, self._allowed))
