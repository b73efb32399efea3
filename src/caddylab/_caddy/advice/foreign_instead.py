"""Words of a proxy elsewhere for which Caddy 2 has no word of the same meaning."""

from __future__ import annotations

from caddylab._caddy.advice.foreign_word import (
    APACHE,
    CADDY1,
    ENVOY,
    HAPROXY,
    HERE,
    NGINX,
    TRAEFIK,
    Foreign,
)

_TIME = r"\d+(?:\.\d+)?(?:ms|s|m|h)"
_NUMBER = r"\d+"
_NOTHING = "Caddy 2 has nothing like it"
_HASHING = "Caddy's hashing moves only the clients of an upstream that is gone"

_CONNECTIONS = (
    Foreign({APACHE: "disablereuse"}, "transport http {\nkeepalive off\n}"),
    Foreign({APACHE: "smax", TRAEFIK: "maxIdleConnsPerHost"},
            "transport http {\nkeepalive_idle_conns_per_host 10\n}", carries=_NUMBER),
    Foreign({APACHE: "ttl", TRAEFIK: "idleConnTimeout", ENVOY: "idle_timeout"},
            "transport http {\nkeepalive 2m\n}", carries=_TIME),
    Foreign({NGINX: "keepalive_requests keepalive_time", HAPROXY: "http-reuse",
             APACHE: "acquire ping"}, "", "Caddy 2 keeps connections to upstreams by itself"),
    Foreign({NGINX: "proxy_socket_keepalive",
             ENVOY: "tcp_keepalive upstream_connection_options"},
            "transport http {\nkeepalive_interval 30s\n}"),
    Foreign({ENVOY: "max_connections", APACHE: "max"},
            "transport http {\nmax_conns_per_host 100\n}", carries=_NUMBER),
    Foreign({ENVOY: "max_pending_requests"}, "lb_try_duration 5s",
            "Caddy says how long a request waits, not how many may"),
    Foreign({HAPROXY: "minconn fullconn"}, "unhealthy_request_count 10",
            "Caddy's limit does not grow with the load"),
    Foreign({HAPROXY: "send-proxy"}, "transport http {\nproxy_protocol v1\n}"),
    Foreign({HAPROXY: "send-proxy-v2", TRAEFIK: "proxyProtocol"},
            "transport http {\nproxy_protocol v2\n}"),
    Foreign({ENVOY: "http2_protocol_options"}, "transport http {\nversions h2c 2\n}"),
    Foreign({NGINX: "resolver"}, "transport http {\nresolvers 192.0.2.1\n}"),
    Foreign({NGINX: "resolve", HAPROXY: "server-template init-addr", ENVOY: "type"},
            "dynamic a backend1 8080", "instead of the upstreams; Caddy then asks each minute"),
    Foreign({ENVOY: "dns_lookup_family"},
            "dynamic a {\nname backend1\nport 8080\nversions ipv4\n}", "instead of the upstreams"),
)  # fmt: skip

_TLS = (
    Foreign({HAPROXY: "ssl"}, "transport http {\ntls\n}"),
    Foreign({HAPROXY: "verify", APACHE: "SSLProxyVerify"},
            "transport http {\ntls_insecure_skip_verify\n}", "which trusts anybody"),
    Foreign({HAPROXY: "ca-file", APACHE: "SSLProxyCACertificateFile"},
            "transport http {\ntls_trust_pool file ca.pem\n}"),
    Foreign({HAPROXY: "sni"}, "transport http {\ntls_server_name shop.test\n}"),
    Foreign({NGINX: "proxy_ssl_certificate proxy_ssl_certificate_key", HAPROXY: "crt"},
            "transport http {\ntls_client_auth cert.pem key.pem\n}"),
    Foreign({NGINX: "proxy_ssl_protocols proxy_ssl_ciphers proxy_ssl_session_reuse"}, "",
            "Caddy 2 agrees on these with upstreams by itself"),
)  # fmt: skip

_CHECKS = (
    Foreign({NGINX: "match", APACHE: "hcexpr hctemplate ProxyHCExpr ProxyHCTemplate",
             TRAEFIK: "healthCheck.status"}, "health_status 200",
            "`health_body` asks for a text"),
    Foreign({HAPROXY: "check"}, "health_uri /"),
    Foreign({APACHE: "hcmethod", TRAEFIK: "healthCheck.method"}, "health_method HEAD"),
    Foreign({TRAEFIK: "healthCheck.headers"}, "health_headers {\nX-Check caddy\n}"),
    Foreign({TRAEFIK: "healthCheck.hostname"}, "health_headers {\nHost shop.test\n}"),
    Foreign({TRAEFIK: "healthCheck.followRedirects"}, "health_follow_redirects"),
    Foreign({TRAEFIK: "healthCheck.scheme"}, "", "checks speak what the requests speak"),
    Foreign({HAPROXY: "track"}, "", "each proxy of Caddy checks for itself"),
)  # fmt: skip

_FAILURES = (
    Foreign({TRAEFIK: "retry.initialInterval initialInterval", ENVOY: "retry_back_off"},
            "lb_try_interval 250ms", carries=_TIME),
    Foreign({ENVOY: "host_selection_retry_max_attempts", APACHE: "maxattempts"},
            "lb_retries 1", carries=_NUMBER),
    Foreign({ENVOY: "retry_host_predicate"}, "fail_duration 10s",
            "a retry goes elsewhere because the failure is remembered"),
    Foreign({ENVOY: "retriable_status_codes"},
            'lb_retries 1\nlb_retry_match expression "{rp.status_code} == 503"'),
    Foreign({APACHE: "failonstatus", ENVOY: "consecutive_5xx consecutive_gateway_failure"},
            "fail_duration 10s\nunhealthy_status 5xx\nmax_fails 3"),
    Foreign({ENVOY: "base_ejection_time"}, "fail_duration 30s", carries=_TIME),
    Foreign({APACHE: "forcerecovery",
             ENVOY: "max_ejection_percent panic_threshold healthy_panic_threshold"}, "",
            "Caddy 2 has no such limit: while every upstream is left out, requests get 503"),
    Foreign({APACHE: "nofailover"}, "",
            "Caddy 2 gives a client another upstream while its own is left out"),
    Foreign({APACHE: "failontimeout"}, "", "with `fail_duration` a timeout counts as a failure"),
    Foreign({NGINX: "proxy_ignore_client_abort"}, "",
            "Caddy 2 gives a request up when its client does"),
)  # fmt: skip

_CHOICE = (
    Foreign({NGINX: "least_time"}, "lb_policy least_conn",
            "Caddy has no policy that goes by time"),
    Foreign({HAPROXY: "hash-type hash-balance-factor",
             ENVOY: "ring_hash_lb_config maglev_lb_config"}, "", _HASHING),
    Foreign({HAPROXY: "dynamic-cookie-key"}, "lb_policy cookie lb {$SECRET}"),
    Foreign({ENVOY: "stateful_session"}, "lb_policy cookie lb"),
    Foreign({TRAEFIK: "failover fallback"}, "lb_policy first",
            "the upstreams in their order: the fallback last"),
    Foreign({TRAEFIK: "service"}, "to backend1:8080 backend2:8080"),
    Foreign({HAPROXY: "use-server"}, "",
            "such requests get a `reverse_proxy` of their own, behind a matcher"),
    Foreign({NGINX: "down", HAPROXY: "disabled"}, "", "leave its upstream out as well"),
    Foreign({ENVOY: "slow_start_config"}, "",
            "an upstream that is back gets its whole share at once"),
)  # fmt: skip

_MESSAGES = (
    Foreign({NGINX: "proxy_pass_header proxy_pass_request_headers proxy_pass_request_body"}, "",
            "Caddy 2 passes all of it on; `header_up -X-User` takes one header away"),
    Foreign({NGINX: "proxy_method"}, "method POST"),
    Foreign({HAPROXY: "http-send-name-header"}, "header_up X-Server {upstream_hostport}"),
    Foreign({APACHE: "ProxyPassReverseCookiePath ProxyPassReverseCookieDomain"},
            "header_down Set-Cookie Path=/ Path=/app"),
    Foreign({APACHE: "ProxyAddHeaders"}, "header_up -X-Forwarded-For",
            "where Caddy is not to send it"),
    Foreign({APACHE: "ProxyErrorOverride"},
            "@bad status 5xx\nhandle_response @bad {\nrespond sorry 503\n}"),
    Foreign({APACHE: "flushpackets"}, "flush_interval -1", "to pass each part on at once"),
    Foreign({TRAEFIK: "responseForwarding.flushInterval flushInterval"}, "flush_interval 100ms",
            carries=_TIME),
    Foreign({APACHE: "ProxyIOBufferSize ProxyReceiveBufferSize iobuffersize",
             NGINX: "proxy_max_temp_file_size proxy_temp_path proxy_temp_file_write_size"}, "",
            "Caddy 2 chooses its buffers by itself, and writes no answers to files"),
    Foreign({NGINX: "proxy_cache_bypass proxy_cache_key proxy_cache_lock proxy_cache_methods"
             " proxy_cache_use_stale proxy_no_cache proxy_ignore_headers proxy_store"}, "",
            "without a plugin Caddy 2 caches nothing"),
    Foreign({ENVOY: "request_mirror_policies"}, "",
            "without a plugin Caddy 2 sends no request twice"),
)  # fmt: skip

_REST = (
    Foreign({APACHE: "status"}, "lb_policy first", "where it marks a spare, the last upstream"),
    Foreign({APACHE: "ProxyRemote"}, "transport http {\nnetwork_proxy url http://192.0.2.1:3128\n}"),
    Foreign({CADDY1: "preset"}, "", "Caddy 2 passes `Host` on and sets the `X-Forwarded-…` headers"
            " by itself"),
    Foreign({NGINX: "resolver_timeout proxy_limit_rate proxy_force_ranges proxy_send_lowat",
             HAPROXY: "on-marked-down on-marked-up email-alert force-persist ignore-persist"
             " load-server-state-from-file", APACHE: "growth ProxyBadHeader",
             ENVOY: "locality_weighted_lb_config common_lb_config subset_selector lb_subset_config"
             " hedge_policy no_traffic_interval"}, "", _NOTHING),
)  # fmt: skip

PROXY = (*_CONNECTIONS, *_TLS, *_CHECKS, *_FAILURES, *_CHOICE, *_MESSAGES, *_REST)
"""What stands between the braces of a proxy elsewhere."""

PARAMETERS = (
    Foreign({HAPROXY: "cookie"}, "lb_policy cookie lb", HERE),
    Foreign({HAPROXY: "send-proxy send-proxy-v2"}, "transport http {\nproxy_protocol v2\n}", HERE),
    Foreign({NGINX: "resolve", HAPROXY: "resolvers init-addr"}, "dynamic a backend1 8080",
            f"{HERE}, instead of the upstreams"),
    Foreign({HAPROXY: "sni"}, "transport http {\ntls_server_name shop.test\n}", HERE),
    Foreign({HAPROXY: "observe error-limit on-error", TRAEFIK: "circuitBreaker"},
            "fail_duration 10s\nmax_fails 3", HERE),
    Foreign({APACHE: "timeout"}, "transport http {\nresponse_header_timeout 5s\n}", HERE),
    Foreign({APACHE: "status"}, "lb_policy first", f"{HERE}; it marks a spare, the last upstream"),
    Foreign({HAPROXY: "maxqueue", NGINX: "queue"}, "lb_try_duration 5s", HERE),
)  # fmt: skip
"""What follows an upstream on its line elsewhere."""
