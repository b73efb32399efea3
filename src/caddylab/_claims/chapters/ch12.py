"""The claims of chapter 12."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()
DOCUMENTATION, PEOPLE, COURSE = "Caddy's documentation", "people", "this course"
DOCS = "https://caddyserver.com/docs/"
SRE = "https://sre.google/workbook/alerting-on-slos/"


def _when(seconds: float | None) -> str:
    return "never" if seconds is None else f"after {seconds:.1f} s"


@book.claim("Whatever goes wrong stands in Caddy's error log.", by=PEOPLE)
def in_the_error_log(rescued: Any, told: Any) -> tuple[bool, str]:
    return len(told) >= rescued.retries, (
        f"{rescued.retries} attempts failed and were saved; the error log has {len(told)} lines"
    )


@book.claim(
    "The access log says who answered, and how often Caddy tried again.",
    only_if="`log_append` adds it",
    by=DOCUMENTATION,
    source=f"{DOCS}caddyfile/directives/log_append",
)
def appended(rescued: Any, saved: Any) -> tuple[bool, str]:
    return saved["retries"].sum() == rescued.retries, (
        f"with these two lines it tells of {saved['retries'].sum()} retries; there were "
        f"{rescued.retries}"
    )


@book.claim(
    "caddy_reverse_proxy_upstreams_healthy shows whether an upstream is healthy.",
    only_if="you ask ten seconds later",
    by=DOCUMENTATION,
    source=f"{DOCS}metrics",
)
def healthy(seen: Any) -> tuple[bool, str]:
    at, checked = seen["down", "health metric"], seen["down", "checks"]
    return at is not None and at > 2, f"the check knew {_when(checked)}, the metric {_when(at)}"


@book.claim("No outage escapes the health metric.", by=PEOPLE)
def every_outage(seen: Any) -> tuple[bool, str]:
    known, at = seen["500 for 3 s", "checks"], seen["500 for 3 s", "health metric"]
    return at is not None, f"500 for 3 s: the check knew {_when(known)}, the metric {_when(at)}"


@book.claim("/reverse_proxy/upstreams shows which upstreams are ill.", by=PEOPLE)
def fails(seen: Any) -> tuple[bool, str]:
    found = [fault for fault in seen.unseen("fails") if seen[fault, "checks"] is not None]
    return not found, f"found ill by checks, and no failure counted: {', '.join(found)}"


@book.claim("Who hangs is seen first by the requests in hand.", by=COURSE)
def in_hand(seen: Any) -> tuple[bool, str]:
    first, line = seen["hung", "in hand"], seen["hung", "access log: slow, or 499"]
    return first is not None and (line is None or first < line), (
        f"in hand {_when(first)}, in the log {_when(line)}"
    )


@book.claim("The mean shows how users are.", by=PEOPLE)
def mean(apart: Any) -> tuple[bool, str]:
    quick, slow = apart.loc["backend1:8080", "p50"], apart.loc["backend2:8080", "p50"]
    middle = apart.loc["all", "mean"]
    return abs(middle - slow) < 0.2 * slow or abs(middle - quick) < 0.2 * quick, (
        f"half took {quick:.3f} s, half {slow:.2f} s; the mean is {middle:.2f} s"
    )


@book.claim(
    "histogram_quantile gives the percentile that users have.",
    by=PEOPLE,
    source="https://prometheus.io/docs/practices/histograms/",
)
def quantile(apart: Any, guess: Any) -> tuple[bool, str]:
    true = apart.loc["all", "p99"]
    return abs(guess - true) < 0.1 * true, f"p99 is {true:.2f} s; from the buckets {guess:.2f} s"


@book.claim("The shorter the window, the better the alert.", by=PEOPLE, source=SRE)
def window(loud: Any) -> tuple[bool, str]:
    rang = {0.5: "silent", 3: "silent"} | dict.fromkeys(loud, "rang")
    return loud != [0.5], (
        f"a fifth of a second of errors: half a second of window {rang[0.5]}, three {rang[3]}"
    )


@book.claim("An alert on 5xx rings when it matters.", by=PEOPLE)
def on_errors(drill: Any) -> tuple[bool, str]:
    asleep = drill.unseen("5xx")
    return not asleep, f"it slept through {', '.join(asleep)}"


@book.claim(
    "With slow answers it rings in every incident that a status or a clock shows.", by=COURSE
)
def on_slow(drill: Any) -> tuple[bool, str]:
    asleep = drill.unseen("5xx or slow")
    return set(asleep) <= {"lost sessions"}, f"it slept through {', '.join(asleep) or 'none'}"
