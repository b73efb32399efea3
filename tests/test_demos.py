"""The demos of the instructor: they run, they fit the plan, and they have a net."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from ahead import ahead
from runtimes import notebooks, settings

import caddylab
from caddylab import Outcome, StartFailed, Traffic, plausible
from caddylab._claims import verify
from caddylab._claims.compared import MIME as COMPARED
from caddylab._look import projector
from caddylab._machine import shipped
from caddylab._notebook.lab import PLACES

DEMOS = sorted((shipped.course() / "demos").glob("*.ipynb"))
RECORDINGS = sorted((shipped.course() / "demos" / "recordings").iterdir())
LOAD = re.compile(r'^(\w+) = Traffic\.load\("recordings/(.+)\.json\.gz"\)$', re.MULTILINE)
IN_CONTAINERS = {"02-crash"}
"""It does most to backends. Demos repeat what their chapters do, and these run in both."""
GUIDE = shipped.course() / "instructor-guide.md"

WORDS_PER_MINUTE = 130
HANDS, LOOKING, RUNNING = 0.75, 0.3, 0.1
"""Minutes: to ask a room and see its hands, to look at a picture, to wait for a live step."""

each_demo = pytest.mark.parametrize("demo", DEMOS, ids=lambda path: path.stem)
each_recording = pytest.mark.parametrize(
    "path", RECORDINGS, ids=lambda path: path.name.partition(".")[0]
)


def cells(demo: Path, *kinds: str):
    found = nbformat.read(demo, as_version=4).cells
    return [cell for cell in found if not kinds or kind(cell) in kinds]


def kind(cell) -> str:
    return cell.metadata["slideshow"]["slide_type"]


def is_net(cell) -> bool:
    return "net" in cell.metadata.get("tags", [])


def is_measure(cell) -> bool:
    return "measured" in cell.metadata.get("tags", [])


def code(demo: Path):
    return [cell for cell in cells(demo) if cell.cell_type == "code"]


def questions(demo: Path):
    return [cell for cell in cells(demo, "slide") if "**A** " in cell.source]


def answer(question) -> str:
    return f"**{question.metadata.get('caddylab', {}).get('expected')}**"


def measures(demo: Path):
    """Each question with the cell that finds its right letter; None if there is none."""
    asked, found = None, []
    for cell in cells(demo):
        if kind(cell) == "slide":
            asked = cell if "**A** " in cell.source else None
            found += [[asked, None]] if asked else []
        elif asked and is_measure(cell):
            found[-1][1] = cell
    return found


def letter(cell) -> str | None:
    (about,) = (said for output in cell.outputs if (said := output.get("data", {}).get(COMPARED)))
    return about["came_true"]


def slowest(run: Traffic) -> float:
    return max(request.latency for request in run.requests)


def longest_run(run: Traffic) -> int:
    return max(map(len, re.findall(r"1+|2+", "".join(map(str, run.backends)))))


def moved_only_to_the_third(three: Traffic) -> bool:
    two = Traffic.load(shipped.course() / "demos/recordings/05-two.json.gz")
    pairs = list(zip(two.backends, three.backends, strict=True))
    gone = [new for old, new in pairs if new != old]
    return set(gone) == {3} and len(gone) in plausible(300, 1 / 3)


STORIES: dict[str, Callable[[Traffic], object]] = {
    "01-first": lambda t: t.backends == [2, 1] * 8,
    "01-crowd": lambda t: t.shares[1] == t.shares[2] == 100,
    "01-early": lambda t: t.outcomes == {Outcome.UNAVAILABLE: 8},
    "01-mended": lambda t: 0 < t.errors < 30 and t.requests[-1].status == 200,
    "02-gone": lambda t: [r.status for r in t.requests] == [502, 200] * 4,
    "02-frozen": lambda t: t.outcomes == {Outcome.OK: 4, Outcome.TIMEOUT: 4},
    "02-alone": lambda t: 60 <= t.errors < 140,
    "02-both": lambda t: t.errors == 0 and t.retries > 0,
    "02-back": lambda t: t.errors == 0 and t.retries == 1 and t.backends[-4:].count(2) == 2,
    "02-order": lambda t: t.requests[0].status == 502 and t.retries == 0,
    "03-default": lambda t: sum(r.latency > 1.5 for r in t.requests) == 6,
    "03-remedy": lambda t: sum(r.latency > 1.5 for r in t.requests) == 6 and not t.retries,
    "03-cut": lambda t: [r.status for r in t.requests].count(504) == 6 and slowest(t) < 1.5,
    "03-retry": lambda t: 2 <= t.errors <= 8 and t.retries > 5,
    "03-fixed": lambda t: t.errors == 0 and 0 < t.retries < 6,
    "03-others": lambda t: t.outcomes == {Outcome.UNAVAILABLE: 10},
    "03-proof": lambda t: t.errors == 0,
    "04-idle": lambda t: t.shares[1] in plausible(60) and t.backends != [2, 1] * 30,
    "04-quick": lambda t: t.errors == 0 and t.shares[1] > t.shares[2] > 5,
    "04-dealt": lambda t: t.shares[1] == t.shares[2] == 24,
    "04-weighed": lambda t: t.shares[2] < 12,
    "04-sink": lambda t: t.errors > 200,
    "04-remembered": lambda t: 0 < t.errors <= 20,
    "05-turns": lambda t: 20 < t.errors < 34,
    "05-hashed": lambda t: t.errors == 0,
    "05-office": lambda t: max(t.shares.values()) == 400,
    "05-two": lambda t: t.shares[1] in plausible(300) and t.shares[3] == 0,
    "05-three": moved_only_to_the_third,
    "05-stubborn": lambda t: t.errors > 0 and set(t.shares) == {1},
    "05-views": lambda t: not t.outcomes[Outcome.BAD_GATEWAY] and t.outcomes[Outcome.CLIENT_ERROR],
    "06-visits": lambda t: (
        t.backends[:1000] == t.backends[1000:] and t.shares[1] in plausible(2000)
    ),
    "06-strangers": lambda t: t.shares == {2: 100},
    "06-retried": lambda t: t.outcomes == {Outcome.BAD_GATEWAY: 20} and t.retries == 20,
    "06-story": lambda t: t.outcomes[Outcome.CLIENT_ERROR] and set(t.backends[-12:]) == {1},
    "06-awake": lambda t: t.outcomes[Outcome.CLIENT_ERROR] == t.shares[2] > 0,
    "07-few": lambda t: longest_run(t) >= 4,
    "07-many": lambda t: t.shares[1] in range(440, 561),
    "07-blind": lambda t: t.shares[8] in plausible(480, 1 / 8),
    "07-two": lambda t: t.shares[8] < 45,
    "07-first": lambda t: t.shares[1] in plausible(480, 1 / 8),
    "07-least": lambda t: t.shares[8] < 25,
    "07-pair": lambda t: t.shares == {1: 20},
    "08-memory-kill": lambda t: t.errors == 0 and t.retries > 0,
    "08-clock-hung": lambda t: t.errors == 0 and t.retries > 0,
    "08-order": lambda t: [a.backend for a in t.requests[0].attempts] == [2, 1] and t.errors == 1,
    "08-spare": lambda t: t.shares == {3: 8},
    "09-one": lambda t: set(t.outcomes) == {Outcome.OK, Outcome.BAD_GATEWAY},
    "09-remembering": lambda t: t.outcomes[Outcome.UNAVAILABLE] > 20,
    "09-killed": lambda t: t.outcomes == {Outcome.OK: 20, Outcome.BAD_GATEWAY: 20},
    "09-alive": lambda t: t.outcomes[Outcome.UNAVAILABLE] > 20,
    "10-waiting": lambda t: t.outcomes[Outcome.TIMEOUT] > 40 and t.good < 60,
    "10-refused": lambda t: t.good > 55 and t.outcomes[Outcome.UNAVAILABLE] > 30,
    "10-storm": lambda t: t.amplification > 3 and t.good < 8,
    "10-stuck": lambda t: not any(r.good for r in t.requests if r.planned > 3.2),
    "10-freed": lambda t: all(r.good for r in t.requests if r.planned > 3.2),
    "11-moved": lambda t: t.outcomes == {Outcome.OK: 10, Outcome.BAD_GATEWAY: 10},
    "11-asking": lambda t: t.errors == 0 and 0.9 < slowest(t) < 2,
    "11-deaf": lambda t: t.outcomes == {Outcome.TIMEOUT: 10} and not t.attempts().size,
    "11-misnamed": lambda t: t.outcomes == {Outcome.BAD_GATEWAY: 4},
    "12-rescued": lambda t: t.errors == 0 and t.retries == 20,
    "12-hung": lambda t: t.outcomes == {Outcome.OK: 40, Outcome.TIMEOUT: 40},
    "13-died": lambda t: t.outcomes == {Outcome.OK: 10, Outcome.BAD_GATEWAY: 10},
    "13-condemned": lambda t: t.outcomes == {Outcome.UNAVAILABLE: 10},
    "13-patient": lambda t: t.errors == 0 and t.retries > 0 and slowest(t) > 0.9,
    "13-mended": lambda t: t.errors == 0 and t.retries > 0 and slowest(t) < 1.5,
}


executed = ahead(
    "test_it_runs_from_top_to_bottom",
    lambda demo, runtime: verify.run(demo, settings(runtime)),
)


@pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours
@pytest.mark.timeout(600)
@notebooks(DEMOS, "demo, runtime", IN_CONTAINERS)
def test_it_runs_from_top_to_bottom(demo, runtime, executed, request, figure):
    executed = executed[request.node.nodeid].result()
    said = [output.get("text", "") for cell in executed.cells for output in cell.get("outputs", [])]
    assert PLACES[runtime] in "".join(said)
    found = [letter(cell) for cell in executed.cells if is_measure(cell)]
    asked = [question.metadata.get("caddylab", {}).get("expected") for question in questions(demo)]
    figure(f"{demo.stem} in {runtime}: measured {found}, expected {asked}")
    assert len(found) == len(asked)


class TestSlides:
    def test_every_chapter_has_a_demo(self):
        chapters = {path.stem for path in verify.chapters() if path.stem[:2] not in ("00", "99")}
        assert {path.stem for path in DEMOS} == chapters

    @each_demo
    def test_there_are_not_too_many(self, demo):
        assert 8 <= len(cells(demo, "slide", "subslide")) <= 15

    @each_demo
    def test_the_first_is_large_and_starts_the_lab_and_the_last_ends_it(self, demo):
        first, *_, last = code(demo)
        assert re.search(r"projector\(\)\nlab = Lab(\.of)?\(", first.source)
        assert last.source == "lab.close()"

    @each_demo
    def test_the_speaker_knows_what_to_expect_of_each_question(self, demo):
        asked = questions(demo)
        expected = [cell for cell in cells(demo, "notes") if "**Expect:**" in cell.source]
        assert len(expected) >= len(asked) >= 2

    @each_demo
    def test_the_right_letter_of_each_question_is_known_unless_chance_decides(self, demo):
        for cell in questions(demo):
            if "longest run" not in cell.source:
                assert f"{answer(cell)} " in cell.source

    def test_the_cue_cards_ask_what_the_demos_ask(self):
        for card in (path.read_text("utf-8") for path in GUIDE.parent.glob("cue-cards-*.md")):
            assert len(card.splitlines()) < 60  # a page
            for demo in (demo for demo in DEMOS if f"demos/{demo.name}" in card):
                for cell in questions(demo):
                    title, letter = cell.source.splitlines()[0][3:], answer(cell)
                    right = re.search(rf"^{re.escape(letter)} (.+)$", cell.source, re.M)
                    assert f"| {title} | {right[0] if right else 'count it'} |" in card

    @each_demo
    def test_the_recordings_measure_the_letter_that_is_expected(self, demo, monkeypatch, capsys):
        monkeypatch.chdir(demo.parent)
        stage: dict[str, object] = {"measured": caddylab.measured}
        for cell in (cell for cell in code(demo) if is_net(cell)):
            exec(f"from caddylab import Traffic\n{cell.source}", stage)
        for question, measure in measures(demo):
            assert measure, question.source
            if works(measure.source, stage) and "longest run" not in question.source:
                assert f"**{capsys.readouterr().out[-3:-2]}**" == answer(question)

    @each_demo
    def test_what_a_page_runs_is_said_on_it(self, demo):
        found = cells(demo)
        for n, cell in enumerate(found):
            if kind(cell) == "subslide":
                only_draws = re.fullmatch(r"[^\n=]*\.chart\(.*\)", cell.source)
                assert cell.cell_type == "markdown" or only_draws, found[n].source

    @each_demo
    def test_notes_are_not_for_the_audience(self, demo):
        assert all(cell.metadata["jupyter"]["source_hidden"] for cell in cells(demo, "notes"))

    @each_demo
    def test_it_takes_as_long_as_the_guide_says(self, demo):
        words = sum(len(cell.source.split()) for cell in cells(demo, "notes"))
        live = [cell for cell in code(demo) if not is_net(cell) and not is_measure(cell)]
        pictures = sum("chart(" in c.source or "replay(" in c.source for c in live)
        minutes = words / WORDS_PER_MINUTE + len(questions(demo)) * HANDS
        minutes += pictures * LOOKING + len(live) * RUNNING
        (told,) = re.findall(rf"demos/{demo.name}\) \|[^|]*\| (\d+) \|", GUIDE.read_text("utf-8"))
        assert abs(minutes - int(told)) <= 1, minutes


@pytest.fixture
def usual_size():
    """What is drawn afterwards has its usual size, whatever the stage has asked for."""
    yield
    projector.projector(False)


class TestRecordings:
    def test_they_are_those_that_the_demos_load(self):
        loaded = [name for demo in DEMOS for c in code(demo) for _, name in LOAD.findall(c.source)]
        assert sorted(loaded) == [path.name.partition(".")[0] for path in RECORDINGS]
        assert sorted(STORIES) == sorted(loaded)

    @each_recording
    def test_it_is_small_and_tells_its_story(self, path):
        run = Traffic.load(path)
        assert STORIES[path.name.partition(".")[0]](run), run
        assert path.stat().st_size < 100_000
        assert "</html>" not in repr(run.replay())

    @pytest.mark.long
    @each_demo
    def test_the_show_goes_on_without_a_lab(self, demo, monkeypatch, usual_size):
        def fail(*_, **__):
            raise StartFailed("It does not start.")

        fail.of = fail

        monkeypatch.setattr(caddylab, "Lab", fail)
        monkeypatch.chdir(demo.parent)
        stage: dict[str, object] = {}
        failed = {cell.source for cell in code(demo) if not works(cell.source, stage)}
        nets = {cell.source for cell in code(demo) if is_net(cell)}
        charts = {cell.source for cell in code(demo) if re.search(r"\.chart\(.*\)$", cell.source)}
        assert nets
        assert charts
        assert failed.isdisjoint(nets | charts), failed & (nets | charts)


def works(source: str, stage: dict[str, object]) -> bool:
    """Whether a cell runs without an error."""
    try:
        exec(source, stage)
    except (StartFailed, NameError, SyntaxError):  # a cell magic is none of Python's syntax
        return False
    return True
