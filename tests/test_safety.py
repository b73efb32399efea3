"""What a Caddyfile may touch of the machine: nothing but its lab, and its own folder to read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from caddylab import CaddyfileError
from caddylab._caddy.running import program
from caddylab._caddy.safety.decision import Verdict
from caddylab._caddy.safety.modules import MODULES, Touch
from caddylab._caddy.safety.rulings import RULINGS
from caddylab._caddy.safety.walk import modules

SECRET = "not for a lab"


def site(*lines: str, options: str = "") -> str:
    body = "\n".join(f"\t{line}" for line in lines)
    return f"{options}:80 {{\n{body}\n}}\n"


def test_the_table_has_each_module_of_caddy_and_no_other():
    listed = subprocess.run(
        [program.executable(), "list-modules"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {word for word in listed if word in MODULES} == set(MODULES)
    assert sum(listed.count(module) for module in MODULES) == int(listed[-1]) == len(MODULES)


def test_each_rule_is_about_a_module_that_reaches_beyond_the_lab():
    assert all(MODULES[module] is not Touch.NOTHING for module in RULINGS)


def test_modules_are_found_wherever_they_stand(lab):
    text = site(
        "route /a { ", "@x not path /b", "handle @x {", "templates", "}", "}",
        "reverse_proxy backend1:8080 {", "lb_policy header X {", "fallback first", "}",
        "@bad status 500", "handle_response @bad {", "file_server", "}", "}",
        "log {", "format filter {", "wrap console", "fields {", "uri delete", "}", "}", "}",
        "header provider x", "vars handler teapot",
    )  # fmt: skip
    found = {each.module for each in modules(lab.adapt(text))}
    assert found == {
        "http", "http.matchers.path", "http.matchers.not", "http.handlers.templates",
        "http.handlers.reverse_proxy", "http.reverse_proxy.selection_policies.header",
        "http.reverse_proxy.selection_policies.first", "http.handlers.file_server",
        "http.handlers.subroute", "http.handlers.headers", "http.handlers.vars",
        "caddy.logging.encoders.filter", "caddy.logging.encoders.console",
        "caddy.logging.encoders.filter.delete",
    }  # fmt: skip
    assert found <= set(MODULES)


# --- reading ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A learner's folder, with a file that is none of its business beside it."""
    (tmp_path / "secret.txt").write_text(SECRET)
    inside = tmp_path / "mine"
    (inside / "pages").mkdir(parents=True)
    (inside / "pages" / "index.html").write_text("a page")
    (inside / "hello.txt").write_text("hello")
    (inside / "more.caddy").write_text("respond /more from-the-import\nimport deeper/*.caddy\n")
    (inside / "deeper").mkdir()
    (inside / "deeper" / "one.caddy").write_text("respond /deeper from-the-depth\n")
    return inside


def saved(folder: Path, text: str) -> Path:
    (folder / "Caddyfile").write_text(text)
    return folder / "Caddyfile"


READS = {
    "root": site("root * {path}", "file_server"),
    "file_server": site("file_server {", "root {path}", "}"),
    "template": site("file_server {", "browse {path}", "}"),
    "templates": site("templates {", "root {path}", "}", "respond x"),
    "vars": site("vars root {path}", "file_server"),
    "try_files": site("@there file {", "root {path}", "try_files /x", "}", "respond @there x"),
    "placeholder": site('respond "{file.{path}}"'),
    "header": site('header "{file.{path}}" x', "respond x"),
    "import": site("import {path}"),
    "import among addresses": "a.test,\nimport {path}\n{\n\trespond x\n}\n",
    "import, broken by a CR": site("imp\rort {path}"),
    "import behind a heredoc that ends within a line": site(
        "respond <<END\n\tbarEND", "import {path}", "respond <<END\n\tEND"
    ),
    "client's certificate": ":8443 {\n\ttls internal {\n\t\tclient_auth {\n"
    "\t\t\ttrusted_ca_cert_file {path}\n\t\t}\n\t}\n}\n" + site("respond x"),
    "pool": site("reverse_proxy https://backend1:8080 {", "transport http {",
                 "tls_trust_pool file {path}", "}", "}"),
    "expression": site("@a `ph(req, 'file.{path}') == 'x'`", "respond @a x"),
    "a name that is computed": site("@a `ph(req, 'fi' + 'le.{path}') == 'x'`", "respond @a x"),
    "a name with an escape": site(r"@a `ph(req, '\x66ile.{path}') == 'x'`", "respond @a x"),
    "the request's name": site("@a `ph(req, {query.a}) == '{path}'`", "respond @a x"),
    "expression's file": site("@a `file({'root': '{path}'})`", "respond @a x"),
    "template's placeholder": site("templates", 'respond `{{placeholder "file.{path}"}}`'),
}  # fmt: skip


@pytest.mark.parametrize("text", READS.values(), ids=READS)
@pytest.mark.parametrize("how", ["absolute", "relative", "through a link"])
def test_nothing_else_of_the_machine_is_read(lab, folder, text, how):
    path = folder.parent / "secret.txt"
    if how == "relative":
        path = Path("../secret.txt")
    elif how == "through a link":
        (folder / "link.txt").symlink_to(path)
        path = Path("link.txt")
    before = lab.config()
    with pytest.raises(CaddyfileError) as caught:
        lab.load(saved(folder, text.replace("{path}", str(path))))
    assert SECRET not in str(caught.value)
    assert caught.value.line
    assert lab.config() == before


def test_a_text_has_no_folder(lab, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(
        CaddyfileError, match=r"reads `pages`.*\n(.*\n)*→ .*allow=.*test --allow pages`"
    ):
        lab.load(site("root * pages", "file_server"))


def test_files_beside_the_caddyfile_are_read(lab, folder):
    lab.load(saved(folder, site("root * pages", "import more.caddy", "handle /hello {",
                                "respond {file.hello.txt}", "}", "file_server")))  # fmt: skip
    said = [lab.get(path).text for path in ("/", "/hello", "/more", "/deeper")]
    assert said == ["a page", "hello", "from-the-import", "from-the-depth"]


def test_what_is_allowed_is_read(lab, folder, monkeypatch):
    text = site(f"root * {folder}/pages", "file_server")
    lab.load(text, allow=[folder])
    assert lab.get("/").text == "a page"
    monkeypatch.chdir(folder)
    lab.load(site("root pages", "file_server"), allow=["pages"])
    assert lab.get("/").text == "a page"


def test_a_root_that_comes_with_the_request_is_refused(lab, folder):
    with pytest.raises(CaddyfileError, match="only once a request comes"):
        lab.load(saved(folder, site("root * {header.X-Root}", "file_server")))


def test_without_a_root_a_text_serves_nothing_and_a_file_its_folder(lab, folder):
    lab.load(site("file_server browse"))
    assert lab.get("/").status_code == 404
    lab.load(saved(folder, site("file_server")))
    assert lab.get("/hello.txt").text == "hello"


def test_an_expression_may_read_a_placeholder_by_its_name(lab):
    lab.load(site("@a `ph(req, 'http.request.uri.query.x') == {query.y}`", "respond @a same"))
    assert lab.get("/?x=1&y=1").text == "same"


def test_a_root_that_nothing_serves_is_only_a_word(lab):
    assert lab.load(site("root * /srv/app", "reverse_proxy backend1:8080")).decisions == []


def test_an_import_of_a_snippet_is_none_of_a_file(lab):
    lab.load("(answer) {\n\trespond {args[0]}\n}\n" + site("import answer fine"))
    assert lab.get("/").text == "fine"


# --- writing, and the network -----------------------------------------------------------------


def test_a_log_file_goes_to_the_labs_folder_and_that_is_said(lab, tmp_path):
    for wanted in (tmp_path / "access.log", "/proc/no/such/place.log", "access.log"):
        loaded = lab.load(site("log {", f"output file {wanted}", "}", "respond x"))
        [decision] = loaded.decisions
        assert decision.verdict is Verdict.REDIRECTED
        assert decision.stood == f"output file {wanted}"
        assert decision.runs.startswith(lab.stack.runtime.own_folder)
        assert str(decision) in map(str, loaded.warnings)
    assert list(tmp_path.iterdir()) == []


STORAGE = "{\n\tstorage file_system {path}\n}\n"
WRITES = {
    "storage": site("respond x", options=STORAGE),
    "secrets": ":8443 {\n\ttls internal {\n\t\tinsecure_secrets_log {path}/secrets\n\t}\n}\n"
    + site("respond x"),
    "net": site("log {", "output net 127.0.0.1:9", "}", "respond x"),
}


@pytest.mark.parametrize("text", WRITES.values(), ids=WRITES)
def test_nothing_is_written_elsewhere(lab, tmp_path, text):
    loaded = lab.load(text.replace("{path}", str(tmp_path)))
    said = [decision.verdict for decision in loaded.decisions if not decision.by_default]
    assert said == [Verdict.REDIRECTED]
    assert list(tmp_path.iterdir()) == []


REFUSED = {
    "forward_proxy_url": "transport http {\nforward_proxy_url http://proxy.test:3128\n}",
    "network_proxy": "transport http {\nnetwork_proxy url http://proxy.test:3128\n}",
}


@pytest.mark.parametrize("option", REFUSED.values(), ids=REFUSED)
def test_no_proxy_outside_of_the_lab(lab, option):
    with pytest.raises(CaddyfileError, match="proxy outside of the lab") as caught:
        lab.load(site("reverse_proxy backend1:8080 {", option, "}"))
    assert caught.value.line == 4


def test_traces_and_metrics_are_sent_to_nobody(lab):
    loaded = lab.load(site("tracing", "reverse_proxy backend1:8080"))
    assert [decision.stood for decision in loaded.decisions] == ["tracing"]
    assert lab.get("/").status_code == 200


def test_a_module_that_nobody_has_looked_at_is_refused_unless_it_is_allowed(lab, monkeypatch):
    """As a Caddy with plugins would adapt it; the wheel's own has none."""
    from caddylab._rig.site.instrument import Instrument

    adapted = lab.adapt(site("respond x"))
    [server] = adapted["apps"]["http"]["servers"].values()
    server["routes"][0]["handle"].append({"handler": "exec", "command": "rm"})
    with pytest.raises(CaddyfileError, match=r"does not know Caddy's module `http.handlers.exec`"):
        Instrument(adapted, lab.stack.runtime, "").plan()
    monkeypatch.setenv("CADDYLAB_ALLOW_MODULES", "http.handlers.rate_limit http.handlers.exec")
    [decision] = Instrument(adapted, lab.stack.runtime, "").plan().decisions
    assert decision.verdict == "allowed"
    assert str(decision).startswith("`http.handlers.exec`: here it is run, as you allow it.")
