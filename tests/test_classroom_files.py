"""The files that set up a class, or a single browser, read: what they promise each other."""

import json
import os
import re
import subprocess
import tomllib

import pytest
import yaml
from classroom_image import CLASSROOM, ROOT

CONTAINERFILE = (CLASSROOM / "Containerfile").read_text()
START_PAGE = "/lab/tree/break-the-balancer/course/00-start-here.ipynb"


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

    def test_the_badges_lead_to_this_repository(self):
        urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
        name = urls["Source"].removeprefix("https://github.com/")
        readme = (ROOT / "README.md").read_text()
        assert f"(https://codespaces.new/{name})" in readme
        start = re.search(
            rf"\(https://mybinder.org/v2/gh/{name}/main\?urlpath=lab/tree/(.+?)\)", readme
        )
        assert start
        assert (ROOT / start[1]).is_file()

    def test_so_does_the_devcontainer(self):
        container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
        assert container["image"].endswith("python:3.11")
        assert "--require-hashes --requirement requirements.lock" in container["postCreateCommand"]
        assert str(container["forwardPorts"][0]) in container["postAttachCommand"]
        vscode = container["customizations"]["vscode"]["settings"]
        assert vscode["jupyter.widgetScriptSources"] == ["jsdelivr.com", "unpkg.com"]
