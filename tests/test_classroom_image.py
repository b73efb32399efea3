"""The image for one learner, and the files that let a browser be all that a learner has."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from caddylab._cli.bundle import own_wheel
from caddylab._waiting import poll

ROOT = Path(__file__).parents[1]
CLASSROOM = ROOT / "containers" / "classroom"
CONTAINERFILE = (CLASSROOM / "Containerfile").read_text()
START_PAGE = "/lab/tree/break-the-balancer/course/00-start-here.ipynb"
WHEELS = os.environ.get("CADDYLAB_WHEELS")
NAME = f"caddylab-classroom-test-{os.getpid()}"
IMAGE = f"localhost/{NAME}"
CONFINED = [
    "--cap-drop=all", "--security-opt=no-new-privileges", "--user=1000",
    "--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp",
]  # fmt: skip
LAB = """
from caddylab import Lab
with Lab() as lab:
    print(lab.fire(16).outcomes)
"""
WRITABLE = (
    "find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*' 2>/dev/null"
)


def podman(*words):
    """What this Podman, and not the one behind a socket, says."""
    settings = {name: text for name, text in os.environ.items() if name != "CONTAINER_HOST"}
    done = subprocess.run(
        ["podman", *map(str, words)], capture_output=True, text=True, check=False, env=settings
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def files(folder):
    """The build's context: what image.md tells an instructor to have."""
    own_wheel.make(folder / "dist")
    (folder / "requirements.lock").write_bytes((ROOT / "requirements.lock").read_bytes())
    place = folder / "containers" / "classroom"
    place.mkdir(parents=True)
    for name in ("Containerfile", "start"):
        shutil.copy(CLASSROOM / name, place)
    for name in ("jupyter", "lean"):
        shutil.copytree(CLASSROOM / name, place / name)
    return place / "Containerfile"


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Built without a network: pip takes the wheels that are at hand."""
    if not WHEELS:
        pytest.skip("CADDYLAB_WHEELS names no folder with the packages")
    folder = tmp_path_factory.mktemp("image")
    settings = folder / "pip.conf"
    settings.write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    context = folder / "context"
    (context / "dist").mkdir(parents=True)
    try:
        podman(
            "build", "--network=none", "--pull=never", "--layers=false", "--tag", IMAGE,
            "--volume", f"{settings}:/etc/pip.conf:ro", "--volume", f"{WHEELS}:/wheels:ro",
            "--file", files(context), context,
        )  # fmt: skip
        yield IMAGE
    finally:
        podman("rmi", "--force", "--ignore", IMAGE) if exists("image", IMAGE) else None


def exists(kind, name):
    return name in podman(kind, "ls", "--format", "json")


@pytest.fixture(scope="module")
def container(image):
    """One learner's container, with nothing that a cluster would not give it."""
    try:
        podman(
            "run", "--detach", "--name", NAME, *CONFINED, "--volume", f"{NAME}:/home/jovyan",
            "--publish", "127.0.0.1::8888", image,
        )  # fmt: skip
        yield NAME
    finally:
        podman("rm", "--force", "--ignore", "--volumes", NAME)
        podman("volume", "rm", "--force", NAME)


def inside(container, *words):
    return podman("exec", container, *words)


def awaited(container):
    """The address of its JupyterLab, once that answers."""
    url = "http://" + podman("port", container, "8888/tcp").strip()
    assert poll(lambda: answers(f"{url}/api") == 200, 60), podman("logs", container)
    return url


def answers(url):
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code
    except httpx.TransportError:
        return None


@pytest.mark.podman
@pytest.mark.timeout(300)  # most of it is pip, which unpacks 180 MB on a machine that is busy
class TestImage:
    def test_jupyterlab_answers_who_knows_its_token(self, container):
        assert answers(f"{awaited(container)}/api/contents") == 403
        assert "00-start-here.ipynb" in inside(container, "ls", "break-the-balancer/course")

    def test_nobody_in_it_has_a_privilege(self, container):
        assert inside(container, "id", "-u") == "1000\n"
        status = Path("/proc/1/status")
        lines = dict(line.split(":\t") for line in inside(container, "cat", status).splitlines())
        assert {int(lines[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
        assert lines["NoNewPrivs"] == "1"

    def test_a_lab_serves_every_request(self, container):
        said = inside(container, "python", "-c", LAB)
        assert said.splitlines()[-1] == "Counter({<Outcome.OK: 'ok'>: 16})"

    def test_the_doctor_is_content(self, container):
        assert "Labs run here on processes." in inside(container, "caddylab", "doctor")

    def test_only_home_and_tmp_can_be_written_to(self, container):
        found = inside(container, "sh", "-c", f"{WRITABLE} || true").splitlines()
        assert set(found) == {"/home/jovyan", "/tmp"}
        assert inside(container, "sh", "-c", "touch /home/jovyan/x /tmp/x && echo both") == "both\n"

    def test_what_a_learner_changed_outlives_a_new_start(self, container):
        chapter = "break-the-balancer/course/01-happy-path.ipynb"
        inside(container, "sh", "-c", f"echo mine >{chapter}")
        podman("restart", "--time", "20", container)
        awaited(container)
        assert inside(container, "cat", chapter) == "mine\n"

    def test_it_ends_when_told_to(self, container):
        podman("stop", "--time", "20", container)
        assert podman("inspect", container, "--format", "{{.State.ExitCode}}") != "137\n"


class TestContainerfile:
    def test_the_base_image_can_be_chosen(self):
        assert "ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim\n" in CONTAINERFILE
        assert "ARG REQUIREMENTS=requirements.lock\n" in CONTAINERFILE

    def test_every_package_is_locked(self):
        installs = re.findall(r"pip install (.+?)(?:&&|\n\n)", CONTAINERFILE, re.DOTALL)
        assert len(installs) == 2
        assert all("--require-hashes" in line or "--no-deps" in line for line in installs)


class TestKubernetes:
    @pytest.fixture
    def values(self):
        return yaml.safe_load((CLASSROOM / "z2jh-values.yaml").read_text())

    def test_its_learner_is_the_image_s(self, values):
        server = values["singleuser"]
        uid, gid = re.findall(r"^USER (\d+):(\d+)$", CONTAINERFILE, re.MULTILINE)[0]
        assert (server["uid"], server["fsGid"]) == (int(uid), int(gid))
        assert f"\nVOLUME {server['storage']['homeMountPath']}\n" in CONTAINERFILE
        assert server["cmd"] == "jupyterhub-singleuser"
        assert server["defaultUrl"] == START_PAGE

    def test_its_image_has_the_name_that_image_md_gives_it(self, values):
        image = values["singleuser"]["image"]
        assert f"{image['name']}:{image['tag']}" in (CLASSROOM / "image.md").read_text()

    def test_a_learner_has_no_privilege(self, values):
        security = values["hub"]["config"]["KubeSpawner"]["container_security_context"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert values["singleuser"]["allowPrivilegeEscalation"] is False
        mounts = values["singleuser"]["storage"]["extraVolumeMounts"]
        assert [mount["mountPath"] for mount in mounts.values()] == ["/tmp"]


class TestBrowserOnly:
    def test_binder_installs_the_lock_with_a_python_that_it_is_for(self):
        folder = ROOT / ".binder"
        assert (folder / "runtime.txt").read_text() == "python-3.11\n"
        for name in ("postBuild", "start"):
            assert os.access(folder / name, os.X_OK), name
            subprocess.run(["bash", "-n", folder / name], check=True)
        assert (
            "--require-hashes --requirement requirements.lock" in (folder / "postBuild").read_text()
        )
        settings = re.findall(r"\$PWD/([\w/]+)", (folder / "start").read_text())
        assert [(ROOT / path).is_dir() for path in settings] == [True]

    def test_so_does_the_devcontainer(self):
        container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
        assert container["image"].endswith("python:3.11")
        assert "--require-hashes --requirement requirements.lock" in container["postCreateCommand"]
        assert str(container["forwardPorts"][0]) in container["postAttachCommand"]
