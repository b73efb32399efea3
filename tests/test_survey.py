"""A survey: faults against strategies, every cell really tried, and nothing left broken."""

import _thread
import re
import threading

import pytest

from caddylab import CaddyfileError, FaultError, LabError, Survey, projector
from caddylab._machine import shipped
from caddylab._survey import table
from caddylab._survey.faults import LOAD_PATH

BARE = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""
MEMORY = BARE.replace("round_robin", "round_robin\n\t\tlb_retries 2\n\t\tfail_duration 10s")
"""The second retry is for the rare first one that finds nobody (`passed_over`)."""
PAGE = BARE.replace("\n}\n", '\n\thandle_errors {\n\t\trespond "Sorry."\n\t}\n}\n')
QUICK = ("down", "all down", "answers 500")


@pytest.fixture(scope="module")
def survey(lab):
    return Survey(lab).add("nothing", BARE).add("memory", MEMORY)


class TestTrials:
    def test_without_a_strategy_half_of_the_clients_suffer_from_each_fault(self, survey):
        trials = {fault: survey[fault, "nothing"] for fault in survey.faults}
        killed = trials.pop("killed under load")
        assert "502" in killed.trouble
        assert 0 < killed.good < killed.total
        assert {fault: repr(trial) for fault, trial in trials.items()} == {
            "down": "◐ 4 of 8: 4 × 502",
            "all down": "✗ 0 of 8: 8 × 502",
            "answers 500": "◐ 4 of 8: 4 × 500",
            "slow": "◐ 8 of 8: 4 slow",
            "hung": "◐ 4 of 8: 4 gave up",
            "partitioned": "◐ 4 of 8: 4 gave up",
        }

    def test_retry_and_memory_help_against_a_backend_that_is_down_and_nothing_else(self, survey):
        cured = [fault for fault in survey.faults if survey[fault, "memory"].sign == "✓"]
        assert cured == ["killed under load", "down"]

    def test_the_longest_wait_is_known(self, survey):
        assert survey["slow", "nothing"].slowest == pytest.approx(0.65 * survey.patience, abs=0.2)
        assert survey["hung", "nothing"].slowest == pytest.approx(survey.patience, abs=0.1)

    def test_killed_under_load_cuts_requests_that_are_under_way(self, survey):
        attempts = survey["killed under load", "nothing"].traffic.attempts()
        cut = attempts[~attempts["error"].str.contains("refused") & (attempts["error"] != "")]
        assert len(cut) > 0

    def test_it_shows_as_text(self, survey):
        head, *rows, legend = repr(survey).splitlines()
        assert head.split() == ["nothing", "memory"]
        assert [row.partition("  ")[0] for row in rows] == list(Survey.FAULTS)
        assert "✗" in legend

    def test_it_shows_as_a_table_whose_colours_say_what_the_signs_say(self, survey):
        page = survey._repr_html_()
        assert page.count("<td") == 2 * len(Survey.FAULTS)
        for cell in page.split("<td")[1:]:
            colour = {"✓": "#0072B2", "◐": "#E69F00", "✗": "#C24A00"}[cell.partition("<b>")[2][0]]
            assert f"solid {colour}" in cell

    def test_it_is_large_for_a_room(self, survey):
        assert table.LARGE not in survey._repr_html_()
        projector()
        large = survey._repr_html_()
        projector(False)
        assert table.LARGE in large


def test_a_friendly_page_is_seen(lab):
    survey = Survey(lab, faults=["all down"]).add("page", PAGE)
    assert repr(survey["all down", "page"]) == "✗ 0 of 8: 8 × 502 with a page of Caddy's own"


NO_HANDLER = BARE.replace("reverse_proxy", "reverse_proxy /")
MOVED = ":80 {\n\trewrite * /status/204"
FINE = PAGE.replace('"Sorry."', '"fine" 200')


def test_what_no_handler_takes_is_never_good(lab):
    survey = Survey(lab, faults=["all down", "down", "hung"]).add("nobody", NO_HANDLER)
    for fault in survey.faults:
        assert repr(survey[fault, "nobody"]) == "✗ 0 of 8: 8 answered by nobody"


def test_a_page_of_caddys_own_is_never_good_whatever_its_status(lab):
    survey = Survey(lab, faults=["all down", "down"]).add("fine", FINE)
    assert repr(survey["all down", "fine"]) == "✗ 0 of 8: 8 × 200 with a page of Caddy's own"
    assert repr(survey["down", "fine"]) == "◐ 4 of 8: 4 × 200 with a page of Caddy's own"


def test_another_good_status_than_the_one_asked_for_is_not_good(lab):
    survey = Survey(lab, faults=["down"]).add("moved", BARE.replace(":80 {", MOVED))
    assert repr(survey["down", "moved"]) == "✗ 0 of 8: 4 × 204, 4 × 502"


def test_names_are_shown_as_they_are(lab):
    survey = Survey(lab, faults=["answers 500"]).add("<b>&", BARE)
    assert "&lt;b&gt;&amp;</th>" in survey._repr_html_()


def test_the_same_name_again_replaces_the_column(lab):
    survey = Survey(lab, faults=["down"]).add("a", BARE).add("b", BARE).add("a", MEMORY)
    assert survey.strategies == ("a", "b")
    assert survey["down", "a"].sign == "✓"


def test_the_last_of_the_pool_is_broken(lab):
    before = len(lab.faults)
    Survey(lab, pool=(2, 1), faults=["down", "answers 500"]).add("nothing", BARE)
    assert [span.backend for span in lab.faults[before:]] == [1, 1]


@pytest.mark.parametrize("fault", ["killed under load", "all down", "slow", "partitioned"])
def test_afterwards_all_is_as_before(lab, fault):
    lab.load(MEMORY)
    Survey(lab, faults=[fault], clients=4, patience=0.4).add("nothing", BARE)
    assert [backend.state for backend in lab.backends] == ["up", "up"]
    assert lab.caddyfile == MEMORY
    assert lab.fire(4).backends == [2, 1, 2, 1]


@pytest.mark.parametrize("first", ["hung", "all down", "answers 500"])
def test_the_order_of_the_faults_makes_no_difference(lab, first):
    survey = Survey(lab, faults=(first, "down"), clients=8, patience=1).add("nothing", BARE)
    assert survey["down", "nothing"].traffic.errors == 4


def test_what_is_broken_already_is_mended_first(lab):
    lab.backend(1).hung()
    survey = Survey(lab, faults=["down"]).add("memory", MEMORY)
    assert survey["down", "memory"].sign == "✓"


def test_a_caddyfile_that_is_refused_changes_nothing(lab):
    lab.load(MEMORY)
    survey = Survey(lab, faults=QUICK)
    with pytest.raises(CaddyfileError, match="round_rob"):
        survey.add("typo", BARE.replace("round_robin", "round_rob"))
    assert survey.strategies == ()
    assert "Nothing has been tried" in repr(survey)
    assert "Nothing has been tried" in survey._repr_html_()
    assert [backend.state for backend in lab.backends] == ["up", "up"]
    assert lab.fire(4).backends == [2, 1, 2, 1]


def test_stop_in_the_middle_mends_everything(lab):
    survey = Survey(lab, faults=["hung"], patience=30)
    stop = threading.Timer(1, _thread.interrupt_main)
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        survey.add("nothing", BARE)
    stop.join()
    assert lab.backend(2).state == "up"
    assert lab.fire(4).errors == 0


def test_it_says_which_faults_there_are(lab):
    with pytest.raises(FaultError, match="no fault 'stoped': expected killed under load, down"):
        Survey(lab, faults=["stoped"])


def test_it_says_what_has_been_tried(survey, lab):
    for ask in (survey.served, survey.cured, lambda name: survey["down", name]):
        with pytest.raises(LabError, match="no strategy 'much': expected nothing, memory"):
            ask("much")
    with pytest.raises(FaultError, match="'fire' was not tried: expected killed under load, down"):
        survey["fire", "nothing"]
    with pytest.raises(LabError, match="none yet"):
        Survey(lab).cured("nothing")


def test_it_wants_more_than_one_backend(lab):
    with pytest.raises(LabError, match="two or more"):
        Survey(lab, pool=[1])


@pytest.mark.parametrize("folder", ["", "demos"])
def test_a_request_under_load_is_quicker_than_the_timeout_that_is_taught(folder):
    """Else a strategy with that timeout would fail where it is meant to help."""
    (notebook,) = (shipped.course() / folder).glob("08-*.ipynb")
    timeouts = re.findall(r"response_header_timeout (\d+)ms", notebook.read_text("utf-8"))
    assert timeouts
    assert 2 * int(LOAD_PATH.rpartition("/")[2]) <= min(map(int, timeouts))
