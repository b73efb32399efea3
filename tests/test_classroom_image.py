"""The image for one learner: by hand, and in the pod that Zero to JupyterHub makes of it."""

import os
import secrets
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from classroom_image import built, classroom_context, podman
from classroom_learner import Learner
from loopback_ports import free_ports

from caddylab._machine.waiting import poll

# Most of the time is pip's, which unpacks 180 MB on a machine that is busy.
pytestmark = [pytest.mark.podman, pytest.mark.hub, pytest.mark.timeout(300)]

CONFIGURATION = Path(__file__).parent / "support" / "classroom_pods.py"
START_PAGE = "/lab/tree/break-the-balancer/course/00-start-here.ipynb"
NAME = f"caddylab-classroom-test-{os.getpid()}"
CONFINED = [
    "--cap-drop=all", "--security-opt=no-new-privileges", "--user=1000",
    "--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp",
]  # fmt: skip
LAB = """
from caddylab import Lab
with Lab() as lab:
    print(lab.fire(16).outcomes)
"""
SERVED = "ok: 16"
WRITABLE = (
    "find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*' 2>/dev/null"
)
NO_CLUSTER = """
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: none, user: {}}]
"""
"""What KubeSpawner reads when it is made; nobody asks that address."""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The image for JupyterHub. That for one person differs in its lock."""
    folder = tmp_path_factory.mktemp("image")
    file = classroom_context(folder / "context")
    lock = "--build-arg=REQUIREMENTS=requirements-hub.lock"
    with built(f"localhost/{NAME}", folder, file, folder / "context", lock) as name:
        yield name


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
        assert said.splitlines()[-1] == SERVED

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


class Pods:
    """A hub that starts each learner's server in a pod, which is played by Podman.

    The network's own address on this machine is there only while a container is on the network.
    """

    def __init__(self, image: str, folder: Path) -> None:
        self.password, self.log = secrets.token_urlsafe(12), folder / "log"
        port, hub_port, proxy_port = free_ports(3)
        self.url = f"http://127.0.0.1:{port}"
        (folder / "cluster.yaml").write_text(NO_CLUSTER)
        settings = {
            "KUBECONFIG": str(folder / "cluster.yaml"), "PODS_FOLDER": str(folder),
            "PODS_IMAGE": image, "PODS_NETWORK": NAME, "PODS_ADDRESS": gateway(),
            "PODS_PASSWORD": self.password, "PODS_PORT": str(port),
            "PODS_HUB_PORT": str(hub_port), "PODS_PROXY_PORT": str(proxy_port),
        }  # fmt: skip
        command = [Path(sys.executable).with_name("jupyterhub"), "--config", CONFIGURATION]
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, cwd=folder, env=os.environ | settings
            )

    def wait(self) -> None:
        health = f"{self.url}/hub/health"
        assert poll(lambda: answers(health) == 200, 60), self.log.read_text()

    def close(self) -> None:
        """End the hub, and with it (its cleanup) the servers."""
        self.process.terminate()
        self.process.wait(60)


def gateway() -> str:
    return podman("network", "inspect", NAME, "--format", "{{(index .Subnets 0).Gateway}}").strip()


@contextmanager
def network(image: str):
    podman("network", "create", NAME)
    try:
        podman("run", "--detach", "--name", f"{NAME}-holder", "--network", NAME, image, "sleep",
               "infinity")  # fmt: skip
        yield
    finally:
        podman("rm", "--force", "--ignore", "--time", "0", "--volumes", f"{NAME}-holder")
        podman("network", "rm", "--force", NAME)


@pytest.fixture(scope="module")
def pods(image, tmp_path_factory):
    with network(image):
        pods = Pods(image, tmp_path_factory.mktemp("pods"))
        try:
            pods.wait()
            yield pods
        finally:
            pods.close()


@pytest.fixture(scope="module")
def learner(pods):
    """One who has come: the name of the pod is Zero to JupyterHub's."""
    name = f"t{os.getpid()}"
    try:
        with Learner(pods.url, name, pods.password) as learner:
            learner.arrive()
            yield learner
    finally:
        podman("pod", "rm", "--force", "--ignore", "--time", "0", f"jupyter-{name}")
        podman("volume", "rm", "--force", f"claim-{name}")


def notebook(learner: Learner) -> str:
    return f"jupyter-{learner.name}-notebook"


class TestPod:
    def test_a_lab_serves_every_request(self, learner):
        with learner.kernel() as kernel:
            assert kernel.ask(LAB).splitlines()[-1] == SERVED

    def test_its_first_page_is_the_course_s(self, learner):
        assert learner.server.get("").headers["location"].endswith(f"{START_PAGE}?")

    def test_nobody_in_it_has_a_privilege(self, learner):
        status = inside(notebook(learner), "cat", "/proc/1/status")
        lines = dict(line.split(":\t") for line in status.splitlines())
        assert set(lines["Uid"].split()) == {"1000"}
        assert {int(lines[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
        assert (lines["NoNewPrivs"], lines["Seccomp"]) == ("1", "2")

    def test_only_home_and_tmp_can_be_written_to(self, learner):
        found = inside(notebook(learner), "sh", "-c", f"{WRITABLE} || true").splitlines()
        assert set(found) == {"/home/jovyan", "/tmp"}

    def test_its_memory_and_its_cpu_are_limited(self, learner):
        limits = "{{.HostConfig.Memory}} {{.HostConfig.MemoryReservation}} {{.HostConfig.NanoCpus}}"
        told = podman("inspect", notebook(learner), "--format", limits)
        assert list(map(int, told.split())) == [1 << 30, 512 << 20, 10**9]

    def test_what_a_learner_changed_outlives_the_pod(self, learner):
        chapter = "break-the-balancer/course/01-happy-path.ipynb"
        inside(notebook(learner), "sh", "-c", f"echo mine >{chapter}")
        learner.restart()
        assert inside(notebook(learner), "cat", chapter) == "mine\n"
