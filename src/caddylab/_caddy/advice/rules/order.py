"""Rules about what is done too early: a path changed, a placeholder without a value yet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caddylab._caddy.adapted.flow import Json, Step, shared, takes_all
from caddylab._caddy.adapted.placing import line_of
from caddylab._caddy.adapted.tree import strings
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject

_OF_A_PROXY = re.compile(r"\{http\.reverse_proxy\.([\w.-]+)\}")
_LATEST = re.compile(r"retries|(?:upstream\.)?duration(?:_ms)?")
"""Placeholders whose value is known only when the answer has been passed on."""
_OF_THE_ANSWER = re.compile(rf"{_LATEST.pattern}|status_\w+|header\..*|upstream\.latency(?:_ms)?")


@rule(
    "path-changed-before-match",
    "A path that is changed before it is looked for",
    write="Look first: `handle_path /api/* { … }` strips the prefix from what it has taken.",
)
def changed_path(subject: Subject) -> Findings:
    """`uri` and `rewrite` run before `handle`, `reverse_proxy` and `file_server`, wherever they
    stand. Those look for the changed path.
    """
    steps = subject.steps
    for number, rewrite in enumerate(steps):
        for step in steps[number + 1 :] if rewrite.name == "rewrite" and rewrite.main else ():
            if path := _hidden(rewrite, step):
                what = "uri" if rewrite.handler.get("strip_path_prefix") else "rewrite"
                line = line_of(subject.outline, (what,), rewrite)
                message = (
                    f"This `{what}` comes before `{path}` is looked for:"
                    f" the `{step.name}` for it is not reached."
                )
                yield Remark(line, message)


def _hidden(rewrite: Step, step: Step) -> str:
    """The path that a handler waits for in vain after a rewrite of every path; empty if none."""
    common = shared(rewrite.conditions, step.conditions)
    ends = step.name in ("reverse_proxy", "file_server") and step.main and step.before is None
    every = all(takes_all(matchers) for matchers in rewrite.conditions[common:])
    if not (ends and every and step.server is rewrite.server):
        return ""
    for matchers in step.conditions[common:]:
        paths = [path for match in matchers for path in match.get("path", [])]
        if paths and all(match.keys() == {"path"} for match in matchers):
            return str(paths[0]) if all(_lost(rewrite.handler, path) for path in paths) else ""
    return ""


def _lost(rewrite: Json, path: str) -> bool:
    """Whether no request can have this path any more."""
    start = path.partition("*")[0]
    if prefix := rewrite.get("strip_path_prefix"):
        return start.rstrip("/") == prefix.rstrip("/") or start.startswith(f"{prefix.rstrip('/')}/")
    made, known_later, _ = str(rewrite.get("uri", "")).partition("?")[0].partition("{")
    if not made.startswith("/"):
        return False
    if known_later:  # what stands before it is how every path begins
        return made != "/" and not (start.startswith(made) or made.startswith(start))
    return path != made and not ("*" in path and made.startswith(start))


@rule(
    "placeholder-too-early",
    "A placeholder of an answer that is not there yet",
    write="Let the header wait for the answer: `header >X-Upstream {rp.upstream.hostport}`, or"
    " `header_down`; what an answer has cost can only be logged, by `log_append`.",
)
def too_early(subject: Subject) -> Findings:
    """What a proxy has done is known when it has done it. `header` sets its fields before, unless
    there is a `>`; `header_up` knows no answer, and `header_down` not how long it takes.
    """
    for step in subject.steps if subject.proxies else ():
        for directive, text in _early(step) if step.main else ():
            word = text.group().replace("http.reverse_proxy", "rp")
            message = f"`{directive}` comes too early for `{word}`: it stays there as plain text."
            yield Remark(subject.line_of(word, text.group()), message)


def _early(step: Step) -> Iterator[tuple[str, re.Match[str]]]:
    """The placeholders of a proxy that have no value where they stand, each with a directive."""
    own = step.handler.get("headers") or {} if step.name == "reverse_proxy" else step.handler
    answer: Json = own.get("response") or {}
    asked: Json = own.get("request") or {}
    if step.name == "headers":
        yield from (("request_header", found) for found in _values(asked))
        yield from (("header", found) for found in _values(answer) if not answer.get("deferred"))
    elif step.name == "reverse_proxy":
        for directive, side, late in (
            ("header_up", asked, _OF_THE_ANSWER),
            ("header_down", answer, _LATEST),
        ):
            yield from ((directive, found) for found in _values(side) if late.fullmatch(found[1]))


def _values(side: Json) -> Iterator[re.Match[str]]:
    for text in strings([side.get("add"), side.get("set")]):
        yield from _OF_A_PROXY.finditer(text)
