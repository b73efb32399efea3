"""The real Prometheus asks a lab's Caddy what chapter 12, the dashboard and the alerts ask."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import nbformat
import pytest

from caddylab import Lab
from caddylab._machine import shipped
from caddylab._machine.ports import Port
from caddylab._machine.waiting import poll

FOLDER = Path(__file__).parents[1] / "containers" / "monitoring"
DASHBOARD = json.loads((FOLDER / "grafana" / "watching.json").read_text("utf-8"))
ASKED = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
RULES = re.findall(r"^ +- (?:record|alert): (\S+)$", (FOLDER / "alerts.yml").read_text(), re.M)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None and os.environ.get("CADDYLAB_REQUIRE_PROMETHEUS"):
        pytest.fail(f"{name} is not installed: .ci/packages installs it")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install prometheus")
    return found


def chapters_queries() -> list[str]:
    """Those of the chapter's table, in which a pipe has a backslash."""
    cells = nbformat.read(shipped.course() / "12-watching.ipynb", 4).cells
    rows = re.findall(r"^\| [^|]+ \| `(.+)` \|$", "\n".join(c.source for c in cells), re.M)
    return [row.replace(r"\|", "|") for row in rows]


class Prometheus:
    """One that fetches a lab's metrics five times a second."""

    def __init__(self, folder: Path, target: str) -> None:
        config = (FOLDER / "prometheus.yml").read_text("utf-8")
        own = config.replace("_interval: 5s", "_interval: 200ms").replace("caddy:9180", target)
        assert target in own
        (folder / "prometheus.yml").write_text(own, "utf-8")
        shutil.copy(FOLDER / "alerts.yml", folder)
        port = Port()
        self.url = f"http://127.0.0.1:{port.number}"
        port.close()  # it shares its port with nobody
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [program("prometheus"), f"--config.file={folder / 'prometheus.yml'}",
                 f"--storage.tsdb.path={folder / 'data'}",
                 f"--web.listen-address={self.url.removeprefix('http://')}"],
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def ask(self, query: str) -> list[dict]:
        try:
            answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=10)
        except httpx.TransportError:
            assert self.process.poll() is None, "Prometheus has ended"
            return []
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # it begins
            return []
        found = answer.json()
        assert found["status"] == "success", found
        return found["data"]["result"]

    def value(self, query: str) -> float:
        [one] = self.ask(query)
        return float(one["value"][1])

    def wait_for(self, query: str) -> None:
        assert poll(lambda: self.ask(query), 40, 0.2), f"no answer to {query}"

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    program("prometheus")
    with Lab("process") as lab:
        lab.load("watching")
        [address] = [door.address for door in lab.stack.site.doors if door.port == 9180]
        prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), "{}:{}".format(*address))
        try:
            yield lab, prometheus
        finally:
            prometheus.close()


def test_prometheus_takes_the_configuration_and_the_alerts():
    done = subprocess.run(
        [program("promtool"), "check", "config", FOLDER / "prometheus.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_dashboard_asks_all_that_the_chapter_asks_but_for_one_comparison():
    other = set(chapters_queries()) - set(ASKED)
    assert other == {"caddy_reverse_proxy_upstreams_healthy == 0"}


class TestTheDashboardIsAsGrafanaWantsIt:
    """Grafana's documented JSON model; Grafana itself is not at hand where this runs."""

    def test_it_says_what_a_dashboard_that_is_provisioned_has_to(self):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", DASHBOARD["uid"])
        assert DASHBOARD["title"]
        assert isinstance(DASHBOARD["schemaVersion"], int)
        assert DASHBOARD.get("id") is None  # Grafana gives it one
        assert set(DASHBOARD["time"]) == {"from", "to"}
        assert re.fullmatch(r"\d+[smhd]", DASHBOARD["refresh"])

    def test_panels_have_numbers_of_their_own_and_a_place_on_the_grid(self):
        numbers = [panel["id"] for panel in DASHBOARD["panels"]]
        assert len(set(numbers)) == len(numbers)
        taken: set[tuple[int, int]] = set()
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"]):
            assert place["x"] + place["w"] <= 24
            across = range(place["x"], place["x"] + place["w"])
            own = {(x, y) for x in across for y in range(place["y"], place["y"] + place["h"])}
            assert not own & taken
            taken |= own

    def test_each_asks_the_source_that_is_provisioned_by_letters_of_its_own(self):
        provisioned = (FOLDER / "grafana" / "datasource.yml").read_text("utf-8")
        source = dict(re.findall(r"^[ -]+(uid|type): (\S+)$", provisioned, re.M))
        for panel in DASHBOARD["panels"]:
            assert panel["type"] == "timeseries"
            assert panel["datasource"] == source
            assert {target["datasource"]["uid"] for target in panel["targets"]} == {source["uid"]}
            letters = [target["refId"] for target in panel["targets"]]
            assert letters == sorted(set(letters))

    def test_it_lies_where_grafana_is_told_to_look(self):
        compose = (FOLDER.parent / "compose.yml").read_text("utf-8")
        (home,) = re.findall(r"HOME_DASHBOARD_PATH: (\S+)", compose)
        (folder,) = re.findall(r"path: (\S+)", (FOLDER / "grafana" / "dashboards.yml").read_text())
        assert home == f"{folder}/watching.json"
        assert f"./monitoring/grafana/watching.json:{home}:ro" in compose


def test_every_question_of_chapter_dashboard_and_alerts_has_a_true_answer(watched):
    lab, prometheus = watched
    with lab.backend(2).failing(path="/test-api"):
        lab.fire(20)
        prometheus.wait_for('caddy_http_request_duration_seconds_count{code="500"} > 0')
        run = lab.fire(60)
        prometheus.wait_for("sum(caddy_http_requests_total{handler='log_append'}) >= 80")
    for query in [*ASKED, *chapters_queries()[:-1], "up"]:
        prometheus.wait_for(query)
    assert run.errors == 30
    [errors] = [query for query in ASKED if "499" in query]
    assert 0.3 < prometheus.value(errors) < 0.7
    assert prometheus.value("up") == 1
    (in_hand,) = [query for query in ASKED if "in_flight" in query]
    assert prometheus.value(in_hand) == 0  # who asks for the metrics is a request as well
    assert prometheus.value(re.sub(r"{.*}", "", in_hand)) >= 1
    rules = httpx.get(f"{prometheus.url}/api/v1/rules").json()["data"]["groups"][0]["rules"]
    assert {rule["name"]: rule["health"] for rule in rules} == dict.fromkeys(RULES, "ok")
    lab.backend(2).kill()
    prometheus.wait_for(chapters_queries()[-1])


SERIES = """
      - series: 'caddy_http_request_duration_seconds_bucket{{handler="{0}",code="{1}",le="0.25"}}'
        values: '0+{2}x120'
      - series: 'caddy_http_request_duration_seconds_count{{handler="{0}",code="{1}"}}'
        values: '0+{2}x120'"""
WITH_METRICS = SERIES.format("metrics", 200, 12)
RULE_TEST = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:{series}
    promql_expr_test:
      - expr: caddy:bad:share5m
        eval_time: 90m
        exp_samples: [{{labels: 'caddy:bad:share5m', value: {bad}}}]
    alert_rule_test:
      - {{alertname: BudgetBurnsFast, eval_time: 90m, exp_alerts: [{alerts}]}}
"""
BURNS = (
    "{exp_annotations: "
    "{summary: 'The error budget of 30 days is gone in two days, and it still burns.'}}"
)


@pytest.mark.parametrize(
    ("series", "bad", "alerts"),
    [
        pytest.param(SERIES.format("subroute", 200, 60), 0, "", id="all is well"),
        pytest.param(SERIES.format("subroute", 502, 60), 1, BURNS, id="nobody was ever served"),
        pytest.param(
            SERIES.format("subroute", 200, 30) + SERIES.format("subroute", 502, 30),
            0.5, BURNS, id="half of them fail",
        ),
    ],
)  # fmt: skip
def test_the_alert_counts_the_users_requests_and_no_others(tmp_path, series, bad, alerts):
    file = tmp_path / "test.yml"
    rules, both = FOLDER / "alerts.yml", series + WITH_METRICS
    file.write_text(RULE_TEST.format(rules=rules, series=both, bad=bad, alerts=alerts), "utf-8")
    done = subprocess.run(
        [program("promtool"), "test", "rules", file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
