"""Promises, budgets and alerts, on logs whose answers can be worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from caddylab import FaultError, Objective, Traffic, TrafficError, histogram_quantile
from caddylab._machine import shipped
from caddylab._survey.first_seen import FirstSeen


def log(*statuses, duration=0.01, every=0.1):
    rows = [{"at": n * every, "status": s, "duration": duration} for n, s in enumerate(statuses)]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("promise", "lines", "rate"),
    [
        (Objective(0.99), log(200, 500), 50),
        (Objective(0.999), log(200, 500), 500),
        (Objective(0.99), log(*[200] * 99, 502), 1),
        (Objective(0.99), log(499, 499), 0),
        (Objective(0.99, within=0.5), log(499, 499, duration=0.8), 100),
        (Objective(0.99, errors=400), log(401, 200), 50),
        (Objective(0.99, errors=400), log(499, 200), 0),
        (Objective(0.95, within=0.2), log(200, 200, duration=0.3), 20),
        (Objective(0.99), log(200).iloc[:0], 0),
    ],
)
def test_the_burn_rate_is_the_share_that_was_bad_by_the_share_that_may_be(promise, lines, rate):
    assert promise.burn_rate(lines) == pytest.approx(rate)


def test_a_short_window_rings_for_what_a_long_one_forgives():
    promise = Objective(0.99)
    lines = log(*[200] * 60, 500, 500, *[200] * 20)
    assert promise.loud(lines, 1, 4) == [1]
    assert promise.rings(lines, window=1) == pytest.approx(6.1)
    assert promise.rings(lines, window=4) is None
    assert promise.burning(lines, 1)["burn_rate"].max() == pytest.approx(20)


def test_one_bad_line_wakes_nobody():
    assert Objective(0.99).rings(log(*[200] * 9, 500, *[200] * 9)) is None
    assert Objective(0.99).rings(log(500, 500)) is None


def test_the_mean_of_all_is_nobodys():
    lines = pd.concat([
        log(200, 200).assign(upstream="a:1"),
        log(200, 200, duration=0.31).assign(upstream="b:1"),
    ])  # fmt: skip
    apart = Objective(0.99, within=0.25).by_upstream(lines)
    assert list(apart.index) == ["a:1", "b:1", "all"]
    assert list(apart["bad"]) == [0, 2, 2]
    assert apart.loc["all", "mean"] == pytest.approx(0.16)
    assert apart.loc["b:1", "p99"] == pytest.approx(0.31)
    assert repr(apart).splitlines()[2].split()[:8] == [
        "b:1", "2", "310", "ms", "310", "ms", "310", "ms",
    ]  # fmt: skip
    assert "310 ms" in apart._repr_html_()


def test_a_burn_rate_over_time_says_when_in_seconds():
    assert repr(Objective(0.99).burning(log(200, 500))).splitlines()[2].split()[2] == "ms"


def test_a_quantile_of_buckets_is_what_prometheus_makes_of_them():
    edges = {"0.1": 50, "0.25": 50, "0.5": 100, "+Inf": 100}
    metric = pd.DataFrame({"le": [*edges, None], "value": [*map(float, edges.values()), 7.0]})
    assert histogram_quantile(0.99, metric) == pytest.approx(0.495)
    assert histogram_quantile(0.25, metric) == pytest.approx(0.05)
    beyond = pd.DataFrame({"le": ["0.5", "+Inf"], "value": [1.0, 9.0]})
    assert histogram_quantile(0.9, beyond) == 0.5


def test_what_is_no_log_and_no_histogram_is_told():
    with pytest.raises(TrafficError, match="no access log: it has no at, duration, status"):
        Objective().burn_rate(pd.DataFrame({"value": [1]}))
    with pytest.raises(TrafficError, match="log_append upstream"):
        Objective().by_upstream(log(200))
    with pytest.raises(TrafficError, match="no buckets"):
        histogram_quantile(0.5, pd.DataFrame({"value": [1]}))


def test_a_table_of_what_was_seen_says_what_was_not():
    table = FirstSeen(("log", "metric"), {"hung": {"log": 1.64}, "down": {}})
    assert (table["hung", "log"], table["hung", "metric"]) == (1.64, None)
    assert table.unseen("log") == ["down"]
    assert repr(table).splitlines()[1] == "hung   1.6 s   –"
    with pytest.raises(FaultError, match="no column 'logs': expected log, metric"):
        table.unseen("logs")
    with pytest.raises(FaultError, match="no row 'hang'"):
        table["hang", "log"]


def test_a_burn_rate_can_be_drawn():
    drawn = Objective(0.99).chart(log(*[200] * 20, *[500] * 10), 0.5, 2)
    told = drawn.to_dict()["title"]["text"]
    assert "rings over 0.5 s and over 2 s" in " ".join([told] if isinstance(told, str) else told)


def test_a_run_is_judged_as_its_log_would_be():
    hung = Traffic.load(shipped.course() / "demos" / "recordings" / "12-hung.json.gz")
    assert Objective(0.99).burn_rate(hung) == 0
    late = Objective(0.99, within=0.5)
    assert late.burn_rate(hung) == pytest.approx(50)
    assert 0.7 < late.rings(hung) < 2
