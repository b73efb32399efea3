"""Where requests are that Caddy has not answered yet.

Caddy's log names the request only when an attempt ends. When it begins, the log says which
upstream was selected, but not for whom. Where only one of our requests can be meant, the
place is certain. Else it is given to the oldest one, until the log says more. (A stranger's
request, such as `lab.get()`, at the very same moment can mislead us for as long as it lasts.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

TOLERANCE = 0.0005
"""Seconds by which our clock and Caddy's may disagree."""


@dataclass(slots=True, eq=False)
class Place:
    """A selected upstream; `holder` is the request that we suppose there, None a stranger."""

    backend: int | None
    time: float
    possible: set[int] = field(default_factory=set)
    holder: int | None = None

    @property
    def certain(self) -> bool:
        """Whether nobody else can be meant."""
        return len(self.possible) == 1


class Whereabouts:
    """Follows requests, known by their keys.

    Args:
        tell: called with a key and its place (None: it has none after all) each time that
            what we know has changed.
    """

    def __init__(self, tell: Callable[[int, Place | None], None]) -> None:
        self._tell = tell
        self._since: dict[int, float] = {}
        self._waiting: dict[int, float] = {}
        self._held: dict[int, Place] = {}
        self._places: dict[int | None, list[Place]] = {}
        self._unsure: list[Place] = []
        self._told: dict[int, tuple[Place | None, bool]] = {}
        self._changed: set[int] = set()

    def place(self, key: int) -> Place | None:
        """The backend at which a request is now, as far as that is known."""
        return self._held.get(key)

    def sent(self, key: int, time: float) -> None:
        """Note that a request was sent: from now on Caddy may select an upstream for it."""
        self._since[key] = self._waiting[key] = time

    def selected(self, backend: int | None, time: float) -> None:
        """Note that Caddy has selected an upstream."""
        waiting = [key for key, since in self._waiting.items() if since <= time + TOLERANCE]
        place = Place(backend, time, self._possible(waiting))
        self._places.setdefault(backend, []).append(place)
        if waiting:
            self._hold(place, min(waiting, key=self._since.__getitem__))
            if not place.certain:
                self._unsure.append(place)
        self._report()

    def ended(
        self, key: int | None, backend: int | None, start: float, end: float, again: bool = True
    ) -> None:
        """Note whose attempt (None: a stranger's) has ended, according to the log.

        `again`: Caddy may try once more. Else only the rest of the body is on its way, perhaps
        for long.
        """
        place = self._at(backend, start)
        if place:
            self._drop(place)
        if key is not None:
            self._release(self._held.get(key))
            self._waiting.pop(key, None)
            self._account_for(key)
            self._told.pop(key, None)
            self._since.pop(key, None)
            if again:
                self._since[key] = self._waiting[key] = end
            self._changed.discard(key)
        else:
            self._match()
        self._report()

    def closed(self, key: int) -> None:
        """Note that Caddy has answered a request."""
        if key not in self._since:
            return
        place = self._held.get(key)
        self._release(place)
        if place and place.certain:  # Caddy wrote no line for this attempt
            self._drop(place)
        for known in (self._since, self._waiting, self._told):
            known.pop(key, None)
        self._account_for(key)
        self._changed.discard(key)
        self._report()

    def _possible(self, waiting: list[int]) -> set[int]:
        """Who can be meant: also those who have a place in which one of them may be in truth."""
        possible, rest = set(waiting), list(self._unsure)
        while linked := [place for place in rest if not possible.isdisjoint(place.possible)]:
            possible.update(*(place.possible for place in linked))
            rest = [place for place in rest if place not in linked]
        return possible

    def _at(self, backend: int | None, start: float) -> Place | None:
        """The latest place at that backend from before `start`."""
        found = None
        for place in self._places.get(backend, []):
            if place.time > start + TOLERANCE:
                break
            found = place
        return found

    def _hold(self, place: Place, key: int) -> None:
        if place.holder != key:
            self._release(place)
            self._release(self._held.get(key))
            self._waiting.pop(key, None)
            place.holder, self._held[key] = key, place
        self._changed.add(key)

    def _release(self, place: Place | None) -> None:
        if place and place.holder is not None:
            key, place.holder = place.holder, None
            del self._held[key]
            self._waiting[key] = self._since[key]
            self._changed.add(key)

    def _drop(self, place: Place) -> None:
        self._release(place)
        self._places[place.backend].remove(place)
        if place in self._unsure:
            self._unsure.remove(place)

    def _account_for(self, key: int) -> None:
        """`key` is known to be in none of the unsure places; that may settle others."""
        found = [key]
        while found:
            known = found.pop()
            for place in [place for place in self._unsure if known in place.possible]:
                place.possible.discard(known)
                if len(place.possible) <= 1:
                    self._unsure.remove(place)
                    self._release(place)
                for only in place.possible if place.certain else ():
                    self._hold(place, only)
                    found.append(only)
        self._match()

    def _match(self) -> None:
        """The oldest request that can be meant gets the first place."""
        taken: set[int] = set()
        for place in self._unsure:
            free = [key for key in place.possible - taken if key in self._since]
            if free:
                taken.add(key := min(free, key=self._since.__getitem__))
                self._hold(place, key)
            else:
                self._release(place)

    def _report(self) -> None:
        for key in sorted(self._changed):
            place = self._held.get(key)
            news = (place, bool(place and place.certain))
            if self._told.get(key, (None, False)) != news:
                self._told[key] = news
                self._tell(key, place)
        self._changed.clear()
