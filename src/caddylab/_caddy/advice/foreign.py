"""Words of Caddy 1 and other programs, and the lines to write for them in Caddy 2.

A word that somebody brings along means something, so its meaning is looked up before its
spelling is guessed at. A test has Caddy read every line that is recommended here.
"""

from __future__ import annotations

from caddylab._caddy.advice import foreign_apache_envoy as apache_envoy
from caddylab._caddy.advice import foreign_instead as instead
from caddylab._caddy.advice.foreign_site import ADDRESS, CLIENTS, OUTSIDE, PAIR
from caddylab._caddy.advice.foreign_site import SITE as SITE
from caddylab._caddy.advice.foreign_word import (
    APACHE,
    CADDY1,
    ENVOY,
    HAPROXY,
    HERE,
    IN_SITE,
    LAST,
    NGINX,
    NOBODY,
    TRAEFIK,
    WEIGHTS,
    Foreign,
    meaning,
)
from caddylab._caddy.advice.foreign_word import POLICIES as POLICIES

_TIME = r"\d+(?:\.\d+)?(?:ms|s|m|h)"
_PATH = r"/\S*"
_NUMBER = r"\d+"
_HEADER = r"[+-]?[\w-]+(?: [^$`]+)?"
_NAME = r"\w.*"
_WHOLE_SHARE = "Caddy 2 cannot do that: an upstream that is back gets its whole share at once"

PROXY = (
    Foreign({CADDY1: "fail_timeout", NGINX: "fail_timeout"}, "fail_duration 10s", carries=_TIME),
    Foreign({CADDY1: "health_check", NGINX: "health_check", HAPROXY: "httpchk",
             TRAEFIK: "healthCheck", NOBODY: "health_checks"}, "health_uri /", carries=_PATH),
    Foreign({TRAEFIK: "healthCheck.path", HAPROXY: "option+httpchk"}, "health_uri /",
            carries=_PATH),
    Foreign({CADDY1: "health_check_interval", HAPROXY: "inter",
             TRAEFIK: "healthCheck.interval"}, "health_interval 10s", carries=_TIME),
    Foreign({CADDY1: "health_check_timeout", TRAEFIK: "healthCheck.timeout"},
            "health_timeout 2s", carries=_TIME),
    Foreign({CADDY1: "health_check_port", TRAEFIK: "healthCheck.port"},
            "health_port 8080", carries=_NUMBER),
    Foreign({CADDY1: "health_check_contains"}, "health_body ok"),
    Foreign({HAPROXY: "rise"}, "health_passes 2"),
    Foreign({HAPROXY: "fall"}, "health_fails 3"),
    Foreign({CADDY1: "header_upstream", NGINX: "proxy_set_header"}, "header_up X-Site caddy",
            carries=_HEADER),
    Foreign({CADDY1: "header_downstream"}, "header_down X-Site caddy", carries=_HEADER),
    Foreign({NGINX: "proxy_hide_header"}, "header_down -X-Powered-By"),
    Foreign({CADDY1: "transparent", TRAEFIK: "passHostHeader"}, "",
            "Caddy 2 passes `Host` on and sets the `X-Forwarded-…` headers by itself"),
    Foreign({CADDY1: "websocket", NOBODY: "websockets"}, "",
            "Caddy 2 passes WebSockets on by itself"),
    Foreign({CADDY1: "timeout", HAPROXY: "timeout timeout+server", NGINX: "proxy_read_timeout",
             TRAEFIK: "responseHeaderTimeout", APACHE: "TimeOut", ENVOY: "request_timeout"},
            "transport http {\nresponse_header_timeout 5s\n}",
            "for the beginning of an answer; `dial_timeout` is for the connection, `read_timeout` "
            "for each part of the answer, and `lb_try_duration` is no timeout", carries=_TIME),
    Foreign({NGINX: "proxy_connect_timeout", TRAEFIK: "dialTimeout", HAPROXY: "timeout+connect",
             NOBODY: "connect_timeout"},
            "transport http {\ndial_timeout 1s\n}", carries=_TIME),
    Foreign({HAPROXY: "timeout+queue"}, "lb_try_duration 5s", carries=_TIME),
    Foreign({HAPROXY: "timeout+tunnel"}, "stream_timeout 24h", carries=_TIME),
    Foreign({HAPROXY: "timeout+client timeout+http-request timeout+http-keep-alive"}, "",
            CLIENTS),
    Foreign({HAPROXY: "timeout+check"}, "health_timeout 2s", carries=_TIME),
    Foreign({CADDY1: "fallback_delay"}, "transport http {\ndial_fallback_delay 300ms\n}",
            carries=_TIME),
    Foreign({CADDY1: "ca_certificates", NGINX: "proxy_ssl_trusted_certificate", TRAEFIK: "rootCAs"},
            "transport http {\ntls_trust_pool file ca.pem\n}"),
    Foreign({NGINX: "proxy_ssl_server_name proxy_ssl_name", TRAEFIK: "serverName"},
            "transport http {\ntls_server_name shop.test\n}"),
    Foreign({NGINX: "proxy_send_timeout"}, "transport http {\nwrite_timeout 10s\n}",
            carries=_TIME),
    Foreign({CADDY1: "insecure_skip_verify", TRAEFIK: "insecureSkipVerify",
             NGINX: "proxy_ssl_verify"},
            "transport http {\ntls_insecure_skip_verify\n}", "which trusts anybody"),
    Foreign({NGINX: "proxy_next_upstream"}, "lb_retries 1\nlb_retry_match method GET",
            "a refused connection is tried again without `lb_retry_match`"),
    Foreign({NGINX: "proxy_next_upstream_tries", TRAEFIK: "retry attempts"}, "lb_retries 1",
            "which does not count the first attempt"),
    Foreign({HAPROXY: "retries", NOBODY: "max_retries lb_retry"}, "lb_retries 1",
            carries=_NUMBER),
    Foreign({CADDY1: "try_duration", NGINX: "proxy_next_upstream_timeout",
             NOBODY: "lb_timeout lb_try_timeout"}, "lb_try_duration 5s", carries=_TIME),
    Foreign({CADDY1: "try_interval"}, "lb_try_interval 250ms", carries=_TIME),
    Foreign({CADDY1: "policy", HAPROXY: "balance", TRAEFIK: "loadBalancer strategy",
             NOBODY: "load_balancing lb_method lb_algorithm algorithm"},
            "lb_policy round_robin", carries=_NAME),
    Foreign({HAPROXY: "option+redispatch redispatch retry-on"},
            "lb_retries 1\nlb_retry_match method GET",
            "a refused connection is tried again without `lb_retry_match`"),
    Foreign({HAPROXY: "option+forwardfor"}, "",
            "Caddy 2 sets the `X-Forwarded-…` headers by itself"),
    Foreign({TRAEFIK: "circuitBreaker"}, "fail_duration 10s\nmax_fails 3",
            "an upstream that has failed so often is left out for that long"),
    Foreign({HAPROXY: "stick stick-table"}, "lb_policy client_ip_hash"),
    Foreign({NGINX: "proxy_http_version"}, "", "Caddy 2 speaks HTTP/1.1 to upstreams by itself"),
    Foreign({NGINX: "zone"}, "", "Caddy 2 needs no shared memory for its upstreams"),
    Foreign({NGINX: "proxy_cache proxy_cache_path proxy_cache_valid"}, "",
            "without a plugin Caddy 2 caches nothing"),
    Foreign({NGINX: "proxy_redirect"}, "header_down Location http:// https://"),
    Foreign({NGINX: "ip_hash"}, "lb_policy ip_hash"),
    Foreign({NGINX: "least_conn", HAPROXY: "leastconn"}, "lb_policy least_conn"),
    Foreign({HAPROXY: "roundrobin", NOBODY: "round_robin"}, "lb_policy round_robin"),
    Foreign({NGINX: "random"}, "lb_policy random"),
    Foreign({NGINX: "hash"}, "lb_policy uri_hash"),
    Foreign({NGINX: "sticky", TRAEFIK: "sticky", HAPROXY: "cookie"}, "lb_policy cookie lb"),
    Foreign({NGINX: "weight", HAPROXY: "weight", TRAEFIK: "weighted", NOBODY: "weights"},
            "lb_policy weighted_round_robin 3 1", WEIGHTS),
    Foreign({NGINX: "backup", HAPROXY: "backup"}, "lb_policy first", LAST),
    Foreign({CADDY1: "max_conns", NGINX: "max_conns", HAPROXY: "maxconn"},
            "unhealthy_request_count 10", carries=_NUMBER),
    Foreign({NGINX: "slow_start", HAPROXY: "slowstart"}, "", _WHOLE_SHARE),
    Foreign({CADDY1: "upstream", NGINX: "server", HAPROXY: "server", TRAEFIK: "servers"},
            "to backend1:8080 backend2:8080"),
    Foreign({NGINX: "proxy_buffering"}, "flush_interval -1", "to pass each part on at once"),
    Foreign({HAPROXY: "mode"}, "", "`reverse_proxy` is for HTTP"),
    Foreign({HAPROXY: "http-check"}, "health_status 200"),
    Foreign({HAPROXY: "observe on-error error-limit"}, "fail_duration 10s\nmax_fails 3"),
    Foreign({HAPROXY: "http-request+set-header"}, "header_up X-Site caddy", carries=_HEADER),
    Foreign({HAPROXY: "http-response+set-header"}, "header_down X-Site caddy", carries=_HEADER),
    Foreign({HAPROXY: "source", NGINX: "proxy_bind"},
            "transport http {\nlocal_address 192.0.2.1\n}"),
    Foreign({HAPROXY: "option default-server agent-check", NGINX: "ntlm state"}, "",
            "Caddy 2 has nothing like it"),
    Foreign({NGINX: "queue"}, "lb_try_duration 5s", "waits while every upstream is full"),
    Foreign({NGINX: "keepalive_timeout"}, "transport http {\nkeepalive 2m\n}", carries=_TIME),
    Foreign({NGINX: "proxy_intercept_errors"},
            "@bad status 5xx\nhandle_response @bad {\nrespond sorry 503\n}"),
    Foreign({NGINX: "proxy_buffers proxy_buffer_size proxy_busy_buffers_size"}, "",
            "Caddy 2 chooses the size of its buffers by itself"),
    Foreign({NGINX: "proxy_request_buffering"}, "request_buffers 1MiB"),
    Foreign({NGINX: "proxy_cookie_path proxy_cookie_domain"},
            "header_down Set-Cookie Path=/ Path=/app"),
    Foreign({TRAEFIK: "url"}, "to backend1:8080 backend2:8080"),
    Foreign({TRAEFIK: "inFlightReq"}, "unhealthy_request_count 10", carries=_NUMBER),
    Foreign({TRAEFIK: "stickiness"}, "lb_policy cookie lb"),
    Foreign({TRAEFIK: "mirroring", NGINX: "mirror"}, "",
            "without a plugin Caddy 2 sends no request twice"),
    Foreign({TRAEFIK: "serversTransport forwardingTimeouts"},
            "transport http {\ndial_timeout 1s\n}"),
    *apache_envoy.PROXY,
    *instead.PROXY,
    *OUTSIDE,
)  # fmt: skip
"""What stands between the braces of a proxy elsewhere."""

PARAMETERS = (
    Foreign({NGINX: "weight", HAPROXY: "weight"}, "lb_policy weighted_round_robin 3 1", WEIGHTS),
    Foreign({NGINX: "backup", HAPROXY: "backup"}, "lb_policy first", LAST),
    Foreign({NGINX: "max_fails"}, "max_fails 3", HERE),
    Foreign({NGINX: "fail_timeout"}, "fail_duration 10s", HERE),
    Foreign({NGINX: "max_conns", HAPROXY: "maxconn"}, "unhealthy_request_count 10", HERE),
    Foreign({HAPROXY: "check"}, "health_uri /", HERE),
    Foreign({HAPROXY: "inter"}, "health_interval 10s", HERE),
    Foreign({HAPROXY: "rise"}, "health_passes 2", HERE),
    Foreign({HAPROXY: "fall"}, "health_fails 3", HERE),
    Foreign({NGINX: "down", HAPROXY: "disabled"}, "", "leave its upstream out as well"),
    Foreign({NGINX: "slow_start", HAPROXY: "slowstart"}, "", _WHOLE_SHARE),
    *apache_envoy.PARAMETERS,
    *instead.PARAMETERS,
)  # fmt: skip
"""What follows an upstream on its line elsewhere; Caddy takes each for one more upstream."""


FRAMES = (
    Foreign({NGINX: "http stream events", HAPROXY: "global defaults", TRAEFIK: "http: tcp:",
             ENVOY: "static_resources: clusters: listeners:", APACHE: "<IfModule <Proxy"}, "",
            "a Caddyfile consists of sites, and each begins with its address, such as `:80 {`"),
    Foreign({NGINX: "upstream", HAPROXY: "backend"}, f":80 {{\n{PAIR}\n}}",
            "upstreams stand where they are used, within a site"),
    Foreign({HAPROXY: "frontend listen", APACHE: "<VirtualHost"}, f":80 {{\n{PAIR}\n}}", ADDRESS),
)  # fmt: skip
"""What a block at the top begins with elsewhere; Caddy takes it for the address of a site."""


IN_A_PROXY = (*PROXY, *(entry.standing(IN_SITE) for entry in SITE))
"""What may be meant by a word between the braces of a proxy."""
IN_A_SITE = (*SITE, *(entry.standing(HERE) for entry in PROXY))
"""What may be meant by a word at the beginning of a line of a site."""


def parameter(word: str) -> str:
    """The sentence for what stands behind an upstream, such as `weight=3`; empty if none."""
    return meaning(PARAMETERS, word.partition("=")[0])
