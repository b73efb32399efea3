"""What a learner sees of a check, and what is remembered of it."""

from __future__ import annotations

import csv
import io
import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from caddylab import CaddyfileError, Lab, LabError, NotYet
from caddylab._exercises import board, check, progress
from caddylab._exercises.progress import FILE
from caddylab._exercises.task import tasks
from caddylab._exercises.why import WHY, next_task
from caddylab.cli import main

WRONG, RIGHT = [100, 0, 0], [33, 34, 33]


@pytest.fixture(scope="module")
def mine():
    with Lab(runtime="process") as lab:
        yield lab


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A learner's folder for one lab."""
    folder = tmp_path / "anna" / "01-happy-path"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_every_task_says_why_it_works():
    labs = {id.partition(".")[0] for id in WHY}
    assert labs >= {"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13"}
    assert set(WHY) == {id for id in tasks() if id.partition(".")[0] in labs}
    assert all("\n" not in why and 40 < len(why) < 260 for why in WHY.values())


def test_why_it_works_is_told_once_it_is_passed(mine, capsys):
    with pytest.raises(NotYet):
        mine.check("01.2", answer=WRONG)
    said = capsys.readouterr().out
    assert WHY["01.2"] not in said
    assert "Next: " not in said
    mine.check("01.2", answer=RIGHT)
    said = capsys.readouterr().out
    assert WHY["01.2"] in said
    assert "Next: 01.3 · Everything is 503" in said
    for id in ("01.1", "01.3"):
        progress.note(id, passed=True)
    assert next_task(tasks()["01.3"]) == "01.4 · The late start"
    progress.note("01.4", passed=True)
    assert next_task(tasks()["01.4"]).startswith("all tasks of this lab are passed")


def hints(capsys) -> int:
    return capsys.readouterr().out.count(" hint: ")


class TestCheck:
    def test_hints_grow_with_each_try_and_end_with_the_third(self, mine, capsys):
        counts = []
        for _ in range(4):
            with pytest.raises(NotYet, match=r"01\.2 .* not passed yet"):
                mine.check("01.2", answer=WRONG)
            counts.append(hints(capsys))
        assert counts == [1, 2, 3, 3]

    def test_another_symptom_has_hints_of_its_own(self, mine, capsys):
        for answer in (WRONG, WRONG, [1, 1, 1]):
            with pytest.raises(NotYet):
                mine.check("01.2", answer=answer)
            count = hints(capsys)
        assert count == 1

    def test_a_hint_can_be_asked_for(self, mine, capsys):
        with pytest.raises(NotYet):
            mine.check("01.2", answer=WRONG)
        capsys.readouterr()
        mine.hint("01.2")
        assert hints(capsys) == 2

    def test_without_a_failed_check_there_is_no_hint(self, mine):
        with pytest.raises(LabError, match="Run the task's check first"):
            mine.hint("02.3")

    def test_what_is_passed_stays_passed(self, mine):
        mine.check("01.2", answer=RIGHT)
        with pytest.raises(NotYet):
            mine.check("01.2", answer=WRONG)
        standing = progress.of_notebook()["01.2"]
        assert (standing.points, standing.tries) == (2, 1)

    def test_the_learners_own_lab_is_left_alone(self, mine):
        before = mine.caddyfile, mine.last
        mine.check("01.2", answer=RIGHT)
        assert (mine.caddyfile, mine.last) == before

    def test_a_caddyfile_that_caddy_refuses_is_explained_and_not_counted(self, mine):
        with pytest.raises(CaddyfileError, match="Did you mean `lb_policy`"):
            mine.check("01.1", ":80 {\n\treverse_proxy backend1:8080 {\n\t\tlb_polcy first\n\t}\n}")
        assert not Path(FILE).exists()

    @pytest.mark.parametrize("nothing", [None, ..., " \n"])
    def test_nothing_is_not_counted(self, mine, nothing):
        for hand_in in ({"caddyfile": nothing}, {"answer": nothing}):
            with pytest.raises(NotYet, match="yet: write it, then check again"):
                mine.check("01.1" if "caddyfile" in hand_in else "01.2", **hand_in)
        assert not Path(FILE).exists()

    @pytest.mark.parametrize("unreadable", [[1, 2], "1 2 x", 7])
    def test_an_answer_of_another_kind_is_not_counted(self, mine, unreadable):
        with pytest.raises(NotYet, match="Expected"):
            mine.check("01.2", answer=unreadable)
        assert not Path(FILE).exists()

    def test_an_unknown_task_is_named(self, mine):
        with pytest.raises(LabError, match=r"no task '9\.9': expected one of 01\.1,"):
            mine.check("9.9", "")

    def test_a_check_that_takes_too_long_ends_and_leaves_nothing(self, mine, monkeypatch):
        monkeypatch.setattr(check, "LIMIT", 0.5)
        monkeypatch.setattr(check, "BUSY", 101)
        monkeypatch.setattr(check, "judge", wait_for_an_answer_that_never_comes)
        with pytest.raises(LabError, match=r"was not over after 0\.5 s"):
            mine.check("01.2", answer=RIGHT)
        assert not [t for t in threading.enumerate() if t.name.startswith("caddylab-check_")]

    def test_on_a_busy_machine_a_check_is_given_more_time(self, mine, monkeypatch):
        monkeypatch.setattr(check, "LIMIT", 0.5)
        monkeypatch.setattr(check, "BUSY_LIMIT", 1.5)
        monkeypatch.setattr(check, "BUSY", 0)
        monkeypatch.setattr(check, "judge", wait_for_an_answer_that_never_comes)
        with pytest.raises(LabError, match=r"was not over after 1\.5 s: this machine is busy"):
            mine.check("01.2", answer=RIGHT)

    @pytest.mark.parametrize("text", [":80 {\n\treverse_proxy / backend1:8080\n}\n", ":80 {\n}\n"])
    def test_a_caddyfile_that_passes_nothing_on_is_told_so(self, mine, capsys, text):
        with pytest.raises(NotYet):
            mine.check("05.4", text)
        assert "Your Caddyfile passes nothing on yet" in capsys.readouterr().out

    @pytest.mark.parametrize(("used", "says"), [(97.0, "is busy"), (20.0, "is not busy")])
    def test_a_machine_is_called_busy_only_where_that_was_measured(self, used, says):
        assert f"this machine {says} ({used:.0f} %" in check.why_slow(used)

    def test_a_case_tells_no_faults(self, mine):
        incident = mine.case("02.4")
        assert incident.errors > 0
        assert "fault" not in set(incident.spans()["source"])
        assert "round_robin" not in str(incident.replay().events)


def wait_for_an_answer_that_never_comes(task, bench, submission):
    for backend in bench.backends:
        backend.hung()
    bench.fire(1, timeout=600)


def write(folder: Path, count: int) -> None:
    for _ in range(count):
        (folder / FILE).parent.mkdir(exist_ok=True)
        progress.note("01.1", passed=False, symptom="no turns")


class TestFile:
    def test_two_kernels_lose_nothing(self, folder):
        context = multiprocessing.get_context("spawn")
        kernels = [context.Process(target=write, args=(folder, 300)) for _ in range(2)]
        for kernel in kernels:
            kernel.start()
        for kernel in kernels:
            kernel.join(60)
        assert progress.of_notebook()["01.1"].tries == 600

    def test_a_line_that_is_cut_off_spoils_no_other(self):
        progress.note("01.1", passed=True)
        with open(FILE, "a") as file:
            file.write('{"task": "01.2", "pas\n[]\n{"task": "01.2"}\n')
        assert progress.of_notebook()["01.1"].points == 1

    def test_where_nothing_can_be_written_nobody_is_disturbed(self):
        Path(FILE).mkdir()
        progress.note("01.1", passed=True)
        assert progress.level("01.1", "no turns") == 1


class TestTable:
    def test_it_has_every_task_also_from_the_labs_beside_it(self, folder, mine):
        progress.note("01.1", passed=True)
        (folder.parent / "02-crash").mkdir()
        (folder / FILE).rename(folder.parent / "02-crash" / FILE)
        progress.note("01.4", passed=True)
        table = mine.progress()
        assert table.points == 4
        for text in (repr(table), table._repr_html_()):
            assert all(task.title in text for task in tasks().values())
            assert "4 of " in text

    def test_a_teacher_gets_a_row_for_each_learner_and_task(self, folder, capsys):
        now = time.time()
        progress.note("01.1", passed=False, symptom="no turns")
        progress.note("01.1", passed=True)
        ben = folder.parents[1] / "ben"
        ben.mkdir()
        assert main(["progress", str(folder.parent), str(ben), "--csv"]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert tuple(rows[0]) == board.COLUMNS
        assert len(rows) == 2 * len(tasks())
        anna = next(row for row in rows if (row["learner"], row["task"]) == ("anna", "01.1"))
        assert (anna["points"], anna["of"], anna["tries"], anna["hints"]) == ("1", "1", "2", "1")
        assert anna["passed"][:4] == time.strftime("%Y", time.gmtime(now))
        assert {row["points"] for row in rows if row["learner"] == "ben"} == {"0"}

    def test_or_a_row_for_each_learner_as_a_grade_book_takes_it(self, folder, capsys):
        progress.note("01.1", passed=True)
        ben = folder.parents[1] / "ben"
        ben.mkdir()
        assert main(["progress", str(folder.parent), str(ben), "--grades"]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [row.pop("learner") for row in rows] == ["Points Possible", "anna", "ben"]
        labs = {f"Lab {int(id[:2])}" for id in tasks()}
        assert all(set(row) == labs | {"all labs"} for row in rows)
        possible, anna, ben = rows
        assert int(possible["all labs"]) == sum(task.points for task in tasks().values())
        assert (anna["Lab 1"], anna["Lab 2"], anna["all labs"]) == ("1", "0", "1")
        assert set(ben.values()) == {"0"}

    def test_or_a_table_to_read(self, folder, capsys):
        progress.note("01.1", passed=True)
        assert main(["progress", str(folder.parent)]) == 0
        assert "✓ 01.1 Taking turns" in capsys.readouterr().out

    def test_a_folder_that_is_not_there_is_named(self, capsys):
        assert main(["progress", "nobody"]) == 1
        assert "nobody: there is no such folder" in capsys.readouterr().err
