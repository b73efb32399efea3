"""The advice of a rehearsal: where lines go, how they are shown, and what may be chance."""

from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from caddylab._caddy.adapted.tree import handlers
from caddylab._caddy.running.adapter import adapt
from caddylab._caddy.running.program import executable
from caddylab._caddy.text.variables import fill
from caddylab._trial import expect, spoken, text
from caddylab._trial.advice import ALL, Proved, blame, is_worse
from caddylab._trial.audience import Audience
from caddylab._trial.block import block
from caddylab._trial.chains import done, drive
from caddylab._trial.chance import Cost, clearly_more, fewer
from caddylab._trial.harmless import harmless
from caddylab._trial.junit import junit
from caddylab._trial.ladders import MEMORY, ON_500, STAY, TWICE, Clocks, apply, duration, ladder
from caddylab._trial.page import page
from caddylab._trial.reasons import ONE_ONLY, OTHERWISE, RESET, reasons
from caddylab._trial.rehearsal import ROWS
from caddylab._trial.report import Rehearsal
from caddylab._trial.search import AT_MOST, Mended, Rung, Search
from caddylab._trial.seen import Askers, Seen
from caddylab._trial.shorter import without
from caddylab._trial.spare import BLOCK, with_spare
from caddylab._trial.trials import Trials, try_all

DIAL = Clocks(1.5).dial
PUT = [
    (":80 {\n\treverse_proxy a:1 b:2\n}\n", 2,
     ":80 {\n\treverse_proxy a:1 b:2 {\n\t\tlb_retries 2\n\t\ttransport http {\n"
     "\t\t\tdial_timeout 500ms\n\t\t}\n\t}\n}\n"),
    (":80 {\n  reverse_proxy a:1 {\n    lb_retries 1 # one\n    transport http\n  }\n}\n", 2,
     ":80 {\n  reverse_proxy a:1 {\n    lb_retries 2 # one\n    transport http {\n"
     "      dial_timeout 500ms\n    }\n  }\n}\n"),
    ("localhost\nreverse_proxy a:1", 2,
     "localhost\nreverse_proxy a:1 {\n\tlb_retries 2\n\ttransport http {\n"
     "\t\tdial_timeout 500ms\n\t}\n}"),
    (":80 {\n\treverse_proxy a:1 {\n\t\tlb_retries 5\n\t\ttransport http {\n"
     "\t\t\tdial_timeout 100ms\n\t\t}\n\t}\n}\n", 2, None),
    ("(lb) {\n\timport more\n\tlb_retries 5\n}\n(more) {\n\ttransport http {\n"
     "\t\tdial_timeout 100ms\n\t}\n}\n:80 {\n\treverse_proxy a:1 {\n\t\timport lb\n\t}\n}\n",
     11, None),
    (":80 {\n\treverse_proxy a:1 {\n\t\tlb_policy first\n\t\theader_up X y\n\t}\n}\n", 2,
     ":80 {\n\treverse_proxy a:1 {\n\t\tlb_policy first\n\t\tlb_retries 2\n\t\theader_up X y\n"
     "\t\ttransport http {\n\t\t\tdial_timeout 500ms\n\t\t}\n\t}\n}\n"),
]  # fmt: skip


class TestEdits:
    @pytest.mark.parametrize(("before", "line", "after"), PUT)
    def test_options_go_where_they_belong(self, before, line, after):
        assert apply(before, line, [TWICE, DIAL]) == (before if after is None else after)

    def test_what_goes_is_shown(self):
        options = ["lb_retry_match {", "\tmethod GET", "\tpath /safe/*", "}"]
        inside = "".join(f"\t\t{option}\n" for option in options)
        before = f":80 {{\n\treverse_proxy a:1 b:2 {{\n{inside}\t}}\n}}\n"
        given = Proved(2, before, apply(before, 2, [ON_500]), [])
        [gone] = [one for one in given.block if one.mark == "-"]
        assert (gone.number, gone.text.strip()) == (5, "path /safe/*")
        assert "- gone" in spoken.advice(Rehearsal(SITE, "process", advice=given))

    def test_of_several_matches_each_of_which_is_enough_all_are_replaced(self):
        first = ["lb_retry_match {", "\tpath /a/*", "} # one", "lb_policy first"]
        options = [*first, "lb_retry_match method PUT", "lb_retry_match {", "\tnot path /b", "}"]
        inside = "".join(f"\t\t{option}\n" for option in options)
        before = f":80 {{\n\treverse_proxy a:1 b:2 {{\n{inside}\t}}\n}}\n"
        given = Proved(2, before, apply(before, 2, [ON_500]), [])
        [proxy] = handlers(adapt(executable(), given.text)[0] or {}, "reverse_proxy")
        [match] = proxy["load_balancing"]["retry_match"]
        assert match["method"] == ["GET", "HEAD"]
        assert [one.number for one in given.block if one.mark == "-"] == [4, 7, 8, 9, 10]
        kept = [one.text for one in given.block if one.mark != "-"]
        assert kept == given.text.splitlines()[1:-1]

    def test_fastcgi_has_its_own_words_for_timeouts(self):
        before = ":80 {\n\tphp_fastcgi a:9000 b:9000\n}\n"
        [step, *_] = ladder("hung", 1.5, 2, checks=False, fastcgi=True)
        after = apply(before, 2, [*step, DIAL])
        assert "php_fastcgi a:9000 b:9000 {\n\t\tread_timeout 500ms\n" in after
        assert "transport" not in after
        assert apply(after, 2, [*step, DIAL]) == after
        assert not ladder("backends close idle connections", 1.5, 2, fastcgi=True)
        own = ":80 {\n\treverse_proxy a:1 {\n\t\ttransport fastcgi {\n\t\t}\n\t}\n}\n"
        assert "transport fastcgi {\n\t\t\tread_timeout 500ms\n" in apply(own, 2, step)
        said = spoken.advice(Rehearsal(SITE, "process", advice=Proved(2, before, after, [])))
        assert "let the `php_fastcgi` in line 2" in said

    def test_there_are_as_many_retries_as_failures_that_condemn_a_backend(self):
        for failures, wanted in ((1, "1"), (2, "2"), (3, "3")):
            steps = ladder("down", 1.5, 2, failures=failures)
            assert str(steps[0][0].option) == f"lb_retries {wanted}"

    @pytest.mark.parametrize("off", ["0", "0s"])
    def test_what_is_switched_off_is_not_there(self, off):
        before = f":80 {{\n\treverse_proxy a:1 b:2 {{\n\t\tfail_duration {off}\n\t}}\n}}\n"
        after = apply(before, 2, [MEMORY])
        assert "fail_duration 10s" in after
        given = Proved(2, before, after, [])
        assert "shorter" not in spoken.advice(Rehearsal(SITE, "process", advice=given))

    def test_streams_are_given_more_time_where_there_is_too_little(self):
        before = ":80 {\n\treverse_proxy a:1 {\n\t\tstream_close_delay 100ms\n\t}\n}\n"
        assert "stream_close_delay 5m" in apply(before, 2, [STAY])

    @pytest.mark.parametrize("behind", ["", " # the pair", "  # two { of them"])
    def test_a_comment_stays_where_it_stands(self, behind):
        before = f":80 {{\n\treverse_proxy a:1 b:2{behind}\n}}\n"
        after = apply(before, 2, [TWICE])
        assert f"b:2 {{{behind}\n\t\tlb_retries 2\n\t}}\n}}\n" in after
        given = Proved(2, before, after, [])
        report = Rehearsal(SITE, "process", advice=given)
        assert "was:" not in spoken.advice(report)

    def test_no_number_of_retries_ends_what_goes_on_for_a_time(self):
        timed = ":80 {\n\treverse_proxy a:1 b:2 {\n\t\tlb_try_duration 5s\n\t}\n}\n"
        assert apply(timed, 2, [TWICE]) == timed
        assert "lb_retries 2" in apply(timed.replace("5s", "0"), 2, [TWICE])
        both = timed.replace("5s", "5s\n\t\tlb_retries 1")
        assert "lb_retries 2" in apply(both, 2, [TWICE])

    def test_the_block_is_shown_as_it_will_read(self):
        before = ":80 {\n\treverse_proxy a:1 {\n\t\tlb_retries 1\n\t}\n}\n"
        lines = block(before, apply(before, 2, [TWICE, MEMORY]), 2)
        assert [(one.number, one.mark, one.text.strip(), one.was.strip()) for one in lines] == [
            (2, " ", "reverse_proxy a:1 {", ""), (3, "~", "lb_retries 2", "lb_retries 1"),
            (None, "+", "fail_duration 10s", ""), (4, " ", "}", ""),
        ]  # fmt: skip

    def test_what_is_changed_is_shown_beside_what_it_was(self):
        before = ":80 {\n\treverse_proxy a:1 {\n\t\tfail_duration 20s\n\t}\n}\n"
        after = before.replace("fail_duration 20s", "lb_retries 1\n\t\tfail_duration 1s")
        shown = [(one.mark, one.text.strip(), one.was.strip()) for one in block(before, after, 2)]
        assert shown[1:3] == [
            ("+", "lb_retries 1", ""), ("~", "fail_duration 1s", "fail_duration 20s"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("before", "at"),
        [(":80 {\n\treverse_proxy a:1\n}\n:81 {\n\trespond 1\n}\n", "\n}\n:81"),
         ("localhost\nreverse_proxy a:1\n", ""),
         ("{\n\tadmin off\n}\na.example {\n\thandle {\n\t\treverse_proxy a:1\n\t}\n}\n", "")],
    )  # fmt: skip
    def test_a_spare_server_is_written_at_the_end_of_the_site(self, before, at):
        line = before[: before.index("reverse_proxy")].count("\n") + 1
        after = with_spare(before, line)
        assert all(part.strip() in after for part in BLOCK)
        assert not at or after.index("spare:8080") < after.index(at)
        assert after.count("{") == after.count("}")

    def test_a_snippet_gets_none(self):
        text = "(app) {\n\treverse_proxy a:1\n}\n:80 {\n\timport app\n}\n"
        assert with_spare(text, 2) == text

    def test_who_handles_errors_already_knows_best(self):
        site = ":80 {\n\treverse_proxy a:1\n\thandle_errors {\n\t\trespond 1\n\t}\n}\n"
        assert with_spare(site, 2) == site


SHORTER = [
    (":80 {\n\treverse_proxy a:1 b:2\n}\n", "b:2", ":80 {\n\treverse_proxy a:1\n}\n"),
    (":80 {\n\treverse_proxy {$ALL:a:1 b:2}\n}\n", "b:2", ":80 {\n\treverse_proxy a:1\n}\n"),
    (":80 {\n\treverse_proxy {$UP} c:3\n}\n", "b:2", ":80 {\n\treverse_proxy a:1 c:3\n}\n"),
    (':80 {\n\treverse_proxy /x "a:1" \\\n\t\thttp://b:2 {\n\t\tlb_retries 1\n\t}\n}\n', "b:2",
     ':80 {\n\treverse_proxy /x "a:1" {\n\t\tlb_retries 1\n\t}\n}\n'),
    (":80 {\n\treverse_proxy {\n\t\tlb_policy weighted_round_robin 9 1\n\t\tto a:1 b\n\t}\n}\n",
     "b:80",
     ":80 {\n\treverse_proxy {\n\t\tlb_policy weighted_round_robin 9\n\t\tto a:1\n\t}\n}\n"),
    (":80 {\n\treverse_proxy a:1-3\n}\n", "a:2", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "gone", "left"), SHORTER)
def test_an_upstream_is_taken_out_however_it_is_written(text, gone, left):
    assert without(fill(text, {"UP": "a:1 b:2"}), 2, gone) == left


def test_options_are_added_to_a_line_that_is_carried_on():
    text = ":80 {\n\treverse_proxy a:1 \\\n\t\tb:2\n}\n"
    assert apply(text, 2, [TWICE]) == text.replace("b:2", "b:2 {\n\t\tlb_retries 2\n\t}")


class TestClocks:
    @pytest.mark.parametrize(
        ("seconds", "written"),
        [(0.5, "500ms"), (0.51, "500ms"), (1 / 3, "300ms"), (3.33, "3s"), (1.0, "1s"), (20, "20s"),
         (0.2, "200ms"), (6.7, "5s"), (1.7, "1.5s")],
    )  # fmt: skip
    def test_durations_are_round(self, seconds, written):
        assert duration(seconds) == written

    @pytest.mark.parametrize("patience", [0.5, 0.9, 1.5, 4.0, 10.0, 60.0])
    def test_whoever_meets_silence_has_time_for_somebody_elses_answer(self, patience):
        [*silent] = [str(a.option) for a in ladder("hung", patience, 2)[0]]
        written = silent[0].removeprefix("response_header_timeout ")
        seconds = float(written[:-2]) / 1000 if written.endswith("ms") else float(written[:-1])
        assert 0.1 < seconds < patience / 2  # the backends of a trial take 0.1 s
        assert patience < 1 or seconds <= patience / 3


def seen(bad=0, total=12, slow=0, trouble=""):
    return Seen("down", (Askers("GET", total, total - bad, slow),), trouble=trouble)


class TestChance:
    def test_a_difference_must_be_larger_than_chance_makes_it(self):
        assert fewer((0, 12), (6, 12))
        assert not fewer((0, 95), (2, 101))
        assert not fewer((5, 12), (6, 12))
        assert not fewer((0, 0), (6, 12))

    def test_an_error_weighs_more_than_a_wait(self):
        errors, waits = Cost.of([seen(bad=12, total=24)]), Cost.of([seen(slow=12, total=24)])
        assert waits.better(errors)
        assert not errors.better(waits)

    def search(self, results):
        """What is made of an addition after which users see this, one run after the other."""
        runs, tried = list(results), []

        def attempt(row, caddyfile):
            tried.append(caddyfile)
            future = Future()
            helped = "lb_retries" in caddyfile and "fail_duration" not in caddyfile
            future.set_result(runs.pop(0) if helped and runs else seen(bad=6))
            return future

        search, found = Search(1, 2, True, attempt, lambda what: None), []
        drive([search.chain("reverse_proxy a:1 b:2\n", done(seen(bad=6)), found)])
        return found[0], tried

    def test_what_helps_is_tried_again_before_it_is_said(self):
        mended, tried = self.search([seen(), seen()])
        assert [str(a.option) for a in mended.step] == ["lb_retries 1"]
        assert mended.tries == 2
        assert len(tried) >= 2

    def test_what_helped_by_luck_is_rejected(self):
        mended, _ = self.search([seen(bad=4), seen(bad=6), seen(bad=5), seen(bad=7)])
        assert not mended.step
        assert mended.chance

    def test_luck_is_not_tried_for_ever(self):
        mended, tried = self.search([seen(bad=5)] * 9)
        assert not mended.step
        once = "reverse_proxy a:1 b:2 {\n\tlb_retries 1\n}\n"
        assert tried.count(once) <= AT_MOST

    def test_a_step_that_only_helps_is_tried_once_where_a_larger_one_mends(self):
        tried = []

        def attempt(row, caddyfile):
            tried.append(caddyfile)
            return done(seen(bad=0 if "fail_duration" in caddyfile else 5))

        search, found = Search(1, 2, True, attempt, lambda what: None), []
        drive([search.chain("reverse_proxy a:1 b:2\n", done(seen(bad=6)), found)])
        assert [str(a.option) for a in found[0].step] == ["lb_retries 1", "fail_duration 10s"]
        assert len(tried) == 3

    def found(self, before, smaller, larger):
        """Which additions are chosen, if users see this with `lb_retries`, and with more."""

        def attempt(row, caddyfile):
            return done(larger if "fail_duration" in caddyfile else smaller)

        search, found = Search(1, 2, True, attempt, lambda what: None), []
        drive([search.chain("reverse_proxy a:1 b:2\n", done(before), found)])
        return [addition.option.name for addition in found[0].step]

    def test_a_smaller_step_is_enough_if_it_cannot_be_told_from_one_that_mends(self):
        waits, before = seen(slow=2, total=36), seen(bad=18, total=36)
        assert self.found(before, waits, seen(total=36)) == ["lb_retries"]

    @pytest.mark.parametrize("left", [1, 2])
    def test_but_not_if_it_leaves_failures_and_the_other_none(self, left):
        before, smaller = seen(bad=18, total=36), seen(bad=left, total=36)
        assert self.found(before, smaller, seen(total=36)) == ["lb_retries", "fail_duration"]
        assert self.found(before, seen(bad=1, total=36), smaller) == ["lb_retries"]

    def test_a_reload_resets_connections_whatever_the_caddyfile_says(self):
        cut = Askers("GET", 99, 90, errors=Counter({"cut off": 9}))
        felt = Seen("reload under load", (cut,), reloads=True)
        well = Seen("reload under load", (Askers("GET", 99, 99),), reloads=True)
        assert felt.sign == "◐"
        assert felt.cost == (0, 0, 0)
        assert not is_worse([well, well], [felt, felt])
        assert is_worse([well, well], [replace(felt, reloads=False)] * 2)

    @pytest.mark.parametrize(("bad", "mended"), [([0, 1], True), ([1, 1], True), ([0, 4], False)])
    def test_one_unlucky_user_of_a_run_is_nothing_to_mend(self, bad, mended):
        rung = Rung((TWICE,), "", [seen(bad=n) for n in bad])
        assert rung.mends == mended

    def test_what_is_refused_mends_nothing(self):
        assert not Rung((TWICE,), "", [seen(trouble="refused")]).mends

    def test_less_than_alone_is_more_than_single_users(self):
        assert clearly_more((3, 0, 0), (1, 0, 9))
        assert clearly_more((1, 0, 5), (0, 0, 0))
        assert not clearly_more((1, 0, 1), (0, 0, 0))
        assert not clearly_more((0, 0, 9), (3, 0, 0))

    def test_what_caddy_refuses_is_no_addition(self):
        assert not self.search([seen(trouble="Caddy refuses it")])[0].step


class Faked:
    """Labs in which what users see of a row depends on the Caddyfile's words alone."""

    def submit(self, row, subject, caddyfile, patience, seed):
        silent = "response_header_timeout" in caddyfile
        late = silent and "fail_duration" not in caddyfile
        bad = {"hung": 0 if silent else 12, "down": 6 * late if "lb_retries" in caddyfile else 12}
        return done(replace(seen(bad=bad[row.name]), row=row.name))


def test_what_helps_only_with_the_others_is_told_from_what_helps_alone():
    caddyfile = ":80 {\n\treverse_proxy a:1 b:2\n}\n"
    subject: Any = SimpleNamespace(
        name="f", route=1, text=caddyfile, line=2, pool=(1, 2), checks=True, fastcgi=False
    )
    crew: Any = Faked()
    trials = Trials(crew, subject, 1.5, 1, Audience(), lambda _: [])
    report = Rehearsal(subject, "process")
    try_all(trials, report, [ROWS["down"], ROWS["hung"]], advice=True)
    assert report.advice
    [down] = [one for one in report.advice.found if one.row == "down"]
    assert [str(each.option) for each in down.step] == ["lb_retries 1"]
    assert (down.alone.good, down.more.before.good, down.more.alone.good) == (12, 6, 12)
    assert [str(each.option) for each in down.more.step] == ["fail_duration 10s"]
    assert report.advice.rows["down"].good == 12


def test_junit_has_a_case_for_each_row_that_falls_short():
    report = Rehearsal(
        SITE, "process", rows={"down": seen(bad=3), "hung": Seen("hung", trouble="why")}
    )
    suite = ET.fromstring(junit(report, {"down": "0.75 answered", "record vanishes": "not tried"}))
    assert suite.attrib.items() >= {"tests": "3", "failures": "2", "skipped": "1"}.items()
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["down", "record vanishes"]


class TestReasons:
    def felt(self, row, bad=3, **traits):
        group = Askers("GET", 12, 12 - bad, errors=Counter({"cut off": bad}))
        return Seen(row, (group,), **traits)

    def test_a_row_that_nothing_mends_has_a_reason(self):
        for row in ROWS:
            assert reasons(self.felt(row), 2), row
            assert reasons(self.felt(row), 1), row

    def test_the_reason_is_that_of_the_row(self):
        assert reasons(self.felt("hung"), 1) == [ONE_ONLY]
        assert reasons(self.felt("hung"), 2) == [OTHERWISE]
        assert reasons(self.felt("reload under load", reloads=True), 2) == [RESET]
        idle = self.felt("backends close idle connections")
        assert reasons(idle, 1) == [OTHERWISE], "another upstream would close them, too"
        assert reasons(self.felt("hung", bad=0), 2) == []


class TestHarmless:
    """No single request may turn the memory that we advise against everybody."""

    BOTH = ":80 {\n\treverse_proxy a:1 b:2 {\n\t\tlb_retries 1\n\t\tfail_duration 10s\n\t}\n}\n"

    def judge(self, enough, line=3):
        def notes(text):
            high = any(f"max_fails {n}\n" in text for n in range(enough, 10))
            note = SimpleNamespace(rule="one-request-fails-all", line=line)
            return [] if high else [note]

        return notes

    @pytest.mark.parametrize(("enough", "written"), [(1, "2"), (2, "2"), (3, "3"), (6, "6")])
    def test_max_fails_is_as_high_as_our_own_rules_ask(self, enough, written):
        assert f"max_fails {written}" in harmless(self.BOTH, 2, self.judge(enough))

    def test_where_no_number_is_high_enough_nothing_is_written(self):
        assert harmless(self.BOTH, 2, self.judge(9)) == self.BOTH

    def test_what_other_lines_do_is_not_its_business(self):
        assert harmless(self.BOTH, 2, self.judge(3, line=1)) == self.BOTH


class TestTable:
    def test_it_fits_into_80_columns_whatever_happens(self):
        errors = {"502": 110, "503 of Caddy's own": 20, "gave up": 107, "cut off": 3}
        groups = [Askers(k, 816, 700, 9, slowest=12.5) for k in ("GET", "POST", "session")]
        groups[0].errors.update(errors)
        worst = Seen("reload with WebSockets and streams open", tuple(groups), lost=12)
        lines = [*text.table([worst]).splitlines(), *text.compared([worst], [worst]).splitlines()]
        assert max(map(len, lines)) <= 80
        wide = [*text.line(worst, 140).splitlines(), *text.head(140).splitlines()]
        assert max(map(len, wide)) <= 140
        assert "reload with WebSockets and streams open" in wide[0]
        whole = " ".join(text.line(worst).split())
        for what, n in errors.items():
            assert f"{n} × {what[:3]}" in whole or f"{n} {what}" in whole

    @pytest.mark.parametrize("columns", [80, 100, 140])
    @pytest.mark.parametrize("bad", [3, 12, 110])
    def test_no_word_is_cut(self, columns, bad):
        group = Askers("GET", 174, 174 - bad, 4, slowest=1.1)
        group.errors["502 of Caddy's own"] = bad
        felt = Seen("backends close idle connections", (group,))
        for said in (text.line(felt, columns), text.compared([felt], [felt], columns)):
            assert {*felt.row.split(), *felt.words.split()} <= set(said.split()), said

    def test_who_wrote_an_error_is_explained_where_it_was_caddy(self):
        group = Askers("GET", 9, 8)
        group.errors["500 of Caddy's own"] = 1
        assert "of Caddy's own: Caddy wrote" in text.legend([Seen("down", (group,))])
        assert "Caddy's own" not in text.legend([Seen("down", (Askers("GET", 9, 8),))])

    def test_what_slow_and_gave_up_mean_is_told(self):
        said = text.legend([Seen("down", patience=3)])
        assert "more than 1.5 s" in said
        assert "within 3 s" in said
        assert max(map(len, said.splitlines())) <= 80

    def test_why_a_row_was_not_tried_is_told_in_whole_words(self):
        why = "app-2:8080 does not stand in the text by itself, so no reload takes it out."
        row = Seen("old one stopped first", trouble=why)
        assert why in " ".join(part[28:].strip() for part in text.line(row).splitlines())
        assert "not tried" in text.compared([row], [row])


class TestWords:
    BEFORE = ":80 {\n\treverse_proxy a:1 b:2 {\n\t\tfail_duration 30s\n\t}\n}\n"

    def said(self, after, by_chance=()):
        given = Proved(2, self.BEFORE, self.BEFORE.replace("30s", "1s"), [], {"down": after})
        given.by_chance += by_chance
        subject: Any = SimpleNamespace(name="Caddyfile")
        report = Rehearsal(subject, "process", rows={"down": seen()}, advice=given)
        return " ".join(spoken.advice(report).split())

    def test_a_shorter_memory_is_explained(self):
        assert "`fail_duration 1s` is shorter than yours: as long as" in self.said(seen())

    def test_a_row_that_is_no_longer_well_is_named(self):
        assert "down: all well before and not quite now" in self.said(seen(bad=1))
        assert "not quite now" not in self.said(seen())
        assert "not quite now" not in self.said(seen(bad=1), ["down"])

    def test_what_a_reload_resets_is_no_chance(self):
        cut = Askers("GET", 99, 75, errors=Counter({"cut off": 24}))
        said = self.said(Seen("down", (cut,), reloads=True))
        assert "Caddy resets connections that are opened in the very moment of a reload" in said
        assert "chance" not in said

    def test_what_was_measured_with_all_the_others_is_not_said_of_it_alone(self):
        alone = Mended("down", seen(bad=12), (TWICE,), seen(bad=1), 2)
        alone.more = Mended("down", seen(bad=6), (MEMORY,), seen(), 3)
        given = Proved(2, ":80 {\n\treverse_proxy a:1 b:2\n}\n", "", [alone], {"down": seen()})
        given.text = apply(given.before, 2, alone.additions)
        report = Rehearsal(SITE, "process", rows={"down": seen(bad=12)}, advice=given)
        itself, beside = spoken.advice(report).split("And with all of that in place, ")
        assert itself.endswith("down: ✗ 0/12 → ◐ 11/12 in 2 runs, by `lb_retries 2`\n")
        assert "(it was not tried by itself)" in beside
        assert "down: ◐ 6/12 → ✓ 12/12 in 3 runs, by `fail_duration 10s`" in beside
        [found] = given.record()["found"]
        assert (found["additions"], found["tries"]) == (["lb_retries 2"], 2)
        assert found["with_the_others"]["additions"] == ["fail_duration 10s"]

    def test_a_price_is_named_once_for_each_cause(self):
        given = Proved(2, self.BEFORE, self.BEFORE.replace("30s", "1s"), [], {})
        given.worse |= {"down": "`lb_retries 1`", "hung": ALL, "slow": "`lb_retries 1`"}
        report = Rehearsal(SITE, "process", advice=given)
        said = " ".join(spoken.advice(report).split())
        assert said.count("It has a price") == 1
        assert "down, slow become worse, by `lb_retries 1`; hung becomes worse, by all" in said

    def test_a_busy_machine_is_told_first(self):
        busy = Rehearsal(SITE, "process", slowness=3.0)
        assert "3.0 times as long" in spoken.busy(busy)
        assert not spoken.busy(Rehearsal(SITE, "process"))
        html = page(busy)
        assert html.index("This machine was busy") < html.index("<h2>")
        assert "busy" not in page(Rehearsal(SITE, "process"))

    def test_expectations_of_a_busy_machine_say_so(self, tmp_path):
        for slowness in (1.0, 3.0):
            expect.write(tmp_path / "e.toml", Rehearsal(SITE, "process", slowness=slowness))
            assert ("busy" in (tmp_path / "e.toml").read_text()) == (slowness > 1)

    def test_sites_without_an_upstream_and_conditions_are_told(self):
        one = Rehearsal(SITE, "process", routes=["GET http://* → a:1 (perhaps)"], others=["b.test"])
        said = spoken.about_routes(one)
        assert "(perhaps): the lab cannot foresee" in said
        assert "nothing to try: b.test." in said
        assert not spoken.about_routes(Rehearsal(SITE, "process", routes=["GET http://* → a:1"]))


SITE: Any = SimpleNamespace(name="Caddyfile", route=1)


class TestBlame:
    """Which additions made a row worse, where none of them did it by itself."""

    BEFORE = ":80 {\n\treverse_proxy a:1 b:2\n}\n"

    def blamed(self, guilty, steps):
        found = [Mended("down", seen(), step) for step in steps]
        after = apply(self.BEFORE, 2, [a for step in steps for a in step])
        given = Proved(2, self.BEFORE, after, found, {"hung": seen(bad=12)})

        def attempt(row, caddyfile):
            future: Future[Seen] = Future()
            future.set_result(seen(bad=12 if all(o in caddyfile for o in guilty) else 0))
            return future

        drive([blame(given, Seen("hung", seen().groups), seen(bad=12), attempt)])
        return given.worse["hung"]

    def test_one_step_alone(self):
        assert self.blamed(["lb_retries"], [(TWICE,), (MEMORY,)]) == "`lb_retries 2`"

    def test_two_that_only_do_it_together(self):
        said = self.blamed(["lb_retries", "dial_timeout"], [(TWICE,), (MEMORY,), (DIAL,)])
        assert said == "`dial_timeout 500ms`, `lb_retries 2` together"
