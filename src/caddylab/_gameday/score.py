"""The error budget: what a good request is, what each bad one costs, and what is left.

The objective is 99 % good requests, over a time in which the game is the bad part: six minutes
out of two hours. So its budget is 1 % of the traffic in a time that is twenty times as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caddylab._records import Outcome, Request

OBJECTIVE = 0.99
WINDOW = 20
LIMIT = 1.0
"""A good answer comes within so many seconds."""
PAGE = 0.25
"""The cost of a quick page of Caddy's own in place of an answer; an error costs 1."""
BEFORE, AFTER = 0.2, 0.5
"""Seconds around a reload in which a connection that is cut off is nobody's fault."""
RECENT = 5.0
"""The status is about the last so many seconds."""
MENDED = 0.1
"""All is well again once no second costs more than this share of its requests."""
PAGES = (200, 502, 503, 504)
CUT = (Outcome.RESET, Outcome.REFUSED)
EXCUSED = -1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What became of one request.

    Attributes:
        at: when it was sent, in seconds after the beginning of the game.
        kind: what it wanted: "home", "search", "account", "order" or "login".
        cost: 0 = good, 1 = bad, `PAGE` = a page instead; `EXCUSED` = does not count.
    """

    at: float
    kind: str
    cost: float

    @property
    def counts(self) -> bool:
        """Whether the request counts at all."""
        return self.cost != EXCUSED


def cost(request: Request, age: float) -> float | None:
    """What a request costs; None while that is unknown.

    Args:
        request: its record.
        age: seconds since it was sent.
    """
    if request.outcome is Outcome.CANCELLED:  # the game was ended: whoever waited in vain did so
        return 1.0 if request.duration > LIMIT else EXCUSED
    if request.outcome is Outcome.PENDING:
        return 1.0 if age > LIMIT else None
    if request.duration > LIMIT:
        return 1.0
    if request.answered_by is not None:
        return 0.0 if request.outcome is Outcome.OK else 1.0
    return PAGE if request.body and request.status in PAGES else 1.0


def is_reload(request: Request, sent: float, reloads: Iterable[tuple[float, float]]) -> bool:
    """Whether it was cut off because Caddy took a new configuration; `sent` is Unix time."""
    if request.outcome not in CUT:
        return False
    end = sent + request.duration
    return any(sent < over + AFTER and end > began - BEFORE for began, over in reloads)


def allowance(rate: float, seconds: float) -> float:
    """How many bad requests the budget of a game allows."""
    return (1 - OBJECTIVE) * WINDOW * rate * seconds


def left(samples: Iterable[Sample], allowed: float) -> float:
    """The share of the budget that is left: 1 = all of it, below 0 = overdrawn."""
    return 1 - sum(sample.cost for sample in samples if sample.counts) / allowed


def good_share(samples: Iterable[Sample]) -> float | None:
    """The share of good requests among those that count; None if there are none."""
    costs = [sample.cost for sample in samples if sample.counts]
    return sum(cost == 0 for cost in costs) / len(costs) if costs else None


def recent(samples: Iterable[Sample], played: float) -> list[Sample]:
    """The samples that the status is made of: those of the last seconds."""
    return [sample for sample in samples if sample.at > played - RECENT]


def seen(at: float, played: float, seconds: float) -> bool:
    """Whether what happened at `at` was there long enough to be met."""
    return played >= min(at + RECENT, seconds)


def well_since(samples: Iterable[Sample], at: float, played: float) -> float | None:
    """The time from which all was well again after `at`; None if it was not before the end.

    A second is well if less than a tenth of its requests is lost; a page counts as it costs.
    """
    costs: dict[int, list[float]] = defaultdict(list)
    for sample in samples:
        if sample.counts and at <= sample.at <= played:
            costs[int(sample.at - at)].append(sample.cost)
    bad = [second for second, found in costs.items() if sum(found) > MENDED * len(found)]
    since = at + max(bad, default=-1) + 1
    return since if played - since >= min(RECENT, (played - at) / 2) else None


def rest(samples: Sequence[Sample], played: float, seconds: float, rate: float) -> float:
    """What the missing rest of a game would cost, if it had gone on as in the last seconds.

    Args:
        samples: of the part that was played.
        played: how many seconds that is.
        seconds: how long the game would have lasted.
        rate: requests a second.
    """
    costs = [sample.cost for sample in recent(samples, played) if sample.counts]
    if not costs or played >= seconds:
        return 0.0
    return sum(costs) / len(costs) * rate * (seconds - played)


def points(budget: float) -> int:
    """0 to 100: the budget that is left, in percent."""
    return round(100 * max(0.0, min(1.0, budget)))
