"""Who answered a request, according to Caddy's log.

The header that a backend writes proves nothing: a Caddyfile can change it, take it away, or
answer by itself in a backend's place.
"""

from __future__ import annotations

from collections.abc import Sequence

from caddylab._caddy.running.log import Closing, Refusal, RoundTrip
from caddylab._records import Answerer

WITHOUT_BODY = (204, 304)


def who_answered(
    closing: Closing, attempts: Sequence[RoundTrip], refusal: Refusal | None
) -> Answerer:
    """Who gave the answer that Caddy has sent to the client.

    Args:
        closing: Caddy's last line about the request.
        attempts: its attempts at backends, in their order.
        refusal: the error of a proxy that found nobody to answer, if there was one.
    """
    if closing.nobody:
        return Answerer.NOBODY
    if closing.written:
        return Answerer.CADDY
    if attempts and passed_on(attempts[-1], closing, refusal):
        return _handled(attempts[-1], closing)
    if refusal and refusal.status == closing.status and not closing.size:
        return Answerer.NO_BACKEND
    return Answerer.CADDY


def _handled(attempt: RoundTrip, closing: Closing) -> Answerer:
    """Who gave an answer that looks like this attempt's; a page of Caddy's may look the same."""
    if not attempt.handled or closing.copied:
        return Answerer.BACKEND
    return Answerer.UNKNOWN if attempt.inner else Answerer.CADDY


def passed_on(attempt: RoundTrip, closing: Closing, refusal: Refusal | None) -> bool:
    """Whether the client got what this attempt has brought, with its status and its body.

    Where no length decides, it did: unless an error came after it, and the answer to that has no
    header of a backend. Without an error, headers prove nothing.
    """
    if attempt.status is None or attempt.error or attempt.status != closing.status:
        return False
    bodiless = closing.method == "HEAD" or closing.status in WITHOUT_BODY
    if attempt.length is None or bodiless or closing.encoded:
        return not (refusal and closing.own)
    return closing.size == attempt.length
