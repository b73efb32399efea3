"""Caddyfiles that nobody wrote, for Hypothesis: some right, most of them wrong in some way."""

from __future__ import annotations

from hypothesis import strategies as st

DURATIONS = st.sampled_from(["0", "0s", "1s", "250ms", "10s", "-1s", "5m", "1d", "ten", "10"])
NUMBERS = st.sampled_from(["0", "1", "2", "3", "16", "-1", "1000000", "x"])
UPSTREAMS = st.sampled_from(
    [
        "backend1:8080", "backend2:8080", "app", "192.0.2.1", "[::1]:80", "12001", "a,b:1",
        "http://app:80", "https://app", "h2c://app:1", "unix//run/app.sock", "tcp/app:80",
        "app:1-3", "{env.APP}", "localhost:{query.port}", "{header.X}", "app:80/path", "*", "",
        "srv+https://x", "unix/", "/", "{$APP:app:80}",
    ]
)  # fmt: skip
POLICIES = st.sampled_from(
    [
        "first", "random", "random_choose 2", "round_robin", "weighted_round_robin 3 1",
        "weighted_round_robin 0 0", "weighted_round_robin 5", "least_conn", "ip_hash",
        "client_ip_hash", "uri_hash", "header X-User", "query user", "cookie", "cookie lb s3cret",
        "sticky",
    ]
)  # fmt: skip
STRANGE = st.sampled_from(
    [
        "{cookie.*}", "{ host }", "$host", "{rp.foo}", "{err.code}", "{hostpart}", "{}", "{{", "}}",
        "{a", "a}", "{http.}", "{.}", "{http.request.header.*}", "`", '"', "\\", "é", "\u2028", "𝄞",
        "{args[0]}", "{block}", "{blocks.a}", "{re.a.1}", "{vars.a.b}", "{$X}", "{$X:{host}}", "#",
    ]
)  # fmt: skip
PATHS = st.sampled_from(["", "/", "/*", "*", "/api*", "/api/*", "@m", "/a /b", "~", "//"])
EXPRESSIONS = st.sampled_from(
    [
        "{rp.status_code} >= 500", "{rp.is_transport_error} || {rp.status_code} >= 500",
        "{method} == 'POST'", "method('GET')", "path('/a')", "{rp.header.X} == '1'", "1 ==",
    ]
)  # fmt: skip


def _with(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    found = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*found).map(lambda words: " ".join(word for word in words if word))


def _block(head: st.SearchStrategy[str], inner: st.SearchStrategy[str], most: int = 4):
    body = st.lists(inner, max_size=most).map("\n".join)
    return st.tuples(head, body).map(lambda both: f"{both[0]} {{\n{both[1]}\n}}")


MATCHER = st.one_of(
    _with("method", st.sampled_from(["GET", "POST", "GET POST", "get"])),
    _with("path", PATHS),
    _with("header X-A", STRANGE),
    _with("expression", EXPRESSIONS.map(lambda text: f"`{text}`")),
    _with("not method", st.sampled_from(["GET", "POST PUT PATCH"])),
)
FALLBACK = _block(_with("lb_policy", POLICIES), _with("fallback", POLICIES), 2)
OPTION = st.one_of(
    _with(st.sampled_from(["lb_retries", "max_fails", "health_passes", "health_port"]), NUMBERS),
    _with(
        st.sampled_from(
            [
                "lb_try_duration", "lb_try_interval", "fail_duration", "unhealthy_latency",
                "health_interval", "health_timeout", "stream_close_delay",
            ]
        ),
        DURATIONS,
    ),
    _with("lb_policy", POLICIES),
    FALLBACK,
    _with("unhealthy_status", st.sampled_from(["5xx", "500", "2xx 404", "abc"])),
    _with("unhealthy_request_count", NUMBERS),
    _with(st.sampled_from(["health_uri", "health_path"]), st.sampled_from(["/", "/a?b", "{host}"])),
    _with(st.sampled_from(["header_up X-A", "header_down -X", "header_up Cookie a"]), STRANGE),
    _with("to", UPSTREAMS, UPSTREAMS),
    _with("trusted_proxies", st.sampled_from(["0.0.0.0/0", "private_ranges", "::/0", "x"])),
    _with("rewrite", st.sampled_from(["/a", "https://x{uri}", "{path}"])),
    _block(st.just("lb_retry_match"), MATCHER, 3),
    _with("lb_retry_match", MATCHER),
    _block(st.just("health_headers"), _with("X-A", STRANGE), 2),
    _block(
        st.just("transport http"),
        _with(st.sampled_from(["response_header_timeout", "dial_timeout"]), DURATIONS),
        3,
    ),
    _block(st.just("handle_response"), st.sampled_from(["respond x", "reverse_proxy a"])),
    _block(st.just("dynamic a"), st.sampled_from(["name app", "port 80", "refresh 1s"])),
    st.just("import snippet"),
    STRANGE,
)  # fmt: skip
PROXY = st.one_of(
    _with("reverse_proxy", PATHS, UPSTREAMS, UPSTREAMS),
    _block(_with("reverse_proxy", PATHS, UPSTREAMS, UPSTREAMS), OPTION, 7),
    _block(_with("php_fastcgi", UPSTREAMS), OPTION, 2),
    _block(_with("forward_auth", UPSTREAMS), st.just("uri /verify"), 1),
)
OTHER = st.one_of(
    _with("respond", PATHS, STRANGE),
    _with("redir", PATHS, STRANGE),
    _with("rewrite", PATHS, st.sampled_from(["/a", "https://x{uri}", "{path}"])),
    _with("file_server", PATHS),
    _with("try_files", st.sampled_from(["{path} /index.html", "{path}", "=404", "/a {path}"])),
    _with("log_append a", STRANGE),
    _with("vars", st.sampled_from(["a b", "hosts {host}", "{host} a"])),
    _with("map {host} {shard} {\ndefault", STRANGE, "\n}"),
    _with("header X-A", STRANGE),
    _with("@m", MATCHER),
    st.sampled_from(["encode gzip", "log", "root /srv", "error 500", "abort", "invoke route"]),
)
INNER = st.one_of(PROXY, PROXY, OTHER)
DIRECTIVE = st.one_of(
    INNER,
    _block(
        _with(st.sampled_from(["handle", "handle_path", "route", "handle_errors"]), PATHS), INNER
    ),
)
SITE = _block(
    st.sampled_from(
        [":80", "80", "http://a.test", "http://*.a.test, :81", "a.test {$B}", "&(route)"]
    ),
    DIRECTIVE,
    5,
)
HEAD = st.sampled_from(
    [
        "", "", "{\ndebug\n}\n", "{\nservers {\ntrusted_proxies static 0.0.0.0/0\n}\n}\n",
        "(snippet) {\nlb_retries 1\nimport snippet\n}\n", "(snippet) {\nmax_fails {args[0]}\n}\n",
        "import snippet\n", "\ufeff",
    ]
)  # fmt: skip
WELL_FORMED = st.tuples(HEAD, st.lists(SITE, min_size=1, max_size=3).map("\n".join)).map("".join)


@st.composite
def torn(draw: st.DrawFn) -> str:
    """A Caddyfile from which a piece was removed, or into which one was inserted."""
    text = draw(WELL_FORMED)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 12)))
    return text[:start] + draw(st.one_of(st.just(""), STRANGE, st.text(max_size=8))) + text[end:]


CADDYFILES = st.one_of(WELL_FORMED, torn(), st.text(max_size=60))
