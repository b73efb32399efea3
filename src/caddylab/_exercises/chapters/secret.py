"""Whether a secret is strong: how many guesses it would take strangers."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from caddylab._engine.clients import Clients
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.hints06 import GUESSABLE, NO_SECRET, PRINTED, STAYS_TEXT
from caddylab._exercises.chapters.sticky import OFFICE
from caddylab._exercises.task import Hints
from caddylab._machine import shipped
from caddylab._traffic.traffic import Traffic

GUESSES = 1e12
"""So many guesses a stranger makes in minutes: a cookie's value can be tried at home. The estimate
takes eleven characters in a row that it does not know for 10^11, so twelve by chance are enough."""
ORDINARY = (
    "HOME", "HOSTNAME", "LANG", "LOGNAME", "OLDPWD", "PATH", "PWD", "SHELL", "TERM", "TMPDIR",
    "USER",
)  # fmt: skip
"""Environment variables that every machine has, so that their values are no secrets."""
LAYERS = 3
"""So often a text may be written in another encoding, one after the other."""
DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}
"""By how many hexadecimal digits they have."""
STRANGERS = 60
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
    if key in map(os.environ.get, ORDINARY) or guesses(key) < GUESSES or _is_digest(key):
        return GUESSABLE
    return PRINTED if key in _printed() else None


def guesses(key: str) -> float:
    """How many guesses it takes somebody who tries words, names, dates and patterns first.

    They try them in other encodings, too: in Base64 and in hexadecimal digits; and with anything
    between the words.
    """
    from zxcvbn import zxcvbn

    texts = {key, re.sub(r"[\W_]+", "", key)}
    for _ in range(LAYERS):
        texts |= {inner for text in texts for inner in _unwrapped(text)}
    return min(float(zxcvbn(text[:_LONGEST])["guesses"]) for text in texts)


def _unwrapped(key: str) -> Iterator[str]:
    for decode in (bytes.fromhex, b64decode, urlsafe_b64decode):
        with suppress(ValueError):  # it is something else
            text = decode(key).decode()
            if text.isprintable():
                yield text


def _is_digest(key: str) -> bool:
    """Whether it is the digest of a word that everybody tries."""
    from zxcvbn.matching import RANKED_DICTIONARIES

    if key.lower().strip("0123456789abcdef") or not (kind := DIGESTS.get(len(key))):
        return False
    words = (word for ranked in RANKED_DICTIONARIES.values() for word in ranked)
    return any(hashlib.new(kind, word.encode()).hexdigest() == key.lower() for word in ("", *words))


def value(key: str, dial: str) -> str:
    """The value of Caddy's cookie for an upstream."""
    return hmac.new(key.encode(), dial.encode(), "sha256").hexdigest()


def strangers(bench: Bench, jar: dict[str, str], home_made: str) -> Traffic:
    """Newcomers with a cookie of their own making, under every name that the site uses.

    Args:
        jar: the cookies of somebody who is at that backend; what is in them may be easy to guess.
        home_made: what they compute in its place, as Caddy does.
    """
    guesses = {name: given if weakness(given) else home_made for name, given in jar.items()}
    cookies = "; ".join(f"{name}={text}" for name, text in (guesses or {"lb": home_made}).items())
    people = Clients(STRANGERS, address=OFFICE)
    return bench.fire(STRANGERS, concurrency=10, clients=people, headers={"Cookie": cookies})


@cache
def _printed() -> str:
    """Everything that every learner of this course has read."""
    folders = shipped.course(), shipped.labs()
    return "\n".join(p.read_text("utf-8") for f in folders for p in sorted(f.rglob("*.ipynb")))
