"""What a Caddyfile asks for and this Caddy lacks: it is left out, so that the rest is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from caddylab._caddy.advice import vocabulary as known
from caddylab._caddy.advice.explain import unheard_of
from caddylab._caddy.advice.foreign_word import POLICIES, meaning
from caddylab._caddy.completion import plugins
from caddylab._caddy.completion.plugins import Plugin
from caddylab._caddy.text.tokens import Statement, Way, located, parse, ways
from caddylab._errors import CaddyfileError

_DIRECTIVE = re.compile(
    r"unrecognized (?:directive|global option): (?P<word>[\w.-]+)"
    r"|tokens for 'order': (?P<ordered>[\w.-]+) is not a registered directive"
)
WORDS = [*known.POLICIES, *known.MATCHERS, *known.ENCODERS, *known.WRITERS]
"""Names of Caddy's own modules; another name may be a misspelling of one of these."""

NEVER_EMPTY = {"tls", "log", "transport", "storage", "on_demand_tls", "issuer", "not", "route"}
"""What Caddy does not take, or reads differently, with nothing between its braces."""

_OPEN = re.compile(r"open (?P<file>[^:\s]+): no such file")
NO_IMPORT = re.compile(
    r"(?:File to import not found|no files matching import glob pattern): ([^\s,]+)"
)
_MODULE = re.compile(r"module not registered: (?P<word>[\w.-]+)")


@dataclass(frozen=True)
class Unknown:
    """A statement that Caddy does not know.

    Attributes:
        statement: what to leave out.
        inner: the statement inside it that Caddy does not know, or the same one.
        word: the word in `inner` that Caddy does not know.
        plugin: the plugin that it is known to belong to; None if it is unknown.
        module: the whole name of a module; empty for a directive.
        missing: whether Caddy knows it, but it names a file that does not exist.
    """

    statement: Statement
    inner: Statement
    word: str
    plugin: Plugin | None
    module: str = ""
    missing: bool = False


def unknown(message: str, error: CaddyfileError, text: str, line: int | None) -> Unknown | None:
    """What Caddy does not know, where that may be a plugin's.

    Args:
        message: Caddy's words.
        error: the explanation of the same refusal.
        text: the Caddyfile.
        line: the line of it that Caddy names, if it does.

    Returns:
        None where it is more likely a mistake, or where it cannot be found in the text.
    """
    if directive := _DIRECTIVE.search(message):
        word, name = directive["word"] or directive["ordered"], ""
        plugin, last = plugins.of_directive(word), word
    elif module := _MODULE.search(message):
        word = name = module["word"]
        last = word.rpartition(".")[2]
        plugin = None if slip(last) or _elsewhere(word) else plugins.of_module(word)
    else:
        return None
    if not plugin and not _strange(message, error, word):
        return None
    # Of a snippet Caddy names another line than where the word stands.
    way = way_to(text, last, line) or way_to(text, last, None)
    return Unknown(_emptied(way), way[-1], last, plugin, name) if way else None


def missing(message: str, text: str, line: int | None) -> Unknown | None:
    """The statement, `import` aside, that names a missing file which Caddy reads at once."""
    found = _OPEN.search(message)
    way = way_to(text, found["file"], line) if found else ()
    if not found or not way or way[-1].name == "import":
        return None
    return Unknown(_emptied(way), way[-1], found["file"], None, missing=True)


def not_imported(message: str, text: str, line: int | None) -> Unknown | None:
    """The `import` of a file that is not here, or of a snippet that is in none of those here."""
    found = NO_IMPORT.search(message)
    way = way_to(text, found[1].strip("'\""), line) if found else ()
    if not found or not way or way[-1].name != "import":
        return None
    return Unknown(_emptied(way), way[-1], way[-1].words[1], None, missing=True)


def slip(word: str) -> bool:
    """Whether a module's name is more likely a word of Caddy's, misspelt."""
    return bool(get_close_matches(word, WORDS, 1, 0.8))


def _elsewhere(module: str) -> bool:
    """Whether it is a balancing policy under the name that another program has for it."""
    place, _, name = module.rpartition(".")
    alike = get_close_matches(name, known.POLICIES, 1, 0.7) or re.search("stick|session", name)
    return place.endswith(".selection_policies") and bool(alike or meaning(POLICIES, name))


def _strange(message: str, error: CaddyfileError, word: str) -> bool:
    """Whether Caddy's complaint is about a word that can only be a name unknown to it."""
    return "for 'order'" in message or unheard_of(error, word)


def statement_of(text: str, word: str, line: int | None) -> Statement | None:
    """The statement to leave out to be rid of a word; arguments as for `way_to`."""
    way = way_to(text, word, line)
    return _emptied(way) if way else None


def way_to(text: str, word: str, line: int | None) -> Way:
    """The statement with a word, and those around it; empty if there is none.

    Args:
        text: the Caddyfile.
        word: the word, or the end of it (as of a path).
        line: where it stands; None = anywhere.
    """
    for path in ways(parse(text).statements):
        has = any(each == word or word.endswith(f"/{each}") for each in path[-1].words)
        if has and line in (path[-1].line, None):
            return path
    return ()


def _emptied(path: Way) -> Statement:
    """The statement to take out: the surrounding block, where the statement is alone in it."""
    for statement in path:  # what else stands there may need the DNS provider
        if statement.name == "tls" and path[-1].name == "dns":
            return statement
    for around, inner in zip(path[-2:0:-1], path[:1:-1], strict=False):
        needs_it = around.name in NEVER_EMPTY or around.name.startswith("@")
        if not needs_it or len(around.body) > 1 or inner.name == "dynamic":
            return inner
    return path[min(1, len(path) - 1)]


def without(text: str, statement: Statement) -> str:
    """The text with blank lines in the place of a statement, so that the others keep theirs."""
    lines = text.split("\n")
    for number in range(statement.line, _end(text, statement.line) + 1):
        lines[number - 1] = ""
    lines[statement.line - 1] = _instead(statement)
    return "\n".join(lines)


def _instead(statement: Statement) -> str:
    """What to put in its place because others rely on it: a named matcher, a proxy's upstreams."""
    if statement.name.startswith("@"):
        return f"{statement.name} method NONE"
    return "dynamic a plugin.example 80" if statement.name == "dynamic" else ""


def _end(text: str, first: int) -> int:
    """The line on which the statement that begins on line `first` ends."""
    depth, last = 0, first
    for line, word in located(text):
        if line < first or (line > last and depth == 0):
            continue
        last = line
        depth += {"{": 1, "}": -1}.get(word, 0)
    return last
