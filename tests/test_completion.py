"""What a Caddyfile of somebody's own lacks here: invented or left out, line by line, and said."""

from __future__ import annotations

import json
import subprocess

import pytest

from caddylab._caddy.completion.complete import complete
from caddylab._caddy.completion.invented import invent
from caddylab._caddy.running.program import executable
from caddylab._caddy.text.tokens import parse


def refused(text, _=None):
    """Caddy's refusal of a text; nothing if it takes it."""
    done = subprocess.run(
        [executable(), "adapt", "--adapter", "caddyfile", "--config", "-"],
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    return json.loads(done.stderr.splitlines()[-1])["msg"]


VARIABLES = {
    "{$DOMAIN} {\n\treverse_proxy app:3000\n}": {"DOMAIN": "domain.example"},
    "www.{$DOMAIN} {\n\trespond hi\n}": {"DOMAIN": "domain.example"},
    ":{$PORT} {\n\trespond hi\n}": {"PORT": "80"},
    ":80 {\n\treverse_proxy {$UPSTREAM}\n}": {"UPSTREAM": "upstream:8080"},
    ":80 {\n\treverse_proxy {$API}:{$AT}\n}": {"API": "api", "AT": "8080"},
    ":80 {\n\treverse_proxy a:1 {\n\t\tfail_duration {$D}\n\t\tmax_fails {$N}\n\t}\n}":
        {"D": "10s", "N": "3"},
    "{\n\temail {$MAIL}\n\t{$MORE}\n}\na.test {\n\tbasic_auth {\n\t\t{$U} {$P}\n\t}\n}":
        {"MAIL": "admin@site.example", "MORE": "", "U": "invented"},
    ":80 {\n\t@us client_ip {$OURS}\n\thandle {$BELOW} {\n\t\trespond @us hi\n\t}\n}":
        {"OURS": "203.0.113.0/24", "BELOW": "/invented"},
    "{$SCHEME}://a.test {\n\trespond hi\n}": {"SCHEME": "http"},
    "{\n\tadmin off\n}\n{$NAME}\n\ntls {$MAIL}\n@api path /api\nreverse_proxy {$TO}":
        {"NAME": "name.example", "MAIL": "admin@site.example", "TO": "to:8080"},
    "{\n\thttp_port {$PLAIN}\n\thttps_port {$SAFE}\n}\na.test {\n\trespond hi\n}":
        {"PLAIN": "80", "SAFE": "443"},
    ":80 {\n\treverse_proxy /{$BUCKET}/* minio:9000\n}": {"BUCKET": "bucket"},
    ":80 {\n\treverse_proxy a:1 b:1 {\n\t\tlb_policy cookie lb {$SECRET}\n\t}\n}":
        {"SECRET": "invented"},
    "a.test {\n\ttls {$CERT} {$KEY}\n\trespond hi\n}": {"CERT": "invented", "KEY": "invented"},
}  # fmt: skip


@pytest.mark.parametrize("text", VARIABLES)
def test_a_variable_that_is_not_set_gets_a_value_that_fits_its_place(text):
    values, said = invent(parse(text), {})
    assert values.items() >= VARIABLES[text].items()
    assert [each.stood for each in said] == [f"{{${name}}}" for name in values]
    assert all(each.line for each in said)
    assert not refused(complete(text, {}, refused, own=True).text)


def test_what_is_set_or_has_a_default_is_not_invented():
    done = complete("{$A} {\n\trespond {$B:hello}\n}", {"A": ":80"}, refused, own=True)
    assert done.text == ":80 {\n\trespond hello\n}"
    assert done.substitutions == []


PLUGINS = """{
	order rate_limit before basic_auth
	layer4 {
		:443 {
			route
		}
	}
}
(snip) {
	crowdsec
}
shop.test {
	import snip
	import missing.conf
	tls {
		dns cloudflare {env.TOKEN}
	}
	rate_limit {
		zone all {
			key x
		}
	}
	log {
		format transform "{request}"
	}
	wholly_unknown on
	reverse_proxy app:3000
}
"""


def test_what_this_caddy_does_not_know_is_left_out_with_its_plugin_and_its_line():
    done = complete(PLUGINS, {}, refused, own=True)
    assert not refused(done.text)
    said = {each.line: each.means for each in done.substitutions}
    assert set(said) == {2, 3, 10, 14, 16, 18, 24, 26}
    assert "mholt/caddy-ratelimit" in said[18]
    assert "caddy-dns" in said[16]
    assert said[16].endswith("The `tls` around it is left out with it.")
    assert "no such file" in said[14]
    assert "Nobody is slowed down" in said[18]
    assert done.text.count("\n") == PLUGINS.count("\n")
    assert "reverse_proxy app:3000" in done.text.splitlines()[26]


def test_a_directive_of_a_plugin_is_found_in_a_snippet_that_ends_elsewhere():
    text = "(s) {\n\trate_limit {\n\t\tzone x\n\t}\n}\n:80 {\n\timport s\n\trespond hi\n}"
    done = complete(text, {}, refused, own=True)
    assert [each.line for each in done.substitutions] == [2]
    assert not refused(done.text)


def test_in_a_lesson_only_what_is_known_to_be_a_plugins_is_left_out():
    lesson = complete(":80 {\n\trate_limit\n\twholly_unknown\n}", {}, refused, own=False)
    assert [each.stood for each in lesson.substitutions] == ["rate_limit"]
    assert "wholly_unknown" in refused(lesson.text)


def test_a_slip_is_no_plugin():
    slip = ":80 {\n\treverse_prox app:3000\n}"
    assert "unrecognized directive: reverse_prox" in refused(
        complete(slip, {}, refused, own=True).text
    )


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "options", ["lb_policy round_rob", "lb_policy least_con", "lb_policy rendom"]
)
def test_a_policy_that_is_misspelt_is_no_plugins(options, own):
    text = f":80 {{\n\treverse_proxy a:1 b:1 {{\n\t\t{options}\n\t}}\n}}"
    assert "module not registered" in refused(complete(text, {}, refused, own=own).text)


@pytest.mark.parametrize("own", [True, False])
def test_a_policy_of_a_plugin_is_left_out_of_an_own_file_only(own):
    text = ":80 {\n\treverse_proxy a:1 b:1 {\n\t\tlb_policy wholly_different\n\t}\n}"
    done = complete(text, {}, refused, own=own)
    assert bool(refused(done.text)) is not own
    assert [each.line for each in done.substitutions] == [3] * own
