"""Words of Caddy 1, nginx, HAProxy and Traefik, and the lines to write for them in Caddy 2.

A word that somebody brings along means something, so its meaning is looked up before its
spelling is guessed at. A test has Caddy read every line that is recommended here.
"""

from __future__ import annotations

from dataclasses import dataclass

CADDY1, NGINX, HAPROXY, TRAEFIK, NOBODY = "Caddy 1", "nginx", "HAProxy", "Traefik", ""


@dataclass(frozen=True)
class Foreign:
    """Words of one meaning, and what to write instead.

    Args:
        words: by whose they are; `NOBODY` for a word that only sounds as if it were somebody's.
        write: the lines to write in Caddy 2; empty where nothing need be written.
        why: a remark on them; where nothing need be written, the reason.
    """

    words: dict[str, str]
    write: str
    why: str = ""

    def help(self, word: str) -> str:
        """One sentence for somebody who has written `word`."""
        remark = f" ({self.why})" if self.why else ""
        if not self.write:
            return f"{self._whose(word)}; take it away: {self.why}."
        return f"{self._whose(word)}; in Caddy 2 write `{' ⏎ '.join(self.lines())}`{remark}."

    def lines(self) -> list[str]:
        """What to write, line by line."""
        return self.write.splitlines()

    def has(self, word: str) -> bool:
        """Whether `word` is one of these."""
        return any(word in words.split() for words in self.words.values())

    def _whose(self, word: str) -> str:
        whose = [f"{who}'s" for who, words in self.words.items() if who and word in words.split()]
        return f"`{word}` is {' and '.join(whose)} word" if whose else f"Caddy has no `{word}`"


_HERE = "between the braces of `reverse_proxy`"
_SITE = "in the site, not in `reverse_proxy`"
_LAST = "the upstreams in their order: the backup last"
_WEIGHTS = "a weight for each upstream, in their order"
_MATCHER = "a matcher, whose name then follows a directive"
_WHOLE_SHARE = "Caddy 2 cannot do that: an upstream that is back gets its whole share at once"
_ADDRESS = "a site begins with its address"
_PROXY = "reverse_proxy backend1:8080 backend2:8080"

_OUTSIDE = (
    Foreign({CADDY1: "without"}, "uri strip_prefix /api", _SITE),
    Foreign({CADDY1: "except"},
            "@proxied not path /static/*\nreverse_proxy @proxied backend1:8080", _SITE),
)  # fmt: skip

PROXY = (
    Foreign({CADDY1: "fail_timeout", NGINX: "fail_timeout"}, "fail_duration 10s"),
    Foreign({CADDY1: "health_check", NGINX: "health_check", HAPROXY: "httpchk",
             TRAEFIK: "healthCheck", NOBODY: "healthcheck health_checks"}, "health_uri /"),
    Foreign({CADDY1: "health_check_interval", HAPROXY: "inter"}, "health_interval 10s"),
    Foreign({CADDY1: "health_check_timeout"}, "health_timeout 2s"),
    Foreign({CADDY1: "health_check_port"}, "health_port 8080"),
    Foreign({CADDY1: "health_check_contains"}, "health_body ok"),
    Foreign({HAPROXY: "rise"}, "health_passes 2"),
    Foreign({HAPROXY: "fall"}, "health_fails 3"),
    Foreign({CADDY1: "header_upstream", NGINX: "proxy_set_header"}, "header_up X-Site caddy"),
    Foreign({CADDY1: "header_downstream"}, "header_down X-Site caddy"),
    Foreign({NGINX: "proxy_hide_header"}, "header_down -X-Powered-By"),
    Foreign({CADDY1: "transparent", TRAEFIK: "passHostHeader"}, "",
            "Caddy 2 passes `Host` on and sets the `X-Forwarded-…` headers by itself"),
    Foreign({CADDY1: "websocket", NOBODY: "websockets"}, "",
            "Caddy 2 passes WebSockets on by itself"),
    Foreign({CADDY1: "timeout", HAPROXY: "timeout", NGINX: "proxy_read_timeout"},
            "transport http {\nresponse_header_timeout 5s\n}",
            "for the beginning of an answer; `dial_timeout` is for the connection, `read_timeout` "
            "for each part of the answer, and `lb_try_duration` is no timeout"),
    Foreign({NGINX: "proxy_connect_timeout", TRAEFIK: "dialTimeout", NOBODY: "connect_timeout"},
            "transport http {\ndial_timeout 1s\n}"),
    Foreign({NGINX: "proxy_send_timeout"}, "transport http {\nwrite_timeout 10s\n}"),
    Foreign({CADDY1: "insecure_skip_verify", TRAEFIK: "insecureSkipVerify",
             NGINX: "proxy_ssl_verify"},
            "transport http {\ntls_insecure_skip_verify\n}", "which trusts anybody"),
    Foreign({NGINX: "proxy_next_upstream"}, "lb_retries 1\nlb_retry_match method GET POST",
            "a refused connection is tried again without `lb_retry_match`"),
    Foreign({NGINX: "proxy_next_upstream_tries", HAPROXY: "retries", TRAEFIK: "retry attempts",
             NOBODY: "max_retries lb_retry"}, "lb_retries 1"),
    Foreign({CADDY1: "try_duration", NGINX: "proxy_next_upstream_timeout",
             NOBODY: "lb_timeout lb_try_timeout"}, "lb_try_duration 5s"),
    Foreign({CADDY1: "try_interval"}, "lb_try_interval 250ms"),
    Foreign({CADDY1: "policy", HAPROXY: "balance", TRAEFIK: "loadBalancer",
             NOBODY: "load_balancing"}, "lb_policy round_robin"),
    Foreign({NGINX: "ip_hash"}, "lb_policy ip_hash"),
    Foreign({NGINX: "least_conn", HAPROXY: "leastconn"}, "lb_policy least_conn"),
    Foreign({HAPROXY: "roundrobin", NOBODY: "round_robin"}, "lb_policy round_robin"),
    Foreign({NGINX: "random"}, "lb_policy random"),
    Foreign({NGINX: "hash"}, "lb_policy uri_hash"),
    Foreign({NGINX: "sticky", TRAEFIK: "sticky", HAPROXY: "cookie"}, "lb_policy cookie lb"),
    Foreign({NGINX: "weight", HAPROXY: "weight", TRAEFIK: "weighted", NOBODY: "weights"},
            "lb_policy weighted_round_robin 3 1", _WEIGHTS),
    Foreign({NGINX: "backup", HAPROXY: "backup"}, "lb_policy first", _LAST),
    Foreign({CADDY1: "max_conns", NGINX: "max_conns", HAPROXY: "maxconn"},
            "unhealthy_request_count 10"),
    Foreign({NGINX: "slow_start", HAPROXY: "slowstart"}, "", _WHOLE_SHARE),
    Foreign({CADDY1: "upstream", NGINX: "server", HAPROXY: "server", TRAEFIK: "servers"},
            "to backend1:8080 backend2:8080"),
    Foreign({NGINX: "proxy_buffering"}, "flush_interval -1", "to pass each part on at once"),
    Foreign({HAPROXY: "option"}, "health_uri /", "for `option httpchk`"),
    Foreign({HAPROXY: "mode"}, "", "`reverse_proxy` is for HTTP"),
    *_OUTSIDE,
)  # fmt: skip
"""What stands between the braces of a proxy elsewhere."""

SITE = (
    Foreign({CADDY1: "proxy", HAPROXY: "backend default_backend use_backend",
             TRAEFIK: "loadBalancer services routers middlewares entryPoints"}, _PROXY),
    Foreign({NGINX: "proxy_pass"}, "reverse_proxy backend1:8080"),
    Foreign({NGINX: "upstream"}, _PROXY, "upstreams stand where they are used"),
    Foreign({NGINX: "listen"}, f":80 {{\n{_PROXY}\n}}", _ADDRESS),
    Foreign({NGINX: "server server_name", HAPROXY: "frontend"},
            f"http://shop.test {{\n{_PROXY}\n}}", _ADDRESS),
    Foreign({NGINX: "location"}, "handle /api/* {\nreverse_proxy backend1:8080\n}"),
    Foreign({HAPROXY: "acl"}, "@api path /api/*", _MATCHER),
    Foreign({CADDY1: "gzip", NGINX: "gzip brotli", HAPROXY: "compression", TRAEFIK: "compress"},
            "encode zstd gzip"),
    Foreign({CADDY1: "errors", NGINX: "error_page"},
            "handle_errors {\nrespond \"{err.status_code}\"\n}"),
    Foreign({CADDY1: "ext"}, "try_files {path}.html {path}"),
    Foreign({CADDY1: "fastcgi", NGINX: "fastcgi_pass"}, "php_fastcgi backend1:9000"),
    Foreign({CADDY1: "limits", NGINX: "client_max_body_size"},
            "request_body {\nmax_size 5MB\n}"),
    Foreign({CADDY1: "browse", NGINX: "autoindex"}, "file_server browse"),
    Foreign({CADDY1: "index", NGINX: "index"}, "file_server {\nindex index.html\n}"),
    Foreign({CADDY1: "status", NGINX: "return"}, "respond 404",
            "or `redir https://shop.test{uri}`"),
    Foreign({NGINX: "proxy_set_header"},
            "reverse_proxy backend1:8080 {\nheader_up X-Site caddy\n}"),
    Foreign({NGINX: "add_header"}, "header X-Site caddy"),
    Foreign({NGINX: "expires"}, "header Cache-Control max-age=86400"),
    Foreign({NGINX: "ssl_certificate ssl_certificate_key"},
            "https://shop.test {\ntls cert.pem key.pem\n}"),
    Foreign({NGINX: "access_log error_log"}, "log"),
    Foreign({CADDY1: "if", NGINX: "if"}, "@mobile header User-Agent *Mobile*", _MATCHER),
    Foreign({NGINX: "set"}, "vars name value"),
    Foreign({NGINX: "allow deny"},
            "@strangers not remote_ip private_ranges\nrespond @strangers 403"),
    Foreign({NGINX: "stub_status"}, "metrics"),
    Foreign({NGINX: "limit_req limit_conn", CADDY1: "ratelimit", TRAEFIK: "rateLimit"}, "",
            "without a plugin Caddy 2 limits no rates"),
    Foreign({CADDY1: "startup shutdown on"}, "", "Caddy 2 starts no other programs"),
    *_OUTSIDE,
    Foreign({CADDY1: "mime"}, "header *.wasm Content-Type application/wasm"),
)  # fmt: skip
"""What stands in a site, or around it, elsewhere."""

POLICIES = (
    Foreign({HAPROXY: "static-rr", NOBODY: "rr"},
            "lb_policy round_robin"),
    Foreign({TRAEFIK: "wrr", NOBODY: "weighted weight"},
            "lb_policy weighted_round_robin 3 1", _WEIGHTS),
    Foreign({NGINX: "least_time", TRAEFIK: "leasttime p2c"}, "lb_policy least_conn",
            "Caddy has no policy that goes by time"),
    Foreign({HAPROXY: "leastconn"}, "lb_policy least_conn"),
    Foreign({HAPROXY: "source", NGINX: "hash", NOBODY: "ip client_ip"},
            "lb_policy client_ip_hash"),
    Foreign({HAPROXY: "uri", NOBODY: "url"}, "lb_policy uri_hash"),
    Foreign({HAPROXY: "hdr rdp-cookie"}, "lb_policy header X-User"),
    Foreign({HAPROXY: "url_param"}, "lb_policy query user"),
    Foreign({NGINX: "backup", HAPROXY: "backup", TRAEFIK: "failover", NOBODY: "primary"},
            "lb_policy first", _LAST),
)  # fmt: skip
"""Names of policies elsewhere."""

PARAMETERS = (
    Foreign({NGINX: "weight", HAPROXY: "weight"}, "lb_policy weighted_round_robin 3 1", _WEIGHTS),
    Foreign({NGINX: "backup", HAPROXY: "backup"}, "lb_policy first", _LAST),
    Foreign({NGINX: "max_fails"}, "max_fails 3", _HERE),
    Foreign({NGINX: "fail_timeout"}, "fail_duration 10s", _HERE),
    Foreign({NGINX: "max_conns", HAPROXY: "maxconn"}, "unhealthy_request_count 10", _HERE),
    Foreign({HAPROXY: "check"}, "health_uri /", _HERE),
    Foreign({HAPROXY: "inter"}, "health_interval 10s", _HERE),
    Foreign({HAPROXY: "rise"}, "health_passes 2", _HERE),
    Foreign({HAPROXY: "fall"}, "health_fails 3", _HERE),
    Foreign({NGINX: "down", HAPROXY: "disabled"}, "", "leave its upstream out as well"),
    Foreign({NGINX: "slow_start", HAPROXY: "slowstart"}, "", _WHOLE_SHARE),
)  # fmt: skip
"""What follows an upstream on its line elsewhere; Caddy takes each for one more upstream."""


def meaning(table: tuple[Foreign, ...], word: str) -> str:
    """The sentence for a word of one of the tables; empty for any other word."""
    return next((entry.help(word) for entry in table if entry.has(word)), "")


def parameter(word: str) -> str:
    """The sentence for what stands behind an upstream, such as `weight=3`; empty if none."""
    return meaning(PARAMETERS, word.partition("=")[0])
