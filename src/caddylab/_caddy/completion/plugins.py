"""The words that well-known plugins add to a Caddyfile, and what is missing without them."""

from __future__ import annotations

from typing import NamedTuple


class Plugin(NamedTuple):
    """A plugin of Caddy's, and what is missing where it is left out."""

    name: str
    without: str


PASSES = "Requests pass as if it were not there."
OPEN = "Everybody is let in."
UNCACHED = "Nothing is cached: backends see every request."
PLAIN = "Pages are sent as they are."
MISSING = "What it would answer is missing; requests go on to what stands below it."

_CROWDSEC = Plugin("hslatman/caddy-crowdsec-bouncer", PASSES)
_SECURITY = Plugin("greenpau/caddy-security", OPEN)
_CACHE = Plugin("caddyserver/cache-handler", UNCACHED)
_PHP = Plugin("dunglas/frankenphp", MISSING)

DIRECTIVES = {
    "rate_limit": Plugin("mholt/caddy-ratelimit", "Nobody is slowed down or turned away."),
    "ratelimit": Plugin("RussellLuo/caddy-ext/ratelimit", "Nobody is slowed down."),
    "coraza_waf": Plugin("corazawaf/coraza-caddy", PASSES),
    "waf": Plugin("a web application firewall", PASSES),
    "crowdsec": _CROWDSEC,
    "appsec": _CROWDSEC,
    "defender": Plugin("jasonlovesdoggo/caddy-defender", PASSES),
    "geoip": Plugin("a GeoIP plugin", "No country is known of anybody."),
    "maxmind_geolocation": Plugin("porech/caddy-maxmind-geolocation", "No country is known."),
    "geoip2_vars": Plugin("zhangjiayin/caddy-geoip2", "No country is known of anybody."),
    "authenticate": _SECURITY,
    "authorize": _SECURITY,
    "security": _SECURITY,
    "authp": _SECURITY,
    "jwt": Plugin("greenpau/caddy-jwt", OPEN),
    "jwtauth": Plugin("ggicci/caddy-jwt", OPEN),
    "tailscale": Plugin("tailscale/caddy-tailscale", PASSES),
    "tailscale_auth": Plugin("tailscale/caddy-tailscale", OPEN),
    "authentication": _SECURITY,
    "ext_auth": Plugin("RussellLuo/caddy-ext", OPEN),
    "sablier": Plugin("sablierapp/sablier", "Backends are not put to sleep."),
    "geoip2": Plugin("zhangjiayin/caddy-geoip2", "No country is known of anybody."),
    "esi": Plugin("darkweak/go-esi", PLAIN),
    "cache": _CACHE,
    "souin": _CACHE,
    "http_cache": _CACHE,
    "replace": Plugin("caddyserver/replace-response", PLAIN),
    "replace_response": Plugin("caddyserver/replace-response", PLAIN),
    "filter": Plugin("sjtug/caddy2-filter", PLAIN),
    "minify": Plugin("a plugin that makes pages small", PLAIN),
    "brotli": Plugin("ueffel/caddy-brotli", PLAIN),
    "webdav": Plugin("mholt/caddy-webdav", MISSING),
    "exec": Plugin("abiosoft/caddy-exec", "No program is run."),
    "git": Plugin("greenpau/caddy-git", "Nothing is fetched."),
    "cgi": Plugin("aksdb/caddy-cgi", MISSING),
    "mercure": Plugin("dunglas/mercure", MISSING),
    "vulcain": Plugin("dunglas/vulcain", "Nothing is sent ahead."),
    "frankenphp": _PHP,
    "php": _PHP,
    "php_server": _PHP,
    "s3proxy": Plugin("lindenlab/caddy-s3-proxy", MISSING),
    "layer4": Plugin("mholt/caddy-l4", "Only its HTTP sites run."),
    "dynamic_dns": Plugin("mholt/caddy-dynamicdns", "No name is changed anywhere."),
    "docker_proxy": Plugin("lucaslorentz/caddy-docker-proxy", PASSES),
    "trace": Plugin("greenpau/caddy-trace", PASSES),
    "request_id": Plugin("lolPants/caddy-requestid", "Requests keep the id that they have."),
    "cors": Plugin("a CORS plugin", "Its headers are missing."),
    "headers_regexp": Plugin("a header plugin", "Its headers are missing."),
    "umami": Plugin("jonaharagon/caddy-umami", "Nobody is counted."),
    "json_parse": Plugin("abiosoft/caddy-json-parse", PASSES),
    "named_route": Plugin("abiosoft/caddy-named-routes", MISSING),
    "bodyclose": Plugin("a plugin that closes bodies", PASSES),
    "forward_proxy": Plugin("caddyserver/forwardproxy", "It proxies nobody."),
    "naive_forward_proxy": Plugin("klzgrad/forwardproxy", "It proxies nobody."),
    "supervisor": Plugin("baldinof/caddy-supervisor", "No program is run."),
    "teapot": Plugin("hairyhenderson/caddy-teapot-module", MISSING),
    "ua_parser": Plugin("a user agent parser", PASSES),
    "upload": Plugin("git001/caddyv2-upload", MISSING),
    "image_filter": Plugin("ueffel/caddy-imagefilter", PLAIN),
    "wasm": Plugin("a WebAssembly plugin", PASSES),
    "realip": Plugin("captncraig/caddy-realip", "Clients keep the address that they come from."),
    "pirsch": Plugin("a counter of visits", "Nobody is counted."),
    "anubis": Plugin("a bot filter", PASSES),
}
"""Directives, site-wide options and global options, by their word."""

MODULES = {
    "dns.providers.": Plugin("a caddy-dns provider", "The lab asks no name server for proofs."),
    "caddy.storage.": Plugin("a storage plugin", "Certificates are kept in the lab's folder."),
    "caddy.logging.encoders.transform": Plugin(
        "caddyserver/transform-encoder", "The log has Caddy's own format."
    ),
    "caddy.logging.encoders.": Plugin("a log format", "The log has Caddy's own format."),
    "caddy.logging.writers.": Plugin("a log writer", "The log goes nowhere."),
    "http.reverse_proxy.selection_policies.": Plugin(
        "a balancing policy", "Caddy's default, `random`, chooses instead."
    ),
    "http.reverse_proxy.transport.": Plugin("a transport", "Plain HTTP goes to the backend."),
    "http.reverse_proxy.upstreams.": Plugin("a source of upstreams", "None are found."),
    "http.matchers.": Plugin("a matcher", "It matches nothing here."),
    "http.encoders.br": Plugin("ueffel/caddy-brotli", PLAIN),
    "http.encoders.": Plugin("an encoder", PLAIN),
    "http.ip_sources.": Plugin("a source of addresses", "No proxy is trusted."),
    "caddy.listeners.": Plugin("a listener", PASSES),
    "events.handlers.": Plugin("an event handler", "Nothing is done at events."),
    "tls.": Plugin("a certificate plugin", "The lab's own authority gives certificates."),
}
"""What kind of module stands in each of these places, by the beginning of its name."""


def of_directive(word: str) -> Plugin | None:
    """The plugin that a directive or a global option is known to belong to."""
    return DIRECTIVES.get(word)


def of_module(module: str) -> Plugin | None:
    """The plugin that provides a module which this Caddy lacks."""
    place, _, name = module.rpartition(".")
    if place == "dns.providers":
        return Plugin(f"caddy-dns/{name}", MODULES["dns.providers."].without)
    return next((plugin for start, plugin in MODULES.items() if module.startswith(start)), None)
