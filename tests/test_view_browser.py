"""The live view in a real JupyterLab, and a replay opened as a file: no network in either."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbclient import NotebookClient
from nbconvert import HTMLExporter

pytestmark = pytest.mark.browser
pytest_plugins = ["browser_support"]

VIEW = ".caddylab-view"
NEXT = "notebook:run-cell-and-select-next"
SETUP = "from caddylab import Lab\nlab = Lab('process')\nlab.load('happy-path')"
FACTS = """import json
lab.restore()
print(json.dumps({
    "sent": len(t), "ok": len(t) - t.errors, "errors": t.errors, "retries": t.retries,
    "answered": [t.shares[1], t.shares[2]], "held": [
        sum(r.answered_by is None and [a.backend for a in r.attempts[-1:]] == [n]
            for r in t.requests)
        for n in (1, 2)],
}))"""


def counts(page):
    """What the picture counts."""
    data = page.locator(VIEW).first.evaluate("view => ({...view.dataset})")
    names = ("sent", "over", "ok", "errors", "retries", "frames", "unsure", "each")
    listed = {name: [int(n) for n in data[name].split(",")] for name in ("answered", "inside")}
    return {name: int(data[name]) for name in names} | listed


def wait_for(page, condition):
    """Wait until something is so on the picture: `d` is what it counts, as text.

    Out of sight it rests, and a cell that has run may have moved it there.
    """
    page.locator(VIEW).first.scroll_into_view_if_needed()
    data = f"document.querySelector('{VIEW}')?.dataset"
    page.wait_for_function(f"() => (d => d?.sent && {condition})({data})")


DRAWN = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
"""Waits until the picture has been drawn once more."""
RESTED = f"""async () => {{
    const view = document.querySelector('{VIEW}');
    for (let before = null, looks = 0; looks < 20; looks += 1) {{
        if (before === view.dataset.frames) return +before;
        before = view.dataset.frames;
        await new Promise((go) => setTimeout(go, 500));
    }}
    return null;
}}"""
"""Waits until no frame is drawn for half a second, and gives how many have been; null if never."""


def facts(notebook):
    """What the last cell printed."""
    return json.loads(notebook.page.locator(".jp-OutputArea-output pre").last.inner_text())


def assert_accessible(page):
    found = Axe().run(page, context=VIEW).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in serious] == []


def test_a_hang_is_seen_as_it_happens(open_notebook):
    fire = "t = lab.fire(rate=20, duration=60, timeout=50, background=True)"
    hang = "lab.wait_until(lambda: len(t) > 20)\nlab.backend(2).hung()"
    cells = [SETUP, "lab.view()", fire, hang, "t.stop()", FACTS, "lab.close()"]
    notebook = open_notebook(cells, height=1000)
    page = notebook.page
    for _ in range(4):
        notebook.command(NEXT)
    wait_for(page, "+d.inside.split(',')[1] >= 12")
    seen = counts(page)
    assert seen["unsure"] <= seen["inside"][1] // 2
    headline, label = page.locator(VIEW).evaluate(
        "v => [v.querySelector('.headline').textContent,"
        " v.querySelector('[role=img]').getAttribute('aria-label')]"
    )
    assert headline.startswith("Backend 2 hangs, but Caddy thinks it is healthy")
    assert "every second request" in headline
    assert label.startswith(headline)
    page.locator(VIEW).scroll_into_view_if_needed()
    notebook.screenshot("view-light")
    assert_accessible(page)
    notebook.theme("JupyterLab Dark")
    assert_accessible(page)
    page.wait_for_timeout(300)  # for the picture, not for a result
    notebook.screenshot("view-dark")
    notebook.theme("JupyterLab Light")
    page.get_by_role("button", name="Larger").click()
    page.wait_for_timeout(300)
    notebook.screenshot("view-projector")
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 4; }")
    notebook.command(NEXT)
    notebook.command(NEXT)
    truth = facts(notebook)
    page.locator(VIEW).scroll_into_view_if_needed()  # out of sight it rests
    wait_for(page, f"+d.over === {truth['sent']}")
    seen = counts(page)
    assert {name: seen[name] for name in truth if name != "held"} | {"held": truth["held"]} == truth
    assert truth["held"][1] >= 12
    assert truth["held"][0] <= 1  # one may be on its way when the run is stopped
    assert seen["inside"] == [0, 0]
    notebook.command(NEXT)
    page.locator(VIEW).scroll_into_view_if_needed()
    page.get_by_text("This lab is closed.").first.wait_for()
    assert page.locator(".caddylab-view .clock").first.inner_text() == "closed"
    assert notebook.strangers == []
    assert notebook.complaints == []


def test_traffic_that_blocks_its_cell_is_shown_meanwhile_and_after_a_reload(open_notebook):
    notebook = open_notebook([SETUP, "lab.view()", "t = lab.fire(rate=100, duration=6)", FACTS])
    page = notebook.page
    for _ in range(2):
        notebook.command(NEXT)
    page.locator(VIEW).wait_for()
    page.evaluate(
        "() => { window.cell = window.jupyterapp.commands.execute"
        "('notebook:run-cell-and-select-next'); }"
    )
    wait_for(page, "+d.sent > 50 && +d.sent < 550")
    page.evaluate("() => window.cell.then(() => 1)")
    notebook.command(NEXT)
    truth = facts(notebook)
    wait_for(page, f"+d.over === {truth['sent']}")
    assert counts(page)["answered"] == truth["answered"] == [300, 300]
    notebook.command("docmanager:save")
    page.reload()
    wait_for(page, f"+d.over === {truth['sent']}")
    assert counts(page)["answered"] == truth["answered"]
    assert notebook.complaints == []


def test_slow_motion_falls_behind_and_catches_up(open_notebook):
    notebook = open_notebook([SETUP, "lab.view(speed=0.05)", "t = lab.fire(40)", FACTS])
    page = notebook.page
    for _ in range(4):
        notebook.command(NEXT)
    clock = page.locator(f"{VIEW} .clock")
    clock.filter(has_text="behind").wait_for()
    assert counts(page)["over"] < 40
    page.get_by_role("button", name="Back to now").click()
    wait_for(page, "+d.over === 40")
    assert facts(notebook)["sent"] == 40


@pytest.fixture(scope="module")
def replay(tmp_path_factory):
    """A run with a hang, and its replay as a file."""
    from caddylab import Lab

    with Lab("process") as lab:
        lab.load("happy-path")
        traffic = lab.fire(rate=20, duration=30, timeout=20, background=True)
        lab.wait_until(lambda: len(traffic) > 20)
        with lab.backend(2).hung():
            lab.wait_until(lambda: len(traffic) > 70)
            traffic.stop()
        path = traffic.replay().save(tmp_path_factory.mktemp("replay") / "run.html")
    return traffic, path


@pytest.fixture
def opened(replay, chromium):
    """The page of the replay, or of another; optionally with what the reader prefers."""
    from browser_support import Watched

    contexts = []

    def open_it(path=replay[1], **preferences):
        context = chromium.new_context(viewport={"width": 1000, "height": 600}, **preferences)
        contexts.append(context)
        page = context.new_page()
        page.watched = Watched(page)
        page.goto(path.as_uri())
        wait_for(page, "true")
        return page

    yield open_it
    for context in contexts:
        context.close()


def test_a_replay_opens_as_a_file_and_ends_as_the_records(replay, opened):
    traffic, _ = replay
    page = opened()
    slider = page.get_by_role("slider", name="Time")
    slider.focus()
    page.keyboard.press("End")
    wait_for(page, f"+d.over === {len(traffic)}")
    seen = counts(page)
    assert seen["ok"] == len(traffic) - traffic.errors
    assert seen["errors"] == traffic.errors
    assert seen["answered"] == [traffic.shares[1], traffic.shares[2]]
    assert page.watched.complaints == []
    assert [url for url in page.watched.strangers if not url.startswith("file:")] == []


SAID = {
    "both": ("happy-path", "Backends 1 and 2 were killed"),
    "nobody": (":80 {\n\treverse_proxy / backend1:8080\n}\n", "No handler takes these requests"),
    "a page": (":80 {\n\trespond hi\n\treverse_proxy backend1:8080\n}\n", "pages of Caddy’s own 4"),
}


def test_the_picture_names_every_backend_that_is_down_and_who_else_answers(opened, tmp_path):
    from caddylab import Lab

    with Lab("process") as lab:
        for name, (text, said) in SAID.items():
            lab.load(text)
            if name == "both":
                for backend in lab.backends:
                    backend.kill()
            path = lab.fire(4).replay(speed=5).save(tmp_path / "said.html")
            page = opened(path)
            wait_for(page, "+d.over === 4")
            assert said in page.locator(VIEW).inner_text()
            lab.restore()


NOT_PASSED_ON = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		lb_retries 1
		lb_retry_match {
			expression `{rp.status_code} >= 500`
		}
	}
}
"""


def test_an_attempt_fails_without_an_error_if_its_answer_is_not_passed_on_whole(opened, tmp_path):
    from caddylab import Lab

    with Lab("process") as lab:
        lab.load(NOT_PASSED_ON)
        with lab.backend(2).failing():
            retried = lab.fire(4)
        lab.load("crash")
        cut = lab.fire(1, path="/stream/50", background=True)
        lab.wait_until(lambda: cut.requests and lab.backend(2).in_flight)
        lab.backend(2).kill()
        cut.wait()
    for run, answered, failed in ((retried, "4,0", "0,4"), (cut, "0,0", "0,1")):
        replay = run.replay(speed=5)
        page = opened(replay.save(tmp_path / "failed.html"))
        wait_for(page, f"+d.over === {len(run)}")
        seen = page.locator(VIEW).first.evaluate("v => [v.dataset.answered, v.dataset.failed]")
        assert seen == [answered, failed]
        picture = replay._repr_mimebundle_()["text/html"]
        assert f"0 answered (0%), {failed[-1]} failed" in picture


OWN_MEMORY = """:80 {
	handle /a* {
		reverse_proxy backend1:8080 {
			fail_duration 1m
		}
	}
	handle {
		reverse_proxy backend2:8080 backend3:8080
	}
}
"""


def test_a_backend_is_left_out_for_as_long_as_its_own_proxy_remembers(opened, tmp_path):
    from caddylab import Lab

    with Lab("process", backends=3) as lab:
        lab.load(OWN_MEMORY)
        with lab.backend(1).killed():
            lab.fire(1, path="/a")
        page = opened(lab.fire(2, path="/a").replay(speed=5).save(tmp_path / "own.html"))
    wait_for(page, "+d.over === 2")
    said = page.locator(VIEW).inner_text()
    assert re.search(r"leaves it out for another (5\d|60)\ss", said)
    assert "until its next check" not in said


def test_an_exported_notebook_plays_without_kernel_or_network(opened, tmp_path):
    cells = [SETUP, "lab.view()", "t = lab.fire(16)\nt.replay()", "lab.close()"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, timeout=60, store_widget_state=False).execute()
    path = tmp_path / "exported.html"
    path.write_text(HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)[0])
    page = opened(path)
    wait_for(page, "+d.over === 16")
    assert page.locator("img[src^='data:image/svg+xml']").count() == 1  # the view, standing still
    assert page.watched.strangers == []
    assert page.watched.complaints == []


def test_of_a_crowd_some_are_drawn_and_all_are_counted(opened, tmp_path):
    from caddylab import Lab

    with Lab("process") as lab:
        lab.load("happy-path")
        traffic = lab.fire(1500, concurrency=50, clients=20)
    page = opened(traffic.replay(speed=2).save(tmp_path / "crowd.html"))
    wait_for(page, "+d.each > 1")
    page.watched.screenshot("view-crowd")
    wait_for(page, "+d.over === 1500")
    assert counts(page)["answered"] == [traffic.shares[1], traffic.shares[2]] == [750, 750]


def test_a_replay_is_paused_wound_and_slowed_by_keyboard(replay, opened):
    traffic, _ = replay
    page = opened()
    page.get_by_role("button", name="Pause").press("Enter")
    slider = page.get_by_role("slider", name="Time")
    slider.evaluate("s => { s.value = 500; s.oninput({target: s}); }")
    wait_for(page, "+d.inside.split(',')[1] > 1")
    clock = page.locator(f"{VIEW} .clock").inner_text()
    at = float(clock.split()[0])
    expected = sum(r.sent <= at for r in traffic.requests)
    assert abs(counts(page)["sent"] - expected) <= 1
    page.wait_for_timeout(300)
    assert page.locator(f"{VIEW} .clock").inner_text() == clock
    page.get_by_label("Speed").select_option("0.05")
    page.get_by_role("button", name="Play").press("Enter")
    page.wait_for_timeout(1000)
    assert 0.01 < float(page.locator(f"{VIEW} .clock").inner_text().split()[0]) - at < 0.2


def test_the_same_moment_looks_the_same_forwards_and_backwards(opened):
    page = opened()
    page.get_by_role("button", name="Pause").click()
    slider = page.get_by_role("slider", name="Time")

    def at(share):
        slider.evaluate("(s, v) => { s.value = v; s.oninput({target: s}); }", share)
        page.evaluate(DRAWN)
        found = counts(page)
        found.pop("frames")
        return found

    forwards = at(400)
    later = at(900)
    assert later != forwards
    assert at(400) == forwards


def test_a_replay_is_accessible_in_light_and_dark(opened):
    assert_accessible(opened(color_scheme="light"))
    assert_accessible(opened(color_scheme="dark"))


def test_who_prefers_less_motion_sees_counts_and_no_travelling(replay, opened):
    page = opened(reduced_motion="reduce")
    began, before = page.evaluate("performance.now()"), counts(page)["frames"]
    page.wait_for_timeout(1000)
    drawn, seconds = counts(page)["frames"] - before, page.evaluate("performance.now()") / 1000
    assert 0 < drawn <= 10 * (seconds - began / 1000) + 1
    page.watched.screenshot("view-still")


def test_a_picture_out_of_sight_rests(opened):
    page = opened()
    page.evaluate("() => { document.body.style.paddingTop = '4000px'; }")
    before = page.evaluate(RESTED)
    assert before is not None
    page.locator(VIEW).scroll_into_view_if_needed()
    wait_for(page, f"+d.frames > {before}")


def test_the_modules_are_modules_to_a_browser_too(modules):
    """The script is put together from them; so nothing in them may need that."""
    given = modules.evaluate("import('/view.js').then((module) => Object.keys(module).sort())")
    assert given == ["replay", "widget"]


ENDS = """async () => {
    const [{ Tape }, { Player }] = await Promise.all([import('/tape.js'), import('/player.js')]);
    const tape = new Tape({ marks: [1, 2], who: {}, faults: {} });
    const end = () => Player.prototype.end.call({ live: true, offset: 1000, speed: 1, tape });
    tape.add([["b", 3, 1, "up", "failed", 13]]);
    const goesOn = end() > 900; // a page that was opened just now is still behind its lab
    tape.add([["z", 5, null], ["b", 6, 2, "stopped", "healthy", null]]);
    return [goesOn, end()];
}"""


def test_the_clock_stands_still_once_the_lab_is_closed(modules):
    """So a backend that had failed by then stays so; nobody forgets anything any more."""
    assert modules.evaluate(ENDS) == [True, 8]  # what was on its way arrives
