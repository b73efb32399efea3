"""A little Python is what the course asks of a learner: what a lesson needs has a name."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

from caddylab import ArgumentError, Lab, LabError, TrafficError, WaitTimeout, predict
from caddylab._machine import shipped

COURSE = shipped.course()
NOTEBOOKS = sorted(
    [*COURSE.glob("*.ipynb"), *COURSE.glob("demos/*.ipynb"), *shipped.labs().glob("*/*.ipynb")]
)
ANSWERS = re.compile(r"^```python\n(.*?)^```", re.S | re.M)
FOLDED = re.compile(r"<details>(.*?)</details>", re.S)
HELPERS = ast.Lambda | ast.FunctionDef | ast.ClassDef | ast.Try
COMPREHENSIONS = ast.GeneratorExp | ast.ListComp | ast.DictComp | ast.SetComp
BUILTINS = ("sum", "zip", "map", "filter", "enumerate", "any", "all")
BARE_TIMES = re.compile(r"\['(latency|duration)'\](\.\w+\(.*\))*$")
"""A column of times by itself, or figures of it: only a table shows them with their units."""
METHODS = ("replace", "items", "values", "format")


def said(path):
    """The code that a learner reads or copies: of the cells, and of the folded answers."""
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code" and not cell.source.startswith("%%"):
            yield cell.source
        elif cell.cell_type == "markdown":
            for answer in FOLDED.findall(cell.source):
                yield from ANSWERS.findall(answer)


def too_much(code):
    """What in it is more than a little Python."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, HELPERS | COMPREHENSIONS):
            yield ast.unparse(node)
        elif isinstance(node, ast.FormattedValue) and holds(node.value, ast.Call, ast.JoinedStr):
            yield ast.unparse(node.value)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
                yield ast.unparse(node)
            if isinstance(node.func, ast.Attribute) and (
                node.func.attr in METHODS or (node.func.attr == "compare" and holds(node, GET))
            ):
                yield ast.unparse(node)


class GET:
    """Stands for a dictionary's `.get(…)`."""


def holds(node, *kinds):
    parts = list(ast.walk(node))
    if GET in kinds:
        return any(isinstance(part, ast.Attribute) and part.attr == "get" for part in parts)
    return any(isinstance(part, kinds) for part in parts)


def bound(path):
    """The names that cells give, each with what kind of thing it stands for."""
    for cell in nbformat.read(path, 4).cells:
        file = re.match(r"%%caddyfile (\w+)", cell.source)
        if file:
            yield file[1], "a Caddyfile"
        elif cell.cell_type == "code" and not cell.source.startswith("%"):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    guess = cell.source.startswith(f"{node.id} = predict(")
                    yield node.id, "a prediction" if guess else "something else"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name + path.stem)
def test_a_cell_can_be_run_again_for_its_names_have_one_meaning(path):
    kinds = {}
    for name, kind in bound(path):
        assert kinds.setdefault(name, kind) == kind, name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name + path.stem)
def test_no_cell_wants_more_than_a_little_python(path):
    found = [found for code in said(path) for found in too_much(code)]
    assert found == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name + path.stem)
def test_what_a_cell_shows_is_no_tuple_and_no_text_in_quotes(path):
    for code in said(path):
        *_, last = ast.parse(code).body
        raw = isinstance(last, ast.Expr) and isinstance(last.value, ast.Tuple | ast.JoinedStr)
        assert not raw, code
        assert not BARE_TIMES.search(ast.unparse(last)), "times have no unit there"


@pytest.mark.parametrize(
    "code",
    [
        "wait(lambda: True)",
        "def busy(rate): pass",
        "sum(x > 1 for x in y)",
        "text.replace('a', 'b')",
        "guess.compare(runs.get(1))",
        "f'{len(x)} of {y}'",
        "[r.status for r in run.requests]",
    ],
)
def test_what_is_more_than_a_little(code):
    assert list(too_much(code))


@pytest.fixture(scope="module")
def lab():
    with Lab("process") as lab:
        yield lab


def test_the_waits_have_names(lab):
    lab.load("happy-path", warn=False)
    assert lab.wait_for_check(2)["path"] == "/"
    lab.backend(1).stop()
    lab.load("happy-path", warn=False)
    lab.wait_until_unhealthy(1)
    lab.wait_until_healthy(2)
    lab.restore()
    lab.load(":80 {\n\treverse_proxy backend1:8080\n}", warn=False)
    run = lab.fire(1, path="/delay/600", background=True)
    lab.wait_for_work(1)
    lab.wait_for_requests(run, 10)  # there are no more: it ends with the run
    assert run.done
    lab.wait_for_record(1, f"{run.run.id}-1")
    lab.wait_for_record(1, run)
    with pytest.raises(WaitTimeout, match="backend 1"):
        lab.wait_until_unhealthy(1, timeout=0.1)
    with pytest.raises(LabError):
        lab.wait_for_requests("run", 10)


TURNS = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tlb_policy round_robin\n\t}\n}\n"


def test_the_figures_of_a_run_have_names(lab):
    lab.restore()
    lab.load(TURNS, warn=False)
    with lab.backend(2).failing():
        run = lab.fire(4, clients=1)
    assert sorted(run.statuses) == [200, 200, 500, 500]
    assert run.attempts_made == 4
    assert sorted(run.dialled) == [1, 2]
    assert run.per(2, backend=1) == [1, 1]
    assert repr(run.shares) == "backend 1: 2, backend 2: 2"
    assert run.moved_clients == 1
    assert run.answers_to(0) == run.bodies
    assert run.differs_from(run) == 0
    assert 0 < run.median <= run.slowest <= run.took
    assert run.waited_longer_than(0) == 4
    assert run.waited_longer_than(60) == 0
    for shown in (run.attempts(), run.table()[["backend", "latency"]]):  # a latency has its unit
        assert " ms" in repr(shown)
        assert " ms</td>" in shown._repr_html_()
    assert run.table()["latency"].max() == run.slowest
    assert lab.received(run) == 4
    assert len(lab.receivers(run)) == 1
    with pytest.raises(TrafficError, match="same length"):
        run.differs_from(lab.fire(1))
    with pytest.raises(TrafficError, match="rate"):
        assert run.goodput


def test_what_came_in_a_row_reads_like_a_sentence(lab):
    lab.restore()
    lab.load(TURNS, warn=False)
    run = lab.fire(4, clients=1)
    assert repr(run.backends) == "2, 1, 2, 1"
    assert str(run.backends[:2]) == "2, 1"
    assert run.backends == [2, 1, 2, 1]
    with lab.backend(2).killed():
        assert repr(lab.fire(2).backends) in ("1, –", "–, 1")
        assert "<NA>" not in lab.last.attempts()._repr_html_()
    assert repr(lab.backends).splitlines()[0].startswith("backend 1 is up; Caddy says: ")
    assert "<td" in lab.backends._repr_html_()


def test_a_summary_says_as_many_numbers_as_differ(lab):
    lab.restore()
    lab.load(TURNS, warn=False)
    line = [repr(lab.fire(n, concurrency=n)).splitlines()[2] for n in (1, 2, 100)]
    assert re.fullmatch(r"latency: \S+ m?s", line[0])
    assert re.fullmatch(r"latency: median \S+ m?s, slowest \S+ m?s", line[1])
    assert re.fullmatch(r"latency: median \S+ m?s, 99 % \S+ m?s, slowest \S+ m?s", line[2])


def test_a_client_that_gives_up_makes_no_failed_attempt(lab):
    lab.restore()
    lab.load(":80 {\n\treverse_proxy backend1:8080\n}", warn=False)
    with lab.backend(1).hung():
        said = repr(lab.fire(1, timeout=0.3)).splitlines()[-1]
    assert said == "Caddy made 1 attempt, 1 ended when the client gave up"


def test_what_is_said_of_a_caddyfile_has_no_backticks_in_a_notebook(lab):
    shown = lab.load(TURNS.replace("lb_policy", "max_fails 3\n\t\tlb_policy"))._repr_html_()
    assert "<code>max_fails" in shown
    assert "`" not in shown + lab.warnings._repr_html_() + lab.substitutions._repr_html_()


def test_the_steps_of_an_experiment_have_names(lab):
    lab.load(TURNS, warn=False)
    lab.limited(2, takes=0.05)
    run = lab.gust(4, after=0.2, rate=20, duration=0.5)
    assert len(run) == 10
    assert run.good_after(0.3) == 100
    assert 0 < run.goodput <= 20
    assert run.overtaken(60) == 0
    with pytest.raises(TrafficError, match="later than 9 s"):
        run.good_after(9)
    lab.restore()
    lab.load(":80 {\n\treverse_proxy backend1:8080\n}", warn=False)
    with lab.in_hand(1, 3, "/delay/300") as held:
        assert lab.backend(1).in_flight == 3
    assert held.done
    assert held.good == 3


def test_lines_are_written_into_the_block_of_an_upstream(lab):
    more = lab.with_lines(TURNS, "backend2:8080", "lb_retries 1", "lb_policy first")
    assert "\t\tlb_policy first\n\t\tlb_retries 1\n" in more
    assert "round_robin" not in more
    with pytest.raises(LabError, match=r"backend1:8080, backend2:8080"):
        lab.with_lines(TURNS, "backend9:8080", "lb_retries 1")
    with pytest.raises(LabError, match="no single option"):
        lab.with_lines(TURNS, "backend1:8080", "lb_retries 1\n\t\tlb_policy first")


def test_the_smallest_of_several_values_is_compared_by_its_name():
    asked = predict("Which is the smallest?", ["one", "two"])
    asked.compare(fewest={"one": 3, "two": 1})
    assert asked.came_true == "two"
    with pytest.raises(ArgumentError, match="what was measured"):
        asked.compare(fewest={})
