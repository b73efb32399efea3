"""The claims of chapter 4."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()


@book.claim("While backend 2 is jammed, least_conn sends the quick requests to backend 1.")
def around(jams: Any) -> tuple[bool, str]:
    jammed = [at_1 for caught, at_1 in jams if caught]
    told = f"{sum(jammed)} of {6 * len(jammed)}, in {len(jammed)} jams"
    return sum(jammed) > 0.9 * 6 * len(jammed), told


@book.claim("Four slow requests are sure to jam backend 2.", only_if="they come at the same moment")
def catch(jams: Any, missed: int, fours: Any) -> tuple[bool, str]:
    # Caddy counts a request a moment after it has chosen, so in a rare case all four choose alike.
    return sum(caught > 0 for caught, _ in jams) >= len(jams) - 2, (
        f"at once it got {', '.join(str(caught) for caught, _ in jams)} of four; one after "
        f"the other, {missed} of {len(fours)} fours missed it altogether"
    )


@book.claim("Round robin would have made three of the six quick users wait.")
def wait(blocked: Any, threads: Any) -> tuple[bool, str]:
    waited = blocked.slowest
    return threads.waited_longer_than(0.3) == 3, (
        f"{threads.shares[2]} met backend 2, the slowest took {threads.slowest * 1000:.0f} ms. "
        f"With a page that blocks the whole app one took {waited:.1f} s"
    )


@book.claim("least_conn protects users from a slow backend.")
def slower(weighed: Any, dealt: Any) -> tuple[bool, str]:
    return weighed.shares[2] < dealt.shares[2], (
        f"{weighed.shares[2]} of {len(weighed)} requests met it, {dealt.shares[2]} with round "
        f"robin; all were done after {weighed.took:.1f} s and {dealt.took:.1f} s"
    )


@book.claim("The article's options keep users away from a backend that is in trouble.")
def broken(sink: Any, remembered: Any, safe: Any) -> tuple[bool, str]:
    lost = sink.errors / len(sink)
    return lost < 0.5, (
        f"when it fails fast, {lost:.0%} of all requests fail. With unhealthy_status: "
        f"{remembered.errors} of {len(remembered)}; with a retry as well: {safe.errors}"
    )


@book.claim(
    "unhealthy_status 5xx with fail_duration stops the sinkhole and harms nobody.",
    by="common sense",
)
def page(remembered: Any, others: Any) -> tuple[bool, str]:
    return remembered.errors < 30 and others.errors == 0, (
        f"{remembered.errors} of {len(remembered)} failed where a backend is broken. But "
        f"after one GET of a page that fails on both, {others.errors} of 10 others failed"
    )
