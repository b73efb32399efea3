"""Rules about headers and URLs that are set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caddylab._caddy.adapted.flow import Json, Step
from caddylab._caddy.adapted.placing import line_of
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject

_ABSOLUTE = re.compile(r"(?:https?:)?//", re.IGNORECASE)


@rule(
    "rewrite-to-another-host",
    "A rewrite to a whole URL",
    write="To send clients there: `redir https://…`; to pass requests on: `reverse_proxy https://…`.",
)
def absolute_rewrite(subject: Subject) -> Findings:
    """A rewrite changes path and query, never the host: the request goes to the same upstreams,
    with the whole URL in the place of its path.
    """
    for step in subject.steps:
        if step.name == "rewrite":
            uri = str(step.handler.get("uri", ""))
        else:
            uri = str((step.handler.get("rewrite") or {}).get("uri", ""))
        if step.name in ("rewrite", "reverse_proxy") and (scheme := _ABSOLUTE.match(uri)):
            host = re.split(r"[/{?]", uri[scheme.end() :])[0]
            message = (
                f"A rewrite does not lead to another host: the upstreams stay the same, and get"
                f" `{scheme[0]}{host}…` as the path."
            )
            yield Remark(subject.line_of(f"{scheme[0]}{host}"), message)


@rule(
    "redirect-to-a-status",
    "A redirection whose target is a number",
    write="Write all three, the matcher, the target and the status: `redir * /app/ 301`.",
)
def redirect_to_status(subject: Subject) -> Findings:
    """Caddy takes a path behind `redir` for a matcher if anything follows it, so the status is
    where the redirection leads to.
    """
    for step in subject.steps:
        targets = (step.handler.get("headers") or {}).get("Location") or []
        if step.name == "static_response" and targets and str(targets[0]).isdigit():
            status = str(targets[0])
            line = line_of(subject.outline, ("redir",), step)
            written = [s for s in subject.statements("redir") if s.line == line]
            path = written[0].words[1] if written else "/"
            message = (
                f"`{path}` is taken for the matcher, and the redirection leads to `{status}`:"
                f" only a request for `{path}` gets it."
            )
            help = f"Write the matcher, too: `redir * {path} {status}`."
            yield Remark(line, message, help)


@rule(
    "line-break-in-header",
    "A header with line breaks in its value",
    write="Write the value on one line.",
)
def line_break(subject: Subject) -> Findings:
    """A header has one line. Over HTTP/2 Caddy sends none that has more, so browsers miss it; over
    HTTP/1.1 there are blanks instead. A request with such a header is not passed on: 502.
    """
    for step in subject.steps:
        for side in ("request", "response") if _is_passed_on(subject, step) else ("response",):
            for name in _broken(_operations(step).get(side) or {}):
                effect = "over HTTP/2 the answer comes without it"
                if side == "request":
                    effect = "a request that has it is not passed on, but answered with 502"
                message = f"`{name}` has line breaks in its value: {effect}."
                yield Remark(_where(subject, name), message)


def _is_passed_on(subject: Subject, step: Step) -> bool:
    """Whether some proxy sends what a handler does with a request's headers as HTTP."""
    asked = [p for p in subject.proxies if step.name == "headers" or p.step is step]
    return any(proxy.transport.get("protocol", "http") == "http" for proxy in asked)


def _operations(step: Step) -> Json:
    """What a handler does with the headers of requests and answers."""
    match step.name:
        case "headers":
            return step.handler
        case "reverse_proxy":
            return step.handler.get("headers") or {}
        case "static_response":
            return {"response": {"set": step.handler.get("headers")}}
    return {}


def _broken(side: Json) -> Iterator[str]:
    """The names of the headers that get a value of several lines."""
    for kind in ("add", "set", "replace"):
        for name, values in (side.get(kind) or {}).items():
            texts = [v.get("replace", "") if isinstance(v, dict) else v for v in values or []]
            if re.search(r"[\r\n]", "".join(texts)):
                yield name


def _where(subject: Subject, name: str) -> int | None:
    """The line of a statement that gives the header a value of several lines."""
    for statement in subject.outline.walk():
        words = [word.lstrip("+?>").lower() for word in statement.words[:3]]
        words += ["location"] if statement.name == "redir" else []
        if name.lower() in words and any("\n" in word for word in statement.words):
            return statement.line
    return subject.line_of(name)
