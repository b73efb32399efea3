"""A run that was saved is the same run when it is loaded, without the lab that it came from."""

from __future__ import annotations

import gzip
import json

import pytest

from caddylab import Clients, Outcome, Traffic, TrafficError

RETRY = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		lb_retries 1
		fail_duration 5s
	}
}
"""
PIZZA = b"\x00\xffpizza"
PICTURES = ("routing", "shares", "latency", "percentiles", "timeline", "sticky", "in flight")


@pytest.fixture(scope="module")
def run(lab):
    """A run with retries, a fault, and an opinion of Caddy's on it."""
    lab.load(RETRY)
    with lab.backend(2).killed():
        run = lab.fire(30, concurrency=3, clients=4, path="/delay/40", method="POST", body=PIZZA)
    lab.reset()
    assert run.retries
    return run


@pytest.fixture(params=["run.json", "run.json.gz"])
def loaded(run, tmp_path, request):
    return Traffic.load(run.save(tmp_path / request.param))


def test_it_has_the_same_records(run, loaded):
    assert loaded.requests == run.requests
    assert isinstance(loaded.requests[0].outcome, Outcome)
    assert loaded.run.plan == run.run.plan
    assert (loaded.run.id, loaded.run.began) == (run.run.id, run.run.began)
    assert repr(loaded) == repr(run)
    assert (loaded.shares, loaded.retries, loaded.backends) == (
        run.shares, run.retries, run.backends,
    )  # fmt: skip


def test_it_has_the_same_tables(run, loaded):
    for table in (Traffic.table, Traffic.attempts, Traffic.spans):
        assert table(loaded).equals(table(run))
    assert set(loaded.spans()["source"]) == {"fault", "caddy"}


@pytest.mark.parametrize("kind", PICTURES)
def test_it_makes_the_same_pictures(run, loaded, kind):
    assert loaded.chart(kind).to_dict() == run.chart(kind).to_dict()


def test_it_plays_the_same_replay(run, loaded):
    assert loaded.replay().events == run.replay().events


def test_it_is_over(loaded):
    assert loaded.done
    assert loaded.wait() is loaded.stop() is loaded


def test_a_stopped_open_loop_is_one_afterwards_too(lab, tmp_path):
    run = lab.fire(rate=50, duration=60, background=True)
    lab.wait_until(lambda: len(run) > 10, 5)
    run.stop()
    loaded = Traffic.load(run.save(tmp_path / "run.json"))
    assert loaded.run.stopped
    assert loaded.run.planned_total == 3000
    assert loaded.lateness == run.lateness


def test_an_office_keeps_its_one_address(lab, tmp_path):
    run = lab.fire(4, clients=Clients(2, address="203.0.113.200"))
    loaded = Traffic.load(run.save(tmp_path / "run.json"))
    assert set(loaded.table()["address"]) == {"203.0.113.200"}


def test_a_run_that_goes_on_cannot_be_saved(lab, tmp_path):
    run = lab.fire(rate=5, duration=60, background=True)
    with pytest.raises(TrafficError, match="still goes on"):
        run.save(tmp_path / "run.json")
    run.stop()


def test_where_nothing_can_be_written(run, tmp_path):
    with pytest.raises(TrafficError, match="could not be saved"):
        run.save(tmp_path / "no" / "such" / "folder.json")


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[]", b"{}", gzip.compress(b"{}", mtime=0)[:-4],
     b'{"format": 1, "plan": {}}', b"\x1f\x8bnothing", b"\xff\xfe"],
)  # fmt: skip
def test_another_file_is_refused_in_words(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(TrafficError, match=r"run\.json holds no run .*t\.save"):
        Traffic.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TrafficError, match="cannot be read: No such file"):
        Traffic.load(tmp_path / "run.json")


def test_a_stop_is_one_though_an_older_file_calls_it_a_crash(run, tmp_path):
    path = run.save(tmp_path / "run.json")
    path.write_text(path.read_text().replace('"killed"', '"crashed"'))
    spans = Traffic.load(path).spans()
    assert set(spans[spans["source"] == "fault"]["kind"]) == {"stopped"}


def test_a_file_of_a_newer_caddylab(run, tmp_path):
    path = run.save(tmp_path / "run.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 3}))
    with pytest.raises(TrafficError, match="newer caddylab"):
        Traffic.load(path)
