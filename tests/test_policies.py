"""What a policy costs, measured on a fleet in one process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from caddylab import ArgumentError, LabError, policy_costs
from caddylab._machine.waiting import poll

FEW = {"policies": ("round_robin", "random"), "requests": 8}


@pytest.fixture(scope="module")
def costs():
    return policy_costs((2, 30), **FEW)


def test_each_policy_is_measured_with_each_number_of_upstreams(costs):
    assert (costs.policies, costs.upstreams) == (("round_robin", "random"), (2, 30))
    assert all(0 < costs.of(p, n) < 1e6 for p in costs.policies for n in costs.upstreams)
    for text in (repr(costs), costs._repr_html_()):
        assert "30 upstreams" in text
        assert f"{costs.of('random', 30):.0f} µs" in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda costs: costs.of("random", 3), "was not measured, but round_robin, random with 2"),
        (lambda costs: policy_costs((0,)), "from 1 to 2,000 upstreams"),
        (lambda costs: policy_costs(()), "from 1 to 2,000 upstreams"),
        (lambda costs: policy_costs((2,), ("cookie",)), "Measured can be round_robin"),
        (lambda costs: policy_costs((2,), ()), "none of them"),
        (lambda costs: policy_costs((2,), requests=1), "From 8 to 20,000 requests"),
        (lambda costs: policy_costs(2), "upstreams"),
    ],
)
def test_what_cannot_be_measured_is_said(costs, wrong, words):
    with pytest.raises(ArgumentError, match=words):
        wrong(costs)


def test_a_caddy_that_does_not_start_is_told(monkeypatch, tmp_path):
    program = tmp_path / "caddy"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("CADDYLAB_CADDY", str(program))
    with pytest.raises(LabError, match="Caddy ended before it answered"):
        policy_costs((2,), **FEW)


@pytest.fixture
def short():
    """A folder whose name is short enough for a lab's sockets."""
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        yield Path(folder)


def test_nothing_is_left_of_a_kernel_that_was_killed(short):
    code = "from caddylab import policy_costs; policy_costs((2,), requests=20_000)"
    folder = ["env", f"TMPDIR={short}"]
    with subprocess.Popen([*folder, sys.executable, "-c", code], stdout=subprocess.DEVNULL) as one:
        try:
            assert poll(lambda: ours(short), 60)
        finally:
            one.kill()
    assert poll(lambda: not ours(short), 60)
    assert poll(lambda: list(short.iterdir()) == [], 60)


def ours(folder) -> list[psutil.Process]:
    """The Caddys that run with a file of this folder."""
    running = psutil.process_iter(["cmdline"])
    return [p for p in running if any(str(folder) in part for part in p.info["cmdline"] or ())
            and "run" in p.info["cmdline"]]  # fmt: skip
