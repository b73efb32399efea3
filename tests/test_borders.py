"""What public functions are given: numbers of every kind work, and what is odd is told in words."""

from __future__ import annotations

import inspect
import json
import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import caddylab
from caddylab import (
    CaddylabError,
    Claim,
    Clients,
    GameDay,
    Lab,
    Prediction,
    Survey,
    Traffic,
    compare,
    judge,
    onward,
    plausible,
    predict,
    projector,
    verdicts,
)

RECORDING = Path(__file__).parent.parent / "course/demos/recordings/02-alone.json.gz"


@pytest.fixture(scope="module")
def lab():
    with Lab(runtime="process") as lab:
        yield lab


@pytest.fixture(scope="module")
def run() -> Traffic:
    return Traffic.load(RECORDING)


HALF = "\ud800"
CALLS = {
    "lint(Path)": lambda lab, run: lab.lint(Path("x")),
    "lint of half a character": lambda lab, run: lab.lint(HALF),
    "adapt(bytes)": lambda lab, run: lab.adapt(b":80"),
    "load(warn=text)": lambda lab, run: lab.load("crash", warn="no"),
    "load(5)": lambda lab, run: lab.load(5),
    "load of half a character": lambda lab, run: lab.load(f":80 {{\n\trespond {HALF}\n}}"),
    "diary(timeout=-1)": lambda lab, run: lab.backend(1).diary(0, timeout=-1),
    "diary(timeout=1e30)": lambda lab, run: lab.backend(1).diary(0, timeout=10**30),
    "slow(text)": lambda lab, run: lab.backend(1).slow("2"),
    "slow(True)": lambda lab, run: lab.backend(1).slow(True),
    "slow(nan)": lambda lab, run: lab.backend(1).slow(math.nan),
    "slow(5 as a path)": lambda lab, run: lab.backend(1).slow(1, 5),
    "failing(text)": lambda lab, run: lab.backend(1).failing(1, "500"),
    "failing(inf)": lambda lab, run: lab.backend(1).failing(math.inf),
    "failing(status=500.0)": lambda lab, run: lab.backend(1).failing(status=500.0),
    "backend(text)": lambda lab, run: lab.backend("1"),
    "backend(True)": lambda lab, run: lab.backend(True),
    "backend(1.0)": lambda lab, run: lab.backend(1.0),
    "fire(headers=5)": lambda lab, run: lab.fire(1, headers=5),
    "fire(headers={5: 5})": lambda lab, run: lab.fire(1, headers={5: 5}),
    "fire(text)": lambda lab, run: lab.fire("3"),
    "fire(True)": lambda lab, run: lab.fire(True),
    "fire(nan)": lambda lab, run: lab.fire(rate=math.nan, duration=1),
    "fire(body=text)": lambda lab, run: lab.fire(1, body="x"),
    "fire(clients=None)": lambda lab, run: lab.fire(1, clients=None),
    "fire(no such option)": lambda lab, run: lab.fire(1, concurency=4),
    "fire(path of half a character)": lambda lab, run: lab.fire(1, path=f"/{HALF}"),
    "fire(timeout=-1)": lambda lab, run: lab.fire(1, timeout=-1),
    "fire(keepalive=text)": lambda lab, run: lab.fire(1, keepalive="no"),
    "get(5)": lambda lab, run: lab.get(5),
    "get(timeout=text)": lambda lab, run: lab.get("/", timeout="x"),
    "get(no such option)": lambda lab, run: lab.get("/", x=1),
    "get(headers of half a character)": lambda lab, run: lab.get("/", headers={"X": HALF}),
    "pause(nan)": lambda lab, run: lab.pause(math.nan),
    "pause(-1)": lambda lab, run: lab.pause(-1),
    "pause(text)": lambda lab, run: lab.pause("1"),
    "wait_until(True)": lambda lab, run: lab.wait_until(True),
    "wait_until(inf)": lambda lab, run: lab.wait_until(lambda: True, math.inf),
    "view(speed=0)": lambda lab, run: lab.view(speed=0),
    "view(projector=text)": lambda lab, run: lab.view(projector="yes"),
    "check(5)": lambda lab, run: lab.check(5),
    "hint(None)": lambda lab, run: lab.hint(None),
    "Lab(runtime=5)": lambda lab, run: Lab(runtime=5),
    "Lab(backends=True)": lambda lab, run: Lab(backends=True),
    "Lab(backends=10**30)": lambda lab, run: Lab(backends=10**30),
    "Lab(backend=2)": lambda lab, run: Lab(backend=2),
    "Survey(faults=None)": lambda lab, run: Survey(lab, faults=None),
    "Survey(faults=text)": lambda lab, run: Survey(lab, faults="killed"),
    "Survey(5)": lambda lab, run: Survey(5),
    "Survey(clients=0)": lambda lab, run: Survey(lab, clients=0),
    "Survey(patience=nan)": lambda lab, run: Survey(lab, patience=math.nan),
    "GameDay(minutes=text)": lambda lab, run: GameDay(minutes="x"),
    "GameDay(level=True)": lambda lab, run: GameDay(level=True),
    "GameDay(seed=1.5)": lambda lab, run: GameDay(seed=1.5),
    "GameDay(rate=-1)": lambda lab, run: GameDay(rate=-1),
    "Clients(text)": lambda lab, run: Clients("3"),
    "Clients(-1)": lambda lab, run: Clients(-1),
    "Clients(address=5)": lambda lab, run: Clients(1, 5),
    "chart(latency, between)": lambda lab, run: run.chart("latency", between=(1, 2)),
    "chart(timeline, between=5)": lambda lab, run: run.chart("timeline", between=5),
    "chart(timeline, turned)": lambda lab, run: run.chart("timeline", between=(2, 1)),
    "chart(timeline, nan)": lambda lab, run: run.chart("timeline", between=(0, math.nan)),
    "chart(routing, by)": lambda lab, run: run.chart("routing", by="colour"),
    "chart(shares, expected)": lambda lab, run: run.chart("shares", expected={"a": "b"}),
    "chart(5)": lambda lab, run: run.chart(5),
    "replay(speed=text)": lambda lab, run: run.replay(speed="fast"),
    "replay.save(5)": lambda lab, run: run.replay().save(5),
    "replay.save(folder)": lambda lab, run: run.replay().save("/"),
    "save(None)": lambda lab, run: run.save(None),
    "save(no such folder)": lambda lab, run: run.save("/no/such/folder/x"),
    "Traffic.load(5)": lambda lab, run: Traffic.load(5),
    "Traffic.load(NUL)": lambda lab, run: Traffic.load("a\0b"),
    "wait(text)": lambda lab, run: run.wait("1"),
    "wait(1e300)": lambda lab, run: run.wait(1e300),
    "compare(5)": lambda lab, run: compare(run, 5),
    "compare(first=5)": lambda lab, run: compare(run, run, first=5),
    "predict(text)": lambda lab, run: predict("Which?", "ab"),
    "predict(one)": lambda lab, run: predict("Which?", ["a", "a"]),
    "predict(5)": lambda lab, run: predict(5, ["a", "b"]),
    "predict(overlap)": lambda lab, run: predict("Which?", {"a": 1, "b": range(2)}),
    "predict(hole)": lambda lab, run: predict("Which?", {"a": range(2), "b": range(3, 4)}),
    "compare(None)": lambda lab, run: predict("Which?", {"a": 1, "b": 2}).compare(None),
    "choose(none of them)": lambda lab, run: Prediction("Which?", ["a", "b"]).choose("c"),
    "plausible(0)": lambda lab, run: plausible(0),
    "plausible(text)": lambda lab, run: plausible("5"),
    "plausible(nan)": lambda lab, run: plausible(5, math.nan),
    "projector(text)": lambda lab, run: projector("off"),
    "judge(no chapter)": lambda lab, run: judge("42"),
    "judge(2)": lambda lab, run: judge(2),
    "judge(measured=5)": lambda lab, run: judge("02", 5),
    "onward(no chapter)": lambda lab, run: onward("42"),
    "onward(2)": lambda lab, run: onward(2),
    "verdicts(text)": lambda lab, run: verdicts("holds"),
    "Claim(holds=text)": lambda lab, run: Claim("a", "yes", "b"),
}


@pytest.mark.parametrize("call", CALLS)
def test_an_odd_argument_is_told_in_words(lab, run, call, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CaddylabError) as error:
        CALLS[call](lab, run)
    assert str(error.value)


def test_the_sentence_names_argument_value_and_what_was_expected(lab, run):
    with pytest.raises(CaddylabError, match=r"slow\(\) was given seconds='2'; expected a number\."):
        lab.backend(1).slow("2")
    with pytest.raises(CaddylabError, match=r"no option 'between': it has intended"):
        run.chart("latency", between=(1, 2))
    with pytest.raises(CaddylabError, match=r"unexpected keyword argument 'concurency'. It takes"):
        lab.fire(1, concurency=4)


def test_numbers_of_numpy_are_numbers(lab, run):
    assert len(lab.fire(np.int64(3), concurrency=np.int8(2), timeout=np.float32(5))) == 3
    with lab.backend(np.int64(1)).slow(np.float64(0.01)), lab.backend(2).failing(np.float32(0.5)):
        pass
    assert lab.wait_until(lambda: np.bool_(True), np.float64(1)) < 1
    assert plausible(np.int64(100)) == plausible(100)
    run.chart("timeline", between=[np.float64(0), np.int64(9)])
    assert json.dumps(lab.fire(np.int64(1)).run.plan.count) == "1"


def test_nothing_odd_has_left_a_fault(lab):
    with pytest.raises(CaddylabError):
        lab.backend(1).slow("2")
    assert lab.backend(1).faults == []


PUBLIC = [
    thing for name in caddylab.__all__ if callable(thing := getattr(caddylab, name))
    and not (isinstance(thing, type) and issubclass(thing, Exception))
]  # fmt: skip
RESULTS = {
    "Answer", "Answerer", "Attempt", "Outcome", "Rehearsal", "Request", "Seen", "Span", "Trial",
    "Verdicts", "doctor", "predictions",
}  # fmt: skip
"""They are handed out, not made by a learner, or take nothing."""


def guarded(thing: object) -> list[str]:
    """The names of its public functions that take something and do not look at it."""
    members = vars(thing).items() if isinstance(thing, type) else [(thing.__name__, thing)]
    functions = {name: getattr(member, "__func__", member) for name, member in members}
    return [
        name
        for name, function in functions.items()
        if inspect.isfunction(function) and (name == "__init__" or not name.startswith("_"))
        if not hasattr(function, "__border__")
    ]


def test_every_public_function_has_a_border():
    unguarded = {thing.__name__: guarded(thing) for thing in PUBLIC}
    assert {name for name, names in unguarded.items() if names} <= RESULTS


ODD = [
    None, True, -1, 0, 2, 10**30, 1.5, math.nan, math.inf, -math.inf, 1e308, "", "x", "\0", HALF,
    b"x", [], ["x"], {}, {"x": 1}, {1}, (1, 2), Path("x"), object(), int, np.int64(2),
    np.float64("nan"), np.bool_(1), np.zeros(2), lambda: 1,
]  # fmt: skip
TRIED = {
    "backend": lambda lab, run: lab.backend,
    "lint": lambda lab, run: lab.lint,
    "adapt": lambda lab, run: lab.adapt,
    "load": lambda lab, run: lab.load,
    "fire": lambda lab, run: lambda *a, **o: lab.fire(1, **{"timeout": 2, **o}),
    "fire openly": lambda lab, run: lambda *a, **o: lab.fire(**{"rate": 50, "duration": 0.02} | o),
    "slow": lambda lab, run: lab.backend(1).slow,
    "failing": lambda lab, run: lab.backend(1).failing,
    "chart": lambda lab, run: run.chart,
    "timeline": lambda lab, run: lambda **o: run.chart("timeline", **o),
    "routing": lambda lab, run: lambda **o: run.chart("routing", **o),
    "shares": lambda lab, run: lambda **o: run.chart("shares", **o),
    "replay": lambda lab, run: run.replay,
    "compare": lambda lab, run: lambda *a, **o: compare(run, run, **o),
    "plausible": lambda lab, run: plausible,
    "predict": lambda lab, run: predict,
    "Survey": lambda lab, run: lambda *a, **o: Survey(lab, *a, **o),
    "Clients": lambda lab, run: Clients,
}
NAMES = {
    "fire": ["path", "method", "body", "headers", "host", "timeout", "clients", "keepalive",
             "concurrency"],
    "fire openly": ["rate", "duration"],
    "timeline": ["between"], "routing": ["by", "backends"], "shares": ["expected", "backends"],
    "compare": ["first", "second"],
}  # fmt: skip


def try_odd(lab: Lab, run: Traffic, times: int) -> Counter[str]:
    """Odd values in odd places; an error that is not ours ends it."""
    chance, seen = random.Random(times), Counter[str]()
    for _ in range(times):
        name = chance.choice(list(TRIED))
        call = TRIED[name](lab, run)
        if names := NAMES.get(name):
            arguments, options = (), {chance.choice(names): chance.choice(ODD)}
        else:
            arguments, options = tuple(chance.choices(ODD, k=chance.randint(1, 3))), {}
        try:
            call(*arguments, **options)
            seen["taken"] += 1
        except CaddylabError:
            seen["told"] += 1
        except Exception as error:
            error.add_note(f"{name}(*{arguments!r}, **{options!r})")
            raise
        finally:
            lab.restore()
    return seen


def test_odd_values_in_odd_places(lab, run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert try_odd(lab, run, 300)["told"] > 100


def test_what_was_expected_has_its_public_name():
    with pytest.raises(CaddylabError, match="expected a Lab"):
        Survey(5)


@pytest.mark.attack
def test_odd_values_in_odd_places_for_long(lab, run, monkeypatch, tmp_path, figure):
    monkeypatch.chdir(tmp_path)
    seen = try_odd(lab, run, 8_000)
    figure(f"{sum(seen.values())} calls with odd arguments: {dict(seen)}, no foreign error")
