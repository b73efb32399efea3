"""The real Caddy refuses a Caddyfile; the learner is shown the line and what to do."""

from __future__ import annotations

import json

import pytest
from admin_caddy import AdminCaddy, admin_caddy, site

from caddylab._caddy.advice.explain import refuse
from caddylab._caddy.advice.vocabulary import (
    DIRECTIVES,
    ENCODERS,
    GLOBAL_OPTIONS,
    LOG,
    MATCHERS,
    OPTIONS,
    POLICIES,
    TRANSPORT,
    WRITERS,
)

PROXY = "reverse_proxy backend1:8080"


@pytest.fixture(scope="session")
def caddy():
    with admin_caddy() as caddy:
        yield caddy


def lines(*lines: str) -> str:
    return "\n".join([*lines, ""])


MISTAKES = {
    # --- words that Caddy does not know ------------------------------------------------
    "a directive misspelt": (
        lines(":80 {", "reverse_prox backend1:8080", "}"),
        2,
        "Did you mean `reverse_proxy`?",
    ),
    "a directive misspelt that ends like an option": (
        lines(":80 {", "reverse_proxi backend1:8080", "}"),
        2,
        "Did you mean `reverse_proxy`?",
    ),
    "a directive that nobody knows": (
        lines(":80 {", PROXY, "juggle roundly", "}"),
        3,
        "such as `reverse_proxy`",
    ),
    "a kind of matcher at the beginning of a line": (
        lines(":80 {", "path_regexp ^/api", PROXY, "}"),
        2,
        "`path_regexp` is a kind of matcher",
    ),
    "a whole file of Caddy 1, without braces": (
        lines("example.com", "gzip", "proxy / app:3000"),
        2,
        "write `encode zstd gzip`. The site's address is followed by a `{`",
    ),
    "Python below a Caddyfile, in the same cell": (
        lines(":80 {", PROXY, "}", "with lab.backend(1).stopped():", "    lab.fire(1)"),
        5,
        "This looks like Python",
    ),
    "upstreams as an option": (
        lines(":80 {", "reverse_proxy {", "upstreams dns api.internal", "}", "}"),
        3,
        "after `to`",
    ),
    "an option of a policy beside it": (
        lines(":80 {", "reverse_proxy a:1 b:1 {", "lb_policy cookie", "max_age 30m", "}", "}"),
        4,
        "between the braces of the policy",
    ),
    "the name of a cookie as an option": (
        lines(":80 {", "reverse_proxy a:1 b:1 {", "lb_policy cookie {", "name lb", "}", "}", "}"),
        4,
        "stand on the policy's own line",
    ),
    "an option of tls misspelt": (
        lines("a.test {", "tls {", "dns__ttl 30s", "}", PROXY, "}"),
        3,
        "Did you mean `dns_ttl`?",
    ),
    "HTTP/3 as it was switched on once": (
        lines("{", "experimental_http3", "}", ":80 {", PROXY, "}"),
        2,
        "without being asked to",
    ),
    "a limit on certificates that is gone": (
        lines("{", "on_demand_tls {", "rate_limit 1", "}", "}", ":80 {", PROXY, "}"),
        3,
        "`ask URL` decides",
    ),
    "a named route that nobody defines": (
        lines(":80 {", "encode gzip", "invoke app", "}"),
        3,
        "`&(app) {`",
    ),
    "an option outside reverse_proxy": (
        lines(":80 {", "lb_policy first", PROXY, "}"),
        2,
        "`lb_policy` is an option of `reverse_proxy`",
    ),
    "an option after the closing brace": (
        lines(":80 {", f"{PROXY} {{", "}", "fail_duration 10s", "}"),
        4,
        "`fail_duration` is an option of `reverse_proxy`",
    ),
    "an option misspelt and outside": (
        lines(":80 {", PROXY, "lb_retires 1", "}"),
        3,
        "Did you mean `lb_retries`? It is an option",
    ),
    "an option misspelt": (site("lb_polcy first"), 3, "Did you mean `lb_policy`?"),
    "an equals sign": (site("lb_policy=first"), 3, "a space, no sign: `lb_policy first`"),
    "a colon": (site("lb_policy: first"), 3, "a space, no sign"),
    "an equals sign between spaces": (site("lb_policy = first"), 3, "a space, no sign"),
    "a transport's option outside": (
        site("response_header_timeout 2s"),
        3,
        "between the braces of `transport http {`",
    ),
    "a transport's option in the site": (
        lines(":80 {", PROXY, "dial_timeout 1s", "}"),
        3,
        "between the braces of `transport http {`",
    ),
    "a transport's option misspelt": (
        site("transport http {", "response_timeout 2s", "}"),
        4,
        "Did you mean `response_header_timeout`?",
    ),
    "an option inside transport http": (
        site("transport http {", "lb_policy first", "}"),
        4,
        "move it out of the braces",
    ),
    "a directive inside reverse_proxy": (
        site("handle_errors {", "}"),
        3,
        "`handle_errors` is a directive of the site",
    ),
    "an upstream among the options": (
        lines(":80 {", "reverse_proxy {", "backend1:8080", "}", "}"),
        3,
        "`to backend1:8080`",
    ),
    "a comment of another language": (lines(":80 {", "// hello", PROXY, "}"), 2, "begins with `#`"),
    "nginx's words": (
        lines("server {", "listen 80;", "}"),
        2,
        "`listen` is nginx's word",
    ),
    "a global option misspelt": (
        lines("{", "autohttps off", "}", ":80 {", PROXY, "}"),
        2,
        "Did you mean `auto_https`?",
    ),
    "a log option misspelt": (
        lines(":80 {", "log {", "outputs stdout", "}", "}"),
        3,
        "Did you mean `output`?",
    ),
    "a log output misspelt": (
        lines(":80 {", "log {", "output stdot", "}", "}"),
        3,
        "`output stdout`",
    ),
    "a log format misspelt": (lines(":80 {", "log {", "format jsn", "}", "}"), 3, "`format json`"),
    "a snippet that is not there": (lines(":80 {", "import nope", "}"), 2, "`(nope) {`"),
    "a matcher that is not there": (
        lines(":80 {", "reverse_proxy @api backend1:8080", "}"),
        2,
        "`@api path /api/*`",
    ),
    "a matcher misspelt": (
        lines(":80 {", "@api paths /api", "reverse_proxy @api backend1:8080", "}"),
        2,
        "Did you mean `path`?",
    ),
    # --- policies ------------------------------------------------------------------------
    "roundrobin": (site("lb_policy roundrobin"), 3, "Did you mean `round_robin`?"),
    "round-robin": (site("lb_policy round-robin"), 3, "Did you mean `round_robin`?"),
    "Round_Robin": (site("lb_policy Round_Robin"), 3, "Did you mean `round_robin`?"),
    "least_connections": (site("lb_policy least_connections"), 3, "Did you mean `least_conn`?"),
    "a path alone": (lines(":80 {", "redir /app", "}"), 2, "write `redir * /app`"),
    "sticky": (site("lb_policy sticky"), 3, "`lb_policy cookie`"),
    "a policy from nowhere": (site("lb_policy zigzag"), 3, "Caddy's policies are random,"),
    "a semicolon after the policy": (site("lb_policy first;"), 3, "ends without `;`"),
    "typographic quotes": (site("lb_policy “first”"), 3, "Leave the quotes out"),
    "a fallback misspelt": (
        site("lb_policy cookie lb {", "fallback frst", "}"),
        4,
        "Did you mean `first`?",
    ),
    "a policy in a snippet": (
        lines("(lb) {", "lb_policy frst", "}", ":80 {", f"{PROXY} {{", "import lb", "}", "}"),
        2,
        "Did you mean `first`?",
    ),
    "lb_policy twice": (site("lb_policy first", "lb_policy random"), 4, "one `lb_policy`"),
    "random_choose of nothing": (
        site("lb_policy random_choose"),
        3,
        "missing after `random_choose`: `lb_policy random_choose 2`",
    ),
    "random_choose 1": (site("lb_policy random_choose 1"), 3, "`lb_policy random_choose 2`"),
    "random_choose 1 as a fallback": (
        site("lb_policy cookie lb {", "fallback random_choose 1", "}"),
        4,
        "`lb_policy random_choose 2`",
    ),
    "header without a field": (site("lb_policy header"), 3, "`lb_policy header X-User`"),
    "query without a key": (site("lb_policy query"), 3, "`lb_policy query user`"),
    "round_robin 2": (site("lb_policy round_robin 2"), 3, "`2` is too much"),
    "no weights": (
        site("lb_policy weighted_round_robin"),
        3,
        "`lb_policy weighted_round_robin 3 1`",
    ),
    "weights in words": (
        site("lb_policy weighted_round_robin a b"),
        3,
        "Here stands a whole number",
    ),
    "a negative weight": (
        site("lb_policy weighted_round_robin -1 1"),
        3,
        "0 (no requests) or more",
    ),
    "all weights 0": (site("lb_policy weighted_round_robin 0 0"), 3, "With all weights 0"),
    # --- values --------------------------------------------------------------------------
    "a duration without a unit": (
        site("fail_duration 10"),
        3,
        "`fail_duration 10s` is 10 seconds",
    ),
    "an interval without a unit": (
        site("lb_try_interval 2"),
        3,
        "`lb_try_interval 2s` is 2 seconds",
    ),
    "a transport's duration without a unit": (
        site("transport http {", "dial_timeout 2", "}"),
        4,
        "`dial_timeout 2s` is 2 seconds",
    ),
    "a unit that is none": (site("fail_duration 10sec"), 3, "so not `sec`"),
    "a duration in words": (site("fail_duration ten"), 3, "such as `500ms`, `10s`"),
    "a space before the unit": (
        site("health_uri /", "health_interval 30 s"),
        4,
        "no space: `health_interval 30s`",
    ),
    "a cookie's age without a unit": (
        site("lb_policy cookie lb {", "max_age 10", "}"),
        4,
        "a number with its unit",
    ),
    "lb_retries one": (site("lb_retries one"), 3, "a whole number: `lb_retries 1`"),
    "max_fails 1s": (site("max_fails 1s"), 3, "a whole number: `max_fails 3`"),
    "health_status OK": (site("health_uri /", "health_status OK"), 4, "a class of numbers"),
    "two health_status": (
        site("health_uri /", "health_status 200 204"),
        4,
        "one value too many, `204`",
    ),
    "unhealthy_status as a range": (site("unhealthy_status 500-599"), 3, "`unhealthy_status 5xx`"),
    "health_port http": (site("health_port http"), 3, "`health_port 8080`"),
    "health_upstream without a port": (site("health_upstream backend1"), 3, "backend1:8080"),
    "an option without its value": (
        site("fail_duration"),
        3,
        "`fail_duration` needs a value: `fail_duration 10s`",
    ),
    "an option that has become a habit": (
        lines("{", "auto_https prefer_wildcard", "}", ":80 {", PROXY, "}"),
        2,
        "Leave `auto_https prefer_wildcard` out: since 2.10",
    ),
    "a size with a space": (site("request_buffers 1 MiB"), 3, "`request_buffers 1MiB`"),
    "lb_retry_match POST": (
        site("lb_retries 1", "lb_retry_match POST"),
        4,
        "`method POST`",
    ),
    "an expression without an answer": (
        site("lb_retries 1", "lb_retry_match {", "expression {rp.is_transport_error}", "}"),
        5,
        "must say yes or no",
    ),
    "an expression with half a comparison": (
        lines(":80 {", PROXY, "@a expression {method} ==", "respond @a x", "}"),
        3,
        "written in CEL",
    ),
    "an expression that computes what a matcher looks for": (
        lines(":80 {", PROXY, '@a `client_ip({env.IPS}.split(","))`', "respond @a x", "}"),
        3,
        "write the text itself",
    ),
    "a header within respond": (
        lines(":80 {", 'respond "OK" 200 {', "-type text/plain", "}", "}"),
        3,
        "only `body` and `close`",
    ),
    "a version of HTTP by a name of its own, twice": (
        site("transport http {", "versions h3", "}")
        + site("transport http {", "versions 1.1 h3", "}").replace(":80", ":81"),
        4,
        "takes 1.1, 2, h2c and 3",
    ),
    "a broken health_body": (site("health_uri /", 'health_body "("'), 4, "regular expression"),
    # --- upstreams -----------------------------------------------------------------------
    "a comma between upstreams": (
        site(upstreams="backend1:8080, backend2:8080"),
        2,
        "without commas",
    ),
    "an upstream with a path": (
        site(upstreams="http://backend1:8080/api backend2:8080"),
        2,
        "without a path",
    ),
    "a semicolon after the upstream": (lines(":80 {", f"{PROXY};", "}"), 2, "without `;`"),
    "a port in words": (site(upstreams="backend1:http"), 2, "the port a number"),
    "a port too high": (site(upstreams="backend1:99999"), 2, "from 1 to 65535"),
    "http and https mixed": (site(upstreams="http://a:80 https://b:443"), 2, "all `http://`"),
    "an unknown scheme": (site(upstreams="ftp://backend1:21"), 2, "Leave the scheme out"),
    "an unknown transport": (site("transport https {", "}"), 3, "`transport http`"),
    # --- braces and sites ----------------------------------------------------------------
    "no space before the site's brace": (lines(":80{", PROXY, "}"), 1, "`:80 {`"),
    "no space before the proxy's brace": (
        lines(":80 {", f"{PROXY}{{", "lb_policy first", "}", "}"),
        2,
        "`backend1:8080 {`",
    ),
    "no space before the transport's brace": (site("transport http{", "}"), 3, "`http {`"),
    "one } too many": (site("lb_policy first") + "}\n", 6, "one `}` too many"),
    "one } too many in the middle": (
        lines(":80 {", PROXY, "}", "}", ":81 {", PROXY, "}"),
        4,
        "one `}` too many",
    ),
    "a } that ends the site too early": (
        lines(":80 {", PROXY, "}", "log", "}"),
        4,
        "ends the site too early",
    ),
    "two } missing": (lines(":80 {", f"{PROXY} {{", "lb_policy first"), 3, "needs its `}`"),
    "a } missing before a directive": (
        lines(":80 {", f"{PROXY} {{", "lb_policy first", "log", "}"),
        4,
        "which may be missing above",
    ),
    "a } missing before a site": (
        lines(":80 {", PROXY, ":81 {", PROXY, "}"),
        3,
        "close that with a `}`",
    ),
    "a { on a line of its own": (
        lines(":80 {", PROXY, "{", "lb_policy first", "}", "}"),
        3,
        "at the end of the line",
    ),
    "a block on one line": (
        lines(":80 {", f"{PROXY} {{ lb_policy first }}", "}"),
        2,
        "a new line begins",
    ),
    "a site on one line": (lines(f":80 {{ {PROXY} }}"), 1, "on several lines"),
    "a } at the end of a line": (lines(":80 {", f"{PROXY}}}"), 2, "a line of its own"),
    "an open quote": (lines(":80 {", 'respond "hi', PROXY, "}"), 2, "every opening quote"),
    "no site at all": (lines(PROXY), 1, "must stand inside a site"),
    "two sites without braces": (
        lines("localhost", PROXY, ":81 {", "}"),
        3,
        "Every site begins with its address",
    ),
    "the same site twice": (
        lines(":80 {", PROXY, "}", "", ":80 {", "log", "}"),
        5,
        "Two sites have the address `:80`",
    ),
    "the same host twice": (
        lines("localhost {", PROXY, "}", ":81, localhost {", PROXY, "}"),
        4,
        "Two sites have the address `localhost`",
    ),
    "a site's port too high": (lines(":99999 {", PROXY, "}"), 1, "from 1 to 65535"),
    "a site's port in words": (lines(":http {", PROXY, "}"), 1, "from 1 to 65535"),
    "global options below a site": (
        lines(":80 {", PROXY, "}", "{", "debug", "}"),
        4,
        "to the top",
    ),
    "one port, HTTP and HTTPS": (
        lines("http://:81 {", PROXY, "}", "https://:81 {", PROXY, "}"),
        None,
        "different ports",
    ),
    "a place left to be filled in": (
        ":80 {\n}\n<your-domain> {\n\trespond hi\n}\n",
        3,
        "`<your-domain>` is no name that a host",
    ),
    "a template": (
        "{{ site }} {\n\treverse_proxy app:80\n}\n",
        1,
        "This is a template",
    ),
    "a template's upstream": (
        ":80 {\n\treverse_proxy {{< host >}}:{{< port >}}\n}\n",
        2,
        "This is a template",
    ),
    "a shell's variable": (
        ":80 {\n}\n${APP_URL} {\n\treverse_proxy app:80\n}\n",
        3,
        "as `{$APP_URL}`",
    ),
    "a shell's variable without braces": (
        ":80 {\n}\n$DOMAIN {\n\treverse_proxy app:80\n}\n",
        3,
        "as `{$NAME}`",
    ),
    "a matcher outside of the sites": (
        "@api path /api/*\nreverse_proxy app:80\n",
        1,
        "`@api` must stand inside a site",
    ),
    "brackets around no address": (
        ":80 {\n\treverse_proxy https://[BACKEND]:8080\n}\n",
        2,
        "`BACKEND` is none",
    ),
    "a version of HTTP": (
        lines(":80 {", "reverse_proxy app:80 {", "transport http {", "versions h3", "}", "}", "}"),
        4,
        "`versions` takes 1.1, 2, h2c and 3",
    ),
    "how a log is rolled": (
        lines(":80 {", "log {", "output file a.log {", "roll:keep 10", "}", "}", "}"),
        4,
        "Did you mean `roll_keep`?",
    ),
    "Caddy 1's proxy": (
        ":80 {\n\tproxy / app:3000 app:3001 {\n\t}\n}\n",
        2,
        "write `reverse_proxy app:3000 app:3001`",
    ),
    "Caddy 1's proxy of a path": (
        ":80 {\n\tproxy /api/ app:3000\n}\n",
        2,
        "write `reverse_proxy /api/* app:3000`",
    ),
    "a scheme before a placeholder": (
        ":80 {\n\treverse_proxy http://{ip}:80\n}\n",
        2,
        "Leave the scheme out",
    ),
    "JSON": ('{"apps": {}}\n', None, "looks like JSON"),
    "JSON in lines": ('{\n\t"apps": {\n\t\t"http": {}\n\t}\n}\n', 3, "looks like JSON"),
    "JSON in one line": ('{"apps":{"http":{"servers":{}},"tls":{}}}\n', 1, "looks like JSON"),
    "nothing": ("", None, "is empty"),
}


@pytest.mark.parametrize(("text", "line", "help"), MISTAKES.values(), ids=MISTAKES)
def test_a_common_mistake_is_shown_with_its_line_and_help(caddy: AdminCaddy, text, line, help):
    message = caddy.refusal(text)

    error = refuse(message, text)

    assert help in error.help
    assert "$" not in error.help.replace("{$", "")
    assert error.line == line
    assert error.reason in message  # Caddy's own words ...
    assert "Caddyfile:" not in error.reason  # ... without its whereabouts
    assert "loading" not in error.reason
    assert "provision" not in error.reason


@pytest.mark.parametrize(("text", "line", "help"), MISTAKES.values(), ids=MISTAKES)
def test_windows_line_ends_make_no_difference(caddy: AdminCaddy, text, line, help):
    text = text.replace("\n", "\r\n")

    error = refuse(caddy.refusal(text), text)

    assert (error.line, help in error.help) == (line, True)


def test_the_learner_sees_reason_line_caret_and_help(caddy: AdminCaddy):
    text = site("lb_policy roundrobin")

    shown = str(refuse(caddy.refusal(text), text))

    assert shown.splitlines() == [
        "module not registered: http.reverse_proxy.selection_policies.roundrobin",
        "",
        "   3 │ lb_policy roundrobin",
        "     │ ^^^^^^^^^^^^^^^^^^^^",
        "",
        "→ Did you mean `round_robin`?",
    ]


def test_a_refusal_without_the_prefix_is_understood_too():
    error = refuse("unrecognized subdirective lb_polcy, at Caddyfile:3", site("lb_polcy first"))

    assert (error.reason, error.line) == ("unrecognized subdirective lb_polcy", 3)


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_caddyfile_sent_as_something_else(caddy: AdminCaddy, kind):
    message = json.loads(caddy.opinion(site(), "/load", kind))["error"]

    assert "`Content-Type: text/caddyfile`" in refuse(message, site()).help


def test_an_uncommon_refusal_is_left_in_caddys_words(caddy: AdminCaddy):
    text = lines(":80 {", "respond one two three", "}")

    error = refuse(caddy.refusal(text), text)

    assert error.reason == "wrong argument count or unexpected line ending after 'three'"
    assert (error.line, error.help) == (2, "")


def test_no_line_is_named_when_several_could_be_meant(caddy: AdminCaddy):
    text = site("lb_policy random_choose 1") + site("lb_policy random_choose 1").replace("80", "81")

    error = refuse(caddy.refusal(text), text)

    assert (error.reason, error.line) == ("choose must be at least 2", None)


def test_a_refusal_about_another_text_is_no_trouble(caddy: AdminCaddy):
    for text in ("", ":80\n"):
        error = refuse(caddy.refusal(site("fail_duration 10")), text)

        assert "missing unit" in error.reason


# --- what we recommend is right -------------------------------------------------------------


@pytest.mark.parametrize("example", [*OPTIONS.values(), *POLICIES.values()])
def test_caddy_accepts_every_example_of_an_option(caddy: AdminCaddy, example):
    caddy.adapt(site(example))


@pytest.mark.parametrize("example", TRANSPORT.values())
def test_caddy_accepts_every_example_of_a_transports_option(caddy: AdminCaddy, example):
    caddy.adapt(site("transport http {", example, "}"))


@pytest.mark.parametrize(
    ("text", "words", "unknown"),
    [
        (":80 {{\n{} a b c d\n}}", DIRECTIVES, "unrecognized directive: "),
        ("{{\n{} a b c d\n}}", GLOBAL_OPTIONS, "unrecognized global option: "),
        (":80 {{\n@a {} a b c d (\nrespond @a\n}}", MATCHERS, "not registered: http.matchers."),
        (":80 {{\nlog {{\n{} a b c d\n}}\n}}", LOG, "unrecognized subdirective: "),
        (
            ":80 {{\nlog {{\noutput {} a b c d e\n}}\n}}",
            WRITERS,
            "not registered: caddy.logging.writers.",
        ),
        (
            ":80 {{\nlog {{\nformat {} a b c d e\n}}\n}}",
            ENCODERS,
            "not registered: caddy.logging.encoders.",
        ),
    ],
    ids=["directives", "global options", "matchers", "log", "writers", "encoders"],
)
def test_caddy_knows_every_word_that_we_suggest(caddy: AdminCaddy, text, words, unknown):
    answers = {word: caddy.opinion(text.format(word)) for word in words}

    assert [word for word, answer in answers.items() if unknown + word in answer] == []
    assert f"{unknown}nonsense" in caddy.opinion(text.format("nonsense"))
