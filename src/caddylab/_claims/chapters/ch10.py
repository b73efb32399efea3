"""The claims of chapter 10."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()
DOCUMENTATION = "Caddy's documentation"
PEOPLE = "people"


@book.claim(
    "With unhealthy_request_count the proxy takes that many requests for each upstream at a time; "
    "whoever comes beyond that gets an error.",
    by=DOCUMENTATION,
)
def limit(refused: Any) -> tuple[bool, str]:
    # On a very busy machine one of the sixteen may come when one of the first four is done; and
    # when all sixteen came at the same instant, all of them once got in.
    return 4 <= refused.good <= 5, (
        f"two upstreams, 2 each: {refused.good} of {len(refused)} in a tenth of a second"
    )


@book.claim("Passive health checks do nothing without fail_duration.", by=DOCUMENTATION)
def needs_memory(refused: Any) -> tuple[bool, str]:
    turned = len(refused) - refused.good
    return turned == 0, f"unhealthy_request_count without it has turned away {turned}"


@book.claim("lb_try_interval matters only when a request to an upstream fails.", by=DOCUMENTATION)
def interval(room: Any, quick: Any) -> tuple[bool, str]:
    failed = sum(bool(a.error) for run in (room, quick) for r in run.requests for a in r.attempts)
    waits = [room.slowest, quick.slowest]
    return waits[0] <= waits[1], (
        f"{failed} requests failed at an upstream; the longest wait was {waits[0]:.2f} s at 250 ms "
        f"and {waits[1]:.2f} s at 20 ms"
    )


@book.claim(
    "least_conn sends more to the backend that can do more.",
    only_if="there is something in hand to count; between idle ones chance decides",
    by=DOCUMENTATION,
)
def counts(uneven: Any) -> tuple[bool, str]:
    turns, least = uneven
    return least.good > turns.good, (
        f"{least.good} of {len(least)} in time; in turns {turns.good} of {len(turns)}"
    )


@book.claim("With many backends random is the cheap choice: to count them would cost too much.")
def cheap(costs: Any) -> tuple[bool, str]:
    most = max(costs.upstreams)
    found = {policy: costs.of(policy, most) for policy in costs.policies}
    counting = min(found["round_robin"], found["least_conn"])
    told = ", ".join(f"{policy} {cost:.0f}" for policy, cost in found.items())
    return 2 * found["random"] < counting, f"{most:,} upstreams, µs of CPU a request: {told}"


@book.claim("A server that is asked for too much just answers more slowly.", by=PEOPLE)
def slower(alone: Any) -> tuple[bool, str]:
    enough, *_, most = (run.good for run in alone)
    return most >= 0.9 * 6 * enough, (
        f"of six times as many, {most} were answered in time, and {enough} of the first load"
    )


@book.claim("An error for some is worse than a longer wait for all.", by=PEOPLE)
def turning_away(alone: Any, limited: Any) -> tuple[bool, str]:
    waiting, refusing = alone[-1].good, limited[-1].good
    return (
        refusing <= waiting,
        f"in time: {waiting} when all wait, {refusing} when some are refused",
    )


@book.claim("A few retries cost little, and can only help.", by=PEOPLE)
def retries(storm: Any) -> tuple[bool, str]:
    none, *_, three = storm
    return three.good >= none.good + 3, (
        f"lb_retries 3: {three.amplification:.1f} attempts a request, and {three.good} answered; "
        f"without {none.amplification:.1f}, and {none.good}"
    )


@book.claim(
    "Once the rush is over, the site recovers by itself.",
    only_if="load times tries stays below what the backends can do",
    by=PEOPLE,
)
def recovers(calm: Any) -> tuple[bool, str]:
    return calm >= 60, f"at 8 requests a second, with two more tries, {calm:.0f} % in the end"


@book.claim("A site at half its capacity is safe.", by=PEOPLE)
def half(stuck: Any) -> tuple[bool, str]:
    return stuck >= 60, f"20 of 40 a second, two more tries, one rush: {stuck:.0f} % in the end"


@book.claim("Exponential backoff prevents the retry storm.", by=PEOPLE)
def backoff(later: Any) -> tuple[bool, str]:
    return later >= 60, f"the same with a backoff: {later:.0f} % in the end"


@book.claim("A retry budget ends the storm.", by=PEOPLE)
def budget(spared: Any, stuck: Any) -> tuple[bool, str]:
    # On a busy machine the rush lasts longer, and so does the way out of it.
    return spared >= stuck + 20, (
        f"with a budget of a tenth {spared:.0f} % in the end, without one {stuck:.0f} %"
    )
