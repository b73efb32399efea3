"""What Caddy tells of itself: metrics, counts and log, as a lab hands them out."""

from __future__ import annotations

import pytest

from caddylab import Drill, LabError

SITE = """{
	metrics
}
:80 {
	log
	log_append upstream {rp.upstream.hostport}
	log_append retries {rp.retries}
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		fail_duration 30s
		OPTIONS
	}
}
"""
HEALTHY = "caddy_reverse_proxy_upstreams_healthy"
BOTH = ["backend1:8080", "backend2:8080"]


@pytest.fixture
def watched(lab):
    lab.reset()
    lab.load(SITE.replace("OPTIONS", ""))
    return lab


def test_metrics_counts_and_log_tell_of_the_requests_and_of_nothing_of_the_labs_own(watched):
    watched.fire(6)
    health = watched.metrics(HEALTHY)
    assert sorted(health["upstream"]) == BOTH
    assert set(health["value"]) == {1.0}
    [total] = watched.metrics("caddy_http_requests_total").to_dict("records")
    assert total["value"] == 6
    times = watched.metrics("caddy_http_request_duration_seconds")
    assert set(times["code"]) == {"200"}
    assert set(times["name"].str.rpartition("_")[2]) == {"bucket", "count", "sum"}
    everything = watched.metrics()
    assert list(everything.columns) == ["name", "labels", "value"]
    assert HEALTHY in set(everything["name"])
    assert not everything["labels"].str.contains("vars|/load").any()

    log = watched.log()
    assert list(log["upstream"]) == BOTH[::-1] * 3
    assert set(log["status"]) == {200}
    assert set(log["retries"]) == {0}
    assert log["at"].is_monotonic_increasing
    assert log["at"].between(0, 60).all()
    assert watched.log("error").empty
    assert "ms" in repr(log[["duration"]]), "a time has its unit"


def test_what_fails_is_told_by_the_error_log_and_counted_by_the_upstreams(watched):
    with watched.backend(2).killed():
        run = watched.fire(4)
        [_, told] = watched.upstreams().to_dict("records")
    assert run.errors == 1
    assert told == {"address": "backend2:8080", "num_requests": 0, "fails": 1}
    [error] = watched.log("error").to_dict("records")
    assert error["status"] == 502
    assert "dial tcp" in error["message"]
    assert list(watched.log()["status"]) == [502, 200, 200, 200]


def test_the_log_begins_with_the_load_and_tells_of_checks_that_fail(watched):
    watched.fire(2)
    watched.load(SITE.replace("OPTIONS", "health_uri /\n\t\thealth_interval 100ms"))
    assert list(watched.log().columns)[:4] == ["at", "method", "host", "path"]
    assert watched.log().empty
    with watched.backend(2).killed():
        watched.wait_until_unhealthy(2)
    first = watched.log("health").iloc[0]
    assert (first["upstream"], first["message"]) == ("backend2:8080", "HTTP request failed")


def test_what_cannot_be_told_is_said_clearly(watched):
    watched.load(":80 {\n\treverse_proxy backend1:8080\n}\n")
    watched.fire(1)
    with pytest.raises(LabError, match=r"no metric 'caddy_http_requests_total' now.*`metrics`"):
        watched.metrics("caddy_http_requests_total")
    with pytest.raises(LabError, match="access, error, health, not of 'acces'"):
        watched.log("acces")


def test_the_alert_on_errors_rings_in_each_incident_of_the_last_level():
    drill = Drill(4, "process")
    assert drill.unseen("5xx") == drill.unseen("the users") == []
    with pytest.raises(LabError, match="no drill of level 1: expected 3"):
        Drill(1)
