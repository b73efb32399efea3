"""What a lab does in its own way with somebody's own file, and no other part of it tells of."""

from __future__ import annotations

from collections.abc import Iterator

from caddylab._caddy.adapted.tree import Json, find, handlers
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.safety.rulings import ASKS_NOBODY
from caddylab._caddy.text.tokens import Way, parse, ways
from caddylab._rig.site.assignment import PROXY, bare

PORTS = {"http_port", "https_port"}
FOR_EVERY_SITE = {
    "acme_ca", "acme_ca_root", "acme_eab", "cert_lifetime", "email", "ocsp_interval",
    "preferred_chains",
}  # fmt: skip
FOR_A_SITE = {
    "alt_http_port", "alt_tlsalpn_port", "ca", "ca_root", "dir", "disable_http_challenge",
    "disable_tlsalpn_challenge", "eab", "email", "preferred_chains", "profile", "test_dir",
    "trusted_roots",
}  # fmt: skip
AUTHORITIES = {"tls", "cert_issuer"}
"""What is said in their blocks is for an authority on the network."""
ITS_OWN_AUTHORITY = f"{ASKS_NOBODY} Its own authority gives certificates."
NOT_INSTALLED = "Nothing is installed on this machine; the lab's clients trust it all the same."
THAT_ADDRESS = "A real upstream is sent the address that stands in the file."
SENT = {
    "{http.reverse_proxy.upstream.hostport}": "{upstream_hostport}",
    "{http.reverse_proxy.upstream.host}": "",
    "{http.reverse_proxy.upstream.port}": "",
}
"""What stands for an upstream's address, and the short form of it."""


def own_ways(config: Json, text: str) -> list[Substitution]:
    """What to report of a configuration that is still as Caddy made it of `text`."""
    return [*_options(text), *_installed(config), *_addresses(config, text)]


def _options(text: str) -> Iterator[Substitution]:
    for way in ways(parse(text).statements):
        option, said = way[-1], " ".join(way[-1].words)
        if option.name == "email" and "{$" in said:
            continue  # whose value is invented where it is not set, and that is said
        if len(way) == 2 and not way[0].words and option.name in PORTS:
            yield Substitution(option.line, said, "a port of the lab's own",
                               "Requests name the site as if it were there.")  # fmt: skip
        elif _is_for_an_authority(way):
            yield Substitution(option.line, said, "", ITS_OWN_AUTHORITY)


def _is_for_an_authority(way: Way) -> bool:
    *above, option = way
    if len(above) == 1 and not above[0].words:
        return option.name in FOR_EVERY_SITE
    around = {statement.name for statement in above}
    internal = any("internal" in statement.words for statement in above)
    return option.name in FOR_A_SITE and bool(around & AUTHORITIES) and not internal


def _installed(config: Json) -> Iterator[Substitution]:
    """The root certificate that Caddy would have the machine trust."""
    apps = config["apps"]
    known = (apps.get("pki") or {}).get("certificate_authorities") or {}
    issuers = [one for some in find(apps.get("tls") or {}, "issuers") for one in some or []]
    used = {one.get("ca") or "local" for one in issuers if one.get("module") == "internal"}
    if any((known.get(name) or {}).get("install_trust") is not False for name in used):
        stood = "the root certificate of Caddy's own authority, for this machine to trust"
        yield Substitution(None, stood, "", NOT_INSTALLED)


def _addresses(config: Json, text: str) -> Iterator[Substitution]:
    """Where one of several upstreams is sent its own address: that is the backend's here."""
    for proxy in handlers(config, PROXY):
        dials = [bare(up.get("dial", "")) for up in proxy.get("upstreams", [])]
        sent = str((proxy.get("headers") or {}).get("request"))
        for word in SENT if len(set(dials)) > 1 else ():
            if word in sent:
                written = SENT[word] if SENT[word] in text and SENT[word] else word
                yield Substitution(_line_within(dials[0], written, text), written,
                                   "the address of a backend", THAT_ADDRESS)  # fmt: skip


def _line_within(dial: str, word: str, text: str) -> int | None:
    """The line with a word in the block of the statement that names an upstream."""
    host = dial.rpartition(":")[0]
    inside = (way for way in ways(parse(text).statements) if word in " ".join(way[-1].words))
    named = (way[-1].line for way in inside if host in " ".join(way[-2:][0].words))
    return next(named, None)
