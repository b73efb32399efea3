"""A rehearsal: what can happen to a site, tried with real labs, and what its users see."""

import json
from pathlib import Path

import pytest

from caddylab import CaddyfileError, FaultError, Lab
from caddylab._rig.rig import Rig
from caddylab._rig.site import caddyfiles
from caddylab._trial.crew import tried
from caddylab._trial.rehearsal import NAMES, rehearse
from caddylab._trial.rows import ROWS
from caddylab._trial.subject import look

HAPPY = caddyfiles.read("happy-path")[1]
BARE = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tlb_policy round_robin\n\t}\n}\n"
STICKY = BARE.replace(
    "round_robin",  # so half of the users are at each backend
    "cookie {\n\t\t\tfallback round_robin\n\t\t}\n\t\tlb_retries 1\n\t\tfail_duration 10s",
)
FIXED = tuple(name for name in NAMES if not ROWS[name].dynamic)
SEVEN = ("killed under load", "down", "answers 500", "slow", "hung", "partitioned")


@pytest.fixture(scope="module")
def rig():
    with Rig("process", 2) as rig:
        yield rig


@pytest.fixture(scope="module")
def feel(rig):
    """What very patient users of a Caddyfile see of a row, however busy the machine is."""

    def see(row, text, **options):
        options = {"patience": 10.0} | options
        rig.load(text)
        return tried(rig, ROWS[row], look(rig, "a test", text), text, **options)

    return see


def test_a_row_that_cannot_happen_to_the_site_is_refused_in_words(tmp_path):
    (tmp_path / "Caddyfile").write_text(":80 {\n\treverse_proxy app:3000\n}\n")
    said = r"'down' needs 2 or more.* 'name server silent' needs .*`dynamic`.* has 1 upstream"
    with pytest.raises(FaultError, match=said):
        rehearse(tmp_path / "Caddyfile", ["down", "name server silent"], runtime="process")


class TestRows:
    def test_nobody_feels_anything_when_all_is_well(self, feel):
        seen = feel("all well", BARE)
        assert (seen.sign, seen.answered, seen.words) == ("✓", "GET 8/8, POST 4/4", "")

    def test_half_of_the_users_meet_the_backend_that_is_down(self, feel):
        seen = feel("down", BARE)
        assert seen.errors == {"502": 6}
        assert seen.under_way == 0

    def test_retry_and_memory_spare_them(self, feel):
        assert feel("down", HAPPY).sign == "✓"

    def test_an_order_that_is_under_way_is_lost(self, feel):
        twice = HAPPY.replace("lb_retries 1", "lb_retries 2")  # one may find nobody, by chance
        tries = (feel("killed under load", twice) for _ in range(5))
        seen = next(seen for seen in tries if seen.bad)  # on a busy machine orders may be done
        assert seen.groups[0].bad == 0
        assert set(seen.errors) == {"502"}
        assert seen.under_way == seen.bad > 0
        assert seen.cost == (0, 0, 0)

    def test_a_check_every_30_seconds_does_not_notice_in_time(self, feel):
        assert feel("answers 500", HAPPY).errors == {"500": 18}
        assert feel("all down", HAPPY).good == 0

    def test_a_check_every_second_spares_those_who_come_later(self, feel):
        checked = HAPPY.replace("interval 30s", "interval 1s\n\t\thealth_timeout 500ms")
        seen = feel("answers 500", checked)
        assert seen.errors == {"500": 6}
        assert seen.under_way == sum(g.bad for g in seen.groups if g.kind == "POST")

    def test_a_rolling_restart_meets_a_memory_of_10_seconds(self, feel):
        seen = feel("rolling restart", HAPPY)
        assert seen.errors["503"] > 10
        assert feel("rolling restart", HAPPY.replace("10s", "10ms")).errors["503"] == 0

    def test_a_stream_takes_its_time_however_little_patience_there_is(self, feel):
        seen = feel("reload with WebSockets and streams open", HAPPY, patience=1.0)
        assert {group.kind: group.good for group in seen.groups}["stream"] == 4

    def test_a_reload_closes_each_websocket_and_no_stream(self, feel):
        seen = feel("reload with WebSockets and streams open", HAPPY)
        assert {group.kind: group.good for group in seen.groups} == {"stream": 4, "WebSocket": 0}
        kept = HAPPY.replace("lb_policy", "stream_close_delay 1m\n\t\tlb_policy")
        assert feel(seen.row, kept).sign == "✓"

    def test_orders_meet_connections_that_are_just_being_closed(self, feel):
        seen = feel("backends close idle connections", HAPPY)
        assert "502" in seen.errors
        assert set(seen.errors) <= {"502", "503"}  # both may be remembered as failed
        short = HAPPY.replace(
            "lb_policy", "transport http {\n\t\tkeepalive 3s\n\t\t}\n\t\tlb_policy"
        )
        assert feel(seen.row, short).sign == "✓"

    def test_a_timeout_turns_an_overload_into_errors(self, feel):
        assert feel("overload", HAPPY).sign == "✓"
        hasty = HAPPY.replace(
            "lb_policy", "transport http {\n\t\tresponse_header_timeout 300ms\n\t\t}\n\t\tlb_policy"
        )
        assert feel("overload", hasty).bad > 0

    def test_an_answer_that_is_cut_short_is_none(self, feel):
        assert feel("answer cut short", HAPPY).errors == {"cut off": 6}

    def test_sessions_die_with_their_backend(self, feel):
        seen = feel("killed under load", STICKY)
        assert 0 < seen.lost < 8
        assert "lost" in seen.words

    def test_the_seed_chooses_who_suffers(self, feel, rig):
        victims = set()
        for seed in range(1, 9):
            before = len(rig.faults)
            feel("down", HAPPY, seed=seed)
            victims |= {span.backend for span in rig.faults[before:]}
        assert victims == {1, 2}

    @pytest.mark.parametrize("row", ["flapping", "old one stopped first", "hung", "overload"])
    def test_the_lab_is_well_afterwards(self, feel, rig, row):
        feel(row, HAPPY)
        assert [backend.state for backend in rig.backends] == ["up", "up"]


@pytest.fixture(scope="module")
def report():
    """The whole of it, with the course's own Caddyfile."""
    return rehearse("happy-path", runtime="process")


def best():
    """Chapter 8's best column for two backends, as the chapter builds it."""
    options = (
        "lb_policy round_robin\n\t\tlb_retries 2\n\t\tfail_duration 10s\n\t\tmax_fails 2\n"
        "\t\tunhealthy_status 5xx\n\t\tlb_retry_match {\n\t\t\tmethod GET\n\t\t\texpression "
        "`{rp.is_transport_error} || {rp.status_code} >= 500`\n\t\t}\n\t\ttransport http {\n"
        "\t\t\tdial_timeout 200ms\n\t\t\tresponse_header_timeout 200ms\n\t\t}"
    )
    return BARE.replace("lb_policy round_robin", options)


@pytest.mark.timeout(400)  # the whole of it: a minute on a quiet machine
class TestAll:
    def test_every_row_is_tried_and_none_is_left_out(self, report, figure):
        figure(f"18 rows of happy-path, and advice, in {report.took:.0f} s")
        assert tuple(report.rows) == FIXED
        assert [seen.row for seen in report.rows.values() if seen.trouble] == []

    def test_the_rows_that_the_chapters_teach_are_felt(self, report):
        felt = {seen.row for seen in report.bad}
        assert {"all down", "answers 500", "slow", "hung", "partitioned"} <= felt
        assert report["down"].bad == 0

    def test_the_advice_names_the_line_and_the_options(self, report):
        advice = report.advice
        assert advice.line == 3
        new = "\n".join(line.text for line in advice.block if line.mark != " ")
        for option in ("response_header_timeout", "dial_timeout", "lb_retry_match", "keepalive 3s"):
            assert option in new
        assert advice.before == HAPPY
        names = [line.text.split()[0] for line in advice.block if line.text.strip()]
        once = [name for name in names if name not in ("#", "}")]
        assert sorted(once) == sorted(set(once))

    def test_the_advice_was_proved(self, report):
        after = report.advice.rows
        assert tuple(after) == FIXED
        for row in ("answers 500", "hung", "partitioned"):
            assert after[row].good > report[row].good
        held = after["reload with WebSockets and streams open"].groups
        assert {g.kind: g.good for g in held}["WebSocket"] == 4

    def test_what_no_caddyfile_mends_is_said_with_its_reason(self, report):
        why = {mended.row: " ".join(mended.why) for mended in report.advice.found}
        assert "No upstream is left" in why["all down"]
        assert "no way back" in why["answer cut short"]
        assert "carried out twice" in why["hung"]

    def test_each_addition_was_tried_more_than_once(self, report):
        assert all(m.tries >= 2 for m in report.advice.found if m.step)

    def test_one_server_more_serves_readers_when_all_others_are_down(self, report):
        assert report["all down"].good == 0
        seen = {g.kind: g.good for g in report.advice.spare.seen.groups}
        assert seen == {"GET": 8, "POST": 0}
        assert "reverse_proxy @read spare:8080" in report.advice.spare.text

    def test_the_advice_is_as_good_as_the_best_column_of_chapter_8(self, report, feel, figure):
        for row in SEVEN:
            ours = feel(row, report.advice.text)
            theirs = feel(row, best())
            readers = [next(g for g in s.groups if g.kind == "GET") for s in (ours, theirs)]
            assert readers[0].bad <= readers[1].bad, row
            figure(f"{row}: advice {ours.answered}; chapter 8 {theirs.answered}")

    def test_it_says_which_rows_there_are(self):
        with pytest.raises(FaultError, match="no row 'stoped': expected all well, killed"):
            rehearse("happy-path", ["stoped"])

    def test_those_suffer_whom_users_would_miss(self):
        """By `first` the last upstream is idle, by `uri_hash` all but one."""
        site = ":80 {\n\treverse_proxy a:1 b:2 c:3 {\n\t\tlb_policy uri_hash\n\t}\n}\n"
        with Lab.of(site, "process") as lab:
            assert lab.survey("down")["down"].good == 0
            lab.load(site.replace("uri_hash", "first"))
            assert lab.survey("down")["down"].good == 0
            removed = lab.survey("its line removed first")["its line removed first"]
            assert set(removed.errors) <= {"cut off"}  # those who stay are the same as before

    def test_a_route_that_no_request_comes_to_is_not_tried(self):
        """Its table would say that nobody misses its upstreams."""
        site = (
            ":80 {\n\t@ws {\n\t\theader Connection *Upgrade*\n\t\theader Upgrade websocket\n\t}\n"
            "\t@page expression true\n\treverse_proxy @ws ws:1\n\treverse_proxy @page web:2\n}\n"
        )
        with Lab.of(site, "process") as lab:
            assert look(lab, "Caddyfile", site).written == {lab.backend("web:2").number: "web:2"}
            with pytest.raises(CaddyfileError, match="Only WebSockets reach ws:1"):
                look(lab, "Caddyfile", site, "ws:1")

    def test_one_upstream_alone_is_told_so(self):
        alone = ":80 {\n\treverse_proxy backend1:8080\n}\n"
        report = rehearse(alone, ["answers 500", "restart of one", "down"], runtime="process")
        assert "down" not in report.rows
        assert report["answers 500"].good == 0
        mended = {m.row: m for m in report.advice.found}
        assert "lb_try_duration" in str([str(a.option) for a in mended["restart of one"].step])


SHOP = """
shop.example.com {
	handle /api/* {
		reverse_proxy api-1:3000 api-2:3000 {
			lb_policy cookie
			lb_retries 1
			fail_duration 10s
		}
	}
	handle {
		reverse_proxy web:8080
	}
}
"""


SHOP_ROWS = (
    "all well", "down", "its line removed first", "reload with WebSockets and streams open",
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """What users of a shop with HTTPS, two services and sessions would feel."""
    path = tmp_path_factory.mktemp("shop") / "Caddyfile"
    path.write_text(SHOP)
    report = rehearse(path, SHOP_ROWS, runtime="process", patience=10, advice=False)
    assert path.read_text() == SHOP
    return report


class TestOwnSite:
    def test_users_come_over_https_and_by_the_names_of_the_file(self, shop):
        assert shop.subject.written == {1: "api-1:3000", 2: "api-2:3000"}
        assert shop.subject.ask.host == "shop.example.com"
        assert any("https://shop.example.com/api/*" in route for route in shop.routes)
        assert shop.subject.route == 1
        assert shop["all well"].answered == "GET 8/8, POST 4/4, session 8/8"

    def test_what_was_replaced_is_told(self, shop):
        assert any("`api-2:3000` is backend 2 here" in note for note in shop.notes)

    def test_sessions_die_with_their_backend(self, shop):
        assert shop["down"].lost > 0
        assert shop["down"].errors == {"401": shop["down"].bad}

    def test_a_line_can_be_taken_out_whatever_its_name(self, shop):
        assert not shop["its line removed first"].trouble

    def test_websockets_are_held_over_tls(self, shop):
        seen = shop["reload with WebSockets and streams open"]
        assert seen.errors == {"cut off": 4}


def test_a_row_can_be_tried_in_a_lab_that_stays_open():
    with Lab(runtime="process") as lab:
        lab.load(HAPPY)
        table = lab.survey("down", patience=10)
        assert table["down"].sign == "✓"
        assert "✓ down" in repr(table)
        assert len(table["down"].runs) == 2
        assert lab.caddyfile == HAPPY
        assert lab.fire(2).errors == 0


@pytest.mark.podman
def test_rows_in_containers():
    rows = ["down", "reload with WebSockets and streams open", "answer cut short"]
    report = rehearse("happy-path", rows, runtime="podman", patience=10, advice=False, labs=1)
    assert report["down"].bad == 0
    assert report["answer cut short"].errors["cut off"] > 0
    held = {g.kind: g.good for g in report["reload with WebSockets and streams open"].groups}
    assert held == {"stream": 4, "WebSocket": 0}


DYNAMIC = ":80 {\n\treverse_proxy {\n\t\tdynamic a app 8080\n\t\tlb_policy round_robin\n\t}\n}\n"


@pytest.fixture(scope="module")
def looked_up(feel):
    def see(row, *options):
        return feel(row, DYNAMIC.replace("round_robin", "\n\t\t".join(["round_robin", *options])))

    return see


class TestNames:
    """Upstreams that a name server tells of."""

    @pytest.mark.parametrize("row", ["address changes", "record vanishes"])
    def test_caddy_goes_on_to_ask_at_the_old_address(self, looked_up, row):
        assert looked_up(row).errors["502"] > 10
        retried = looked_up(row, "lb_retries 1", "fail_duration 10s")
        assert retried.bad == retried.under_way

    def test_who_asks_first_waits_for_a_slow_name_server(self, feel):
        seen = feel("name server slow", DYNAMIC, patience=4.0)  # Caddy itself waits for 5 s
        assert (seen.bad, seen.slow) == (0, 12)

    def test_without_its_name_server_caddy_knows_nobody(self, feel):
        assert feel("name server silent", DYNAMIC, patience=1.0).good == 0

    def test_they_have_the_rows_that_can_happen_to_them(self, rig):
        rig.load(DYNAMIC)
        subject = look(rig, "a test", DYNAMIC)
        rows = {name for name, row in ROWS.items() if row.fits(subject)}
        assert rows == set(NAMES) - {"old one stopped first", "its line removed first"}


class TestHttp2:
    """Users who speak HTTP/2, as browsers do where a site speaks HTTPS."""

    def test_they_are_answered_and_a_reload_cuts_nobody_off(self):
        text = BARE.replace(":80", "shop.test")
        rows = ["all well", "reload under load", "reload with WebSockets and streams open"]
        report = rehearse(
            text, rows, runtime="process", patience=10, http="2", advice=False, labs=1
        )
        assert report["all well"].sign == "✓"
        assert report["reload under load"].total > 20
        assert report["reload under load"].bad == 0
        assert report[rows[2]].groups[0].kind == "stream"
        assert {run.run.plan.http for seen in report.rows.values() for run in seen.runs} == {"2"}

    def test_where_a_site_speaks_plain_http_nobody_does(self):
        with pytest.raises(CaddyfileError, match="speaks plain HTTP"):
            rehearse(BARE, ["all well"], runtime="process", http="2", labs=1)


ROUTES = """
:80 {
	handle_path /api/* {
		reverse_proxy backend1:8080 backend2:8080
	}
	@writes method POST
	reverse_proxy @writes backend2:8080
	reverse_proxy backend1:8080
}
"""


class TestRoutes:
    def test_the_one_with_most_upstreams_is_tried_unless_another_is_asked_for(self, rig):
        rig.load(ROUTES)
        assert look(rig, "a test", ROUTES).line == 4
        for wanted, line, methods in (
            ("1", 4, ("GET", "POST")), ("2", 7, ("POST",)), ("3", 8, ("GET",)),
            ("http://*/api/*", 4, ("GET", "POST")), ("/api", 4, ("GET", "POST")),
        ):  # fmt: skip
            subject = look(rig, "a test", ROUTES, wanted)
            assert (subject.line, subject.methods) == (line, methods), wanted

    @pytest.mark.parametrize("wanted", ["4", "0", "/app", "backend1:8080"])
    def test_there_must_be_one_and_only_one(self, rig, wanted):
        rig.load(ROUTES)
        with pytest.raises(CaddyfileError, match=r"route.* 1 = http://\*/api/\*; 2 = "):
            look(rig, "a test", ROUTES, wanted)

    def test_each_gets_the_requests_that_it_takes(self, rig):
        rig.load(ROUTES)
        subject = look(rig, "a test", ROUTES, "2")
        seen = tried(rig, ROWS["all well"], subject, ROUTES, 10.0)
        assert (seen.sign, seen.answered) == ("✓", "POST 4/4")
        assert {r.answered_by for run in seen.runs for r in run.requests} == {2}

    def test_sites_at_odd_ports_are_asked_there(self, rig):
        text = (
            ":8081 {\n\treverse_proxy backend1:8080\n}\n:8082 {\n\treverse_proxy backend2:8080\n}\n"
        )
        rig.load(text)
        for route, backend in (("1", 1), ("2", 2)):
            subject = look(rig, "a test", text, route)
            row = ROWS["reload with WebSockets and streams open"]
            seen = tried(
                rig,
                row,
                subject,
                text.replace("8080\n", "8080 {\n\t\tstream_close_delay 1m\n\t}\n"),
                10.0,
            )
            assert seen.sign == "✓"
            assert {r.answered_by for run in seen.runs for r in run.requests} == {backend}

    def test_of_equals_the_one_that_takes_every_path_is_tried(self, rig):
        text = ":80 {\n\treverse_proxy /ws backend1:8080\n\treverse_proxy backend2:8080\n}\n"
        rig.load(text)
        assert look(rig, "a test", text).line == 3

    def test_a_line_is_removed_with_its_weight(self, rig):
        text = BARE.replace("round_robin", "weighted_round_robin 9 1")
        rig.load(text)
        subject = look(rig, "a test", text)
        assert subject.without(text, 1) == text.replace("backend1:8080 ", "").replace(" 9", "")
        assert subject.without(text, 2) == text.replace(" backend2:8080", "").replace(" 1\n", "\n")


SITES = Path(__file__).parent / "sites"


@pytest.mark.parametrize("site", ["pair", "one-service"])
def test_a_table_on_record_is_still_true(site):
    """Of those that `make sites` has made, what does not depend on luck and speed."""
    record = json.loads((SITES / "tables.json").read_text())[site]["rows"]
    rows = ["all down", "answers 500"]
    report = rehearse(
        SITES / f"{site}.caddyfile", rows, runtime="process", patience=10, advice=False, labs=1
    )
    for row in rows:
        assert report[row].sign == record[row]["sign"]
        assert sorted(report[row].errors) == record[row]["errors"]


def test_every_site_has_its_table_on_record():
    record = json.loads((SITES / "tables.json").read_text())
    page = (SITES.parents[1] / "docs" / "sites.md").read_text()
    for path in SITES.glob("*.caddyfile"):
        assert record[path.stem]["rows"]
        assert f"```caddyfile\n{path.read_text()}```" in page
    readme = (SITES.parents[1] / "README.md").read_text()
    shown = readme.split("<!-- caddylab test -->\n```text\n")[1].split("```")[0].splitlines()
    assert len(shown) > 30
    assert set(shown[1:]) - {"…"} <= set(record["pair"]["said"].splitlines())


def test_users_send_what_the_route_takes():
    """Neither GET nor POST: whoever takes nothing else is asked for that."""
    takes = ":80 {\n\t@up method PUT\n\thandle @up {\n\t\treverse_proxy a:1 b:2\n\t}\n}\n"
    report = rehearse(takes, ["all well", "down"], runtime="process", advice=False)
    assert [group.kind for group in report["all well"].groups] == ["PUT"]
    assert report["all well"].sign == "✓"
    assert report["down"].errors.keys() <= {"502"}
    with pytest.raises(FaultError, match="a route that takes GET"):
        rehearse(takes, ["reload with WebSockets and streams open"], runtime="process")
