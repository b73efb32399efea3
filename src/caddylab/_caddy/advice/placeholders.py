"""The placeholders that Caddy 2.11 knows, for telling a slip of the pen."""

from __future__ import annotations

from difflib import get_close_matches

_SHORT = """
    host hostport port orig_method orig_uri orig_path orig_dir orig_file orig_query method uri path
    dir file query remote remote_host remote_port scheme uuid tls_cipher tls_version
    tls_client_fingerprint tls_client_issuer tls_client_serial tls_client_subject
    tls_client_certificate_pem tls_client_certificate_der_base64 client_ip upstream_hostport
"""
_PROXY = """
    duration duration_ms retries status_code status_text is_transport_error upstream.address
    upstream.hostport upstream.host upstream.port upstream.requests upstream.max_requests
    upstream.fails upstream.latency upstream.latency_ms upstream.duration upstream.duration_ms
    active.target_upstream
"""
_ERROR = "status_code status_text message trace id"

SHORT = tuple(_SHORT.split())
CLOSED = {"rp": tuple(_PROXY.split()), "err": tuple(_ERROR.split())}
"""Families that are known to the last member; `header.<any>` belongs to that of a proxy too."""

LONG = {
    "header": "http.request.header",
    "cookie": "http.request.cookie",
    "labels": "http.request.host.labels",
    "path": "http.request.uri.path",
    "file": "http.request.uri.path.file",
    "query": "http.request.uri.query",
    "re": "http.regexp",
    "vars": "http.vars",
    "rp": "http.reverse_proxy",
    "resp": "http.intercept",
    "err": "http.error",
    "file_match": "http.matchers.file",
}
"""Families of placeholders as a Caddyfile spells them, and as Caddy does."""


def known(name: str) -> bool:
    """Whether `name` is one of Caddy's placeholders, or may be one."""
    family, _, member = short(name).partition(".")
    if family in CLOSED:
        return member in CLOSED[family] or (family == "rp" and member.startswith("header."))
    return name in SHORT or "." in name


def short(name: str) -> str:
    """The name as a Caddyfile spells it, where there is a short form of its family."""
    for family in CLOSED:
        name = name.replace(f"{LONG[family]}.", f"{family}.")
    return name


def long(name: str) -> str:
    """The name as Caddy's JSON spells it; of the short ones only those in families."""
    family, dot, member = name.partition(".")
    return f"{LONG[family]}.{member}" if dot and family in LONG else name


def nearest(name: str) -> str | None:
    """The known placeholder that `name` may have been meant for."""
    family, _, member = short(name).partition(".")
    if family in CLOSED:
        near = get_close_matches(member, CLOSED[family], 1)
        return f"{family}.{near[0]}" if near else None
    return next(iter(get_close_matches(name, SHORT, 1, cutoff=0.8)), None)
