"""Which failure can be seen where, and after how many seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caddylab._border import border
from caddylab._errors import LabError
from caddylab._look.progress_bar import Bar
from caddylab._rig.rig import Rig
from caddylab._survey.faults import FAULTS, LOAD_PATH
from caddylab._survey.first_seen import FirstSeen

if TYPE_CHECKING:
    from caddylab._rig.backends.backend import Backend
    from caddylab._traffic.traffic import Traffic

SHORT = "500 for 3 s"
AWAY = 3.0
PATIENCE, FELT = 2.5, 0.5
"""Seconds after which clients give up, and after which they are annoyed."""
RATE, ASKING = 16, 4.0
LEAD, TICK, SELDOM = 0.5, 0.2, 0.6
REFRESH = 10.0
"""Seconds between two looks of Caddy's own at the health of its upstreams (2.11.7)."""
SOON = 3.0
"""Seconds after such a look in which the failures may begin, so that the short one is over before
the next."""
CHECKED, AFTER_A_CHECK = 1.0, 0.4
"""Seconds between two checks, which begin with the configuration, and after one of them: in which
the failures begin, so that users meet them before the next one does."""
CROWD = 3
"""From how many requests under way at one backend a pile-up is assumed."""
HEALTHY = "caddy_reverse_proxy_upstreams_healthy"
OPTIONS = """
lb_policy round_robin
fail_duration 3s
health_uri /
health_interval 1s
health_timeout 900ms
"""
SITE = """http://{} {{
	log
	log_append upstream {{rp.upstream.hostport}}
	log_append retries {{rp.retries}}
	reverse_proxy {} {{
		{}
	}}
}}
"""


@dataclass
class Spot:
    """One failure in a site of its own: whom it hits, when, and where it was seen first."""

    fault: str
    pool: Sequence[Backend]
    hit: Sequence[Backend]
    began: float = 0.0
    run: Traffic | None = None
    seen: dict[str, float] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The site's name."""
        return f"{self.fault.replace(' ', '-')}.example"

    @property
    def site(self) -> str:
        """The upstreams of its site, as the Caddyfile lists them."""
        return " ".join(f"backend{backend.number}:8080" for backend in self.pool)

    @property
    def addresses(self) -> set[str]:
        """The addresses of the backends that are hit."""
        return {f"backend{backend.number}:8080" for backend in self.hit}

    def strike(self) -> None:
        """Make the failure happen."""
        self.began = time.time()
        make = FAULTS["answers 500" if self.fault == SHORT else self.fault].make
        make(self.pool, PATIENCE)

    def note(self, window: str, when: float) -> None:
        """Note that it was seen there at this moment (Unix time); only the first time counts."""
        if self.began and when >= self.began - TICK:
            self.seen.setdefault(window, max(0.0, when - self.began))


@border(LabError)
class Sightings(FirstSeen):
    """A table of failures: where each was seen, and after how many seconds.

    All happen at once, in one Caddy with a site for each, in a fresh lab of its own, which is
    closed in the end. It takes about a dozen seconds: Caddy looks at its own health every ten.

    Args:
        options: the lines of each site's `reverse_proxy` block; by default round robin, a memory
            of three seconds, and a check of `/` every second.
        runtime: as for `Lab`.

    Raises:
        CaddyfileError: Caddy refuses the options.
        RuntimeUnavailable, StartFailed: as for `Lab`.
    """

    WINDOWS = (
        "the users", "access log: 5xx", "access log: slow, or 499", "error log", "in hand",
        "fails", "checks", "health metric",
    )  # fmt: skip
    """The columns: where to look."""
    FAULTS = (*FAULTS, SHORT)
    """The rows: the failures of a `Survey`, and one that is over soon."""

    def __init__(self, options: str = OPTIONS, runtime: str = "auto") -> None:
        pairs = {"all down": 2}
        count = 1 + sum(pairs.get(fault, 1) for fault in self.FAULTS)
        with Rig(runtime, count) as rig:
            victims = iter(rig.backends[1:])
            self._places = [_place(fault, rig.backends[0], victims) for fault in self.FAULTS]
            self.caddyfile = _caddyfile(self._places, options)
            rig.load(self.caddyfile, warn=False)
            with Bar() as bar:
                self._measure(rig, bar)
        super().__init__(self.WINDOWS, {place.fault: place.seen for place in self._places})

    def _measure(self, rig: Rig, bar: Bar) -> None:
        looked = self._wait_for_a_look(rig)
        for place in self._places:
            path = LOAD_PATH if place.fault == "killed under load" else None
            place.run = rig.fire(
                rate=RATE, duration=LEAD + ASKING, host=place.host, path=path, timeout=PATIENCE,
                background=True,
            )  # fmt: skip
        began = time.time() + LEAD
        rig.pause(LEAD + (AFTER_A_CHECK + looked - began) % CHECKED)
        with ThreadPoolExecutor(
            len(self._places) + 1
        ) as pool:  # while some strike, others are seen
            first = sorted(self._places, key=lambda place: place.fault != SHORT)
            struck = [pool.submit(place.strike) for place in first]
            end, asked = REFRESH + 3 * TICK, 0.0
            while (passed := time.time() - looked) < end:
                bar.show(passed / end, "eight failures happen, and we look")
                self._poll(rig)
                if time.time() - asked > SELDOM:
                    asked = time.time()
                    struck.append(pool.submit(self._poll_health, rig))
                self._mend()
                time.sleep(TICK)
            self._poll_health(rig)  # Caddy has looked just now
        for one in struck:
            one.result()
        self._look_back(rig)

    def _wait_for_a_look(self, rig: Rig) -> float:
        """When Caddy last looked at its upstreams' health (Unix time), which is not long ago."""
        looked = rig.stack.journal.begun[1]
        self._poll(rig)  # the first time, it has to load the library for tables
        self._poll_health(rig)
        while time.time() - looked > SOON:  # on a busy machine
            looked += REFRESH
            rig.pause(max(0.0, looked - time.time()))
        return looked

    def _poll(self, rig: Rig) -> None:
        """Look for what can be seen only while it lasts."""
        now = time.time()
        counts = rig.upstreams().set_index("address")
        for place in self._places:
            for address in place.addresses:
                if counts["num_requests"].get(address, 0) >= CROWD:
                    place.note("in hand", now)
                if counts["fails"].get(address, 0):
                    place.note("fails", now)

    def _poll_health(self, rig: Rig) -> None:
        """Look at what Caddy's metrics say; there is much to read, and it changes seldom."""
        now = time.time()
        health = rig.metrics(HEALTHY).set_index("upstream")["value"]
        for place in self._places:
            if any(health.get(address, 1) == 0 for address in place.addresses):
                place.note("health metric", now)

    def _mend(self) -> None:
        """End the short failure when it is due."""
        [short] = [place for place in self._places if place.fault == SHORT]
        [backend] = short.hit
        if backend.faults and time.time() - short.began > AWAY:
            backend.restore()

    def _look_back(self, rig: Rig) -> None:
        """Add what the logs and the records say."""
        since = rig.stack.journal.begun[1]
        access, errors, checks = (rig.log(kind) for kind in ("access", "error", "health"))
        late = (access["status"] == 499) | (access["duration"] > FELT)
        for place in self._places:
            if place.run:
                place.run.wait()
            here = access["host"] == place.host
            # What was slow sooner than that was so before anything failed, and what never met the
            # victim was slow because the machine is
            since_then = access["at"] + since >= place.began + FELT
            met = access["upstream"].isin(place.addresses) | (access["retries"] > 0)
            for window, lines in (
                ("access log: 5xx", access[here & (access["status"] >= 500)]),
                ("access log: slow, or 499", access[here & late & since_then & met]),
                ("error log", errors[errors["host"] == place.host]),
                ("checks", checks[checks["upstream"].isin(place.addresses)]),
            ):
                for at in lines["at"]:
                    place.note(window, since + at)
            for when in _felt(place):
                place.note("the users", when)


def _place(fault: str, shared: Backend, victims: Iterator[Backend]) -> Spot:
    """The failure with its backends: a sound one and a victim, or, of all, two victims."""
    one = next(victims)
    if fault == "all down":
        pool = [one, next(victims)]
        return Spot(fault, pool, pool)
    return Spot(fault, [shared, one], [one])


def _caddyfile(places: Sequence[Spot], options: str) -> str:
    lines = "\n\t\t".join(options.strip().splitlines())
    return "\n".join(SITE.format(place.host, place.site, lines) for place in places)


def _felt(place: Spot) -> Iterator[float]:
    """When (Unix time) users got no good answer, or one for which they had to wait at a victim."""
    victims = {backend.number for backend in place.hit}
    if place.run:
        for request in place.run.requests:
            met = any(attempt.backend in victims for attempt in request.attempts)
            slow = request.latency >= FELT and met
            if request.sent is not None and (slow or not request.good):
                yield place.run.run.began + request.sent + request.latency
