"""Finding the line in a Caddyfile of something that Caddy's JSON mentions without its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from caddylab._caddy.text.tokens import located, parse

_BEFORE_HOST = re.compile(r"^(?:[a-z0-9]+://|(?:tcp|udp)[46]?/)")
_DEFAULT = re.compile(r"^\{\$[^}:]+:")
_PROXIES = {"reverse_proxy", "to", "health_upstream", "php_fastcgi", "forward_auth"}


def line_of(word: str, text: str) -> int | None:
    """The first line (1-based) on which `word` stands by itself: as a word, or as its host."""
    return _first(word, list(located(text)))


def line_of_upstream(dial: str, text: str) -> int | None:
    """The line on which a proxy names the upstream `dial`; else the first one that has it."""
    lines = {s.line for s in parse(text).walk() if s.name in _PROXIES}
    words = list(located(text))
    in_proxies = [(line, word) for line, word in words if line in lines]
    return _first(dial, in_proxies) or _first(dial, words)


def line_of_statement(said: str, text: str) -> int | None:
    """The line of the first statement that has the words `said`, in their order.

    Caddy's JSON may word it differently: then the line of the only statement with the first word,
    unless it may stand in an imported file.
    """
    wanted, statements = said.split(), list(parse(text).walk())
    same = [s.line for s in statements if wanted and _has(s.words, wanted)]
    alike = [s.line for s in statements if s.words[:1] == wanted[:1] != []]
    imports = any(s.name == "import" for s in statements)
    return same[0] if same else alike[0] if len(alike) == 1 and not imports else None


def _has(words: list[str], wanted: list[str]) -> bool:
    left = iter(words)
    return words[:1] == wanted[:1] and all(word in left for word in wanted)


def _first(wanted: str, words: list[tuple[int, str]]) -> int | None:
    for same in _sames(wanted):
        for line, word in words:
            if same(word):
                return line
    return None


def _sames(wanted: str) -> Iterator[Callable[[str], bool]]:
    """What `wanted` may mean, the closest first."""
    if not wanted:
        return
    host = wanted.rpartition(":")[0] or wanted
    yield lambda word: word.strip(",") == wanted
    yield lambda word: bare(word) == wanted
    yield lambda word: bare(word) == host
    yield lambda word: bare(word).rpartition(":")[0] == wanted


def bare(word: str) -> str:
    """An address without its scheme, network and path: `http://app:3000/x` is `app:3000`.

    The default of a variable, which may be several words, is what it stands for.
    """
    plain = _DEFAULT.sub("", word.strip(","))
    plain = plain if "{" in plain else plain.rstrip("}")
    return _BEFORE_HOST.sub("", plain).partition("/")[0]
