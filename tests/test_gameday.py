"""The game day: every scenario hurts, a fitting answer keeps the budget, and it is all counted."""

from __future__ import annotations

import csv
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import game_answers
import nbformat
import psutil
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from caddylab import Clients, FaultError, GameDay, LabClosed, LabError
from caddylab._gameday import score
from caddylab._gameday.game import Deed
from caddylab._gameday.incidents import plan
from caddylab._gameday.production import GROWN
from caddylab._gameday.report import COLUMNS, Report
from caddylab._gameday.scenarios import DAY, SCENARIOS
from caddylab._gameday.score import EXCUSED, PAGE, Sample
from caddylab._machine import shipped
from caddylab._machine.waiting import poll
from caddylab._records import Outcome, Request

MINUTES, RATE = 0.17, 20
AT_ONCE = 7
HEALS_SLOWLY = ("lost sessions",)
"""Everybody has to log in once more before an answer helps: these are played twice as long."""
EARLY = [name for name, scenario in SCENARIOS.items() if scenario.level == 1]
MARGIN = 25
RUNTIMES = pytest.mark.parametrize(
    "runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)]
)


def seed_of(name: str, level: int = 2, backend: int = 2) -> int:
    """A seed that draws this scenario first, at this backend."""
    drawn = ((seed, plan(seed, level, 60)[0]) for seed in range(10_000))
    return next(s for s, i in drawn if (i.scenario.name, i.backend) == (name, backend))


def game(seed: int, level: int = 2, minutes: float = MINUTES, runtime: str = "process") -> GameDay:
    return GameDay(seed, level, minutes, rate=RATE, runtime=runtime)


def level_of(name: str) -> int:
    """The level that brings any of its kind."""
    return max(2, SCENARIOS[name].level)


def answer_to(name: str) -> str:
    return game_answers.FITTING.get(name, game_answers.PREPARED)


def play(name: str, answer: str | None = None, level: int = 2, backend: int = 2) -> Report:
    """Play a game without doing anything, or with an answer: a Caddyfile, or "restart"."""
    minutes = 2 * MINUTES if name in HEALS_SLOWLY else MINUTES
    with game(seed_of(name, level, backend), level, minutes) as day:
        afterwards = game_answers.AFTERWARDS if level > 1 else EARLY
        before = answer not in (None, "restart") and name not in afterwards
        if before:
            day.lab.load(answer)
        day.start()
        if answer and not before:
            assert poll(lambda: day.struck, 20)
            day.lab.backend(2).restart() if answer == "restart" else day.lab.load(answer)
        day.wait()
        assert hurts(day) == []
        return day.report()


def hurts(day: GameDay) -> list[object]:
    """What is still broken, or besieged."""
    broken = [fault for hand in day.lab.chaos.hands for fault in hand.faults]
    besieged = [traffic for traffic in day.lab.chaos.besiegers if not traffic.done]
    return [*broken, *day.lab.stack.fleet.names.faults, *besieged]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Every scenario played without an answer and with a fitting one, several at a time."""
    games = {(name, ""): (name, None, level_of(name)) for name in SCENARIOS}
    games |= {(name, "fitting"): (name, answer_to(name), level_of(name)) for name in SCENARIOS}
    games |= {(name, "restart"): (name, "restart") for name in ("hang", "partition")}
    games |= {(name, "spare"): (name, game_answers.SPARE, 1, 1) for name in EARLY}
    games |= {(name, "spared"): (name, None, 1, 1) for name in EARLY}
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        patch.chdir(tmp_path_factory.mktemp("games"))
        futures = {key: pool.submit(play, *words) for key, words in games.items()}
        yield {key: future.result() for key, future in futures.items()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_hurts_the_unprepared_and_a_fitting_answer_keeps_the_budget(played, name):
    unprepared, fitting = played[name, ""], played[name, "fitting"]
    if fitting.points < unprepared.points + MARGIN:  # a busy machine is slow: once more, alone
        fitting = play(name, answer_to(name), level_of(name))
    assert unprepared.points <= 40
    assert fitting.points >= unprepared.points + MARGIN
    assert fitting.good > unprepared.good or name == "slow everywhere"


@pytest.mark.timeout(600)
def test_a_restart_helps_where_it_would_in_reality(played):
    assert played["hang", "restart"].points >= played["hang", ""].points + 15
    assert played["partition", "restart"].points <= played["partition", ""].points + 10


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", EARLY)
def test_the_spare_helps_where_the_only_one_with_the_logins_is_hit(played, name):
    assert played[name, "spare"].good >= played[name, "spared"].good + 0.1
    assert "take the spare" in repr(played[name, "spare"])


class TestSeed:
    @pytest.mark.parametrize("level", [1, 2, 3, 4])
    def test_the_same_seed_brings_the_same_incident_at_the_same_second(self, level):
        assert plan(7, level, 180) == plan(7, level, 180)
        assert len({plan(seed, level, 180) for seed in range(50)}) > 40

    def test_every_scenario_can_come(self):
        drawn = [plan(seed, level, 180)[0].scenario for seed in range(200) for level in (2, 4)]
        assert {scenario.name for scenario in drawn} == set(SCENARIOS)
        assert len(SCENARIOS) == 9 + 4

    def test_what_was_drawn_by_the_seeds_of_the_guide_is_drawn_still(self):
        drawn = [plan(seed, 1, 180)[0] for seed in (2, 11, 7)]
        assert [i.scenario.name for i in drawn] == ["slow", "hang", "flapping"]
        assert plan(5, 2, 180)[0].scenario.name == "fails fast"

    def test_the_last_level_brings_what_chapters_9_to_11_are_about_and_nothing_else(self):
        drawn = [incident for seed in range(200) for incident in plan(seed, 4, 180)]
        assert {incident.scenario.chapter for incident in drawn} == {9, 10, 11}
        before = [incident for seed in range(200) for incident in plan(seed, 3, 180)]
        assert max(incident.scenario.chapter for incident in before) == 8

    def test_the_first_level_needs_chapters_1_to_3_and_hits_either_backend(self):
        drawn = [incident for n in range(200) for incident in plan(n, 1, 180)]
        assert {incident.scenario.name for incident in drawn} == {"hang", "slow", "flapping"}
        assert {incident.backend for incident in drawn} == {1, 2}

    def test_the_third_brings_two_that_go_together(self):
        for seed in range(200):
            first, second = plan(seed, 3, 180)
            assert first.scenario.where != second.scenario.where
            assert 0 < first.at < second.at < 180 / 2

    def test_without_one_any_is_drawn_and_said(self, capsys):
        with GameDay(level=3, runtime="process") as day:
            assert f"seed={day.seed}" in capsys.readouterr().out


def request(outcome=Outcome.OK, status=200, backend=1, duration=0.1, body="") -> Request:
    return Request(1, 0, 0.0, 0.0, duration, outcome, status, backend, body)


class TestScore:
    @pytest.mark.parametrize(
        ("record", "cost"),
        [
            (request(), 0),
            (request(duration=1.2), 1),
            (request(Outcome.SERVER_ERROR, 500), 1),
            (request(Outcome.CLIENT_ERROR, 401), 1),
            (request(Outcome.BAD_GATEWAY, 502, None), 1),
            (request(Outcome.UNAVAILABLE, 503, None, body="Back soon."), PAGE),
            (request(backend=None, body="Back soon."), PAGE),
            (request(backend=None), 1),
            (request(backend=None, body="Back soon.", duration=1.2), 1),
            (request(Outcome.UNAVAILABLE, 503, 2, body="a backend's own"), 1),
            (request(Outcome.TIMEOUT, None, None, 3.0), 1),
            (request(Outcome.CANCELLED, None, None), EXCUSED),
            (request(Outcome.PENDING, None, None), None),
        ],
    )
    def test_what_a_request_costs(self, record, cost):
        assert score.cost(record, age=0.5) == cost

    def test_who_waits_too_long_is_lost_already(self):
        assert score.cost(request(Outcome.PENDING, None, None), age=1.5) == 1

    @pytest.mark.parametrize(
        ("outcome", "sent", "excused"),
        [
            (Outcome.RESET, 99.95, True),
            (Outcome.REFUSED, 100.2, True),
            (Outcome.RESET, 98.0, False),
            (Outcome.RESET, 102.0, False),
            (Outcome.BAD_GATEWAY, 100.0, False),
        ],
    )
    def test_a_reload_is_nobodys_fault(self, outcome, sent, excused):
        record = request(outcome, None, None)
        assert score.is_reload(record, sent, [(100.0, 100.1)]) is excused

    def test_the_budget_is_one_percent_of_an_hour(self):
        assert score.allowance(rate=40, seconds=180) == pytest.approx(0.01 * 40 * 3600)

    def test_what_is_left_of_it(self):
        samples = [Sample(0, "home", cost) for cost in (0, 0, 1, 1, PAGE, EXCUSED)]
        assert score.left(samples, 10) == pytest.approx(1 - 2.25 / 10)
        assert score.good_share(samples) == pytest.approx(2 / 5)
        assert score.good_share([Sample(0, "home", EXCUSED)]) is None

    def test_what_was_not_played_counts_as_the_seconds_that_are_told(self):
        samples = [Sample(k / 10, "home", 1 if k < 150 else 0) for k in range(200)]
        assert score.rest(samples, 20, 60, rate=10) == 0
        worse = [Sample(k / 10, "home", 1 if k >= 175 else 0) for k in range(200)]
        assert score.good_share(score.recent(worse, 20)) == pytest.approx(0.5, abs=0.02)
        assert score.rest(worse, 20, 60, rate=10) == pytest.approx(0.5 * 10 * 40, rel=0.05)
        assert score.rest(worse, 60, 60, rate=10) == 0
        assert score.rest([], 20, 60, rate=10) == 0

    def test_who_waited_in_vain_when_the_game_ended_was_lost(self):
        cut = request(Outcome.CANCELLED, None, None, duration=1.5)
        assert score.cost(cut, age=1.5) == 1

    def test_when_all_is_well_again(self):
        hurt = [Sample(k / 10, "home", float(100 <= k < 160)) for k in range(400)]
        assert score.well_since(hurt, 10, 40) == 16
        assert score.well_since(hurt, 10, 18) is None
        assert score.well_since(hurt, 20, 40) == 20
        pages = [Sample(k / 10, "home", PAGE if k % 3 == 0 else 0.0) for k in range(400)]
        assert score.well_since(pages, 10, 40) == 10

    @pytest.mark.parametrize(("budget", "points"), [(1, 100), (0.426, 43), (0, 0), (-2, 0)])
    def test_points_are_percents(self, budget, points):
        assert score.points(budget) == points


class TestReport:
    @pytest.fixture
    def report(self):
        samples = [Sample(k / 10, "home", 1.0 if 300 < k < 600 else 0.0) for k in range(1800)]
        deeds = (Deed(12, "noted: all is well"), Deed(45, "loaded a Caddyfile"))
        return Report(7, 1, 180, 180, 10, plan(7, 1, 180), deeds, tuple(samples), ended=1000.0)

    def test_it_says_what_happened_when_it_was_noticed_and_what_helps(self, report):
        (incident,) = report.incidents
        assert report.noticed(incident) == 45 - incident.at
        for text in (repr(report), report._repr_html_()):
            assert incident.told in text
            assert "loaded a Caddyfile" in text
            assert incident.remedy in text
            assert "Its chapter" in text
            assert f"{report.points} points" in text
        assert report.points == round(100 * (1 - 299 / 360))

    def test_its_picture_shows_all_of_it(self, report):
        spec = json.dumps(report.chart.to_dict())
        for part in (report.incidents[0].scenario.name, "loaded a Caddyfile", "budget", "points"):
            assert part in spec

    def test_its_picture_can_be_of_nothing(self, report):
        empty = replace(report, samples=(), deeds=(), played=1)
        assert "No requests" in json.dumps(empty.chart.to_dict())

    def test_a_game_that_ended_before_anything_happened_brings_nothing(self, report):
        early = replace(report, played=3, samples=report.samples[:30])
        assert early.points == 0
        assert "before anything could be met" in repr(early)

    def test_it_scores_what_was_told_when_it_was_ended_early(self, report):
        samples = tuple(Sample(k / 10, "home", float(300 < k < 400)) for k in range(600))
        early = replace(report, played=60, samples=samples)
        told = score.left(samples, early.allowed)
        assert early.points == score.points(told) >= 72
        assert "the rest counted as the last 5 s" in repr(early)

    def test_an_incident_that_had_not_come_is_not_mastered(self, report):
        first, second = plan(7, 3, 180)
        well = tuple(Sample(k / 10, "home", 0.0) for k in range(600))
        both = replace(report, level=3, incidents=(first, second), samples=well)
        assert replace(both, played=second.at - 1).points == 50
        assert replace(both, played=second.at + 1).points == 50
        assert replace(both, played=second.at + 6).points == 100
        assert "1 of 2 incidents had still to come" in repr(replace(both, played=second.at - 1))

    def test_a_deed_is_about_one_incident(self, report):
        first, second = plan(7, 3, 180)
        noted = Deed(second.at + 2, "noted: backend 2 hangs")
        later = Deed(second.at + 9, "loaded a Caddyfile")
        both = replace(report, level=3, incidents=(first, second), deeds=(noted,))
        assert both.reaction(first) == noted
        assert both.noticed(second) is None
        assert replace(both, deeds=(noted, later)).reaction(second) == later
        quick = Deed(first.at + 1, "noted: something")
        assert replace(both, deeds=(quick, noted)).reaction(second) == noted

    def test_a_habit_is_no_reaction(self, report):
        (incident,) = report.incidents
        each_second = tuple(Deed(k + 0.5, "loaded a Caddyfile") for k in range(180))
        assert replace(report, deeds=each_second).noticed(incident) is None
        noted = Deed(incident.at + 3, "noted: backend 2 hangs")
        among = tuple(sorted((*each_second, noted), key=lambda deed: deed.at))
        assert replace(report, deeds=among).reaction(incident) == noted
        rarely = (Deed(incident.at - 11, noted.what), noted)
        assert replace(report, deeds=rarely).reaction(incident) == noted

    def test_it_says_when_it_was_mended_and_what_helps_always(self, report):
        (incident,) = report.incidents
        assert report.mended(incident) == pytest.approx(60 - incident.at, abs=1)
        text = repr(report)
        assert "Mended: after" in text
        assert "take the spare" in text
        bad = tuple(replace(sample, cost=1.0) for sample in report.samples)
        assert "Mended: not before the end" in repr(replace(report, samples=bad))

    def test_it_can_be_added_to_a_table(self, report, tmp_path):
        for _ in range(2):
            report.save(tmp_path / "results.csv")
        with open(tmp_path / "results.csv") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 2
        assert tuple(rows[0]) == COLUMNS
        assert (rows[0]["points"], rows[0]["seed"]) == (str(report.points), "7")


@pytest.fixture
def day(monkeypatch, tmp_path):
    """A game that may be changed."""
    monkeypatch.chdir(tmp_path)
    with game(seed_of("hang")) as day:
        yield day


@pytest.fixture(scope="module")
def idle():
    """A game that has not begun."""
    with game(seed_of("hang")) as day:
        yield day


@pytest.fixture(scope="module")
def grown():
    """A game of the last level that has not begun: with a name server, and HTTPS to a backend."""
    with game(seed_of("strange certificate", 4), 4) as day:
        yield day


def test_what_is_done_after_the_last_second_is_no_part_of_the_game(monkeypatch):
    with game(seed_of("hang")) as day, monkeypatch.context() as clock:
        clock.setattr(day, "_began", time.time() - day.seconds + 5)
        day.note("in time")
        clock.setattr(day, "_began", time.time() - day.seconds - 1)  # somebody waits for an answer
        assert not day.over
        day.note("too late")
        assert [deed.what for deed in day.deeds] == ["noted: in time"]


class TestGrownSite:
    def test_the_name_server_answers_and_nobody_on_call_breaks_or_mends_it(self, grown):
        names = grown.lab.names
        assert len(names.records["app"]) == 2
        for fault in (lambda: names.moved(2), lambda: names.unlisted(2), names.silent):
            with pytest.raises(FaultError, match="on call"):
                fault()
        with pytest.raises(FaultError, match="undo button"):
            names.restore()

    def test_a_move_is_told_by_nobody(self, grown):
        before = grown.lab.names.records
        grown.lab.chaos.move(2)
        assert grown.lab.names.records != before
        assert (grown.lab.names.faults, grown.lab.names.suffered, grown.lab.faults) == ([], [], [])
        grown.lab.chaos.end()
        assert grown.lab.names.records == before

    def test_a_backend_that_is_restarted_listens_as_before(self, grown):
        grown.lab.backend(2).restart(ready_after=0.1)
        grown.lab.backend(1).restart(ready_after=0.1)
        for ask in ({"path": "/test-api"}, {"path": "/login?user=ann", "method": "POST"}):
            assert poll(lambda ask=ask: grown.lab.fire(8, **ask).errors == 0, 10)

    def test_a_strange_certificate_outlives_a_reload_and_not_the_game(self, grown):
        ask = {"path": "/login?user=ann", "method": "POST"}
        grown.lab.forge(1)
        grown.lab.load(GROWN)
        assert "unknown authority" in grown.lab.fire(2, **ask).attempts()["error"][0]
        grown.lab.chaos.end()
        assert grown.lab.fire(2, **ask).errors == 0

    def test_who_writes_a_backends_name_beside_that_of_the_name_server_means_the_same(self, grown):
        grown.lab.load(game_answers.ELSEWHERE)
        assert set(grown.lab.numbers.values()) == {2, 3}


class TestOnCall:
    def test_nobody_has_an_undo_button(self, idle):
        for undo in (idle.lab.restore, idle.lab.reset, idle.lab.backend(2).restore):
            with pytest.raises(FaultError, match="undo button"):
                undo()

    def test_nobody_breaks_things_but_the_game(self, idle):
        backend = idle.lab.backend(2)
        breaks = (backend.hung, backend.stopped, backend.killed, backend.partitioned)
        for fault in (*breaks, lambda: backend.slow(1), backend.failing):
            with pytest.raises(FaultError, match="on call"):
                fault()

    def test_what_has_happened_is_not_told(self, day):
        day.start()
        assert poll(lambda: day.status().budget < 0.9, 20)
        assert day.lab.faults == []
        assert [backend.state for backend in day.lab.backends] == ["up"] * 3
        assert "hung" not in f"{day.lab.timeline()} {day.lab.backends} {day} {day.status()}"
        bad = day.table().query("judged == 'bad'")
        assert set(bad["tried"]) <= {"2", ""}
        assert poll(lambda: "2" in waiting(day), 10), "where they wait is told before it is over"
        assert set(bad["kind"]) <= {"home", "search", "order"}

    def test_the_panel_does_not_say_what_it_cannot_know(self, day):
        day.start()
        day.lab.load(game_answers.PREPARED)
        assert poll(lambda: not day.lab.backend(2).healthy, 20)
        row = day.lab.panel().backends.rows[1]
        row.refresh(day.lab.backend(2), day.lab.backend(2).opinion, Counter())
        assert "unhealthy" in row.state.value or "failed" in row.state.value
        assert "it is up again" not in row.state.value

    def test_the_view_does_not_say_more_than_is_known(self, idle):
        batches = []

        def watch(now, events):
            batches.extend(events)

        idle.lab.stack.feed.watch(watch)
        idle.lab.stack.feed.unwatch(watch)
        assert {event[3] for event in batches if event[0] == "b"} == {"hidden"}
        assert "hidden" not in idle.lab.view()._repr_mimebundle_()[0]["image/svg+xml"]

    def test_backends_may_be_stopped_and_started(self, idle):
        backend = idle.lab.backend(3)
        backend.stop()
        assert backend.state == "down"
        backend.start()
        assert backend.state == "up"

    def test_the_site_has_its_caddyfile_of_the_day(self, idle):
        assert idle.lab.caddyfile == DAY
        people = Clients(5)
        idle.lab.fire(5, clients=people, path="/login?user=ann", method="POST")
        assert idle.lab.fire(50, clients=people, path="/me").errors == 0

    def test_it_is_played_once_and_in_order(self, day):
        with pytest.raises(LabError, match="not begun"):
            day.report()
        day.start()
        with pytest.raises(LabError, match="still goes on"):
            day.report()
        with pytest.raises(LabError, match="played once"):
            day.start()

    @pytest.mark.parametrize("options", [{"level": 5}, {"minutes": 0}, {"minutes": 31}])
    def test_there_are_limits(self, options):
        with pytest.raises(LabError, match="A game"):
            GameDay(**options)


def waiting(day: GameDay) -> set[str]:
    """Whom Caddy is trying for those who have waited too long already."""
    table = day.table()
    return set(table[(table.outcome == "pending") & (table.judged == "bad")]["tried"])


def ours(lab_id: str) -> list[psutil.Process]:
    """The processes that belong to a lab."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(lab_id in part for part in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


class TestEnd:
    def test_a_game_that_is_closed_leaves_nothing(self, day):
        day.start()
        day.lab.wait_until(lambda: day.played > 1, 10)
        assert ours(day.lab.id)
        day.lab.close()
        assert poll(lambda: not ours(day.lab.id), 10)
        names = [thread.name for thread in threading.enumerate()]
        assert "caddylab-game" not in names
        with pytest.raises(LabClosed):
            day.lab.load(DAY)

    def test_it_ends_at_once_though_a_reload_has_cut_connections(self, day):
        day.start()
        for _ in range(8):
            day.lab.load(game_answers.PREPARED)
        # As when a reload has cut connections: no line will come about these.
        for traffic in day.lab.stack.sender.under_way:
            next(iter(traffic.requests)).complete = False
        began = time.monotonic()
        day.stop()
        assert time.monotonic() - began < 10
        assert day.report().played < day.seconds

    def test_its_status_stands_under_every_cell_that_is_run(self, day, capsys, monkeypatch):
        shell = InteractiveShell()
        monkeypatch.setattr("caddylab._look.progress_bar.shell", lambda: shell)
        day.start()
        capsys.readouterr()
        shell.run_cell("1")
        assert "of the error budget left" in capsys.readouterr().out
        day.stop()
        for _ in range(2):
            capsys.readouterr()
            shell.run_cell("1")
        assert "budget" not in capsys.readouterr().out

    def test_a_game_may_end_early_and_is_remembered(self, day, tmp_path):
        day.start()
        assert poll(lambda: day.struck, 20)
        day.note("half of it is gone")
        day.stop()
        report = day.report()
        assert day.over
        assert report.deeds[0].what == "noted: half of it is gone"
        (line,) = (tmp_path / "lab-progress.jsonl").read_text().splitlines()
        assert json.loads(line)["points"] == report.points
        assert day.lab.progress().points == 0  # it is no exercise


@pytest.mark.timeout(200)
@RUNTIMES
def test_the_notebook_is_played_to_its_end(runtime, monkeypatch, tmp_path):
    monkeypatch.setenv("CADDYLAB_RUNTIME", runtime)
    path = shipped.solutions() / "game-day" / "game-day.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("minutes=6", "minutes=0.3")
    resources = {"metadata": {"path": tmp_path}}
    NotebookClient(notebook, timeout=90, resources=resources).execute()
    (line,) = (tmp_path / "lab-progress.jsonl").read_text().splitlines()
    assert json.loads(line)["played"] == 18  # its points depend on how busy the machine is
    assert json.loads(line)["incidents"] == "flapping"
