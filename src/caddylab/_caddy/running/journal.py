"""The lab's memory: what Caddy's log and counters say, joined to our own records.

One thread per lab reads the log. Attempts and closing lines go to the request that was sent on
their connection; active health and passive failures become spans. Nothing is guessed: a request
without Caddy's closing line stays `complete = False`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx

from caddylab._caddy.running.admin import Upstream
from caddylab._caddy.running.joining import Joining
from caddylab._caddy.running.log import FailedCheck, Flip, Line, LogReader, Ours, RoundTrip
from caddylab._caddy.running.opinions import UNKNOWN, Opinions, words
from caddylab._caddy.running.persistent import always
from caddylab._caddy.running.wire import Wire
from caddylab._errors import CaddyGone
from caddylab._machine.steady import Steady
from caddylab._machine.undisturbed import undisturbed
from caddylab._records import UNSENT, Request

BUSY, IDLE = 0.01, 0.1
"""Seconds between two looks at the log: while a run is open, and otherwise."""

QUIET = 0.5
"""Seconds between two looks at Caddy's counters when the last few have found nothing: an idle lab
should cost next to nothing."""

LOOKS = 3
"""How many looks, IDLE seconds apart, "the last few" are."""

TRAFFIC = b'"logger":"http.'
"""The log lines that appear when a client asks Caddy for something, or Caddy makes a check."""

GRACE = 1.0
"""Seconds of silence after which a missing closing line is given up."""


class Journal:
    """Follows one Caddy.

    Args:
        read_log: returns the bytes of the log from an offset on.
        upstreams: returns Caddy's counts by dial address.
        backends: the number of the backend behind each dial address.
        caddy_runs: whether there is a Caddy that could have an opinion.
        log_trouble: says why Caddy cannot write its log now, if it cannot.

    Attributes:
        read_log: returns the bytes of the log from an offset on.
        upstreams: returns Caddy's counts by dial address.
        reader: makes lines of these bytes.
        joining: adds the lines to the requests that they are about.
        opinions: what Caddy thinks of each backend.
        in_flight: how many requests Caddy has under way at each backend.
        trouble: why the log or the counters could not be read when that last failed.
        begun: where in the log, and when (Unix time), the configuration in force begins.
    """

    def __init__(
        self,
        read_log: Callable[[int], bytes],
        upstreams: Callable[[], dict[str, Upstream]],
        backends: dict[str, int],
        caddy_runs: Callable[[], bool] = always,
        log_trouble: Callable[[], str] = str,
    ) -> None:
        self.caddy_runs, self._log_trouble = caddy_runs, log_trouble
        self.read_log, self.upstreams, self._backends = read_log, upstreams, backends
        self.reader = LogReader()
        self._listener: Callable[[Line], None] | None = None
        self.joining = Joining(backends)
        self._lock = threading.Lock()
        self._counts_read, self._looks = 0.0, LOOKS
        self._answers = True
        self.trouble = ""
        self._unwritten = ""
        self.begun = 0, time.time()
        self.opinions = Opinions(backends)
        self.in_flight: dict[int, int] = {}
        self._follower = Steady(
            "caddylab-journal", self.catch_up, lambda: BUSY if self.joining.busy else IDLE
        )

    def start(self) -> None:
        """Begin to follow."""
        self._follower.start()

    def close(self) -> None:
        """Stop following."""
        self._follower.close()

    def watch(self, run_id: str, requests: Sequence[Request]) -> Wire:
        """Join what the log says to these requests (request n stands at index n - 1).

        Returns:
            The `Wire` in which the run must note on which connection it sends each request.
        """
        if not self.joining.busy:
            self._unwritten = ""
        self.joining.begin(run_id, requests)
        return self.joining.wire

    def listen(self, listener: Callable[[Line], None] | None) -> None:
        """Call `listener` with each line of the log from now on, after it has been joined."""
        self.reader.selections = listener is not None
        self._listener = listener

    def known(self, upstream: str, backend: int) -> None:
        """Note that a backend is at this dial address from now on."""
        if self._backends.get(upstream) != backend:
            self._backends[upstream] = backend

    def backend_at(self, upstream: str) -> int | None:
        """The number of the backend behind a dial address."""
        return self._backends.get(upstream)

    def written(self) -> bytes:
        """The whole lines of the log since the configuration in force was loaded."""
        text = undisturbed(lambda: self.read_log(self.begun[0]))
        return text[: text.rfind(b"\n") + 1]

    def settle(self, run_id: str, ended: float) -> str:
        """Wait until Caddy has closed every request of the run, or has been silent for GRACE.

        Silent about this run: others may go on, and would prolong the wait for a line that never
        comes, such as one for a connection that a reload has cut off.

        Args:
            run_id: of the run.
            ended: when the run was over (monotonic time); what was silent since is not asked again.

        Returns:
            Why the log could not be read meanwhile, or not be written if lines of this run
            are missing; else nothing.
        """
        return undisturbed(lambda: self._settle(run_id, ended))

    def _settle(self, run_id: str, ended: float) -> str:
        requests = self.joining.requests(run_id)  # none: somebody else has waited for it already
        self.trouble = ""
        while not all(request.complete or request.outcome in UNSENT for request in requests):
            self.catch_up()
            if time.monotonic() - max(ended, self.joining.last_line(run_id)) > GRACE:
                break
            time.sleep(BUSY)
        self.joining.end(run_id)
        missing = [request for request in requests if not request.complete]
        unwritten = self._unwritten if any(r.outcome not in UNSENT for r in missing) else ""
        trouble = self.trouble or self._follower.trouble or unwritten
        self._counts_read = 0.0  # whoever asks after a run wants to know its results
        self.catch_up()
        return trouble

    def opinion(self, backend: int, sure: bool = False) -> str:
        """What Caddy thinks of a backend, in words, as far as it has been read.

        With `sure`, always check that Caddy still runs, not only when it has failed to answer.
        """
        ended = (sure or not self._answers) and not self.caddy_runs()
        return UNKNOWN if ended else words(self.opinions.of(backend))

    @contextlib.contextmanager
    def reloading(self, config: dict[str, Any]) -> Iterator[None]:
        """Enclose the loading of a new configuration, at which Caddy forgets its opinions.

        Its first checks run at once, so what the log says from the beginning on counts already.
        A configuration that is refused changes nothing.
        """
        self.catch_up()
        with self._lock:
            when, where = time.time(), self.reader.offset
            yield
            self.opinions.begin(config, when)
            self.begun = where, when

    def catch_up(self) -> None:
        """Read what is new in the log and in Caddy's counters; what cannot be read waits."""
        undisturbed(self._catch_up)  # a line that was read and not joined would be lost

    def _catch_up(self) -> None:
        with self._lock:
            try:
                self._read_lines()
                if time.monotonic() - self._counts_read >= (IDLE if self._looks else QUIET):
                    self._unwritten = self._log_trouble() or self._unwritten
                    self._read_counts()
                    self._answers = True
            except (OSError, httpx.HTTPError, CaddyGone) as error:
                self.trouble = str(error) or type(error).__name__
                self._answers = False

    def _read_lines(self) -> None:
        new = self.read_log(self.reader.offset)
        if TRAFFIC in new:
            self._looks = LOOKS
        for line in self.reader.feed(new):
            if isinstance(line, Flip):
                self.opinions.flipped(line)
            elif isinstance(line, FailedCheck):
                self.opinions.failed(line)
            elif isinstance(line, Ours):
                if isinstance(line, RoundTrip):
                    self.opinions.attempted(line)
                self.joining.join(line)
            if self._listener:
                self._listener(line)

    def _read_counts(self) -> None:
        self._counts_read, asked = time.monotonic(), time.time()
        counts, when = self.upstreams(), time.time()
        self._read_lines()  # when a failure happened that is counted by now
        goes_on = self.joining.busy or any(map(any, counts.values()))
        self._looks = LOOKS if goes_on else max(0, self._looks - 1)
        under_way = dict.fromkeys(self._backends.values(), 0)
        for dial, backend in list(self._backends.items()):  # one may have several
            under_way[backend] += counts.get(dial, Upstream(0, 0)).num_requests
        self.in_flight.update(under_way)
        self.opinions.count(counts, asked, when)
