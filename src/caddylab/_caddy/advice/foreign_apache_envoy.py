"""Words of Apache and Envoy, for the tables of `foreign`."""

from __future__ import annotations

from caddylab._caddy.advice.foreign_word import APACHE, ENVOY, HAPROXY, HERE, WEIGHTS, Foreign

_TIME = r"\d+(?:\.\d+)?(?:ms|s|m|h)"
_NUMBER = r"\d+"
_PATH = r"/\S*"
_NAME = r"\w.*"
_PAIR = "backend1:8080 backend2:8080"
_SITE = f"http://shop.test {{\nreverse_proxy {_PAIR}\n}}"
_ADDRESS = "a site begins with its address"

PROXY = (
    Foreign({APACHE: "lbmethod ProxySet+lbmethod"}, "lb_policy round_robin", carries=_NAME),
    Foreign({APACHE: "loadfactor", ENVOY: "weighted_clusters load_balancing_weight"},
            "lb_policy weighted_round_robin 3 1", WEIGHTS),
    Foreign({APACHE: "BalancerMember ProxyPass",
             ENVOY: "load_assignment endpoints lb_endpoints hosts"}, f"to {_PAIR}"),
    Foreign({APACHE: "stickysession ProxySet+stickysession"}, "lb_policy cookie lb"),
    Foreign({APACHE: "ProxyTimeout", ENVOY: "per_try_timeout"},
            "transport http {\nresponse_header_timeout 5s\n}", carries=_TIME),
    Foreign({APACHE: "connectiontimeout"}, "transport http {\ndial_timeout 1s\n}", carries=_TIME),
    Foreign({APACHE: "ProxyPreserveHost"}, "", "Caddy 2 passes `Host` on by itself"),
    Foreign({APACHE: "ProxyPassReverse"}, "header_down Location http:// https://"),
    Foreign({APACHE: "RequestHeader", ENVOY: "request_headers_to_add"}, "header_up X-Site caddy"),
    Foreign({ENVOY: "response_headers_to_add"}, "header_down X-Site caddy"),
    Foreign({ENVOY: "host_rewrite host_rewrite_literal"}, "header_up Host shop.test"),
    Foreign({APACHE: "hcuri"}, "health_uri /", carries=_PATH),
    Foreign({APACHE: "hcinterval", ENVOY: "interval"}, "health_interval 10s", carries=_TIME),
    Foreign({APACHE: "hcpasses", ENVOY: "healthy_threshold"}, "health_passes 2", carries=_NUMBER),
    Foreign({APACHE: "hcfails", ENVOY: "unhealthy_threshold"}, "health_fails 3", carries=_NUMBER),
    Foreign({ENVOY: "num_retries"}, "lb_retries 1", carries=_NUMBER),
    Foreign({ENVOY: "retry_on retryOn retry_policy"}, "lb_retries 1\nlb_retry_match method GET",
            "a refused connection is tried again without `lb_retry_match`"),
    Foreign({ENVOY: "outlier_detection"}, "fail_duration 10s\nmax_fails 3",
            "an upstream that has failed so often is left out for that long"),
    Foreign({ENVOY: "circuit_breakers max_requests"}, "unhealthy_request_count 10",
            carries=_NUMBER),
    Foreign({ENVOY: "hash_policy"}, "lb_policy client_ip_hash"),
)  # fmt: skip
"""What stands in a cluster or a balancer."""

SITE = (
    Foreign({APACHE: "VirtualHost ServerName ServerAlias", ENVOY: "virtual_hosts domains"},
            _SITE, _ADDRESS),
    Foreign({APACHE: "ProxyPass ProxyPassMatch BalancerMember Proxy",
             ENVOY: "cluster clusters static_resources load_assignment route_config"},
            f"reverse_proxy {_PAIR}"),
    Foreign({ENVOY: "listeners filter_chains"}, f":80 {{\nreverse_proxy {_PAIR}\n}}", _ADDRESS),
    Foreign({APACHE: "ProxyPreserveHost ProxyRequests ProxyVia"}, "",
            "Caddy 2 passes `Host` on and sets the `X-Forwarded-…` headers by itself"),
    Foreign({APACHE: "ProxyPassReverse"},
            "reverse_proxy backend1:8080 {\nheader_down Location http:// https://\n}"),
    Foreign({APACHE: "Location LocationMatch Directory"},
            "handle /api/* {\nreverse_proxy backend1:8080\n}"),
    Foreign({APACHE: "DocumentRoot"}, "root /srv\nfile_server"),
    Foreign({APACHE: "RewriteRule"}, "rewrite /old /new",
            "a regular expression stands in `uri path_regexp ^/old/ /new/`"),
    Foreign({APACHE: "RewriteEngine LoadModule KeepAlive AllowOverride ServerTokens"}, "",
            "Caddy 2 needs no such line"),
    Foreign({APACHE: "RewriteCond SetEnvIf"}, "@mobile header User-Agent *Mobile*",
            "a matcher, whose name then follows a directive"),
    Foreign({APACHE: "Redirect RedirectMatch RedirectPermanent", HAPROXY: "redirect"},
            "redir /old /new 301"),
    Foreign({APACHE: "ErrorDocument"}, "handle_errors {\nrespond \"{err.status_code}\"\n}"),
    Foreign({APACHE: "CustomLog ErrorLog TransferLog"},
            "log {\noutput file /var/log/site.log\n}"),
    Foreign({APACHE: "Header", ENVOY: "response_headers_to_add"}, "header X-Site caddy"),
    Foreign({APACHE: "RequestHeader", ENVOY: "request_headers_to_add"},
            "request_header X-Site caddy"),
    Foreign({APACHE: "Order Require"},
            "@strangers not remote_ip private_ranges\nrespond @strangers 403"),
    Foreign({APACHE: "SSLEngine SSLProxyEngine SSLProtocol SSLCipherSuite",
             ENVOY: "transport_socket tls_context"}, "",
            "a site with a name has HTTPS by itself"),
    Foreign({APACHE: "SSLCertificateFile SSLCertificateKeyFile"},
            "https://shop.test {\ntls cert.pem key.pem\n}"),
    Foreign({APACHE: "AuthType AuthName AuthUserFile"},
            "basic_auth {\nbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}",
            "`caddy hash-password` makes the hash"),
    Foreign({APACHE: "DirectoryIndex"}, "file_server {\nindex index.html\n}"),
    Foreign({ENVOY: "prefix_rewrite"}, "uri strip_prefix /api"),
    Foreign({ENVOY: "host_rewrite host_rewrite_literal"},
            "reverse_proxy backend1:8080 {\nheader_up Host shop.test\n}"),
    Foreign({ENVOY: "http_filters"}, "", "Caddy 2 has directives for what filters do"),
)  # fmt: skip
"""What stands in a site, or around it."""

PARAMETERS = (
    Foreign({APACHE: "loadfactor"}, "lb_policy weighted_round_robin 3 1", WEIGHTS),
    Foreign({APACHE: "retry"}, "fail_duration 10s", HERE),
    Foreign({APACHE: "route"}, "lb_policy cookie lb", HERE),
    Foreign({APACHE: "hcuri"}, "health_uri /", HERE),
    Foreign({APACHE: "connectiontimeout"}, "transport http {\ndial_timeout 1s\n}",
            HERE),
)  # fmt: skip
"""What follows an upstream on its line."""
