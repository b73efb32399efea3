"""Whether a secret is strong: how many guesses it would take strangers."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from caddylab._exercises.chapters.hints06 import GUESSABLE, NO_SECRET, PRINTED, STAYS_TEXT
from caddylab._exercises.task import Hints
from caddylab._machine import shipped

GUESSES = 1e12
"""So many guesses a stranger makes in minutes: a cookie's value can be tried at home. The estimate
takes eleven characters in a row that it does not know for 10^11, so twelve by chance are enough."""
_LONGEST = 72
"""The estimate takes long for longer ones, which no guess reaches."""


def keys(config: Any) -> Iterator[str]:
    """The secret of each cookie policy in a configuration of Caddy's; "" where it has none."""
    if isinstance(config, dict):
        if config.get("policy") == "cookie":
            yield config.get("secret", "")
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from keys(part)


def weakness(key: str) -> Hints | None:
    """What is wrong with a secret; None for a good one."""
    if not key:
        return NO_SECRET
    if re.search(r"\{[^{}]+\}", key):
        return STAYS_TEXT
    if guesses(key) < GUESSES:
        return GUESSABLE
    return PRINTED if key in _printed() else None


def guesses(key: str) -> float:
    """How many guesses it takes somebody who tries words, names, dates and patterns first.

    They try them in other encodings, too: in Base64 and in hexadecimal digits.
    """
    from zxcvbn import zxcvbn

    texts = {key, *_unwrapped(key)}
    return min(float(zxcvbn(text[:_LONGEST])["guesses"]) for text in texts)


def _unwrapped(key: str) -> Iterator[str]:
    for decode in (bytes.fromhex, b64decode, urlsafe_b64decode):
        with suppress(ValueError):  # it is something else
            text = decode(key).decode()
            if text.isprintable():
                yield text


def value(key: str, dial: str) -> str:
    """The value of Caddy's cookie for an upstream."""
    return hmac.new(key.encode(), dial.encode(), "sha256").hexdigest()


@cache
def _printed() -> str:
    """Everything that every learner of this course has read."""
    folders = shipped.course(), shipped.labs()
    return "\n".join(p.read_text("utf-8") for f in folders for p in sorted(f.rglob("*.ipynb")))
