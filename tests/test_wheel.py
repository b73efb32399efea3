"""The wheel: all that a learner needs who has no checkout."""

import json
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from caddylab._machine import shipped

ROOT = Path(__file__).parents[1]
MADE_BY_USE = {"__pycache__", ".ipynb_checkpoints", "lab-progress.jsonl"}


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(kind, source, folder):
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder), cwd=source)
    (built,) = folder.iterdir()
    return built


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def learner(wheel, tmp_path_factory):
    """An environment with the wheel and the locked dependencies, and no checkout in sight."""
    folder = tmp_path_factory.mktemp("learner")
    run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=folder)
    programs = folder / "venv" / Path(sysconfig.get_path("scripts")).name
    python = programs / Path(sys.executable).name
    packages = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    )
    (Path(packages.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, "--no-deps", "--no-index", "--disable-pip-version-check", wheel, cwd=folder)

    def caddylab(*arguments):
        return run(python, *arguments, cwd=folder)

    caddylab.folder, caddylab.program = folder, programs / "caddylab"
    return caddylab


def test_it_carries_every_file_of_the_course(wheel):
    carried = contents(wheel)
    for part in ("containers", "course", "labs", "solutions"):
        for path in (ROOT / part).rglob("*"):
            name = path.relative_to(ROOT)
            if path.is_file() and MADE_BY_USE.isdisjoint(name.parts):
                assert carried[f"caddylab/_shipped/{name.as_posix()}"] == path.read_bytes()


def test_it_carries_nothing_else(wheel):
    data = re.compile(r"caddylab-[^/]+\.data/data/share/jupyter/labextensions/caddylab-slides/")
    others = [name for name in contents(wheel) if not data.match(name)]
    tops = {name.partition("/")[0] for name in others}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"caddylab"}
    assert not any("tests" in name or name.endswith(".pyc") for name in contents(wheel))


def test_jupyterlab_finds_the_slides(learner):
    place = "share/jupyter/labextensions/caddylab-slides"
    found = learner.folder / "venv" / place
    load = json.loads((found / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert (found / load).is_file()
    assert [path.name for path in (found / "static").iterdir()] == [Path(load).parent.name]


def test_scripts_that_differ_have_another_address(wheel, tmp_path):
    """JupyterLab tells browsers to keep them for a year."""
    source = tmp_path / "changed"
    archive = build("sdist", ROOT, tmp_path / "sdist")
    run("tar", "-xf", archive, "--transform", f"s,^[^/]*,{source.name},", cwd=tmp_path)
    with (source / "src/caddylab/_slides/static/show.js").open("a") as script:
        script.write("// changed\n")
    changed = contents(build("wheel", source, tmp_path / "wheel"))
    scripts = {name for name in contents(wheel) if name.endswith("/remoteEntry.js")}
    assert len(scripts) == 1
    assert scripts.isdisjoint(changed)


def test_the_source_archive_makes_the_same_wheel(wheel, tmp_path):
    archive = build("sdist", ROOT, tmp_path / "sdist")
    run("tar", "-xf", archive, cwd=archive.parent)
    source = archive.with_name(archive.name.removesuffix(".tar.gz"))
    assert contents(build("wheel", source, tmp_path / "wheel")) == contents(wheel)


def test_the_command_is_there(learner):
    assert run(learner.program, "--version", cwd=learner.folder).startswith("caddylab ")


def test_it_copies_its_own_notebooks(learner):
    learner(
        "-c",
        "from pathlib import Path; from caddylab._cli import notebooks; "
        "notebooks.copy_to(Path('mine'))",
    )
    copied = {path.name for path in (learner.folder / "mine" / "course").iterdir()}
    assert copied >= {path.name for path in shipped.course().glob("*.ipynb")} != set()


def test_a_lab_runs_on_the_app_that_it_carries(learner):
    code = """
from caddylab import Lab
from caddylab._machine import shipped
print(shipped.app())
with Lab(runtime="process") as lab:
    print(lab.get("/").status_code)
"""
    said = learner("-c", code).splitlines()
    assert Path(said[0]).is_relative_to(learner.folder)
    assert said[-1] == "200"


def test_it_knows_that_it_is_no_checkout(learner):
    done = subprocess.run(
        [learner.program, "open", "--here"],
        cwd=learner.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Say `caddylab open`" in done.stderr
