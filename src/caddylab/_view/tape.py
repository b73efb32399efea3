"""A run as a list of events in the order of time: what the live view shows and a replay plays.

An event is a short list, since thousands of them go to the browser: a letter, the time in
seconds after the tape's beginning, and what it is about:

=====  ==================================================================================
`g`    a run begins: id, how many requests are planned
`s`    a request is sent: key, client
`a`    an attempt of it begins: key, backend (None: taken back), whether that is certain
`r`    an attempt has ended: key, its start, backend, status, error
`d`    the request is over: key, outcome, status, number of the backend that answered, who
       answered (`Answerer`); told again if Caddy's log then says something else
`b`    a backend changed: its number, its faults, Caddy's opinion, when Caddy forgets
`c`    an active health check: backend, whether it passed, why not
`l`    a configuration was loaded: the `Setting`
`n`    the lab's name server changed: its faults
`z`    the lab is closed
=====  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from caddylab._caddy.adapted.balancing import Setting
from caddylab._caddy.running.opinions import FAILED, words
from caddylab._look.called import called
from caddylab._records import NAME_SERVER, Attempt, Outcome, Request, Span

if TYPE_CHECKING:
    from caddylab._engine.ledger import Ledger

Event = list[Any]


def tape(
    run: Ledger, faults: Sequence[Span], opinions: Sequence[Span], stage: Setting
) -> list[Event]:
    """Everything that happened in a run, from its records: nothing in it is provisional."""
    events: list[Event] = [loaded(0.0, stage), begun(0.0, run)]
    for request in list(run.requests):
        if request.sent is not None:
            events += _of(request, run.began)
    end = run.began + max(event[1] for event in events)
    for backend in range(1, stage.backends + 1):
        ours, caddys = (
            [span for span in list(spans) if span.backend == backend]
            for spans in (faults, opinions)
        )
        story = _Story(ours, caddys, _failures(run, backend), stage)
        events += story.changes(backend, run.began, end)
    events += _of_names(faults, run.began, end)
    return sorted(events, key=lambda event: event[1])


def window(events: Sequence[Event], start: float, end: float) -> list[Event]:
    """The requests that were sent between two times, from their sending to their ends."""
    keys = {event[2] for event in events if event[0] == "s" and start <= event[1] <= end}
    last = max([end, *(event[1] for event in events if event[0] == "d" and event[2] in keys)])
    found = [
        _later(event, start)
        for event in events
        if (event[2] in keys if event[0] in "sard" else event[1] <= last)
    ]
    return sorted(found, key=lambda event: event[1])


def _later(event: Event, start: float) -> Event:
    """The event on a tape that begins later; an earlier state holds from that tape's beginning."""
    moved = [event[0], _round(max(0.0, event[1] - start)), *event[2:]]
    place = {"r": 3, "b": 5}.get(event[0])
    if place and moved[place] is not None:
        moved[place] = _round(moved[place] - start)
    return moved


def _of_names(faults: Sequence[Span], zero: float, end: float) -> Iterator[Event]:
    ours = [
        span for span in list(faults) if span.backend == NAME_SERVER and _touches(span, zero, end)
    ]
    times = [
        time for span in ours for time in (span.start, span.end) if time and zero < time <= end
    ]
    for moment in [zero, *sorted(times)] if ours else []:
        yield names(moment - zero, [span for span in ours if _holds(span, moment)])


def _touches(span: Span, start: float, end: float) -> bool:
    return span.start <= end and (span.end is None or span.end >= start)


def _failures(run: Ledger, backend: int) -> list[float]:
    return sorted(
        attempt.start + attempt.duration
        for request in list(run.requests)
        for attempt in request.attempts
        if attempt.backend == backend and is_failure(attempt.error)
    )


def _of(request: Request, zero: float) -> Iterator[Event]:
    assert request.sent is not None
    yield sent(request.sent, request.n, request)
    for attempt in request.attempts:
        yield ended(zero, request.n, attempt)
    if request.outcome is not Outcome.PENDING:
        yield done(request.sent + request.duration, request.n, request)


def begun(time: float, run: Ledger) -> Event:
    """A run begins."""
    return ["g", _round(time), run.id, run.planned_total]


def sent(time: float, key: int, request: Request) -> Event:
    """A request is sent."""
    return ["s", _round(time), key, request.client]


def ended(zero: float, key: int, attempt: Attempt) -> Event:
    """An attempt has ended."""
    begin, end = attempt.start - zero, attempt.start + attempt.duration - zero
    return ["r", _round(end), key, _round(begin), attempt.backend, attempt.status, attempt.error]


def done(time: float, key: int, request: Request) -> Event:
    """A request is over."""
    said = request.outcome.value, request.status, request.answered_by, request.answerer.value
    return ["d", _round(time), key, *said]


def loaded(time: float, stage: Setting) -> Event:
    """A configuration was loaded."""
    return ["l", _round(time), asdict(stage)]


def closed(time: float) -> Event:
    """The lab is closed."""
    return ["z", _round(time), None]


def changed(time: float, backend: int, state: str, opinion: str, until: float | None) -> Event:
    """A backend's state, or Caddy's opinion of it, has changed."""
    return ["b", _round(time), backend, state, opinion, None if until is None else _round(until)]


def names(time: float, faults: Sequence[Span]) -> Event:
    """The state of the lab's name server has changed."""
    return ["n", _round(time), describe(faults)]


class _Story:
    """One backend in one run: when its state changed, and to what.

    Args:
        ours: its faults.
        caddys: Caddy's opinions of it.
        failures: when attempts failed at it (Unix time).
    """

    def __init__(
        self, ours: list[Span], caddys: list[Span], failures: list[float], stage: Setting
    ) -> None:
        self.ours, self.caddys, self.failures, self.stage = ours, caddys, failures, stage

    def changes(self, backend: int, zero: float, end: float) -> Iterator[Event]:
        """Its changes between `zero` and `end`."""
        times = [time for span in [*self.ours, *self.caddys] for time in (span.start, span.end)]
        known = [time for time in [*times, *self.failures] if time and zero < time <= end]
        for moment in [zero, *sorted(known)]:
            state = describe([span for span in self.ours if _holds(span, moment)])
            yield changed(moment - zero, backend, state, *self._opinion(moment, zero))

    def _opinion(self, moment: float, zero: float) -> tuple[str, float | None]:
        now = [span for span in self.caddys if _holds(span, moment)]
        until = forgotten([time for time in self.failures if time <= moment], now, self.stage)
        return words(now), None if until is None else until - zero


def forgotten(failures: Iterable[float], opinions: Iterable[Span], stage: Setting) -> float | None:
    """When Caddy will have forgotten enough of these failures to use the backend again.

    None if it does not remember any, or if the proxies that name it remember differently.
    """
    failed = next((span for span in opinions if span.kind == FAILED), None)
    if failed is None or failed.backend in stage.torn:
        return None
    seconds, most = stage.memory(failed.backend)
    counted = list(failures)[-most:] or [failed.start]
    return counted[0] + seconds


def is_failure(error: str) -> bool:
    """Whether Caddy counts it against a backend; not if the client has left."""
    return bool(error) and "context canceled" not in error


def _holds(span: Span, moment: float) -> bool:
    return span.start <= moment and (span.end is None or moment < span.end)


HIDDEN = "hidden"
"""The state of a backend that hides its faults; the view knows the word."""


def describe(faults: Sequence[Span]) -> str:
    """The faults of a backend or of the name server, in words."""
    told = (f"{span.kind} {span.detail}".removesuffix(called(span.backend)) for span in faults)
    return ", ".join(part.strip() for part in told) or "up"


def _round(time: float) -> float:
    return round(time, 4)
