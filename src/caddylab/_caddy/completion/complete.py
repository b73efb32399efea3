"""Making a Caddyfile whole: what this machine or this Caddy lacks is invented or left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from caddylab._caddy.advice import vocabulary as known
from caddylab._caddy.completion.invented import invent
from caddylab._caddy.completion.plugins import DIRECTIVES, of_module
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.text.spans import blank, holder_of, statement_at
from caddylab._caddy.text.variables import fill
from caddylab._errors import CaddyfileError

Refused = Callable[[str], str]
"""Has Caddy adapt a text; gives its refusal, or nothing."""

MOST = 100
"""So many parts are left out at most."""

NEVER_EMPTY = {"tls", "log", "transport", "storage", "on_demand_tls"}
"""What Caddy does not take with nothing between its braces."""

LINE = re.compile(r"(?:Caddyfile|-):(\d+)")
UNKNOWN = re.compile(
    r"unrecognized (?:directive|global option|servers option|option): (?P<word>[^\s,]+)"
    r"|(?P<ordered>\S+) is not a registered directive"
    r"|module not registered: (?P<module>[^\s,]+)"
    r"|directive '(?P<other>[^']+)' is not (?:registered|ordered)"
)
OUTSIDE = re.compile(r"reads `([^`]+)` on this machine")
WORDS = [
    *known.DIRECTIVES, *known.GLOBAL_OPTIONS, *known.POLICIES, *known.MATCHERS, *known.ENCODERS,
    *known.WRITERS,
]  # fmt: skip
"""What Caddy knows, of which another word may be a misspelling."""

PLUGINS_ONLY = ("dns.providers.", "caddy.storage.", "caddy.listeners.", "events.handlers.")
"""Kinds of modules of which Caddy itself has hardly any: a name there is a plugin's."""

NO_FILE = re.compile(r"(?:File to import not found|no files matching import glob pattern): (\S+)")


@dataclass
class Completed:
    """A Caddyfile that Caddy can read, line by line the one that was given."""

    text: str
    substitutions: list[Substitution] = field(default_factory=list)


def complete(text: str, values: Mapping[str, str], refused: Refused, *, own: bool) -> Completed:
    """The text with its variables filled in, without what this Caddy does not know.

    Args:
        text: the Caddyfile.
        values: the environment.
        refused: has Caddy adapt a text; gives its refusal, or nothing.
        own: whether it is somebody's own file: then variables that are not set are invented, and
            files and directives that nobody knows are left out, too. In a lesson they are slips.
    """
    invented, said = invent(text, values) if own else ({}, [])
    done = Completed(fill(text, {**values, **invented}), said)
    for _ in range(MOST):
        message = refused(done.text)
        if not message or not _leave_out(done, message, own):
            break
    return done


def _leave_out(done: Completed, message: str, own: bool) -> bool:
    """Leave out what a refusal is about; whether anything was."""
    named = LINE.search(message)
    word, means = _unknown(message, own) or _no_file(message, own) or ("", "")
    statement = statement_at(done.text, int(named[1]) if named else None, word)
    if not word or statement is None:
        return False
    stood = " ".join(statement.words)
    holder = holder_of(done.text, statement)
    hollow = holder and holder.name in NEVER_EMPTY and len(holder.body) == 1
    done.text = blank(done.text, holder if holder and hollow else statement)
    done.substitutions.append(Substitution(statement.line, stood, "", means))
    return True


def _unknown(message: str, own: bool) -> tuple[str, str] | None:
    found = UNKNOWN.search(message)
    if found is None:
        return None
    if module := found["module"]:
        place, _, word = module.rpartition(".")
        certain = f"{place}." in PLUGINS_ONLY or (own and not _slip(word))
        plugin = of_module(module) if certain else None
        own = False  # a module of an unknown kind is no directive
    else:
        word = found["word"] or found["ordered"] or found["other"]
        plugin = DIRECTIVES.get(word)
    if plugin:
        return word, f"It is of a plugin that this Caddy lacks ({plugin.name}). {plugin.without}"
    if own and not _slip(word):
        return word, "This Caddy does not know it; it may be of a plugin. It does nothing here."
    return None


def _slip(word: str) -> bool:
    """Whether it is more likely a word of Caddy's, misspelt."""
    return bool(get_close_matches(word, WORDS, 1, 0.8))


def outside(error: CaddyfileError) -> str:
    """The refusal of a file that may not be read, as one that can be done without."""
    found = OUTSIDE.search(error.reason)
    return f"{error.reason} at Caddyfile:{error.line}" if found else ""


def _no_file(message: str, own: bool) -> tuple[str, str] | None:
    if own and (found := OUTSIDE.search(message)):
        return found[1], "It lies outside of the Caddyfile's folder; `allow=` lets it be read."
    found = NO_FILE.search(message) if own else None
    if found is None:
        return None
    word = found[1].strip("'\",")
    return word, "There is no such file here: what it would bring is missing."
