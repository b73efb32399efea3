"""What runs elsewhere: workflows, the Makefile on other systems, .ci where something is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OFFERED = re.compile(r"make [a-z-]+( [A-Z]+=\S.*)?|bash \.ci/run")
TOOLS = ("bash", "dirname", "env", "sed")


def steps(workflow):
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.fixture
def bare(tmp_path):
    """The environment of a machine that has nothing of what Podman needs; root, as `id` says."""
    for tool in TOOLS:
        (tmp_path / tool).symlink_to(shutil.which(tool))
    (tmp_path / "id").write_text("#!/bin/bash\necho 0\n")
    (tmp_path / "id").chmod(0o755)
    return {"PATH": str(tmp_path), "HOME": str(tmp_path)}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_each_job_calls_what_the_makefile_and_ci_offer(workflow):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in (step["run"] for step in steps(workflow) if "run" in step):
        assert OFFERED.fullmatch(command), command
        if command.startswith("make"):
            assert command.split()[1] in targets


@pytest.mark.parametrize(("system", "folder"), [("Windows_NT", "Scripts"), ("", "bin")])
def test_make_finds_the_python_of_each_system(system, folder):
    told = subprocess.run(
        ["make", "--dry-run", "lint"],
        cwd=ROOT, env=os.environ | {"OS": system}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert f".venv/{folder}/python -m ruff check" in told


def test_without_podman_it_says_what_to_install(bare):
    command = [ROOT / ".ci" / "with-podman", "true"]
    done = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert "not installed: podman runc" in done.stderr
    assert ".ci/packages installs it" in done.stderr
    assert "command not found" not in done.stderr
