"""Whether a Caddyfile uses plugins, which may define placeholders of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.advice.vocabulary import DIRECTIVES, MATCHERS, OPTIONS
from caddylab._caddy.text.tokens import Way, ways

_HANDLERS = {
    *("acme_server", "authentication", "copy_response", "copy_response_headers", "encode"),
    *("error", "file_server", "headers", "intercept", "invoke", "log_append", "map", "metrics"),
    *("push", "request_body", "reverse_proxy", "rewrite", "static_response", "subroute"),
    *("templates", "timeouts", "tracing", "vars"),
}
_OTHERS = {"acme_server", "basicauth", "copy_response_headers", "skip_log"}
_OWN = {*DIRECTIVES, *OPTIONS, *_OTHERS}
_BLOCKS = ("handle", "handle_path", "route", "handle_errors", "handle_response")
_MATCHERS = {*MATCHERS, "tls"}
_IMPORTED = re.compile(r"@.*|(?!localhost)\w+")
"""What a line of a file that is imported may begin with, where there is nothing around it."""
_NAME = re.compile(r"[a-z]\w*")


def has_plugins(subject: Subject) -> bool:
    """Whether a directive or a matcher is not Caddy's own; of a snippet an option may be meant."""
    adapted = {key for s in subject.steps for m in s.conditions for each in m for key in each}
    if adapted - _MATCHERS or {step.name for step in subject.steps} - _HANDLERS:
        return True
    return any(map(_is_strange, ways(subject.outline.statements)))


def _is_strange(way: Way) -> bool:
    name = way[-1].name
    if not way[0].words or (len(way) == 1 and not _IMPORTED.fullmatch(name)):
        return False  # a global option, or an address
    if len(way) > 2 and way[-2].name not in _BLOCKS:
        return False
    return not set(_kinds(way)) <= _MATCHERS if name[:1] == "@" else name not in _OWN


def _kinds(way: Way) -> Iterator[str]:
    """The kinds of matchers that a name stands for; an expression has no name."""
    for words in [way[-1].words[1:], *(inner.words for inner in way[-1].body)]:
        yield from (word for word in words[:1] if _NAME.fullmatch(word))
