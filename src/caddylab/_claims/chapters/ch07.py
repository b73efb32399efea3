"""The claims of chapter 7."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook
from caddylab._claims.claims import plausible

book = ClaimBook()
MANUAL = "the manual"


@book.claim("Without any policy Caddy chooses at random.")
def default(many: Any, adapted: Any) -> tuple[bool, str]:
    fair, run = plausible(1000), many.longest_run
    chance = many.shares[1] in fair and run > 2
    return "load_balancing" not in str(adapted) and chance, (
        f"{many.shares[1]} and {many.shares[2]} of 1,000 (fair: {fair[0]} to {fair[-1]}), "
        f"up to {run} times in a row the same one"
    )


@book.claim("In a small setup round robin is the more even one.")
def small(turns: Any, tens: Any) -> tuple[bool, str]:
    told = f"backend 1 got 5 of ten requests in turns, {min(tens)} to {max(tens)} at random"
    return turns.shares[1] == turns.shares[2] and len(set(tens)) > 1, told


@book.claim("Random is noticeably faster than round robin.")
def faster(medians: Any) -> tuple[bool, str]:
    random, robin = medians["random"], medians["round_robin"]
    return max(random) * 1.5 < min(robin), (
        f"medians of 4 rounds each: random {min(random):.1f} to {max(random):.1f} ms, "
        f"round robin {min(robin):.1f} to {max(robin):.1f} ms"
    )


@book.claim(
    "Random is good for many services that are all alike.",
    only_if="they stay alike: chance sends a slow one as much as any other",
)
def cluster(rounds: Any, slow: Any) -> tuple[bool, str]:
    sums = [sum(t.shares[n] for t in rounds[0::2]) for n in range(1, 9)]  # every other is random
    return all(got in plausible(600, 1 / 8, 1e-5) for got in sums), (
        f"600 requests, eight alike: {min(sums)} to {max(sums)} each. One of them slow: "
        f"{slow['random']} of 480 went there, with least_conn {slow['least_conn']}"
    )


@book.claim("random_choose 2 takes the less busy of its two.", by=MANUAL)
def named(right: int, wrong: int, exact_right: int, exact_wrong: int) -> tuple[bool, str]:
    return right == wrong == 0, (
        f"with 1 and 5 requests in hand {right} of 100 went to the busier one, with 5 and 1 "
        f"{wrong}; with least_conn {exact_right} and {exact_wrong}"
    )


@book.claim("random_choose 2 spares most users a slow backend.", by=MANUAL)
def spares(first: Any, before: int, got: int) -> tuple[bool, str]:
    return first.shares[1] < 30, (
        f"of 480 requests {before} met it when it was the last in the list, {got} when it was "
        "the first; a fair share is 60"
    )
