"""The claims of chapter 9."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()
DOCUMENTATION = "Caddy's documentation"
PEOPLE = "people"
PROXY = "https://caddyserver.com/docs/caddyfile/directives/reverse_proxy"


@book.claim(
    "There are two servers, so nobody notices a restart of one.",
    by=PEOPLE,
    source="https://caddy.community/t/19122",
)
def noticed(one: Any) -> tuple[bool, str]:
    return one.errors == 0, f"{one.errors} of {len(one)} got an error"


@book.claim("With lb_try_duration a rolling restart costs nobody an answer.", by="this course")
def rolled(rolling: Any) -> tuple[bool, str]:
    return rolling.errors == 0 and rolling.retries > 0, (
        f"{rolling.errors} of {len(rolling)} failed, {rolling.retries} were tried again"
    )


@book.claim(
    "A retry always wants fail_duration beside it.",
    by=PEOPLE,
    source="https://github.com/psviderski/uncloud/issues/70",
)
def beside(remembering: Any, rolling: Any) -> tuple[bool, str]:
    return remembering.errors <= rolling.errors, (
        f"rolling restart: {remembering.errors} of {len(remembering)} failed with it, "
        f"{rolling.errors} without"
    )


@book.claim(
    "First stop the old version, then take its line out of the Caddyfile.",
    by=PEOPLE,
    source="https://caddy.community/t/26531",
)
def order(stopped_first: Any, line_first: Any) -> tuple[bool, str]:
    first, second = map(_unserved, (stopped_first, line_first))
    return first <= second, f"{first} failed for want of a backend; in the other order {second}"


def _unserved(run: Any) -> int:
    """Without those whose connection the reload met in its first moment, which is chance."""
    return int(run.errors - run.outcomes["reset"])


@book.claim("SIGTERM lets a server finish what it has begun.", by="this course")
def finishes(asked: Any, killed: Any) -> tuple[bool, str]:
    told = (
        f"of {len(asked)} orders under way {asked.errors} were lost; with SIGKILL {killed.errors}"
    )
    return asked.errors == 0 and killed.errors > 0, told


@book.claim("Who passes the health check can serve.", by=PEOPLE)
def passes(alive: Any, ready: Any) -> tuple[bool, str]:
    told = f"checked for life, {alive.errors} of {len(alive)} failed; for readiness, {ready.errors}"
    return alive.errors == 0, told


@book.claim(
    "With health_fails 2, two checks in a row must fail before a backend is left out.",
    by=DOCUMENTATION,
    source=f"{PROXY}#active-health-checks",
)
def in_a_row(verdicts: Any) -> tuple[bool, str]:
    how_often = {1: "once", 2: "twice"}.get(verdicts, f"{verdicts} times")
    return not verdicts, f"two failures with good checks between them: left out {how_often}"


@book.claim(
    "What is under way during a reload is finished by the old configuration.",
    by=DOCUMENTATION,
    source="https://caddyserver.com/docs/api#post-load",
)
def finished(patient: Any) -> tuple[bool, str]:
    return patient.errors == 0, f"{patient.errors} of {len(patient)} that a backend had failed"


@book.claim(
    "A reload closes WebSockets at once, unless stream_close_delay gives them time.",
    by=DOCUMENTATION,
    source=f"{PROXY}#streaming",
)
def closes(cut: Any, kept: Any) -> tuple[bool, str]:
    return cut.lost == len(cut) and kept.lost == 0, (
        f"{cut.lost} of {len(cut)} closed; with the delay {kept.lost}"
    )


@book.claim(
    "A grace_period ends whatever is still under way after it.",
    by=DOCUMENTATION,
    source="https://caddyserver.com/docs/caddyfile/options#grace-period",
)
def grace(patient: Any) -> tuple[bool, str]:
    longest = max(request.latency for request in patient.requests)
    return patient.errors > 0, (
        f"a second of grace: {patient.good} of {len(patient)} answered after {longest:.1f} s"
    )


@book.claim("A reload changes the configuration, and nothing else.", by=PEOPLE)
def forgets(knowing: Any, forgetful: Any) -> tuple[bool, str]:
    return forgetful.errors == knowing.errors, (
        f"one backend dead: {knowing.errors} of {len(knowing)} failed before, "
        f"{forgetful.errors} just after"
    )


@book.claim(
    "When a backend closes an idle connection, Caddy opens another, and nobody notices.",
    only_if="it is a GET, or `keepalive` is shorter than the backend's patience",
    by=PEOPLE,
    source="https://github.com/caddyserver/caddy/issues/6452",
)
def idle(pages: Any, orders: Any, shorter: Any) -> tuple[bool, str]:
    told = f"GET {pages.errors}, POST {orders.errors} of {len(orders)}; "
    told += f"with a short keepalive {shorter.errors}"
    return pages.errors == 0 and orders.errors > 0 and shorter.errors == 0, told
