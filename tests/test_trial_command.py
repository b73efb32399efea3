"""`caddylab test` as it is typed: what it prints and writes, and what it says of bad input."""

import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from caddylab._caddy.running.program import executable
from caddylab._machine.waiting import poll
from caddylab._trial import expect

pytestmark = pytest.mark.timeout(400)
COMMAND = [sys.executable, "-m", "caddylab", "test"]
BARE = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tlb_policy round_robin\n\t}\n}\n"


class TestForMachines:
    def test_everything_is_written(self, tmp_path):
        out = {name: tmp_path / name for name in ("a.json", "a.xml", "a.html", "expect.toml")}
        done = run(
            "happy-path", "--row", "hung", "--row", "all well", "--runtime", "process",
            "--json", out["a.json"], "--junit", out["a.xml"], "--html", out["a.html"],
            "--write-expect", out["expect.toml"],
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        record = json.loads(out["a.json"].read_text())
        assert [row["row"] for row in record["rows"]] == ["hung", "all well"]
        assert record["advice"]["write"]
        suite = ET.parse(out["a.xml"]).getroot()
        assert [case.get("name") for case in suite] == ["hung", "all well"]
        assert suite[0].find("failure") is not None
        page = out["a.html"].read_text()
        assert "replay(" in page
        assert "image/png;base64," in page
        assert "GET http://* → " in page
        said = re.sub("<ol>.*?</ol>", "", page)  # the routes, which are no links
        assert "http://" not in said.replace("http://www.w3.org", "")
        assert '["hung"]' in out["expect.toml"].read_text()

    @pytest.mark.parametrize(
        ("row", "good", "total", "least"),
        [("all well", 12, 12, "1.00"), ("down", 12, 12, "0.95"),
         ("killed under load", 55, 58, "0.83"), ("all down", 0, 12, "0.00")],
    )  # fmt: skip
    def test_what_is_written_down_leaves_room_for_chance(self, tmp_path, row, good, total, least):
        seen = SimpleNamespace(row=row, good=good, total=total, slowest=0.2, lost=0)
        expect.write(path := tmp_path / "e.toml", SimpleNamespace(rows={row: seen}, busy=False))
        assert f"answered = {least}" in path.read_text()

    def test_expectations_are_held_against_a_run(self, tmp_path):
        path = tmp_path / "expect.toml"
        words = ["happy-path", "--row", "down", "--runtime", "process", "--no-advice"]
        path.write_text('["down"]\nanswered = 0.9\n')
        assert run(*words, "--expect", path).returncode == 0
        path.write_text('["down"]\nanswered = 0.9\nslowest = 0.0001\n')
        done = run(*words, "--expect", path)
        assert done.returncode == 1
        assert "down: slowest" in done.stderr

    @pytest.mark.parametrize(
        ("text", "why"),
        [('["dwon"]\nanswered = 1', "no row 'dwon'"), ('["down"]\nanswred = 1', "no 'answred'"),
         ('["down"]\nanswered = "all"', "cannot have"), ("[", "is no TOML"),
         ('["down"]\nanswered = nan', "a share from 0 to 1"), ("down = 1", "expected a table"),
         ('["down"]\nanswered = 1.5', "a share from 0 to 1"),
         ('["down"]\nslowest = inf', "expected seconds"), ('["down"]\nsign = "+"', "✓, ◐ or ✗"),
         ('["down"]\nlost_sessions = 0.5', "a whole number")],
    )  # fmt: skip
    def test_expectations_that_are_none_are_said(self, tmp_path, text, why):
        path = tmp_path / "expect.toml"
        path.write_text(text)
        done = run("happy-path", "--expect", path)
        assert done.returncode == 2
        assert why in done.stderr


class TestCommand:
    def test_it_prints_the_table(self):
        rows = ("--row", "down", "--row", "all down", "--row", "hung")
        done = run("happy-path", *rows, "--runtime", "process")
        assert "✓ down" in done.stdout
        assert "✗ all down" in done.stdout
        assert "response_header_timeout 500ms" in done.stdout
        assert done.returncode == 1

    def test_it_says_how_to_try_a_row_again_and_which_other_routes_there_are(self, tmp_path):
        path = tmp_path / "Caddyfile"
        path.write_text(":80 {\n\treverse_proxy /api/* a:1 b:2\n\treverse_proxy c:3\n}\n")
        words = ["--row", "down", "--seed", "7", "--no-advice", "--runtime", "process"]
        words += ["--allow", str(tmp_path), "--allow", str(tmp_path / "Caddyfile")]
        done = run(path, *words)
        assert "Tried: route 1, behind it a:1, b:2. Another one: `--route 2`." in done.stdout
        assert "1 row in " in done.stdout
        lines = [line for line in done.stdout.splitlines() if str(tmp_path) not in line]
        assert max(map(len, lines)) <= 80
        hint = next(x for x in done.stdout.split("\n\n") if x.startswith("Once more"))
        allowed = f"--allow {tmp_path} --allow {path}"
        said = f"caddylab test {path} --seed 7 --runtime process {allowed} --row down"
        assert said in hint
        record = tmp_path / "again.json"
        again = run(path, *words, "--route", "1", "--json", record)
        assert again.returncode == 1
        [row] = json.loads(record.read_text())["rows"]
        assert row["errors"].keys() == {"502"}

    @pytest.mark.parametrize(
        ("words", "why"),
        [(["nofile"], "no file of that name"), ([str(Path(__file__).parent)], "is a folder"),
         (["happy-path", "--row", "dwon"], "no row 'dwon'"),
         (["happy-path", "--json", "/no/such.json"], "there is no folder /no"),
         (["happy-path", "--html", str(Path(__file__).parent)], "it is a folder"),
         (["happy-path", "--expect", "/no/such.toml"], "No such file"),
         (["happy-path", "--envfile", "/no/such.env"], "No such file"),
         (["happy-path", "--allow", "/no/such"], "no file or folder '/no/such'"),
         (["happy-path", "--caddy", "/no/caddy"], "not a program"),
         (["happy-path", "--patience", "nan"], "expected 0.5 to 60 seconds"),
         (["happy-path", "--pool", "17"], "1 to 16 backends")],
    )  # fmt: skip
    def test_bad_input_is_told_in_one_sentence(self, words, why):
        done = run(*words, "--runtime", "process")
        assert done.returncode == 2
        assert why in done.stderr
        assert "Traceback" not in done.stderr
        assert "what happens" not in done.stdout  # at once, not after a minute

    @pytest.mark.parametrize(
        ("text", "words", "why"),
        [(':80 {\n\trespond "hi"\n}\n', [], "passes nothing on"),
         (":80 {\n\treverse_proxy a:1\n}\n", ["--route", "2"], "no route '2'"),
         (":80 {\n\treverse_proxy a:1 {\n\t\tlb_retries many\n\t}\n}\n", [], "many")],
    )  # fmt: skip
    def test_what_cannot_be_tried_is_told(self, tmp_path, text, words, why):
        path = tmp_path / "Caddyfile"
        path.write_text(text)
        done = run(path, *words, "--runtime", "process")
        assert (done.returncode, why in done.stderr) == (2, True), done.stderr
        assert "Traceback" not in done.stderr

    def test_the_standard_input_is_a_file_too(self):
        """And a pipe, such as a shell's `<(…)`, which can be read but once."""
        done = run("-", "--runtime", "process", input=':80 {\n\trespond "hi"\n}\n')
        assert (done.returncode, "passes nothing on" in done.stderr) == (2, True), done.stderr

    def test_variables_a_pool_and_another_caddy(self, tmp_path):
        """`--envfile`, `--pool` and `--caddy`, which every other run does without."""
        path, env = tmp_path / "Caddyfile", tmp_path / ".env"
        path.write_text("{$SITE} {\n\treverse_proxy {$ONE} two:2 three:3 four:4\n}\n")
        env.write_text("SITE=http://shop.example.com\nONE=one:1\n")
        caddy = tmp_path / "my-caddy"
        caddy.write_text(f'#!/bin/sh\ntouch {tmp_path}/ran\nexec {executable()} "$@"\n')
        caddy.chmod(0o755)
        done = run(
            path, "--row", "all well", "--runtime", "process", "--envfile", env, "--pool", "2",
            "--caddy", caddy, "--json", tmp_path / "a.json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "http://shop.example.com" in done.stdout
        assert "one:1" in done.stdout
        assert "It stands for 2 upstreams" in " ".join(done.stdout.split())
        assert (tmp_path / "ran").exists()
        [row] = json.loads((tmp_path / "a.json").read_text())["rows"]
        assert row["sign"] == "✓"

    @pytest.mark.parametrize("allowed", [True, False])
    def test_what_lies_elsewhere_is_read_where_that_is_allowed(self, tmp_path, allowed):
        here, there = tmp_path / "here", tmp_path / "there"
        here.mkdir(), there.mkdir()
        (there / "api").write_text("handle /api/* {\n\treverse_proxy api:1 api:2\n}\n")
        site = f"http://shop.test {{\n\timport {there}/*\n\treverse_proxy shop:1\n}}\n"
        (here / "Caddyfile").write_text(site)
        allow = ["--allow", there] if allowed else []
        done = run(here / "Caddyfile", *allow, "--row", "all well", "--runtime", "process")
        assert done.returncode == 0, done.stderr
        assert ("api:1, api:2" in done.stdout) is allowed
        said = " ".join(done.stdout.split())
        assert ("`caddylab test --allow PATH`, or `allow=` in a notebook" in said) is not allowed

    def test_nothing_that_caddy_can_mend_is_nothing_to_complain_of(self):
        done = run("happy-path", "--row", "all down", "--runtime", "process")
        assert "No upstream is left" in done.stdout
        assert done.returncode == 0

    def test_what_cannot_be_run_is_said_with_its_line(self, tmp_path):
        path = tmp_path / "Caddyfile"
        path.write_text(BARE.replace("round_robin", "round_rob"))
        before = path.read_bytes(), sorted(tmp_path.iterdir())
        done = run(str(path), "--runtime", "process")
        assert done.returncode == 2
        assert "round_rob" in done.stderr
        assert "3 │ \t\tlb_policy round_rob".replace("\t", "    ") in done.stderr
        assert "Traceback" not in done.stderr
        assert (path.read_bytes(), sorted(tmp_path.iterdir())) == before

    @pytest.mark.parametrize("heard", ["", "Tried:", "all well", "killed under load"])
    def test_ctrl_c_leaves_nothing(self, heard):
        child = subprocess.Popen(
            [*COMMAND, "happy-path", "--runtime", "process"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        me = psutil.Process(child.pid)
        poll(me.children, 60)  # from the first of its processes on there is something to leave
        assert not heard or any(heard in line for line in child.stdout), "it was never said"
        family = me.children(recursive=True)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
        assert child.returncode == 130
        assert said == "caddylab: stopped.\n"
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []


def run(*words, input=None):
    return subprocess.run(
        [*COMMAND, *words], input=input, capture_output=True, text=True, timeout=300, check=False,
        env=os.environ | {"PYTHONUTF8": "1", "COLUMNS": "80"}, cwd=Path.home(),
    )  # fmt: skip
