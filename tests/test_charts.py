"""The charts say what the tables say: no request, failure or fault is lost or made up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import altair as alt
import chart_scenes as scenes
import nbformat
import pandas as pd
import pytest
import vl_convert
from nbconvert import HTMLExporter

from caddylab import TrafficError, _charts
from caddylab._charts.parts import renderer, theme, words
from caddylab._look import png

BLUE, ORANGE, VERMILION, GREY = "#0072B2", "#E69F00", "#C24A00", "#7A7A7A"
LARGE = scenes.large(20_000)
STORY = "backend 2: refused, then backend 1: 200"


def routing(scene, **options):
    return _charts.routing(scene.requests, scene.attempts, scene.spans, **options).to_dict()


def shares(scene, expected=None, **options):
    return _charts.shares(scene.requests, expected, **options).to_dict()


def latency(scene, **options):
    return _charts.latency(scene.requests, scene.spans, **options).to_dict()


def timeline(scene, **options):
    return _charts.timeline(scene.requests, scene.attempts, scene.spans, **options).to_dict()


def percentiles(scene):
    return _charts.percentiles(scene.requests).to_dict()


def sticky(scene):
    return _charts.sticky(scene.requests, scene.attempts).to_dict()


def in_flight(scene, **options):
    return _charts.in_flight(scene.requests, scene.attempts, scene.spans, **options).to_dict()


def drawn(scene):
    return {kind: _charts.draw(kind, *vars(scene).values()).to_dict() for kind in _charts.PICTURES}


def table(spec, layer):
    """The rows that a layer draws."""
    return spec["datasets"][layer.get("data", spec.get("data"))["name"]]


def rows(spec, *fields):
    """The rows of every layer whose rows have all these fields."""
    tables = [table(spec, layer) for layer in spec["layer"]]
    return [row for rows in tables for row in rows if set(fields) <= set(row)]


def crosses(spec):
    """The layers of crosses: failed requests, failed attempts."""
    return [
        table(spec, layer)
        for layer in spec["layer"]
        if layer["mark"].get("shape") == theme.CROSS and layer["mark"]["color"] == VERMILION
    ]


def answers_of(spec, who):
    """The marks of the layers in which `who` has answered."""
    layers = [layer for layer in spec["layer"] if "shape" in layer["encoding"]]
    return [layer["mark"] for layer in layers if who in {row["who"] for row in table(spec, layer)}]


def looks(spec, channel):
    """Which name has which colour or shape."""
    for layer in spec["layer"]:
        scale = layer["encoding"].get(channel, {}).get("scale")
        if scale:
            return dict(zip(scale["domain"], scale["range"], strict=True))
    raise AssertionError(f"nothing is drawn by {channel}")


def curves(spec):
    return [table(spec, each) for each in spec["layer"] if each["mark"]["type"] == "line"]


def sentence(spec):
    return renderer.sentence(spec)


def subtitle(spec):
    return " ".join(spec["title"]["subtitle"])


def test_routing_draws_each_request_in_the_lane_of_its_backend():
    scene = scenes.happy()
    marks = rows(routing(scene), "who")
    assert [mark["request"] for mark in marks] == list(range(1, 17))
    assert [mark["who"] for mark in marks] == ["backend 2", "backend 1"] * 8
    assert {mark["y"] for mark in marks if mark["who"] == "backend 1"} == {0}
    assert [mark["tried"] for mark in marks][:2] == ["backend 2: 200", "backend 1: 200"]


def test_backends_keep_their_colours_and_shapes_in_every_picture():
    for spec in (routing(scenes.happy()), latency(scenes.happy()), latency(LARGE)):
        assert looks(spec, "color")["backend 1"] == BLUE
        assert looks(spec, "color")["backend 2"] == ORANGE
    assert looks(routing(scenes.happy()), "shape") == {"backend 1": "circle", "backend 2": "square"}
    fills = {row["who"]: row["fill"] for row in rows(shares(scenes.happy()), "fill")}
    assert fills == {"backend 1": BLUE, "backend 2": ORANGE}


def test_sixteen_backends_can_be_told_apart_by_colour_and_shape_together():
    assert len({(theme.colour(k), theme.shape(k)) for k in range(1, 17)}) == 16
    assert len({theme.colour(k) for k in range(1, 9)}) == 8
    assert VERMILION not in {theme.colour(k) for k in range(1, 17)}


def test_a_backend_that_got_nothing_has_its_place():
    scene = scenes.happy(4, backends=1)
    assert "backend 3" in json.dumps(routing(scene, backends=3))
    assert [row["who"] for row in rows(shares(scene, backends=3), "label")] == [
        "backend 1", "backend 2", "backend 3",
    ]  # fmt: skip


def test_the_title_does_not_forget_backends_that_got_nothing():
    script = scenes.Script()
    for n, backend in enumerate((1, 1, 3, 4, 5, 6)):
        script.request(n / 10, (backend, 0.01, 200))
    scene = script.scene()
    said = "ackend 1 answered most (2), backend 2 and backend 7 none"
    assert sentence(routing(scene, backends=7)) == f"6 requests: b{said}"
    assert sentence(shares(scene, backends=7)) == f"B{said} of 6 requests"
    assert "6 backends none" in sentence(shares(scene, backends=11))


def test_a_failed_attempt_is_a_cross_with_a_line_to_where_the_retry_went():
    scene = scenes.killed()
    spec = routing(scene)
    refused = scene.attempts[~scene.attempts["ok"]]
    (failed,) = crosses(spec)
    (way,) = rows(spec, "y2")
    assert [row["tried"] for row in failed] == [STORY] * len(refused) != []
    assert failed[0]["attempt"].startswith("1: refused after 0.3 ms")
    assert (round(way["y"]), round(way["y2"])) == (1, 0)
    assert sentence(spec) == "Backend 2 was killed: 1 failed attempt, every request answered"


def test_an_answer_that_was_not_passed_on_is_a_failed_attempt_too():
    script = scenes.Script()
    script.request(0.0, (2, 0.001, 500), (1, 0.001, 200))
    spec = routing(script.scene())
    assert [row["tried"] for row in crosses(spec)[0]] == ["backend 2: 500, then backend 1: 200"]
    assert sentence(spec) == "1 request: 1 failed attempt at backend 2, every request answered"


def test_requests_that_nobody_answered_stand_where_their_client_gave_up():
    scene = scenes.hung()
    spec = routing(scene)
    lost, attempts = crosses(spec)
    assert len(lost) == len(attempts) == (scene.requests["outcome"] == "timeout").sum()
    assert {row["y"] for row in lost} == {2}
    assert {row["y"] for row in attempts} == {1}
    assert lost[0]["x"] == pytest.approx(attempts[0]["x"] + 2, abs=0.01)


def test_what_caddy_answers_itself_is_grey_and_crossed():
    scene = scenes.outage()
    spec = routing(scene)
    lost = scene.requests["outcome"].isin(["502", "503"]).sum()
    assert looks(spec, "color")["Caddy itself"] == GREY
    assert Counter(row["who"] for row in rows(spec, "who"))["Caddy itself"] == lost
    assert len(crosses(spec)[0]) == lost
    assert not any(around["filled"] for around in answers_of(spec, "Caddy itself"))
    assert sentence(spec) == (
        "Backends 1 and 2 were stopped: 25 of 40 requests failed (23 × 503 and 2 × 502)"
    )


def test_a_failure_that_a_backend_answered_is_its_own_and_a_cancelled_request_is_none():
    spec = routing(scenes.failing())
    (failures,) = crosses(spec)  # the attempt of who was cut off is no failure of its backend
    assert {row["y"] for row in failures} == {2}
    assert sentence(spec) == "7 of 60 requests failed (500), 1 not finished"


@pytest.mark.parametrize(("number", "said"), [(1, "1 request"), (3, "All 3 requests")])
def test_a_run_in_which_nothing_was_answered(number, said):
    script = scenes.Script()
    for k in range(number):
        script.request(0.1 * k, outcome="503", status=503, latency=0.001)
    assert sentence(routing(script.scene())) == f"{said} failed (503)"
    assert sentence(shares(script.scene())) == (
        f"None of {said.removeprefix('All ')} was answered well; {number} failed"
    )
    assert sentence(latency(script.scene())).startswith("No request was answered well")


@pytest.mark.parametrize(
    ("answerer", "outcome", "status", "lane", "said"),
    [
        (
            "caddy",
            "ok",
            200,
            "Caddy's own page",
            "4 requests: Caddy's own page answered all of them",
        ),
        ("caddy", "503", 503, "Caddy's own page", "All 4 requests failed (503)"),
        ("caddy, for want of a backend", "503", 503, "Caddy itself", "All 4 requests failed (503)"),
        ("nobody", "nobody", 200, "nobody", "All 4 requests failed (answered by nobody)"),
        ("unknown", "ok", 200, "not known", "4 requests: not known answered all of them"),
    ],
)
def test_who_is_no_backend_has_a_lane_of_its_own(answerer, outcome, status, lane, said):
    script = scenes.Script()
    for k in range(4):
        script.request(0.1 * k, outcome=outcome, status=status, latency=0.001, answerer=answerer)
    for spec in (routing(script.scene(), backends=2), shares(script.scene(), backends=2)):
        marks = rows(spec, "who")
        assert Counter(row["who"] for row in marks if row.get("size") != 0)[lane] >= 1
        assert lane.lower() in subtitle(spec).lower()
    assert sentence(routing(script.scene(), backends=2)) == said


def test_a_page_of_caddys_own_in_the_place_of_an_answer_is_not_its_backends():
    script = scenes.Script()
    for k in range(6):
        end = 500 if k % 2 else 200
        script.request(0.1 * k, (k % 2 + 1, 0.001, end), status=200,
                       answerer="caddy" if k % 2 else "")  # fmt: skip
    spec = routing(script.scene(), backends=2)
    assert Counter(row["who"] for row in rows(spec, "who")) == {
        "backend 1": 3, "Caddy's own page": 3,
    }  # fmt: skip
    assert sentence(spec) == "6 requests: Caddy's own page answered 3 and backend 1 answered 3"
    assert "turns" not in sentence(spec)
    assert sentence(percentiles(script.scene())).startswith("Half of 6 requests had a good answer")
    assert "3 no good answer (50 %)" in [
        r["label"] for r in rows(percentiles(script.scene()), "label")
    ]


def test_an_incomplete_trace_says_so():
    scene = scenes.happy(3)
    scene.requests["complete"] = [True, False, True]
    spec = routing(scene)
    assert [row["tried"] for row in rows(spec, "who")][1] == "backend 1: 200 … (trace not complete)"
    assert "1 trace not complete" in subtitle(spec)


def test_time_lies_across_where_it_tells_something():
    always = scenes.happy()
    always.spans.loc[0] = [2, "slow", "fault", -5.0, float("nan")]
    for scene, axis in (
        (scenes.happy(), "request number"),
        (always, "request number"),
        (scenes.hung(), "time since the run began"),
        (scenes.slow(), "time since the run began"),
    ):
        layer = routing(scene)["layer"][-1]
        assert layer["encoding"]["x"]["axis"]["title"] == axis
    assert "request number" in json.dumps(routing(scenes.hung(), by="n"))


def test_faults_and_opinions_are_bands_on_their_backends_lane():
    spec = routing(scenes.hung())
    bands = {row["what"]: row for row in rows(spec, "what", "top")}
    fault, opinion = bands["backend 2 hung"], bands["Caddy thinks: backend 2 unhealthy"]
    assert (fault["x"], fault["top"], fault["bottom"]) == (1.0, 0.54, 1.46)
    assert opinion["x"] == 6.0
    assert opinion["top"] > 1
    assert {row["label"] for row in rows(spec, "label")} == {"hung", "Caddy thinks: unhealthy"}


def test_bands_by_request_number_hold_the_requests_sent_meanwhile():
    scene = scenes.killed()
    fault = next(row for row in rows(routing(scene, by="n"), "what") if "killed" in row["what"])
    sent = scene.requests.query("2 <= sent < 6")["n"]
    assert (fault["x"], fault["x2"]) == (sent.min() - 0.5, sent.max() + 0.5)


def test_a_span_that_was_over_before_the_run_is_left_out():
    scene = scenes.happy()
    scene.spans.loc[0] = [2, "killed", "fault", -5.0, -1.0]
    for spec in drawn(scene).values():
        assert "killed" not in json.dumps(spec)


def test_shares_count_every_request_once():
    scene = scenes.failing()
    spec = shares(scene, {1: 1, 2: 1, 3: 1, 4: 1})
    parts = rows(spec, "fill")
    assert sum(part["size"] for part in parts) == len(scene.requests)
    assert sum(part["share"] for part in parts) == pytest.approx(1)
    assert {(p["outcome"], p["size"]) for p in parts if p["fill"] == VERMILION} == {
        ("other 5xx", 7)
    }
    labels = {row["who"]: row["label"] for row in rows(spec, "label")}
    assert labels["backend 3"] == "15 · 25 %, 7 × 500 (expected 25 %)"
    assert labels["no answer"] == "1 · 1.7 %, cancelled"


def test_expected_shares_may_be_weights():
    ticks = {
        row["who"]: row["expected"]
        for row in rows(shares(scenes.happy(), {1: 3, 2: 1}), "expected")
    }
    assert ticks == {"backend 1": 0.75, "backend 2": 0.25}


def test_latency_stands_where_the_request_was_sent():
    scene = scenes.slow()
    marks = {row["request"]: row for row in rows(latency(scene), "who")}
    assert len(marks) == len(scene.requests)
    for n, row in scene.requests.set_index("n").iterrows():
        assert marks[n]["x"] == pytest.approx(row["sent"], abs=1e-6)
        assert marks[n]["y"] == pytest.approx(row["latency_intended"], abs=1e-6)
    actual = {row["request"]: row["y"] for row in rows(latency(scene, intended=False), "who")}
    assert actual[1] == pytest.approx(scene.requests["latency"][0], abs=1e-6)


def test_latency_is_on_a_log_scale_only_where_it_must():
    for scene, kind in ((scenes.happy(), "linear"), (scenes.slow(), "log")):
        encoded = latency(scene)["layer"][-1]["encoding"]["y"]
        assert encoded["scale"]["type"] == kind
        assert ("a log scale" in str(encoded["axis"]["title"])) == (kind == "log")


def test_a_request_that_was_never_sent_has_no_latency_and_is_mentioned():
    scene = scenes.happy(3)
    scene.requests.loc[2, ["sent", "outcome"]] = [float("nan"), "pending"]
    scene.requests.loc[2, ["status", "backend"]] = pd.NA
    spec = latency(scene)
    assert len(rows(spec, "who")) == 2
    assert "1 request never sent and not drawn" in subtitle(spec)
    assert {row["sent"] for row in rows(routing(scene), "request")} >= {"never"}


def test_latency_titles_say_what_the_fault_did():
    assert sentence(latency(scenes.slow())) == (
        "While backend 2 was slow, half of its answers took 1 s or more, else 5.1 ms"
    )
    assert sentence(latency(scenes.hung())) == "While backend 2 hung, 25 of 70 requests failed"
    assert sentence(latency(scenes.happy())) == (
        "Half of the answers came within 1.9 ms, the slowest took 4.8 ms"
    )


def test_the_timeline_has_each_request_with_its_attempts_inside():
    scene = scenes.hung()
    spec = timeline(scene)
    waits = {
        row["request"]: row for row in rows(spec, "y2") if "who" not in row and "what" not in row
    }
    attempts = {row["request"]: row for row in rows(spec, "who")}
    assert list(waits) == list(attempts) == list(range(1, 81))
    stuck, attempt = waits[12], attempts[12]
    assert (stuck["x"], stuck["x2"]) == pytest.approx((1.1, 3.1))
    assert (attempt["who"], attempt["attempt"]) == ("backend 2", "1: client gone after 2 s")
    assert stuck["y"] < attempt["y"] + 0.5 < stuck["y2"] + 0.5
    assert stuck["tried"] == "backend 2: client gone"
    assert sentence(spec) == "Backend 2 hung: 25 of 80 requests failed (timeout), after 2 s each"


def test_the_timeline_has_faults_and_opinions_in_rows_of_their_own_above():
    spec = timeline(scenes.killed())
    bands = {(row["what"], row["top"]) for row in rows(spec, "what")}
    assert bands == {
        ("backend 2 killed", 0),
        ("Caddy thinks: backend 2 failed", 20),
        ("Caddy thinks: backend 2 unhealthy", 40),
    }
    scales = [layer["encoding"]["y"].get("scale") for layer in spec["layer"]]
    assert {scale["range"][0] for scale in scales if scale} == {60}
    assert sentence(spec) == "Backend 2 was killed: 1 failed attempt, it cost its request 0.3 ms"


def test_a_band_that_comes_again_soon_is_not_labelled_again():
    """In a notebook beside the live view the labels would stand on each other."""
    script = scenes.Script()
    for second in range(10):
        script.request(second, (1, second + 0.01, 200), latency=0.02)
    for start in (0.5, 3.5, 6.5):
        script.span(2, "full", "opinion", start, start + 1)
    spec = timeline(script.scene())
    assert [row["label"] for row in rows(spec, "label")] == ["Caddy thinks: backend 2 full"]
    assert len(list(rows(spec, "what"))) == 3


def test_attempts_that_follow_each_other_cost_what_their_request_waited():
    script = scenes.Script()
    script.request(0.0, *[(2, 0.001, scenes.REFUSED)] * 3, (1, 0.002, 200), latency=0.5)
    assert sentence(timeline(script.scene())).endswith(
        "3 failed attempts at backend 2, whoever met them was answered within 500 ms"
    )


def test_the_words_of_a_bar_from_end_to_end_stand_inside_it():
    script = scenes.Script()
    script.request(0.0, (2, 1.0, scenes.GONE), outcome="timeout", latency=1.0)
    script.request(0.6, (2, 0.4, scenes.GONE), outcome="timeout", latency=0.4)
    script.request(0.0, (2, 0.1, scenes.GONE), outcome="timeout", latency=0.1)
    spec = timeline(script.scene())
    placed = [
        (layer["mark"]["align"], row["x"])
        for layer in spec["layer"]
        if layer["mark"]["type"] == "text"
        for row in spec["datasets"][layer["data"]["name"]]
    ]
    assert placed == [("right", 1.0), ("right", 0.6), ("left", 0.1)]


def test_an_attempt_that_failed_is_pale_and_crossed_where_it_ended():
    spec = timeline(scenes.killed())
    pale = [row for row in rows(spec, "pale") if row["pale"] < 1]
    (crossed,) = crosses(spec)
    assert [row["attempt"] for row in pale] == ["1: refused after 0.3 ms"]
    assert [row["tried"] for row in crossed] == [STORY]


def test_a_long_timeline_takes_what_failed_was_retried_or_slow_and_says_so():
    scene = scenes.large(5000)
    scene.requests.loc[4321, "latency"] = 3.0
    spec = timeline(scene)
    shown = {row["request"] for row in rows(spec, "tried")}
    requests = scene.requests
    assert len(shown) == 200
    assert shown >= {4322, *requests["n"][requests["outcome"] != "ok"]}
    assert shown >= {*requests["n"][requests["retries"] > 0]}
    assert "Of 5,000 requests, 200 are drawn" in subtitle(spec)


def test_a_timeline_crowded_with_failures_keeps_room_for_retries_and_slow_ones():
    scene = scenes.large(5000)
    scene.requests.loc[2500:, "outcome"] = "503"
    shown = pd.Series(sorted({row["request"] for row in rows(timeline(scene), "tried")}))
    assert (shown > 2500).sum() > 100
    assert shown[shown > 2500].diff().max() < 100
    assert set(shown) >= set(scene.requests["n"][scene.requests["retries"] > 0])


def test_a_part_of_the_timeline():
    spec = timeline(scenes.hung(), between=(3.0, 3.5))
    first = min(row["request"] for row in rows(spec, "tried"))
    assert first == 12
    assert min(row["x"] for row in rows(spec, "request")) == 3.0
    assert not rows(timeline(scenes.hung(), between=(100, 101)), "request")


def test_percentiles_of_a_closed_loop_have_one_curve_and_say_why():
    spec = percentiles(scenes.happy())
    (curve,) = curves(spec)
    assert [row["y"] for row in curve] == [*(k / 16 for k in range(17)), 1]
    assert "closed loop" in subtitle(spec)
    assert sentence(spec) == "Half of the answers came within 1.9 ms, the slowest took 4.8 ms"


def test_percentiles_of_a_late_sender_differ_by_the_sending_they_count_from():
    script = scenes.Script()
    for k in range(300):
        planned = k * 0.01
        script.request(max(planned, 2.0), (1, 0.004, 200), planned=planned)
    spec = percentiles(script.scene())
    intended, actual = ([row["x"] for row in curve] for curve in curves(spec))
    assert max(intended) == pytest.approx(2.0044)
    assert set(actual[:-1]) == {0.0044}
    points = rows(spec, "mark", "side", "x")
    assert {(row["mark"], row["side"]): row["x"] for row in points} == {
        ("p50", "intended"): 0.5044, ("p50", "actual"): 0.0044,
        ("p90", "intended"): 1.7044, ("p90", "actual"): 0.0044,
        ("p99", "intended"): 1.9744, ("p99", "actual"): 0.0044,
        ("max", "intended"): 2.0044, ("max", "actual"): 0.0044,
    }  # fmt: skip
    assert sentence(spec) == (
        "99 % of the answers came within 4.4 ms of the sending, but 2 s of when it should have been"
    )


def test_requests_that_failed_never_had_a_good_answer():
    spec = percentiles(scenes.hung())
    (curve,) = curves(spec)
    assert max(row["y"] for row in curve) == pytest.approx(55 / 80)
    labels = [row["label"] for row in rows(spec, "label")]
    assert "25 failed (31.2 %)" in labels
    assert labels.count("failed") == 3
    assert [row["mark"] for row in rows(spec, "mark", "side")] == ["p50"]


def test_a_cancelled_request_does_not_count_to_the_percentiles_and_is_mentioned():
    spec = percentiles(scenes.failing())
    assert "7 failed (11.9 %)" in [row["label"] for row in rows(spec, "label")]
    assert "1 request not finished and not counted" in subtitle(spec)


def test_the_sticky_matrix_has_a_row_for_each_client_and_its_requests_in_order():
    scene = scenes.sticky()
    spec = sticky(scene)
    cells = rows(spec, "look")
    assert len(cells) == 160
    own = [cell for cell in cells if cell["client"].startswith("5 ")]
    assert [round(cell["x"] + 0.46) for cell in own] == list(range(1, 21))
    assert [cell["request"] for cell in own] == list(range(6, 161, 8))
    assert [cell["look"] for cell in own] == (
        ["backend 2"] * 7 + ["Caddy itself"] + ["backend 1"] * 6 + ["backend 2"] * 6
    )
    assert looks(spec, "color") == {"backend 1": BLUE, "backend 2": ORANGE, "Caddy itself": GREY}


def test_a_lost_session_is_crossed_in_the_colour_of_who_did_not_know_it():
    scene = scenes.sticky()
    spec = sticky(scene)
    lost = scene.requests["n"][scene.requests["status"] == 401]
    (crossed,) = crosses(spec)
    assert [cell["request"] for cell in crossed] == list(lost)
    assert {cell["session"] for cell in crossed} == {"lost"}
    assert sentence(spec) == "4 of 8 clients lost their session, 48 times in all; 2 requests failed"


def test_a_counter_of_views_that_goes_back_is_a_lost_session():
    script = scenes.Script()
    for k, views in enumerate([1, 2, 3, 1, 2, 4]):
        body = f'{{"user":"ann","views":{views}}}'
        script.request(k * 0.1, (1, 0.001, 200), client=0, path="/me?x=1", body=body)
    script.request(0.45, (1, 0.001, 200), client=1, path="/me", body='{"user":"ann","views":1}')
    (crossed,) = crosses(sticky(script.scene()))
    assert [cell["request"] for cell in crossed] == [4, 5]


def test_answers_that_overtake_one_another_are_no_lost_session():
    script = scenes.Script()
    for sent, took, views in ((0.0, 0.5, 2), (0.1, 0.1, 1), (0.6, 0.1, 3)):
        script.request(sent, (1, took, 200), client=0, path="/me", body=f'{{"views":{views}}}')
    spec = sticky(script.scene())
    assert crosses(spec) == []
    assert sentence(spec) == "The client stayed with its backend"


def test_clients_that_change_their_backend_are_counted():
    spec = sticky(scenes.killed())
    assert sentence(spec) == "10 of 20 clients changed backend, 20 times in all"
    assert sentence(sticky(scenes.happy(20))) == "Every client stayed with its backend"


def test_of_very_many_clients_those_that_lost_their_session_are_drawn():
    script = scenes.Script()
    for k in range(5000):
        lost = k % 100 == 77 and k > 3000
        script.request(
            k * 0.001, (1, 0.001, 401 if lost else 200), outcome="4xx" if lost else "ok",
            client=k % 100, path="/me",
        )  # fmt: skip
    spec = sticky(script.scene())
    assert len({cell["y"] for cell in rows(spec, "look")}) == 30
    assert len(crosses(spec)[0]) == 20
    assert "30 of 100 clients are drawn, those that most happened to." in subtitle(spec)


def test_of_very_many_requests_a_client_those_from_the_first_failure_on_are_drawn():
    spec = sticky(LARGE)
    request = {cell["request"] for cell in rows(spec, "look")}
    failed = LARGE.requests["n"][LARGE.requests["outcome"] != "ok"]
    assert failed.min() in request
    assert "of 1,000 each." in subtitle(spec)


def compared(first, second):
    sides = [
        _charts.Side(name, scene.requests, scene.spans)
        for name, scene in (("without", first), ("with retries", second))
    ]
    return _charts.compare(*sides)


def test_two_runs_stand_side_by_side_on_the_same_axes():
    spec = compared(scenes.hung(), scenes.slow()).to_dict()
    panels = spec["hconcat"]
    scales = {
        channel: {json.dumps(panel["layer"][-1]["encoding"][channel]["scale"]) for panel in panels}
        for channel in "xy"
    }
    assert {channel: len(found) for channel, found in scales.items()} == {"x": 1, "y": 1}
    assert {(panel["width"], panel["height"]) for panel in panels} == {(400, 340)}
    assert [" ".join(panel["title"]["text"]) for panel in panels] == [
        "without: While backend 2 hung, 25 of 70 requests failed",
        "with retries: While backend 2 was slow, half of its answers took 1 s or more, else 5.1 ms",
    ]
    assert sentence(spec) == (
        "without: 25 of 80 requests failed, 99 % of the answers within 3.4 ms; "
        "with retries: none failed, 99 % of the answers within 1 s"
    )


def test_both_runs_of_a_pair_are_drawn_whole_each_in_its_own_colours():
    for first, second in ((scenes.hung(), scenes.failing()), (LARGE, scenes.happy())):
        chart = compared(first, second)
        spec = chart.to_dict()
        for panel, scene in zip(spec["hconcat"], (first, second), strict=True):
            marks = rows(spec | panel, "who", "y")
            assert sum(row.get("size", 1) for row in marks) == len(scene.requests)
            assert looks(panel, "color")["backend 1"] == BLUE
        bundle, _metadata = renderer.render(spec)
        assert vl_convert.vegalite_to_png(bundle[renderer.LIVE], vl_version="5.8")


def test_a_run_without_requests_cannot_be_compared():
    spec = compared(scenes.happy(0), scenes.happy()).to_dict()
    assert sentence(spec) == "Nothing to compare: one of the two runs sent no requests"


def test_requests_that_are_pending_have_waited_until_now():
    scene = scenes.happy(3)
    scene.requests.loc[2, ["outcome", "latency", "latency_intended"]] = ["pending", 0.0, 0.0]
    tables = scene.requests, scene.attempts[:2], scene.spans
    spec = _charts.draw("latency", *tables, now=5.0).to_dict()
    marks = {row["request"]: row["y"] for row in rows(spec, "who")}
    assert marks[3] == pytest.approx(5.0 - scene.requests["sent"][2], abs=1e-6)
    spec = _charts.draw("in flight", *tables, now=5.0).to_dict()
    assert max(x2 for _, x2, _ in levels(spec, "waiting")) == pytest.approx(5.0)


def levels(spec, who):
    """When how many requests were there."""
    return [(row["x"], row["x2"], row["size"]) for row in rows(spec, "size") if row["who"] == who]


def test_requests_in_flight_count_from_an_attempts_beginning_to_its_end():
    script = scenes.Script()
    script.request(0.0998, (1, 0.5, 200))
    script.request(0.1998, (1, 0.2, 200))
    script.request(0.2998, (2, 0.2, scenes.GONE), outcome="timeout")
    spec = in_flight(script.scene(), backends=3)
    assert levels(spec, "backend 1") == [(0.1, 0.2, 1), (0.2, 0.4, 2), (0.4, 0.6, 1)]
    assert levels(spec, "backend 2") == [(0.3, 0.5, 1)]
    heights = {row["size"]: row["y2"] - row["y"] for row in rows(spec, "size")}
    assert heights[2] == pytest.approx(2 * heights[1])
    assert '[\\"backend 3\\", \\"none\\"]' in json.dumps(spec)
    assert sentence(spec) == "Backend 1 had up to 2 requests in flight, backend 2 up to 1"


def test_a_request_between_two_attempts_waits():
    script = scenes.Script()
    script.request(1.0, (2, 0.1, scenes.REFUSED), (1, 0.1, 200), latency=0.4002)
    script.attempts[1] = (*script.attempts[1][:4], 1.3002, *script.attempts[1][5:])
    spec = in_flight(script.scene())
    waits = [(x, x2) for x, x2, _ in levels(spec, "waiting") if x2 - x > 0.001]
    assert waits == [(1.1002, 1.3002)]
    assert "Waiting: in Caddy, and at no backend" in subtitle(spec)


def test_a_run_that_has_just_begun_has_no_attempts_in_flight_yet():
    scene = scenes.happy(1)
    spec = _charts.in_flight(scene.requests, scene.attempts[:0], scene.spans).to_dict()
    assert sentence(spec) == "No attempt is known"


def test_a_hung_backend_collects_the_requests():
    spec = in_flight(scenes.crowded())
    assert sentence(spec) == (
        "Backend 2 hung: backend 2 had up to 20 requests in flight, backend 1 up to 12"
    )
    assert max(row["size"] for row in rows(spec, "size")) == 20
    assert {row["label"] for row in rows(spec, "label")} == {"hung"}


def test_averages_of_very_many_requests_in_flight_add_up_to_the_time_spent():
    spec = in_flight(LARGE)
    spent = sum((row["x2"] - row["x"]) * row["size"] for row in rows(spec, "size"))
    assert spent == pytest.approx(LARGE.attempts["duration"].sum(), rel=0.05)
    assert "averaged in columns" in subtitle(spec)


@pytest.mark.parametrize("by", ["n", "time"])
def test_many_requests_are_counted_and_the_counts_add_up(by):
    spec = routing(LARGE, by=by)
    bars = rows(spec, "fill", "size")
    assert sum(bar["size"] for bar in bars) == 20_000
    outcomes = Counter()
    for bar in bars:
        outcomes[bar["outcome"]] += bar["size"]
    assert outcomes == Counter(LARGE.requests["outcome"])
    assert sum(cross["size"] for cross in crosses(spec)[0]) == (~LARGE.attempts["ok"]).sum()
    assert "20,000 requests, counted in columns" in subtitle(spec)


def test_a_column_counts_the_requests_between_its_edges():
    bars = [bar for bar in rows(routing(LARGE, by="n"), "fill") if bar["who"] == "backend 3"]
    n = LARGE.requests["n"][LARGE.requests["backend"] == 3]
    assert [bar["size"] for bar in bars] == [n.between(b["x"], b["x2"]).sum() for b in bars]


def test_many_latencies_are_counted_and_the_counts_add_up():
    spec = latency(LARGE)
    cells = rows(spec, "who", "size")
    failed = sum(cell["size"] for cell in cells if cell["who"] == "failed")
    assert sum(cell["size"] for cell in cells) == 20_000
    assert failed == (LARGE.requests["outcome"] != "ok").sum() > 0


def test_one_failure_among_very_many_is_seen():
    scene = scenes.happy(5000)
    scene.requests.loc[1234, "outcome"] = "timeout"
    scene.requests.loc[1234, ["status", "backend"]] = pd.NA
    bar = next(row for row in rows(routing(scene), "fill") if row["outcome"] == "timeout")
    assert (bar["fill"], bar["size"]) == (VERMILION, 1)
    assert bar["y"] - bar["y2"] == pytest.approx(0.05)
    assert sentence(routing(scene)) == "1 of 5,000 requests failed (timeout)"


def test_a_browser_is_never_asked_for_more_than_a_few_thousand_marks():
    for spec in drawn(LARGE).values():
        assert sum(map(len, spec["datasets"].values())) < 4000


@pytest.mark.parametrize("name", scenes.SCENES)
def test_every_picture_becomes_a_png_also_with_the_vega_lite_of_jupyterlab(name):
    for spec in drawn(scenes.SCENES[name]()).values():
        bundle, _metadata = renderer.render(spec)
        png = vl_convert.vegalite_to_png(bundle[renderer.LIVE], vl_version="5.8")
        assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize("number", [0, 1])
def test_hardly_any_requests_are_no_trouble(number):
    for spec in drawn(scenes.happy(number)).values():
        renderer.render(spec)
        assert sentence(spec) == "No requests were sent" or number


def test_a_notebook_gets_a_live_picture_a_png_and_a_sentence():
    chart = _charts.routing(*vars(scenes.happy()).values())
    bundle, metadata = chart._repr_mimebundle_()
    assert set(bundle) == {renderer.LIVE, "image/png", "text/plain"}
    assert bundle["text/plain"] == "16 requests: the backends took turns, 8 each"
    live = bundle[renderer.LIVE]
    assert live["$schema"].endswith("/v5.json")
    assert live["config"]["background"] == "transparent"
    assert live["config"]["title"]["color"] == "currentColor"
    assert metadata[renderer.LIVE]["embed_options"]["renderer"] == "svg"


def test_a_class_can_do_without_the_png_and_its_memory(monkeypatch):
    monkeypatch.setenv(png.VARIABLE, "off")
    bundle, _ = _charts.routing(*vars(scenes.happy()).values())._repr_mimebundle_()
    assert set(bundle) == {renderer.LIVE, "text/plain"}


def test_github_and_nbconvert_show_the_png():
    bundle, metadata = _charts.routing(*vars(scenes.happy()).values())._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=bundle, metadata=metadata)
    cell = nbformat.v4.new_code_cell("t.chart()", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert f"data:image/png;base64,{bundle['image/png'][:40]}" in page


def test_another_theme_of_the_learners_is_left_alone():
    with alt.theme.enable("dark"):
        chart = _charts.routing(*vars(scenes.happy()).values())
        assert renderer.live(chart.to_dict())["config"] == chart.to_dict()["config"]


def test_pictures_are_saved_without_a_network(tmp_path):
    chart = _charts.routing(*vars(scenes.hung()).values())
    for name in ("chart.png", "chart.svg", "chart.html"):
        chart.save(tmp_path / name)
    assert "Backend 2 hung" in (tmp_path / "chart.svg").read_text(encoding="utf-8")


def test_a_picture_of_another_name_is_refused():
    with pytest.raises(TrafficError, match=r"no picture “pie”.*“routing”"):
        _charts.draw("pie", *vars(scenes.happy()).values())


def test_importing_caddylab_does_not_import_the_charts():
    check = "import sys, caddylab; sys.exit('altair' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.000042, "0.04 ms"), (0.0031, "3.1 ms"), (0.25, "250 ms"), (0.99996, "1 s"), (5.02, "5 s")],
)
def test_durations_in_words(value, text):
    assert words.seconds(value) == text


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("dial tcp 10.0.0.1:8080: connect: connection refused", "refused"),
        ("read tcp 10.0.0.1:1->10.0.0.1:2: read: connection reset by peer", "reset"),
        ("dial tcp 10.0.0.1:8080: i/o timeout", "timed out"),
        ("net/http: timeout awaiting response headers", "timed out"),
        ("context canceled", "client gone"),
        ("EOF", "cut off"),
        ("something that nobody has ever seen before", "something that nobody has ever seen…"),
    ],
)
def test_errors_in_a_word(error, word):
    assert words.reason(error, pd.NA) == word
