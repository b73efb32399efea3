"""The control panel without a browser: its widgets are clicked, the records say what came of it."""

from __future__ import annotations

import ast
import gc
import re
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import nbformat
import pytest
from lab_processes import processes_of
from nbclient import NotebookClient

from caddylab import Lab, LabClosed, Outcome
from caddylab._look import last_state
from caddylab._machine.waiting import poll
from caddylab._panel import calls as panel_calls
from caddylab._panel import html as panel_html
from caddylab._panel import traffic as panel_traffic
from caddylab._panel.backends import possible
from caddylab._panel.desk import NAME, Pulse, Queue
from caddylab._panel.panel import Panel
from caddylab._panel.tally import Tally
from caddylab._view.docking import DOCKS

PATIENCE = 30
BARE = ":80 {\n\treverse_proxy backend1:8080 backend2:8080\n}\n"
FORGED = ":80 {\n\theader X-Backend 1\n\trespond fine\n}\n"
MINDFUL = BARE.replace("8080\n", "8080 {\n\t\tlb_retries 1\n\t\tfail_duration 1m\n\t}\n")


@pytest.fixture
def panel(lab):
    """The lab's panel, looked at, with healthy backends and a plain Caddyfile."""
    settle(lab)
    panel = lab.panel()
    panel.traffic.form.how.value = "one by one"
    panel.traffic.form.path.value = "/test-api"
    panel._view_count = 1  # what a front end says when it shows the panel
    yield panel
    panel._view_count = 0
    settle(lab)
    assert until(lambda: not threads())


def settle(lab):
    if lab.last and not lab.last.done:
        lab.last.stop()
    lab.restore()
    lab.load(BARE)


def until(condition) -> bool:
    return poll(condition, PATIENCE, 0.01)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def text(widget) -> str:
    """What a reader sees of one of the panel's texts."""
    return unescape(re.sub(r"<[^>]*>", "", widget.value)).strip()


def made(panel) -> list[str]:
    return [entry.text for entry in panel.desk.made]


def click(panel, backend: int, method: str) -> None:
    """Click as soon as it can be clicked, and wait until it is done."""
    row = panel.backends.rows[backend - 1]
    assert until(lambda: not row.buttons[method].disabled), method
    row.buttons[method].click()
    assert until(lambda: row.acting is None)


def fire(panel, **fields):
    """Fill in the form and click Fire; returns the traffic."""
    for name, value in fields.items():
        getattr(panel.traffic.form, name).value = value
    before = panel.last
    assert until(lambda: not panel.traffic.fire.disabled)
    panel.traffic.fire.click()
    assert until(lambda: panel.last is not before)
    return panel.last


# --- the Caddyfile -------------------------------------------------------------------------


def test_a_chapters_caddyfile_is_chosen_and_loaded_by_its_name(panel, lab):
    part = panel.caddyfile
    part.choose.value = "ip-hash"
    assert "ip_hash" in part.editor.value
    assert "ip_hash" not in lab.caddyfile
    assert until(lambda: text(part.state) == "Edited: Apply loads it.")
    part.apply.click()
    assert until(lambda: "ip_hash" in lab.caddyfile)
    assert until(lambda: "Loaded ip-hash: no warnings." in text(part.report))
    assert until(lambda: text(part.state) == "This is what Caddy runs.")
    assert made(panel)[-1] == 'lab.load("ip-hash")'


def test_an_edited_caddyfile_is_loaded_as_text(panel, lab):
    part = panel.caddyfile
    part.choose.value = "ip-hash"
    part.editor.value = part.editor.value.replace("ip_hash", "first")
    assert part.choose.value == ""
    part.apply.click()
    assert until(lambda: lab.caddyfile == part.editor.value)
    call = made(panel)[-1]
    assert call == f'lab.load("""{part.editor.value}""")'
    assert ast.literal_eval(call.removeprefix("lab.load(").removesuffix(")")) == lab.caddyfile


def test_a_refusal_shows_its_line_and_help_and_changes_nothing(panel, lab):
    part = panel.caddyfile
    part.editor.value = BARE.replace("backend2:8080", "backend2:8080 {\n\t\tlb_polcy random\n\t}")
    part.apply.click()
    assert until(lambda: 'role="alert"' in part.report.value)
    said = text(part.report)
    assert "3 │" in said
    assert "^^^" in said
    assert "lb_policy" in said
    assert lab.caddyfile == BARE
    assert panel.desk.made[-1].failed == "CaddyfileError"
    assert until(lambda: "# CaddyfileError" in text(panel.history.list))
    assert until(lambda: not part.apply.disabled)
    assert until(lambda: text(part.state) == "Not loaded; Caddy still runs the one before.")
    part.editor.value += "# one more try"
    assert text(part.state) == "Edited: Apply loads it."
    part.editor.value = BARE
    assert text(part.state) == "This is what Caddy runs."


def test_a_refusal_names_what_caddy_runs_instead(panel, lab):
    lab.load("crash")
    part = panel.caddyfile
    part.editor.value = ":80 {"
    part.apply.click()
    assert until(lambda: text(part.state) == "Not loaded; Caddy still runs crash.")


def test_warnings_are_told_in_words(panel):
    part = panel.caddyfile
    part.editor.value = BARE.replace("backend2:8080", "backend2:8080 {\n\t\tmax_fails 2\n\t}")
    part.apply.click()
    assert until(lambda: "1 warning" in text(part.report))
    assert "max_fails" in text(part.report)
    assert "<small> [failures-not-counted]</small>" in part.report.value


def test_an_untouched_editor_follows_what_a_cell_loads(panel, lab):
    part = panel.caddyfile
    part.editor.value = lab.caddyfile
    panel.wake()
    lab.load("random")
    panel.wake()
    assert until(lambda: part.editor.value == lab.caddyfile)
    assert until(lambda: part.choose.value == "random")


# --- traffic -------------------------------------------------------------------------------


def test_fire_sends_what_the_form_says(panel, lab):
    traffic = fire(panel, count=8, path="/echo?x=1", method="POST", clients=3, timeout=5)
    assert until(lambda: traffic.done)
    assert made(panel)[-1] == ('lab.fire(8, path="/echo?x=1", method="POST", clients=3, timeout=5)')
    assert lab.last is traffic is panel.last
    plan = traffic.run.plan
    assert (plan.count, plan.concurrency, plan.method, plan.timeout) == (8, 1, "POST", 5)
    assert {request.client for request in traffic.requests} == {0, 1, 2}
    assert until(lambda: "8 requests to /echo?x=1: all answered" in text(panel.traffic.report))
    for name, value in {"path": "/test-api", "method": "GET", "clients": 1, "timeout": 30}.items():
        getattr(panel.traffic.form, name).value = value


def test_the_first_firing_shows_the_live_view_and_no_other_does(lab):
    DOCKS.open.clear()
    panel = Panel(lab)
    fire(panel, count=1)
    assert made(panel) == ['lab.fire(1, path="/delay/100")']  # nobody looks
    panel._view_count = 1
    fire(panel, count=1)
    fire(panel, count=1)
    assert made(panel)[1:].count("lab.view(dock=True)") == 1
    assert made(panel)[1] == "lab.view(dock=True)"
    panel._view_count = 0


OWN = ":80 {\n\treverse_proxy kitchen:3000 oven:3000 {\n\t\tlb_policy round_robin\n\t}\n}\n"


def test_calls_have_the_names_of_ones_own_caddyfile():
    with Lab.of(OWN, "process") as lab:
        panel = lab.panel()
        panel._view_count = 1
        click(panel, 2, "hung")
        assert made(panel)[-1] == 'lab.backend("oven:3000").hung()'
        assert lab.backend("oven").state == "hung"
        tooltip = panel.backends.rows[0].buttons["killed"].tooltip
        assert tooltip.startswith('lab.backend("kitchen:3000").killed() – ')
        lab.load("happy-path")
        assert until(lambda: panel.backends.rows[1].buttons["restore"].tooltip
                     .startswith("lab.backend(2).restore()"))  # fmt: skip
        panel._view_count = 0


def test_several_at_a_time_and_by_the_clock(panel):
    many = fire(panel, how="several at a time", count=40, concurrency=8)
    assert until(lambda: many.done)
    assert made(panel)[-1] == "lab.fire(40, concurrency=8)"
    clock = fire(panel, how="by the clock", rate=100, duration=0.5)
    assert until(lambda: clock.done)
    assert made(panel)[-1] == "lab.fire(rate=100, duration=0.5)"
    assert len(clock) == 50
    assert clock.requests[10].planned == pytest.approx(0.1)


def test_the_picture_counts_what_the_records_say(panel):
    traffic = fire(panel, count=30)
    assert until(lambda: "30 of 30 sent" in text(panel.traffic.progress))
    assert until(lambda: "done" in text(panel.traffic.progress))
    tiles = re.findall(r"<i[^>]*>(.)</i>", panel.traffic.strip.value)
    assert tiles == [str(backend) for backend in traffic.backends]
    for row in panel.backends.rows:
        assert until(lambda row=row: f"{traffic.shares[row.number]} ·" in text(row.state))


def test_a_fault_in_the_middle_and_stop_past_the_queue(panel, lab):
    lab.load("happy-path")
    traffic = fire(panel, how="by the clock", rate=50, duration=60)
    assert until(lambda: len(traffic) > 20)
    assert until(lambda: not panel.traffic.stop.disabled)
    assert panel.traffic.fire.disabled
    click(panel, 2, "hung")
    assert until(lambda: panel.traffic.tally.in_flight > 3)
    release = threading.Event()
    long = panel_calls.Call("release", lambda lab: release, "wait", (PATIENCE,))
    panel.desk.do(long, print, print)  # before what is clicked now
    clicked = time.time()
    panel.traffic.stop.click()
    assert traffic.run.done.wait(5)
    ended = max(request.sent + request.duration for request in traffic.requests)
    assert traffic.run.began + ended - clicked < 1  # some 10 ms on a quiet machine
    assert until(lambda: "stopped" in text(panel.traffic.progress))
    release.set()
    assert traffic.outcomes[Outcome.CANCELLED] > 3
    assert made(panel)[-1] == "lab.last.stop()"
    assert until(lambda: not panel.traffic.fire.disabled)
    assert panel.traffic.stop.disabled


def test_clicks_return_at_once_whatever_they_start(panel):
    fire(panel, how="by the clock", rate=20, duration=30, path="/delay/2000")
    assert until(lambda: panel.traffic.tally.in_flight > 10)
    row = panel.backends.rows[1]
    began = time.monotonic()
    row.buttons["stop"].click()  # it ends after the requests that it has begun
    assert time.monotonic() - began < 1.5  # the requests take 2 s
    assert all(button.disabled for button in row.buttons.values())
    assert until(lambda: re.search(r"stopping … \d s", text(row.state)))
    panel.traffic.stop.click()
    assert until(lambda: row.acting is None)
    panel.traffic.form.path.value = "/test-api"


def test_a_plan_that_cannot_be_fired_says_why(panel):
    panel.traffic.form.path.value = "no slash"
    before = panel.last
    panel.traffic.fire.click()
    assert until(lambda: "must begin with '/'" in text(panel.traffic.report))
    assert panel.last is before
    panel.traffic.form.path.value = "/test-api"
    assert until(lambda: not panel.traffic.fire.disabled)


def test_traffic_that_a_cell_fires_is_shown_and_can_be_stopped(panel, lab):
    traffic = lab.fire(rate=20, duration=60, background=True)
    panel.wake()
    assert until(lambda: not panel.traffic.stop.disabled)
    panel.traffic.stop.click()
    assert until(lambda: traffic.done)
    assert traffic.run.stopped
    assert panel.last is not traffic


def test_many_can_wait_for_the_same_traffic(lab):
    traffic = lab.fire(50, background=True)
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(traffic.wait, PATIENCE) for _ in range(8)]
    assert all(result.result() is traffic for result in results)
    assert all(request.complete for request in traffic.requests)


# --- backends ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["killed", "hung", "partitioned"])
def test_break_and_restore(panel, lab, method):
    click(panel, 2, method)
    assert made(panel)[-1] == f"lab.backend(2).{method}()"
    assert lab.backend(2).state == method
    assert (lab.faults[-1].backend, lab.faults[-1].kind, lab.faults[-1].end) == (2, method, None)
    row = panel.backends.rows[1]
    assert until(lambda: f"✕ {method}" in text(row.state))
    assert until(lambda: row.buttons["hung"].disabled)
    assert row.buttons["slow"].disabled
    click(panel, 2, "restore")
    assert made(panel)[-1] == "lab.backend(2).restore()"
    assert lab.backend(2).state == "up"
    assert until(lambda: row.buttons["restore"].disabled)
    assert lab.fire(4).errors == 0


def test_slow_and_failing_take_their_settings(panel, lab):
    settings = panel.backends.settings
    settings.seconds.value, settings.percent.value, settings.status.value = 0.2, 50, 503
    click(panel, 1, "slow")
    click(panel, 2, "failing")
    assert made(panel)[-2:] == [
        "lab.backend(1).slow(0.2)",
        "lab.backend(2).failing(0.5, status=503)",
    ]
    assert panel.backends.rows[1].buttons["failing"].tooltip.startswith(made(panel)[-1])
    traffic = fire(panel, how="several at a time", count=60, concurrency=20)
    assert until(lambda: traffic.done)
    assert min(r.duration for r in traffic.requests if r.answered_by == 1) > 0.19
    assert 1 <= traffic.outcomes[Outcome.UNAVAILABLE] <= 59  # a fair coin: all but certain
    settings.seconds.value, settings.percent.value, settings.status.value = 2, 100, 500
    click(panel, 2, "failing")
    assert made(panel)[-1] == "lab.backend(2).failing()"
    assert until(lambda: "failing 100% 500" in text(panel.backends.rows[1].state))


def test_restore_everything(panel, lab):
    click(panel, 1, "slow")
    click(panel, 2, "killed")
    assert until(lambda: not panel.backends.restore.disabled)
    panel.backends.restore.click()
    assert until(lambda: [b.state for b in lab.backends] == ["up", "up"])
    assert until(lambda: not panel.backends.busy)
    assert made(panel)[-1] == "lab.restore()"
    assert until(lambda: panel.backends.restore.disabled)


def test_what_we_did_and_what_caddy_thinks_stand_side_by_side(panel, lab):
    lab.load(MINDFUL)
    row = panel.backends.rows[1]
    click(panel, 2, "killed")
    assert until(lambda: re.search("killed.*healthy.*has not noticed", text(row.state)))
    fire(panel, count=20)
    assert until(lambda: lab.backend(2).opinion == "failed")
    panel.wake()
    assert until(lambda: re.search("killed.*failed", text(row.state)))
    click(panel, 2, "restore")
    assert until(lambda: re.search("up.*failed.*it is up again", text(row.state)))


def test_an_error_is_told_in_the_panel(panel, lab):
    assert until(lambda: not panel.backends.rows[1].buttons["hung"].disabled)
    panel._view_count = 0
    assert until(lambda: not threads())
    lab.backend(2).killed()  # by a cell, and the panel has not seen it
    panel.backends.rows[1].buttons["hung"].click()
    assert until(lambda: "is killed, so it cannot be hung" in text(panel.backends.report))
    assert panel.desk.made[-1].failed == "FaultError"


def test_a_second_click_does_nothing_while_the_first_goes_on(panel):
    buttons = panel.backends.rows[1].buttons
    assert until(lambda: not buttons["killed"].disabled)
    before = len(made(panel))
    buttons["killed"].click()
    buttons["killed"].click()
    assert until(lambda: not panel.backends.busy)
    assert panel.desk.made[-1].failed == ""
    assert len(made(panel)) in (before + 1, 10)


def test_only_what_can_be_done_can_be_clicked():
    assert [possible(method, set()) for method in ("killed", "slow", "restore")] == [1, 1, 0]
    assert [possible(method, {"killed"}) for method in ("killed", "slow", "restore")] == [0, 0, 1]
    assert [possible(method, {"stopped"}) for method in ("stop", "start", "restore")] == [0, 1, 1]
    assert [possible(method, set(), True) for method in ("stop", "start")] == [0, 1]
    assert [possible(method, {"hung"}) for method in ("killed", "slow", "restore")] == [1, 0, 1]
    assert [possible(method, {"slow"}) for method in ("hung", "slow", "restore")] == [1, 1, 1]


# --- calls, queue, pulse -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.0, "2"), (0.5, "0.5"), (3, "3"), ("random", '"random"'), ('a"b', "'a\"b'"),
        ("a {\n}\n", '"""a {\n}\n"""'), ('a "b"\n', "'a \"b\"\\n'"), ("a\\b\n", "'a\\\\b\\n'"),
    ],
)  # fmt: skip
def test_values_are_written_so_that_python_reads_them_back(value, expected):
    assert panel_calls.written(value) == expected
    assert ast.literal_eval(expected) == value


def test_the_text_of_a_call_is_what_it_does(lab):
    call = panel_calls.on_backend(2, "slow", 1.0, path="/x")
    with call.make(lab) as fault:
        assert (fault.span.backend, fault.message) == (2, {"seconds": 1.0, "path": "/x"})
    assert str(call) == 'lab.backend(2).slow(1, path="/x")'


def test_the_queue_keeps_the_order_and_its_thread_ends():
    queue, done = Queue(), []
    for k in range(100):
        queue.put(lambda k=k: done.append((k, threading.current_thread())))
    assert until(lambda: len(done) == 100)
    assert [k for k, _ in done] == list(range(100))
    assert until(lambda: not done[-1][1].is_alive())


def test_a_pulse_beats_while_it_is_wanted_and_again_when_woken():
    beats, wanted = [], 3
    pulse = Pulse(lambda: beats.append(1) or len(beats) < wanted, 0.01)
    pulse.wake()
    assert until(lambda: len(beats) == 3 and not pulse.beating)
    pulse.wake()
    assert until(lambda: len(beats) == 4 and not pulse.beating)


def test_a_tally_counts_each_request_once(lab):
    lab.load(BARE)
    traffic = lab.fire(300, concurrency=20, background=True)
    tally = Tally(traffic)
    while not traffic.done:
        tally.update()
        assert tally.answered.total() + tally.failed + tally.in_flight == tally.sent
    tally.update()
    assert (tally.sent, tally.failed, tally.in_flight) == (300, 0, 0)
    assert tally.answered == traffic.wait().shares


def test_a_tally_believes_the_log_and_no_header(lab):
    lab.load(FORGED)
    traffic = lab.fire(4)
    tally = Tally(traffic)
    tally.update()
    assert (tally.pages, tally.failed, tally.answered.total()) == (4, 0, 0)
    assert "4 × Caddy&#x27;s own page" in panel_traffic.progress(tally)
    assert "request 1: Caddy&#x27;s own page" in panel_html.strip(traffic.requests)
    lab.load(BARE.replace("reverse_proxy", "reverse_proxy /"))
    assert "request 1: answered by nobody" in panel_html.strip(lab.fire(1).requests)


# --- life ----------------------------------------------------------------------------------


LINGER = "caddylab._panel.panel.LINGER"
KINDS = {"text/plain", "text/html", last_state.MIME, "application/vnd.jupyter.widget-view+json"}


def test_there_is_one_panel_a_lab(panel, lab, monkeypatch):
    monkeypatch.setattr(LINGER, 0.0)
    assert lab.panel() is panel
    assert repr(panel) == f"<control panel of {lab!r}>"
    assert set(panel._repr_mimebundle_()) == KINDS


def test_eight_backends_have_eight_rows_and_a_closed_lab_none_to_click():
    with Lab(runtime="process", backends=8) as lab:
        panel = lab.panel()
        click(panel, 8, "killed")
        assert lab.backend(8).state == "killed"
        assert [row.number for row in panel.backends.rows] == [*range(1, 9)]
        panel._view_count = 1  # somebody looks
        assert until(lambda: not panel.backends.rows[7].buttons["restore"].disabled)
    assert until(lambda: "has been closed" in text(panel.notice))
    assert until(lambda: not threads())  # nobody refreshes it any more, though somebody looks
    row = panel.backends.rows[0]
    assert all(button.disabled for button in [*row.buttons.values(), panel.traffic.fire])
    with pytest.raises(LabClosed):
        lab.panel()


def test_a_lab_with_a_panel_that_is_forgotten_closes():
    lab = Lab(runtime="process")
    panel = lab.panel()
    fire(panel, count=4)
    assert until(lambda: not threads())
    gone = weakref.ref(lab)
    lab_id = lab.id
    del lab
    gc.collect()
    assert until(lambda: gone() is None)
    assert until(lambda: not processes_of(lab_id))
    panel.wake()
    assert until(lambda: "has been closed" in text(panel.notice))


CELLS = [
    "import threading\nfrom caddylab import Lab\nfrom caddylab._panel import panel as panels\n"
    "panels.LINGER = 0\nlab = Lab('process')",
    "panel = lab.panel()\npanel",
    "import time\ntime.sleep(1)\n"
    "print([t.name for t in threading.enumerate() if t.name == 'caddylab-panel'])\nlab.close()",
]


def test_a_notebook_that_nobody_looks_at_is_executed_as_ever():
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3").execute()
    (shown,) = notebook.cells[1].outputs
    assert set(shown["data"]) == KINDS
    assert shown["data"]["text/plain"].startswith("<control panel of <Lab: Caddy and 2 backends")
    assert notebook.cells[2].outputs[0]["text"] == "[]\n"
