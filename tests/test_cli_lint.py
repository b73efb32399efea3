"""`caddylab lint`, on files as people have them."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import psutil
import pytest

from caddylab._caddy.advice.lint import RULES
from caddylab._caddy.running.program import executable
from caddylab._cli.linting.findings import MISSING, UNKNOWN
from caddylab.cli import main

CLEAN = "example.com {\n\treverse_proxy app:3000\n}\n"
POOL = "example.com {\n\treverse_proxy app:3000 app2:3000\n}\n"
SCHEMA = os.environ.get("CADDYLAB_SARIF_SCHEMA")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lint(folder, capsys):
    """Lint a text, written to `Caddyfile`; the exit code, and what was printed as JSON."""

    def lint(text: str, *options: str) -> tuple[int, dict]:
        (folder / "Caddyfile").write_text(text)
        code = main(["lint", "Caddyfile", "--format", "json", *options])
        return code, json.loads(capsys.readouterr().out)

    return lint


def rules(found: dict) -> list[str]:
    return [finding["rule"] for finding in found["findings"]]


# --- what people see --------------------------------------------------------------------------


def test_a_finding_has_its_line_a_caret_a_sentence_and_help(folder, capsys):
    (folder / "Caddyfile").write_text(POOL)
    assert main(["lint", "Caddyfile"]) == 1
    assert capsys.readouterr().out == (
        "Caddyfile:2:2: pool-without-failover\n"
        "   2 │     reverse_proxy app:3000 app2:3000\n"
        "     │     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  2 upstreams, but when one is dead Caddy still sends requests there: 502. Nothing is "
        "retried, remembered or checked.\n"
        "  → Add `lb_retries 1` and `fail_duration 10s`.\n"
        "\n"
        "1 finding in 1 file.\n"
    )


def test_a_note_is_counted_as_one(folder, capsys):
    (folder / "Caddyfile").write_text(CLEAN + ":81 {\n\trate_limit\n\trespond ok\n}\n")
    main(["lint", "Caddyfile"])
    assert capsys.readouterr().out.endswith("no findings in 1 file, 1 note.\n")


def test_a_clean_file_says_so(folder, capsys):
    (folder / "Caddyfile").write_text(CLEAN)
    assert main(["lint", "Caddyfile"]) == 0
    assert capsys.readouterr().out == "no findings in 1 file.\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (":80 {\n\treverse_proxy a:1 b:2 {\n\t\tmax_fails 3\n\t}\n}\n", "max_fails"),
        (":80 {\n\treverse_proxy a:1 b:2,c:3 {\n\t\tlb_retries 1\n\t}\n}\n", "b:2,c:3"),
        (":80 {\n\treverse_proxy /  a:1\n}\n", "/"),
        ("80 {\n\treverse_proxy a:1\n}\n", "80"),
        (":80 {\n\theader X-A {$NOBODY_SETS_THIS}\n}\n", "NOBODY_SETS_THIS"),
        (":80 {\n\trespond {hostpart} # {hostpart}\n}\n", "{hostpart}"),
    ],
)
def test_the_caret_is_under_the_word_that_is_meant(lint, text, word):
    _, found = lint(text)
    spans = [
        text.splitlines()[f["line"] - 1][f["column"] - 1 : f["end_column"] - 1]
        for f in found["findings"]
    ]
    assert word in spans


# --- what people have -------------------------------------------------------------------------


def test_sites_with_names_certificates_and_ports_are_judged(lint):
    text = (
        "{\n\temail me@example.com\n}\n"
        "example.com, *.example.com {\n\ttls /no/cert.pem /no/key.pem\n\trespond a\n}\n"
        "http://other.example:8080 {\n\treverse_proxy https://app:8443 https://b:8443\n}\n"
        "third.example {\n\ttls internal\n\troot /nowhere\n\tfile_server\n}\n"
    )
    code, found = lint(text)
    assert (code, rules(found)) == (1, ["pool-without-failover"])
    assert found["findings"][0]["line"] == 9


UNSET = {
    "a host": "{$DOMAIN} {\n\treverse_proxy a:1 b:2\n}\n",
    "a port": ":{$PORT} {\n\treverse_proxy a:1 b:2\n}\n",
    "an address": "{$SITE_ADDRESS} {\n\treverse_proxy a:1 b:2\n}\n",
    "two upstreams": "example.com {\n\treverse_proxy {$A} {$B}\n}\n",
    "hosts of upstreams": "example.com {\n\treverse_proxy {$A}:80 {$B}:{$P}\n}\n",
    "a mail address": "{\n\temail {$ME}\n}\nexample.com {\n\treverse_proxy a:1 b:2\n}\n",
    "a duration, a number, a size": (
        "example.com {\n\treverse_proxy a:1 b:2 {\n\t\thealth_uri /\n"
        "\t\thealth_interval {$X}\n\t\thealth_timeout {$Y}\n\t\trequest_buffers {$Z}\n\t}\n}\n"
    ),
    "a global option": "{\n\tdebug\n\tgrace_period {$G}\n}\n:80 {\n\treverse_proxy a:1 b:2\n}\n",
}


@pytest.mark.parametrize("text", UNSET.values(), ids=UNSET)
def test_a_file_whose_variables_are_not_set_is_judged_all_the_same(lint, text):
    code, found = lint(text)
    assert code == 1
    names = set(rules(found))
    assert "variable-not-set" in names
    assert names & {"pool-without-failover", "checks-without-failover"}
    assert names <= {"variable-not-set", "pool-without-failover", "checks-without-failover"}


def test_a_variable_that_is_set_elsewhere_is_no_finding_that_counts(lint, capsys):
    code, found = lint("{$DOMAIN} {\n\treverse_proxy {$UP}\n}\n")
    assert code == 0
    assert rules(found) == ["variable-not-set"] * 2
    assert {f["level"] for f in found["findings"]} == {"note"}


def test_an_envfile_sets_them(lint, folder):
    (folder / ".env").write_text("# ours\nexport A=app:1\nB='b c' # two\nC=\"x y\"\n\nD=d # d\n")
    text = ":80 {\n\theader X {$B}{$C}{$D}\n\treverse_proxy {$A}\n}\n"
    assert rules(lint(text)[1]) == ["variable-not-set"] * 4
    assert lint(text, "--envfile", ".env")[0] == 0


PLUGINS = {
    "a directive": ("example.com {", "rate_limit {", "zone x", "}", "reverse_proxy a:1 b:2", "}"),
    "its order": ("{", "order rate_limit first", "}", "example.com {", "reverse_proxy a:1 b:2",
                  "rate_limit x", "}"),
    "a global option": ("{", "crowdsec {", "api_key x", "}", "}", ":80 {", "reverse_proxy a:1 b:2",
                        "}"),
    "a DNS provider": ("a.example {", "tls {", "dns cloudflare x", "}", "reverse_proxy a:1 b:2",
                       "}"),
    "a DNS provider with its resolvers": ("a.example {", "tls {", "dns cloudflare x",
                                          "resolvers 1.1.1.1", "}", "reverse_proxy a:1 b:2", "}"),
    "for all": ("{", "acme_dns route53 {", "x y", "}", "}", ":80 {", "reverse_proxy a:1 b:2", "}"),
    "a matcher": (":80 {", "@x maxmind_geolocation {", "y z", "}", "respond @x no",
                  "reverse_proxy a:1 b:2", "}"),
    "a storage": ("{", "storage redis {", "host x", "}", "}", ":80 {", "reverse_proxy a:1 b:2",
                  "}"),
    "an encoder": (":80 {", "encode zstd br", "reverse_proxy a:1 b:2", "}"),
    "a format": (":80 {", "log {", "format transform x", "}", "reverse_proxy a:1 b:2", "}"),
    "upstreams": (":80 {", "reverse_proxy {", "dynamic docker", "}", "reverse_proxy /x/* a:1 b:2",
                  "}"),
}  # fmt: skip


@pytest.mark.parametrize("lines", PLUGINS.values(), ids=PLUGINS)
def test_what_a_plugin_brings_is_named_and_the_rest_is_judged(lint, lines):
    code, found = lint("\n".join([*lines, ""]))
    levels = {finding["rule"]: finding["level"] for finding in found["findings"]}
    assert code == 1
    assert levels == {UNKNOWN: "note", "pool-without-failover": "warning"}
    [line] = [f["line"] for f in found["findings"] if f["rule"] == "pool-without-failover"]
    assert lines[line - 1].endswith("a:1 b:2")


def test_a_plugin_alone_is_no_finding(lint):
    code, found = lint(":80 {\n\trate_limit 3\n\trespond x\n}\n")
    assert (code, rules(found)) == (0, [UNKNOWN])
    assert "mholt/caddy-ratelimit" in found["findings"][0]["message"]


def test_a_word_that_nobody_knows_is_a_finding(lint):
    code, found = lint(":80 {\n\tzzyzx 3 {\n\t\tquux\n\t}\n\treverse_proxy a:1 b:2\n}\n")
    assert (code, rules(found)) == (1, [UNKNOWN, "pool-without-failover"])
    assert [finding["line"] for finding in found["findings"]] == [2, 5]


def test_imported_files_are_judged_at_their_own_lines(lint, folder):
    (folder / "sites").mkdir()
    (folder / "sites" / "a.caddy").write_text("\n" + POOL)
    (folder / "b.caddy").write_text("reverse_proxy x:1 y:1 {\n\tlb_retries 1\n}\n")
    code, found = lint("import sites/*.caddy\n:80 {\n\timport b.caddy\n\trespond / ok\n}\n")
    assert code == 1
    places = {(f["file"], f["line"], f["rule"]) for f in found["findings"]}
    assert places == {
        (os.path.join("sites", "a.caddy"), 3, "pool-without-failover"),
        ("b.caddy", 2, "retry-without-memory"),
    }


def test_a_plugin_in_an_imported_file_is_named_there_and_the_rest_is_judged(lint, folder):
    (folder / "sites").mkdir()
    site = ":80 {\n\trate_limit 3\n\treverse_proxy {$SHOP_A} b:1\n}\n"
    (folder / "sites" / "a.caddy").write_text(site)
    code, found = lint("import sites/*.caddy\n")
    places = {(f["file"], f["line"], f["rule"]) for f in found["findings"]}
    name = os.path.join("sites", "a.caddy")
    wanted = {(2, UNKNOWN), (3, "variable-not-set"), (3, "pool-without-failover")}
    assert (code, places) == (1, {(name, *each) for each in wanted})


def test_what_names_a_file_that_is_not_here_is_said_and_the_rest_is_judged(lint):
    tls = "tls {\nclient_auth {\ntrusted_ca_cert_file ca.crt\nmode require\n}\n}\n"
    code, found = lint(f"shop.test {{\n{tls}reverse_proxy a:1 b:1\n}}\n")
    assert code == 1
    assert [(f["line"], f["rule"]) for f in found["findings"]] == [
        (4, MISSING), (8, "pool-without-failover"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "inside", "said"),
    [
        ("", "import /etc/caddy/snippets/headers.caddy", ["There is no file `/etc/caddy/snippets"]),
        ("", "import headers.caddy a b", ["There is no file `headers.caddy`"]),
        ("import nowhere/*.caddy\n", "encode", ["No file matches `nowhere/*.caddy`"]),
        (
            "import nowhere/*.caddy\n", "import security_headers strict",
            ["No file matches `nowhere/*.caddy`", "There is no snippet `security_headers`"],
        ),
    ],
)  # fmt: skip
def test_imports_of_what_is_not_here_are_said_and_the_rest_is_judged(lint, head, inside, said):
    code, found = lint(f"{head}example.com {{\n\t{inside}\n\treverse_proxy a:1 b:1\n}}\n")
    notes = [each["message"] for each in found["findings"] if each["rule"] == MISSING]
    assert (code, len(notes)) == (1, len(said))
    assert all(words in note for words, note in zip(said, notes, strict=True))
    assert rules(found)[-1] == "pool-without-failover"


def test_a_snippet_of_no_file_is_a_slip(lint):
    code, _ = lint("(security) {\n\theader X 1\n}\n:80 {\n\timport securty\n}\n")
    assert code == 2


def test_a_folder_means_the_caddyfiles_in_it(folder, capsys):
    for name in (
        "Caddyfile",
        "a/Caddyfile.dev",
        "a/b/x.Caddyfile",
        "a/notes.txt",
        ".git/Caddyfile",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(POOL)
    assert main(["lint", ".", "--format", "json"]) == 1
    files = json.loads(capsys.readouterr().out)["files"]
    assert files == [
        os.path.join(".", *name.split("/"))
        for name in ("Caddyfile", "a/Caddyfile.dev", "a/b/x.Caddyfile")
    ]


def test_the_standard_input_is_a_file_too(folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(POOL.encode())))
    assert main(["lint", "-"]) == 1
    assert capsys.readouterr().out.startswith("<stdin>:2:2: pool-without-failover\n")


# --- exit code 2 ------------------------------------------------------------------------------


def test_what_caddy_refuses_is_explained(folder, capsys):
    (folder / "Caddyfile").write_text(":80 {\n\treverse_prox app:3000\n}\n")
    assert main(["lint", "Caddyfile"]) == 2
    said = capsys.readouterr().out
    assert said.startswith(
        "Caddyfile:2: not judged\n   2 │     reverse_prox app:3000\n     │     ^^^"
    )
    assert "Did you mean `reverse_proxy`?" in said
    assert said.endswith("no findings in 1 file, 1 not judged.\n")


def test_what_caddy_says_is_told_whole_and_where(lint):
    """Words before the place are no part of the file's name."""
    code, found = lint("@api path /api/*\nreverse_proxy app:80\n")
    assert code == 2
    [told] = found["not_judged"]
    assert (told["line"], told["message"].split()[:2]) == (1, ["request", "matchers"])


def test_what_caddy_refuses_in_an_imported_file_is_told_there(folder, capsys):
    (folder / "b.caddy").write_text("\n\nlb_policy first\n")
    (folder / "Caddyfile").write_text(":80 {\n\timport b.caddy\n}\n")
    assert main(["lint", "Caddyfile"]) == 2
    assert capsys.readouterr().out.startswith("b.caddy:3: not judged\n   3 │ lb_policy first\n")


def _binary(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")


UNREADABLE = {
    "not there": lambda path: None,
    "not text": _binary,
    "a folder without any": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_said_and_the_others_are_judged(folder, capsys, make):
    (folder / "good").write_text(POOL)
    make(folder / "bad")
    assert main(["lint", "bad", "good"]) == 2
    said = capsys.readouterr().out
    assert "bad: not judged\n  " in said
    assert "good:2:2: pool-without-failover\n" in said


def test_another_caddy_is_asked_on_demand(lint, folder, capsys):
    double = folder / "caddy"
    double.write_text(f'#!/bin/sh\necho asked >>"{folder}/asked"\nexec "{executable()}" "$@"\n')
    double.chmod(double.stat().st_mode | stat.S_IXUSR)
    assert lint(CLEAN, "--caddy", str(double))[0] == 0
    assert (folder / "asked").read_text() == "asked\n"
    for wrong in ("nowhere", "Caddyfile", sys.executable):
        assert main(["lint", "Caddyfile", "--caddy", wrong]) == 2
        assert "caddy" in capsys.readouterr().err


def test_an_envfile_that_is_none_is_refused(folder, capsys):
    (folder / "Caddyfile").write_text(CLEAN)
    (folder / "env").write_text("A=1\nwhat is this\n")
    for name, why in (("env", "line 2 is no `NAME=value`"), ("gone", "No such file")):
        assert main(["lint", "Caddyfile", "--envfile", name]) == 2
        assert why in capsys.readouterr().err


# --- .caddylab.toml ---------------------------------------------------------------------------


def silence(folder: Path, text: str) -> None:
    (folder / ".caddylab.toml").write_text(f"[lint.silence]\n{text}\n")


def test_a_rule_is_silenced_with_a_reason(lint, folder, capsys):
    silence(folder, 'pool-without-failover = "the second one is a spare"')
    code, found = lint(POOL)
    assert (code, found["findings"]) == (0, [])
    [silenced] = found["silenced"]
    assert (silenced["rule"], silenced["reason"]) == (
        "pool-without-failover", "the second one is a spare",
    )  # fmt: skip
    assert main(["lint", "Caddyfile"]) == 0
    assert capsys.readouterr().out == "no findings in 1 file, 1 silenced.\n"


def test_the_nearest_file_counts(lint, folder, capsys):
    silence(folder, 'pool-without-failover = "for all"')
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "Caddyfile").write_text(POOL)
    assert main(["lint", "a/b/Caddyfile"]) == 0
    silence(folder / "a", 'port-as-host = "only this"')
    assert main(["lint", "a/b/Caddyfile"]) == 1


def test_a_rule_that_is_silenced_in_vain_is_told(lint, folder, capsys):
    silence(folder, 'port-as-host = "we like it"')
    code, found = lint(CLEAN)
    assert code == 0
    assert [idle["rule"] for idle in found["silenced_in_vain"]] == ["port-as-host"]
    main(["lint", "Caddyfile"])
    assert "`port-as-host` is silenced, but has found nothing" in capsys.readouterr().out


WRONG = {
    'pool-without-failover = ""': "without a reason",
    "pool-without-failover = true": "without a reason",
    'pool-without-fallover = "x"': "no rule is called that. Did you mean `pool-without-failover`?",
    "what is this": "cannot be read",
    'x = "y"\n[lint.rules]\nz = 1': "has `lint.rules`, which means nothing here",
    'x = "y"\n[silence]': "has `silence`, which means nothing here",
}


@pytest.mark.parametrize(("text", "why"), WRONG.items())
def test_settings_that_are_wrong_are_refused_in_words(folder, capsys, text, why):
    (folder / "Caddyfile").write_text(CLEAN)
    silence(folder, text)
    assert main(["lint", "Caddyfile"]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert "[lint.silence]" in said


# --- for machines -----------------------------------------------------------------------------


def test_github_is_told_in_its_own_words(folder, capsys):
    (folder / "Caddyfile").write_text(POOL)
    (folder / "bad").write_text(":80 {\n\treverse_prox a\n}\n")
    assert main(["lint", "Caddyfile", "bad", "--format", "github"]) == 2
    refused, warning = capsys.readouterr().out.splitlines()
    assert refused.startswith("::error file=bad,line=2,title=not-judged::unrecognized directive")
    head = "::warning file=Caddyfile,line=2,col=2,endColumn=33,title=pool-without-failover::"
    assert warning.startswith(head)


def sarif(folder: Path, capsys, *names: str) -> dict:
    main(["lint", *names, "--format", "sarif"])
    return json.loads(capsys.readouterr().out)


def test_sarif_has_rules_places_and_reasons(folder, capsys):
    (folder / "a b").mkdir()
    (folder / "a b" / "Caddyfile").write_text("80 {\n\treverse_proxy a:1 b:2\n}\n")
    silence(folder, 'port-as-host = "really"')
    log = sarif(folder, capsys, "a b/Caddyfile", "gone")
    [run] = log["runs"]
    assert log["version"] == "2.1.0"
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == [*RULES, UNKNOWN, MISSING]
    assert all(r["helpUri"].endswith(f"#{r['id']}") for r in run["tool"]["driver"]["rules"])
    pool, port = run["results"]
    assert port["suppressions"] == [{"kind": "external", "justification": "really"}]
    assert pool["suppressions"] == []
    place = pool["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/Caddyfile"
    assert place["region"] == {"startLine": 2, "startColumn": 2, "endColumn": 23}
    [invocation] = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert len(invocation["toolExecutionNotifications"]) == 1


@pytest.mark.skipif(SCHEMA is None, reason="CADDYLAB_SARIF_SCHEMA names no file")
def test_sarif_keeps_to_its_schema(folder, capsys):
    schema = json.loads(Path(SCHEMA or "").read_text())
    (folder / "x").write_text(
        ":80 {\n\trate_limit\n\tzzyzx\n\trespond {$NOBODY_SETS_THIS}\n}\n80 {\n}\n"
    )
    (folder / "bad").write_text("{\n")
    silence(folder, 'variable-not-set = "so"')
    validator = jsonschema.validators.validator_for(schema)(schema)
    for names in (["x"], ["x", "bad", "gone"]):
        validator.validate(sarif(folder, capsys, *names))


# --- how it starts ----------------------------------------------------------------------------

HEAVY = ("pandas", "altair", "IPython", "httpx", "fastapi", "podman", "importlib.metadata")


def test_it_loads_nothing_that_it_does_not_need(folder):
    (folder / "Caddyfile").write_text(CLEAN)
    code = (
        "import sys; from caddylab.cli import main; main(['lint', 'Caddyfile'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "no findings in 1 file.\n[]\n"


def test_all_of_it_costs_less_than_half_a_second_of_a_core(folder, figure):
    import resource

    (folder / "Caddyfile").write_text(POOL)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    rounds = 5
    for _ in range(rounds):
        subprocess.run([sys.executable, "-m", "caddylab", "lint", "Caddyfile"], check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / rounds
    figure(f"caddylab lint: {spent:.2f} s of a core for one file, Caddy's share included")
    assert spent < 0.5


@pytest.mark.skipif(os.name == "nt", reason="pipes end differently there")
def test_who_has_read_enough_gets_no_traceback(folder):
    (folder / "Caddyfile").write_text(POOL)
    command = f"{sys.executable} -m caddylab lint Caddyfile | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="nobody presses Ctrl-C on another process there")
def test_ctrl_c_ends_in_one_line_and_leaves_nothing(folder):
    (folder / "Caddyfile").write_text(POOL)
    slow = folder / "caddy"
    slow.write_text(f'#!/bin/sh\ntouch "{folder}/asked"\nexec sleep 600\n')
    slow.chmod(slow.stat().st_mode | stat.S_IXUSR)
    command = [sys.executable, "-m", "caddylab", "lint", "Caddyfile", "--caddy", str(slow)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (folder / "asked").exists():  # at the first moment: it may not be in hand yet
        assert child.poll() is None
    family = psutil.Process(child.pid).children(recursive=True)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert (child.returncode, said) == (130, "caddylab: stopped.\n")
    assert psutil.wait_procs(family, timeout=10)[1] == []
