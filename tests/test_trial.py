"""A rehearsal: what can happen to a site, tried with real labs, and what its users see."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from caddylab import FaultError
from caddylab._machine.waiting import poll
from caddylab._rig import caddyfiles
from caddylab._rig.rig import Rig
from caddylab._trial.crew import tried
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
        return tried(rig, ROWS[row], look("a test", text, rig.adapt(text)), text, **options)

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
        assert set(seen.errors) == {"502"}
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


class TestAll:
    def test_every_row_is_tried_and_none_is_left_out(self, figure):
        report = rehearse("happy-path", runtime="process")
        figure(f"18 rows of happy-path in {report.took:.0f} s")
        assert tuple(report.rows) == NAMES
        assert [seen.row for seen in report.rows.values() if seen.trouble] == []

    def test_it_says_which_rows_there_are(self):
        with pytest.raises(FaultError, match="no row 'stoped': expected all well, killed"):
            rehearse("happy-path", ["stoped"])


class TestCommand:
    def test_it_prints_the_table(self):
        done = run("happy-path", "--row", "down", "--row", "all down", "--runtime", "process")
        assert "✓ down" in done.stdout
        assert "✗ all down" in done.stdout
        assert done.returncode == 1

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

    @pytest.mark.parametrize("heard", ["", "goes to", "all well", "killed under load"])
    def test_ctrl_c_leaves_nothing(self, heard):
        child = subprocess.Popen(
            [*COMMAND, "happy-path", "--runtime", "process"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        me = psutil.Process(child.pid)
        poll(me.children, 60)  # from the first of its processes on there is something to leave
        while heard and heard not in child.stdout.readline():
            pass
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
