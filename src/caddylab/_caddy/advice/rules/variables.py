"""Rules about variables of other programs in headers and URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from caddylab._caddy.adapted.flow import Step
from caddylab._caddy.adapted.tree import strings
from caddylab._caddy.advice.rules.placeholders import in_query
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject

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
_APACHE = {
    "HTTP_HOST": "{host}",
    "SERVER_NAME": "{host}",
    "SERVER_PORT": "{port}",
    "REMOTE_ADDR": "{remote_host}",
    "REMOTE_HOST": "{remote_host}",
    "REMOTE_PORT": "{remote_port}",
    "REMOTE_USER": "{http.auth.user.id}",
    "REQUEST_SCHEME": "{scheme}",
    "HTTPS": "{scheme}",
    "REQUEST_METHOD": "{method}",
    "REQUEST_URI": "{path}",
    "QUERY_STRING": "{query}",
    "UNIQUE_ID": "{uuid}",
    "SSL_CLIENT_S_DN": "{tls_client_subject}",
    "HTTP_USER_AGENT": "{header.User-Agent}",
    "HTTP_REFERER": "{header.Referer}",
    "HTTP_COOKIE": "{header.Cookie}",
}
_HAPROXY = {
    "src": "{remote_host}",
    "src_port": "{remote_port}",
    "path": "{path}",
    "url": "{uri}",
    "query": "{query}",
    "method": "{method}",
    "dst_port": "{port}",
    "req.hdr(host)": "{host}",
    "hdr(host)": "{host}",
    "unique-id": "{uuid}",
}
_ENVOY = {
    "DOWNSTREAM_REMOTE_ADDRESS": "{remote}",
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": "{remote_host}",
    "UPSTREAM_HOST": "{upstream_hostport}",
    "REQ(:AUTHORITY)": "{hostport}",
    "REQ(:PATH)": "{uri}",
    "REQ(:METHOD)": "{method}",
}
_ELSEWHERE = {
    "Apache": (re.compile(r"%\{([A-Z]{2}[A-Z_]+|HTTP:[\w-]+)\}[es]?"), _APACHE),
    "HAProxy": (re.compile(r"%\[([a-z_]+(?:[.-][a-z_]+)*(?:\([\w-]*\))?)\]"), _HAPROXY),
    "Envoy": (re.compile(r"%((?:REQ|RESP)\([^)%]+\)|(?:DOWNSTREAM|UPSTREAM)_[A-Z_]+)%"), _ENVOY),
}
_HEADER_OF = re.compile(r"(?i)(?:HTTP:|(?:req\.|req\.f)?hdr\(|REQ\()(?P<name>\w[\w-]*)")


@rule(
    "foreign-variable",
    "A variable of Apache, HAProxy or Envoy",
    write="Write Caddy's placeholder, such as `{host}`.",
)
def foreign_variable(subject: Subject) -> Findings:
    """`%{HTTP_HOST}`, `%[src]` and the like are not Caddy's: it sends that very text; of Apache's,
    in a rewrite, only the `%` is left, or `%<nil>` in a query.
    """
    seen = set()
    for step in subject.steps:
        for text in _set_texts(step):
            for whose, word, placeholder in _elsewhere(text):
                if word not in seen:
                    seen.add(word)
                    effect = _effect(step, whose, word, text)
                    remark = f"`{word}` is a variable of {whose}: {effect}."
                    help = f"Write `{placeholder}`." if placeholder else ""
                    yield Remark(subject.line_of(word), remark, help)


def _effect(step: Step, whose: str, word: str, text: str) -> str:
    if step.name != "rewrite" or whose != "Apache":  # whose braces Caddy takes for its own
        return "Caddy sends that very text"
    return f"only the `%{'<nil>' if in_query(word, text) else ''}` is left of it"


def _elsewhere(text: str) -> Iterator[tuple[str, str, str]]:
    """Whose variables stand in a text, each as it is written and as Caddy has it, if it does."""
    for whose, (pattern, table) in _ELSEWHERE.items():
        for match in pattern.finditer(text):
            header = _HEADER_OF.match(match[1])
            known = {name.lower(): placeholder for name, placeholder in table.items()}
            other = f"{{header.{header['name']}}}" if header else ""
            yield whose, match[0], known.get(match[1].lower(), other)


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
