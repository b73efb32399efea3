"""A rehearsal: what can happen to a site, tried with real labs, and what its users see."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import psutil
import pytest

from caddylab import FaultError, Lab
from caddylab._machine.waiting import poll
from caddylab._rig.rig import Rig
from caddylab._rig.site import caddyfiles
from caddylab._trial.crew import tried
from caddylab._trial.edits import changes
from caddylab._trial.ladders import DIAL, MEMORY, TWICE, apply
from caddylab._trial.rehearsal import NAMES, rehearse
from caddylab._trial.rows import ROWS
from caddylab._trial.subject import look

HAPPY = caddyfiles.read("happy-path")[1]
BARE = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tlb_policy round_robin\n\t}\n}\n"
STICKY = BARE.replace("round_robin", "cookie\n\t\tlb_retries 1\n\t\tfail_duration 10s")
COMMAND = [sys.executable, "-m", "caddylab", "test"]


@pytest.fixture(scope="module")
def rig():
    with Rig("process", 2) as rig:
        yield rig


@pytest.fixture(scope="module")
def feel(rig):
    """What very patient users of a Caddyfile see of a row, however busy the machine is."""

    def see(row, text, **options):
        options = {"patience": 10.0} | options
        rig.load(text)
        return tried(rig, ROWS[row], look(rig, "a test", text), text, **options)

    return see


class TestRows:
    def test_nobody_feels_anything_when_all_is_well(self, feel):
        seen = feel("all well", BARE)
        assert (seen.sign, seen.answered, seen.words) == ("✓", "GET 8/8, POST 4/4", "")

    def test_half_of_the_users_meet_the_backend_that_is_down(self, feel):
        seen = feel("down", BARE)
        assert seen.errors == {"502": 6}
        assert seen.under_way == 0

    def test_retry_and_memory_spare_them(self, feel):
        assert feel("down", HAPPY).sign == "✓"

    def test_an_order_that_is_under_way_is_lost(self, feel):
        seen = feel("killed under load", HAPPY)
        assert seen.groups[0].bad == 0
        assert set(seen.errors) == {"502"}
        assert seen.under_way == seen.bad > 0
        assert seen.cost == (0, 0, 0)

    def test_a_check_every_30_seconds_does_not_notice_in_time(self, feel):
        assert feel("answers 500", HAPPY).errors == {"500": 6}
        assert feel("all down", HAPPY).good == 0

    def test_a_rolling_restart_meets_a_memory_of_10_seconds(self, feel):
        seen = feel("rolling restart", HAPPY)
        assert seen.errors["503"] > 10
        assert feel("rolling restart", HAPPY.replace("10s", "10ms")).errors["503"] == 0

    def test_a_reload_closes_each_websocket_and_no_stream(self, feel):
        seen = feel("reload with WebSockets and streams open", HAPPY)
        assert {group.kind: group.good for group in seen.groups} == {"stream": 4, "WebSocket": 0}
        kept = HAPPY.replace("lb_policy", "stream_close_delay 1m\n\t\tlb_policy")
        assert feel(seen.row, kept).sign == "✓"

    def test_orders_meet_connections_that_are_just_being_closed(self, feel):
        seen = feel("backends close idle connections", HAPPY)
        assert "502" in seen.errors
        assert set(seen.errors) <= {"502", "503"}  # both may be remembered as failed
        short = HAPPY.replace(
            "lb_policy", "transport http {\n\t\tkeepalive 3s\n\t\t}\n\t\tlb_policy"
        )
        assert feel(seen.row, short).sign == "✓"

    def test_a_timeout_turns_an_overload_into_errors(self, feel):
        assert feel("overload", HAPPY).sign == "✓"
        hasty = HAPPY.replace(
            "lb_policy", "transport http {\n\t\tresponse_header_timeout 300ms\n\t\t}\n\t\tlb_policy"
        )
        assert feel("overload", hasty).bad > 0

    def test_an_answer_that_is_cut_short_is_none(self, feel):
        assert feel("answer cut short", HAPPY).errors == {"cut off": 6}

    def test_sessions_die_with_their_backend(self, feel):
        seen = feel("killed under load", STICKY)
        assert 0 < seen.lost < 8
        assert "lost" in seen.words

    def test_the_seed_chooses_who_suffers(self, feel, rig):
        victims = set()
        for seed in range(1, 9):
            before = len(rig.faults)
            feel("down", HAPPY, seed=seed)
            victims |= {span.backend for span in rig.faults[before:]}
        assert victims == {1, 2}

    @pytest.mark.parametrize("row", ["flapping", "old one stopped first", "hung", "overload"])
    def test_the_lab_is_well_afterwards(self, feel, rig, row):
        feel(row, HAPPY)
        assert [backend.state for backend in rig.backends] == ["up", "up"]


@pytest.fixture(scope="module")
def report():
    """The whole of it, with the course's own Caddyfile."""
    return rehearse("happy-path", runtime="process")


def best():
    """Chapter 8's best column for two backends, as the chapter builds it."""
    options = (
        "lb_policy round_robin\n\t\tlb_retries 2\n\t\tfail_duration 10s\n\t\tmax_fails 2\n"
        "\t\tunhealthy_status 5xx\n\t\tlb_retry_match {\n\t\t\tmethod GET\n\t\t\texpression "
        "`{rp.is_transport_error} || {rp.status_code} >= 500`\n\t\t}\n\t\ttransport http {\n"
        "\t\t\tdial_timeout 200ms\n\t\t\tresponse_header_timeout 200ms\n\t\t}"
    )
    return BARE.replace("lb_policy round_robin", options)


class TestAll:
    def test_every_row_is_tried_and_none_is_left_out(self, report, figure):
        figure(f"18 rows of happy-path, and advice, in {report.took:.0f} s")
        assert tuple(report.rows) == NAMES
        assert [seen.row for seen in report.rows.values() if seen.trouble] == []

    def test_the_rows_that_the_chapters_teach_are_felt(self, report):
        felt = {seen.row for seen in report.bad}
        assert {"all down", "answers 500", "slow", "hung", "partitioned"} <= felt
        assert report["down"].bad == 0

    def test_the_advice_names_the_line_and_the_options(self, report):
        advice = report.advice
        assert advice.line == 3
        text = "\n".join(line for _, lines in advice.changes for line in lines)
        for option in ("response_header_timeout", "dial_timeout", "lb_retry_match", "keepalive 3s"):
            assert option in text
        assert advice.before == HAPPY

    def test_the_advice_was_proved(self, report):
        after = report.advice.rows
        assert tuple(after) == NAMES
        for row in ("answers 500", "hung", "partitioned"):
            assert after[row].good > report[row].good
        held = after["reload with WebSockets and streams open"].groups
        assert {g.kind: g.good for g in held}["WebSocket"] == 4

    def test_what_no_caddyfile_mends_is_said_with_its_reason(self, report):
        why = {mended.row: mended.why for mended in report.advice.found}
        assert "No upstream is left" in why["all down"]
        assert "no way back" in why["answer cut short"]
        assert "carried out twice" in why["hung"]

    def test_the_advice_is_as_good_as_the_best_column_of_chapter_8(self, report, feel):
        for row in ("killed under load", "down", "answers 500", "hung", "partitioned"):
            ours = feel(row, report.advice.text)
            theirs = feel(row, best())
            readers = [next(g for g in s.groups if g.kind == "GET") for s in (ours, theirs)]
            assert readers[0].bad == readers[1].bad == 0, row

    def test_it_says_which_rows_there_are(self):
        with pytest.raises(FaultError, match="no row 'stoped': expected all well, killed"):
            rehearse("happy-path", ["stoped"])

    def test_one_upstream_alone_is_told_so(self):
        alone = ":80 {\n\treverse_proxy backend1:8080\n}\n"
        report = rehearse(alone, ["answers 500", "restart of one", "down"], runtime="process")
        assert "down" not in report.rows
        assert report["answers 500"].good == 0
        mended = {m.row: m for m in report.advice.found}
        assert "lb_try_duration" in str([str(a.option) for a in mended["restart of one"].step])


PUT = [
    (":80 {\n\treverse_proxy a:1 b:2\n}\n", 2,
     ":80 {\n\treverse_proxy a:1 b:2 {\n\t\tlb_retries 2\n\t\ttransport http {\n"
     "\t\t\tdial_timeout 500ms\n\t\t}\n\t}\n}\n"),
    (":80 {\n  reverse_proxy a:1 {\n    lb_retries 1 # one\n    transport http\n  }\n}\n", 2,
     ":80 {\n  reverse_proxy a:1 {\n    lb_retries 2 # one\n    transport http {\n"
     "      dial_timeout 500ms\n    }\n  }\n}\n"),
    ("localhost\nreverse_proxy a:1", 2,
     "localhost\nreverse_proxy a:1 {\n\tlb_retries 2\n\ttransport http {\n"
     "\t\tdial_timeout 500ms\n\t}\n}"),
    (":80 {\n\treverse_proxy a:1 {\n\t\tlb_retries 5\n\t\ttransport http {\n"
     "\t\t\tdial_timeout 100ms\n\t\t}\n\t}\n}\n", 2, None),
]  # fmt: skip


class TestEdits:
    @pytest.mark.parametrize(("before", "line", "after"), PUT)
    def test_options_go_where_they_belong(self, before, line, after):
        assert apply(before, line, [TWICE, DIAL]) == (before if after is None else after)

    def test_what_is_changed_is_named_by_its_lines(self):
        before = ":80 {\n\treverse_proxy a:1 {\n\t\tlb_retries 1\n\t}\n}\n"
        assert changes(before, apply(before, 2, [TWICE, MEMORY])) == [
            ("in the place of line 3", ["\t\tlb_retries 2"]),
            ("below line 3", ["\t\tfail_duration 10s"]),
        ]


SHOP = """
shop.example.com {
	handle /api/* {
		reverse_proxy api-1:3000 api-2:3000 {
			lb_policy cookie
			lb_retries 1
			fail_duration 10s
		}
	}
	handle {
		reverse_proxy web:8080
	}
}
"""


SHOP_ROWS = (
    "all well", "down", "its line removed first", "reload with WebSockets and streams open",
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """What users of a shop with HTTPS, two services and sessions would feel."""
    path = tmp_path_factory.mktemp("shop") / "Caddyfile"
    path.write_text(SHOP)
    report = rehearse(path, SHOP_ROWS, runtime="process", patience=10, advice=False)
    assert path.read_text() == SHOP
    return report


class TestOwnSite:
    def test_users_come_over_https_and_by_the_names_of_the_file(self, shop):
        assert shop.subject.written == {1: "api-1:3000", 2: "api-2:3000"}
        assert shop.subject.ask.host == "shop.example.com"
        assert any("https://shop.example.com/api/*" in route for route in shop.routes)
        assert shop["all well"].answered == "GET 8/8, POST 4/4, session 8/8"

    def test_what_was_replaced_is_told(self, shop):
        assert any("`api-2:3000` is backend 2 here" in note for note in shop.notes)

    def test_sessions_die_with_their_backend(self, shop):
        assert shop["down"].lost > 0
        assert shop["down"].errors == {"401": shop["down"].bad}

    def test_a_line_can_be_taken_out_whatever_its_name(self, shop):
        assert not shop["its line removed first"].trouble

    def test_websockets_are_held_over_tls(self, shop):
        seen = shop["reload with WebSockets and streams open"]
        assert seen.errors == {"cut off": 4}


def test_a_row_can_be_tried_in_a_lab_that_stays_open():
    with Lab(runtime="process") as lab:
        lab.load(HAPPY)
        table = lab.survey("down", patience=10)
        assert table["down"].sign == "✓"
        assert "✓ down" in repr(table)
        assert len(table["down"].runs) == 2
        assert lab.caddyfile == HAPPY
        assert lab.fire(2).errors == 0


@pytest.mark.podman
def test_rows_in_containers():
    rows = ["down", "reload with WebSockets and streams open", "answer cut short"]
    report = rehearse("happy-path", rows, runtime="podman", patience=10, advice=False, labs=1)
    assert report["down"].bad == 0
    assert report["answer cut short"].errors["cut off"] > 0
    held = {g.kind: g.good for g in report["reload with WebSockets and streams open"].groups}
    assert held == {"stream": 4, "WebSocket": 0}


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
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert '["hung"]' in out["expect.toml"].read_text()

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
         ('["down"]\nanswered = "all"', "cannot have"), ("[", "is no TOML")],
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
        assert "Traceback" not in said
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []


def run(*words):
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONUTF8": "1"}, cwd=Path.home(),
    )  # fmt: skip
