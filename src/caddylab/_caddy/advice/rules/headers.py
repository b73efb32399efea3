"""Rules about headers and URLs that are set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from caddylab._caddy.adapted.flow import Step
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject, strings

_NGINX = {
    "host": "{host}",
    "http_host": "{hostport}",
    "server_name": "{host}",
    "server_port": "{port}",
    "server_addr": "{http.request.local.host}",
    "remote_addr": "{remote_host}",
    "remote_port": "{remote_port}",
    "remote_user": "{http.auth.user.id}",
    "realip_remote_addr": "{remote_host}",
    "proxy_add_x_forwarded_for": "",
    "proxy_host": "{upstream_hostport}",
    "scheme": "{scheme}",
    "https": "{scheme}",
    "request_uri": "{uri}",
    "uri": "{path}",
    "document_uri": "{path}",
    "args": "{query}",
    "query_string": "{query}",
    "is_args": "{?query}",
    "request_method": "{method}",
    "request_id": "{uuid}",
    "upstream_addr": "{upstream_hostport}",
    "connection_upgrade": "",
    "http_upgrade": "",
}
"""nginx's variables, and what they are for Caddy; empty where Caddy does it by itself."""
_FAMILIES = {"http_": "header", "cookie_": "cookie", "arg_": "query"}
_VARIABLE = re.compile(r"\$(?:\{([a-z]\w*)\}|([a-z]\w*))")
_ABSOLUTE = re.compile(r"(?:https?:)?//", re.IGNORECASE)


@rule(
    "nginx-variable",
    "A variable of nginx",
    write="Write Caddy's placeholder, such as `{host}`.",
)
def nginx_variable(subject: Subject) -> Findings:
    """`$host` and the like are nginx's: Caddy sends that very text."""
    seen = set()
    for step in subject.steps:
        for text in _set_texts(step):
            for match in _VARIABLE.finditer(text):
                name, word = match[1] or match[2], match[0]
                placeholder = _placeholder(name)
                if placeholder is not None and word not in seen:
                    seen.add(word)
                    yield Remark(subject.line_of(word), *_said(word, placeholder))


def _said(word: str, placeholder: str) -> tuple[str, str]:
    message = f"`{word}` is a variable of nginx: Caddy sends that very text."
    if placeholder:
        return message, f"Write `{placeholder}`."
    return (
        message,
        "Leave the line out: Caddy sets `X-Forwarded-For` and passes WebSockets by itself.",
    )


def _placeholder(name: str) -> str | None:
    if name in _NGINX:
        return _NGINX[name]
    for start, family in _FAMILIES.items():
        if name.startswith(start):
            rest = name.removeprefix(start)
            return f"{{{family}.{rest.replace('_', '-').title() if family == 'header' else rest}}}"
    return None


def _set_texts(step: Step) -> Iterator[str]:
    """The texts that a handler puts into headers and URLs; not those of regular expressions."""
    handler = step.handler
    for matcher in chain.from_iterable(step.conditions):
        yield from strings(matcher.get("file", {}).get("try_files"))
    match step.name:
        case "headers" | "reverse_proxy":
            operations = handler.get("headers", {}) if step.name == "reverse_proxy" else handler
            for side in ("request", "response"):
                yield from _operations(operations.get(side, {}))
            active = handler.get("health_checks", {}).get("active", {})
            yield from strings(active.get("headers"))
        case "rewrite":
            yield str(handler.get("uri", ""))
        case "static_response":
            yield from strings(handler.get("headers"))


def _operations(side: dict[str, Any]) -> Iterator[str]:
    yield from strings([side.get("add"), side.get("set")])
    for replacements in side.get("replace", {}).values():
        for replacement in replacements or []:
            if "search_regexp" not in replacement:  # there `$host` may be a group
                yield str(replacement.get("replace", ""))


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
            written = [s for s in subject.statements("redir") if s.words[2:3] == [status]]
            path = written[0].words[1] if written else "/"
            message = (
                f"`{path}` is taken for the matcher, and the redirection leads to `{status}`:"
                f" only a request for `{path}` gets it."
            )
            help = f"Write the matcher, too: `redir * {path} {status}`."
            yield Remark(written[0].line if written else None, message, help)
