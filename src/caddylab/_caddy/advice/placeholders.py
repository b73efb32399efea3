"""The placeholders that Caddy 2.11 knows, for recognizing a misspelt one."""

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

_REQUEST = """
    method scheme proto host hostport port uuid body body_base64 duration duration_ms
    remote remote.host remote.port local local.host local.port client_ip
    uri uri.path uri.path.dir uri.path.file uri.query uri.prefixed_query uri_escaped
    uri.path_escaped uri.query_escaped orig_method orig_uri orig_uri.path orig_uri.path.dir
    orig_uri.path.file orig_uri.query orig_uri.prefixed_query
"""

SHORT = tuple(_SHORT.split())
REQUEST = tuple(_REQUEST.split())
"""The members of `http.request`; after those in `_OPEN` any name may follow."""
_OPEN = ("header.", "cookie.", "host.labels.", "uri.path.", "uri.query.", "orig_uri.", "tls.")
CLOSED = {"rp": tuple(_PROXY.split()), "err": tuple(_ERROR.split())}
"""Families all of whose members are known; `header.<any>` belongs to that of a proxy too."""

_FAMILIES = ("auth", "error", "intercept", "matchers", "regexp", "request", "response",
             "reverse_proxy", "vars")  # fmt: skip
"""The families below `http` that Caddy knows without a plugin."""
_ALONE = ("shutting_down", "time_until_shutdown")
_HEADERS = ("authorization", "connection", "cookie", "origin", "referer", "upgrade", "user-agent")

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
    return name in SHORT or ("." in name and nearest(name) is None)


def unheard_of(name: str) -> bool:
    """Whether Caddy has no such placeholder below `http`, unless a plugin defines it."""
    family, _, member = name.removeprefix("http.").partition(".")
    if not name.startswith("http.") or family in _ALONE:
        return False
    if family == "request":
        return member not in REQUEST and not member.startswith(_OPEN)
    return not member or family not in _FAMILIES


def meant(name: str) -> str | None:
    """What a name that Caddy has never heard of was probably meant for."""
    family, _, member = name.removeprefix("http.").partition(".")
    if not member and family in SHORT:
        return family
    if not member and (header := family.replace("_", "-").lower()) in _HEADERS:
        return f"header.{header.title()}"
    near = _close(family, _FAMILIES)
    return f"http.{near}.{member}" if near and member and near != family else None


def short(name: str) -> str:
    """The name as a Caddyfile spells it, where its family has a short form."""
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
    return _misspelt(name) if "." in name else _close(name, SHORT)


def _misspelt(name: str) -> str | None:
    """What a name with dots was meant for: `client.ip`, `headers.X-A`, `http.request.hst`."""
    if name.replace(".", "_") in SHORT:
        return name.replace(".", "_")
    family, _, member = name.partition(".")
    if family not in LONG and family.removesuffix("s") in LONG:
        return f"{family.removesuffix('s')}.{member}"
    start, found, asked = name.rpartition("http.request.")
    if start or not found or asked in REQUEST or asked.startswith(_OPEN):
        return None
    kind, _, rest = asked.partition(".")
    if rest and f"{kind.removesuffix('s')}." in _OPEN:
        return f"{found}{kind.removesuffix('s')}.{rest}"
    if "." not in asked and (near := _close(asked, REQUEST)):
        return found + near
    return f"{found}header.{asked}" if "-" in asked and "." not in asked else None


def _close(name: str, names: tuple[str, ...]) -> str | None:
    return next(iter(get_close_matches(name, names, 1, cutoff=0.8)), None)
