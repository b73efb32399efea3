"""The placeholders that Caddy 2.11 knows, for telling a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from caddylab._caddy.tokens import Outline

_PLACEHOLDER = re.compile(r"\{([a-z][\w.]*)\}")

_SHORT = """
    host hostport port orig_method orig_uri orig_path orig_dir orig_file orig_query method uri path
    dir file query remote remote_host remote_port scheme uuid tls_cipher tls_version
    tls_client_fingerprint tls_client_issuer tls_client_serial tls_client_subject client_ip
    upstream_hostport
"""
_PROXY = """
    duration duration_ms retries status_code status_text is_transport_error upstream.address
    upstream.hostport upstream.host upstream.port upstream.requests upstream.max_requests
    upstream.fails upstream.latency upstream.latency_ms upstream.duration upstream.duration_ms
"""
_ERROR = "status_code status_text message trace id"

SHORT = tuple(_SHORT.split())
CLOSED = {"rp": tuple(_PROXY.split()), "err": tuple(_ERROR.split())}
"""Families that are known to the last member; `header.<any>` belongs to them all."""


def strange_placeholders(outline: Outline) -> Iterator[tuple[int, str, str | None]]:
    """Placeholders that look like Caddy's and are none: line, name, the name most like it."""
    for statement in outline.walk():
        if statement.name == "map":  # defines placeholders of its own
            continue
        for name in _PLACEHOLDER.findall(" ".join(statement.words)):
            strange, near = _judge(name)
            if strange:
                yield statement.line, name, near


def _judge(name: str) -> tuple[bool, str | None]:
    family, _, member = name.replace("http.reverse_proxy.", "rp.").partition(".")
    if family in CLOSED:
        known = member in CLOSED[family] or member.startswith("header.")
        near = get_close_matches(member, CLOSED[family], 1)
        return not known, f"{family}.{near[0]}" if near else None
    near = get_close_matches(name, SHORT, 1, cutoff=0.8)
    # A bare word may be anything (a template's, a snippet's): only a near miss is a mistake.
    return "." not in name and name not in SHORT and bool(near), near[0] if near else None
