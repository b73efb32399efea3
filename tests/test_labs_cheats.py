"""The labs again: what Caddy makes up is never an answer, and chance decides what breaks."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from test_labs import AT_A_TIME, BENCHES, Answer, answers, examine

from caddylab import Lab, NotYet
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters import ch07, secret
from caddylab._exercises.chapters.hints06 import GUESSABLE, NO_SECRET, PRINTED, STAYS_TEXT
from caddylab._exercises.chapters.turns import turn
from caddylab._exercises.check import WHICHEVER, judge
from caddylab._exercises.task import tasks

CADDYFILES = {id: task for id, task in tasks().items() if task.reads is None}
CHANCE = ("01.3", "01.4", "02.1", "02.2", "03.1", "03.2", "03.3", "03.4", "04.2", "04.3", "05.2",
          "06.4", "07.4", "08.5")  # fmt: skip
"""Tasks in which chance decides which backend breaks."""
PAINT = "\thandle_errors {\n\t\trespond fine 200\n\t}\n"
BRUSH = "\n\t\t@painted status 4xx 5xx\n\t\treplace_status @painted 200"
FACADES = {
    "nothing at all": ":80 {\n}",
    "a page": ":80 {\n\trespond fine\n}",
    "a page with a header": ":80 {\n\theader X-Backend 1\n\trespond fine\n}",
    "an empty answer": ":80 {\n\trespond 204\n}",
    "a redirect": ":80 {\n\tredir * /elsewhere\n}",
    "a dead end, painted over": f":80 {{\n\treverse_proxy backend1:1 backend2:1\n{PAINT}}}",
    "a proxy for what nobody asks for": ":80 {\n\treverse_proxy /nothing backend1:8080\n}",
    "asked first, and not passed on": ":80 {\n\tforward_auth backend1:8080 {\n\t\turi /\n\t}\n"
    "\trespond fine\n}",
}


@pytest.fixture(autouse=True, scope="module")
def benches():
    yield
    BENCHES.close()


def passed(tried: list[Answer]) -> list[str]:
    """Which of the answers pass; a few checks run at a time."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = pool.map(examine, tried)
    return [str(answer) for answer, symptom in zip(tried, found, strict=True) if not symptom]


def facades(*names: str) -> list[Answer]:
    return [Answer(id, name, FACADES[name]) for id in CADDYFILES for name in names]


def test_no_task_takes_an_answer_of_caddys_own():
    assert passed(facades("a page with a header", "asked first, and not passed on")) == []


@pytest.mark.attack
@pytest.mark.timeout(900)
def test_no_task_takes_any_facade(figure):
    tried = facades(*FACADES)
    got = passed(tried)
    figure(f"{len(tried)} facades in {len(CADDYFILES)} tasks: {len(got)} passed")
    assert got == []


def painted(text: str) -> str:
    """A wrong answer with every error painted over."""
    brushed = re.sub(r"(reverse_proxy [^{}\n]*\{)", rf"\1{BRUSH}", text)
    return brushed.rstrip().removesuffix("}") + PAINT + "}"


def wrong_caddyfiles() -> list[Answer]:
    found = (a for a in answers() if a.symptoms and a.task in CADDYFILES)
    return [a for a in found if "handle_errors" not in a.submission]


@pytest.mark.attack
@pytest.mark.timeout(1800)
def test_no_wrong_answer_passes_when_its_errors_are_painted_over(figure):
    tried = [
        Answer(a.task, f"{a.name}, painted", painted(a.submission)) for a in wrong_caddyfiles()
    ]
    got = passed(tried)
    figure(f"{len(tried)} wrong answers painted over: {len(got)} passed")
    assert got == []


def luck_for(number: int) -> int:
    """Luck by which the first choice is that backend of two."""
    return next(seed for seed in count() if drawn(seed) == number)


def drawn(seed: int) -> int:
    lots = Bench.__new__(Bench)
    lots.shuffle(seed)
    return lots.any_of([1, 2])


def broken(id: str, number: int) -> tuple[bool, set[int]]:
    """Whether a right answer passes when that backend breaks, and which ones did break."""
    right = next(a for a in answers() if a.task == id and not a.symptoms)
    with BENCHES.borrow(2) as bench:
        bench.shuffle(luck_for(number))
        *_, last = judge(CADDYFILES[id], bench, right.submission)
        return last.holds, {span.backend for span in bench.faults if span.kind != "stopped"}


ONE_HELPS = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		fail_duration 10s
	}
	handle_errors {
		reverse_proxy backend1:8080
	}
}
"""


@pytest.mark.parametrize("number", [1, 2])
def test_who_prefers_a_backend_passes_by_no_luck(number):
    with BENCHES.borrow(2) as bench:
        bench.shuffle(luck_for(number))
        last = judge(CADDYFILES["02.1"], bench, ONE_HELPS)[-1]
    assert not last.holds
    assert "backend 1 is killed" in last.asked


def test_who_prefers_a_backend_and_helps_whichever_breaks_passes():
    both = ONE_HELPS.replace("handle_errors {\n\t\treverse_proxy backend1:8080\n", "handle_errors "
        "{\n\t\treverse_proxy backend1:8080 backend2:8080 {\n\t\t\tlb_policy first\n\t\t\t"
        "lb_retries 1\n\t\t\tfail_duration 10s\n\t\t}\n")  # fmt: skip
    with BENCHES.borrow(2) as bench:
        last = judge(CADDYFILES["02.1"], bench, both)[-1]
    assert (last.holds, last.asked) == (True, WHICHEVER)


def test_a_right_answer_is_right_whichever_backend_breaks():
    tried = [(id, n) for id in CHANCE if CADDYFILES[id].backends == 2 for n in (1, 2)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = list(pool.map(lambda case: broken(*case), tried))
    assert [case for case, (holds, _) in zip(tried, found, strict=True) if not holds] == []
    assert [case for case, (_, met) in zip(tried, found, strict=True) if case[1] not in met] == []


def test_what_a_backend_still_does_for_the_check_before_counts_for_nobody():
    given_up = next(a for a in answers() if a.symptoms == ("export cut off",))
    right = next(a for a in answers() if a.task == given_up.task and not a.symptoms)
    BENCHES.close()  # so that both have the same one
    assert [examine(answer) for answer in (given_up, right)] == ["export cut off", ""]


def test_a_seed_repeats_a_check(capsys):
    wrong = ":80 {\n\treverse_proxy backend1:8080 backend2:8080\n}"
    with Lab(runtime="process") as lab:
        for _ in range(2):
            with pytest.raises(NotYet):
                lab.check("02.1", wrong, seed=luck_for(1))
            said = capsys.readouterr().out
            assert "No client sees an error when backend 1 is killed" in said
            assert f"seed={luck_for(1)}" in said


def test_a_question_leaves_nothing_to_chance(capsys):
    with Lab(runtime="process") as lab:
        lab.check("02.3", answer="502 502 503 503 503 503")
    assert "seed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("", NO_SECRET),
        ("x", GUESSABLE),
        ("hunter2", GUESSABLE),
        ("changeme123", GUESSABLE),
        ("aHVudGVyMg==", GUESSABLE),
        ("68756e74657232", GUESSABLE),
        ("abcdefghijklmnop", GUESSABLE),
        ("1234567890123456789012345678901234567890", GUESSABLE),
        ("change-me-in-production", GUESSABLE),
        ("5f4dcc3b5aa765d61d8327deb882cf99", GUESSABLE),
        ("WVVoV2RXUkhWbmxOWnowOQ==", GUESSABLE),
        ("correct-horse-battery-staple", PRINTED),
        ("{env.SECRET}", STAYS_TEXT),
        ("prefix-{env.SECRET}", STAYS_TEXT),
        ("{http.vars.secret}", STAYS_TEXT),
        ("0f5e1c7a9b3d42e8", None),
        ("three words, and a comma", None),
        ("zH8_kQ1vT4sXw9Lr2mNc6y", None),
    ],
)
def test_a_secret_is_one_that_takes_long_to_guess(key, wrong):
    assert secret.weakness(key) is wrong


def test_every_cookie_policy_has_a_secret_of_its_own():
    config = {
        "a": [{"selection_policy": {"policy": "cookie", "secret": "x"}}],
        "b": {"policy": "cookie"},
    }
    assert list(secret.keys(config)) == ["x", ""]


@pytest.mark.parametrize(
    ("weights", "turns"), [("1 1 0", 0), ("5 5 1", 11), ("50 50 1", 101), ("9 1", 0)]
)
def test_weights_say_how_long_to_watch(weights, turns):
    text = f""":80 {{
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {{
		lb_policy weighted_round_robin {weights}
	}}
}}"""
    with BENCHES.borrow(3) as bench:
        bench.load(text)
        assert turn(bench, 3) == turns


def test_the_bet_is_measured_by_thenarrowest_range():
    assert ch07.narrowest() == 10
