"""The live view and the replay without a browser: what they say, hold and ask for."""

from __future__ import annotations

import json
import re

import pytest

from caddylab import TrafficError
from caddylab._look import palette, png
from caddylab._view.still import Totals, still

REMOTE = re.compile(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]+/[^\s\"']*")
SVG = "http://www.w3.org/2000/svg"


@pytest.fixture
def traffic(lab):
    lab.load("happy-path")
    return lab.fire(16)


def test_a_backend_looks_as_in_every_chart():
    from caddylab._charts.parts import theme

    for number in range(1, 17):
        colour, path = palette.mark(number)
        assert colour == theme.colour(number)
        assert path == palette.SHAPES[palette.shape(number)]
        assert theme.shape(number) in (palette.shape(number), theme.PENTAGON)


def test_a_view_without_a_browser_does_no_harm(lab):
    view = lab.view()
    try:
        traffic = lab.fire(4)
        assert traffic.errors == 0
        data, _ = view._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in data
        assert data["image/svg+xml"].startswith("<svg")
    finally:
        view.close()
    assert not lab.stack.feed.watched


def test_what_is_docked_can_be_shown_where_nothing_docks(lab):
    docked = lab.view(dock=True)
    data, _ = docked._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == docked.view.model_id
    docked.view.close()
    assert data["image/svg+xml"].startswith("<svg")
    assert data["text/plain"] == repr(docked)


def test_a_view_says_in_words_what_it_shows(lab):
    view = lab.view()
    lab.fire(3)
    assert lab.wait_until(lambda: "3 requests sent · 3 ok · 0 errors" in repr(view), 5) < 5
    view.close()


def test_a_replay_holds_all_it_needs(traffic, tmp_path):
    page = traffic.replay().save(tmp_path / "run.html").read_text()
    assert set(REMOTE.findall(page)) <= {SVG}
    assert not re.search(r"<(link|img|iframe)|\bsrc=|@import|import\(", page)
    events = json.loads(re.search(r', (\[\["l".*\])\);', page)[1])
    assert sum(event[0] == "d" and event[3] == "ok" for event in events) == 16


def test_a_replay_draws_no_picture_where_none_is_wanted(traffic, monkeypatch):
    monkeypatch.setenv(png.VARIABLE, "off")
    assert set(traffic.replay()._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_a_replay_is_a_still_picture_where_scripts_do_not_run(traffic):
    bundle = traffic.replay()._repr_mimebundle_()
    assert bundle["image/png"].startswith("iVBOR")
    html = bundle["text/html"]
    assert html.index("<svg") < html.index("<script")
    assert "16 requests sent · 16 ok · 0 errors · 0 retries" in html


def test_text_from_the_network_cannot_end_the_script(traffic):
    traffic.requests[0].attempts[0].error = "</script><script>alert(1)</script>"
    html = traffic.replay()._repr_mimebundle_()["text/html"]
    assert html.count("</script>") == 1


def test_a_run_that_goes_on_cannot_be_replayed(lab):
    traffic = lab.fire(rate=5, duration=20, background=True)
    try:
        with pytest.raises(TrafficError, match="still goes on"):
            traffic.replay()
    finally:
        traffic.stop()


def test_a_run_without_requests_is_replayed_all_the_same(lab):
    traffic = lab.fire(rate=1, duration=20, background=True)
    traffic.stop()
    assert "<svg" in traffic.replay()._repr_mimebundle_()["text/html"]


def test_the_still_counts_what_the_tape_tells():
    events = [
        ["s", 0, 1, 0], ["r", 0.1, 1, 0, 2, None, "refused"], ["r", 0.2, 1, 0.1, 1, 200, ""],
        ["d", 0.2, 1, "ok", 200, 1, "backend"], ["b", 0.3, 2, "killed", "failed", 9.0],
        ["s", 0.4, 2, 0], ["d", 0.5, 2, "503", 503, None, "caddy, for want of a backend"],
        ["s", 0.6, 3, 0], ["d", 0.7, 3, "ok", 200, 2, "unknown"],
        ["d", 0.7, 3, "ok", 200, None, "caddy"],
    ]  # fmt: skip
    counts = Totals(events, 2)
    assert (counts.sent, counts.ok, counts.errors, counts.retries) == (3, 1, 1, 1)
    assert str(counts).startswith("3 requests sent · 1 ok · 1 × Caddy's own page · 1 errors")
    picture = still(events, 2)
    assert "backend 2: killed" in picture
    assert "0 answered (0%), 1 failed" in picture
