"""The command `caddylab`, as a learner uses it."""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
from loopback_ports import free_port

import caddylab
from caddylab._cli import doctor, notebooks
from caddylab._cli.doctor import Check
from caddylab._cli.notebooks import Folder
from caddylab._machine import shipped as _resources
from caddylab.cli import main

CHAPTER = "course/01.ipynb"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+")


@pytest.fixture
def offer(tmp_path):
    """Offer a version of some files, as one `caddylab open` does; returns what it says."""

    def put(*files):
        folder = Folder(tmp_path)
        for name, content in files:
            folder.put(name, content)
        folder.save()
        return folder.said

    return put


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != notebooks.MANIFEST
    }


class TestCopies:
    def test_a_new_folder_gets_every_notebook(self, tmp_path, capsys):
        notebooks.copy_to(tmp_path / "mine")
        assert files(tmp_path / "mine") == {
            name: path.read_bytes() for name, path in notebooks.shipped()
        }
        assert str(tmp_path / "mine") in capsys.readouterr().out

    def test_every_chapter_is_shipped(self):
        shipped = {name for name, _ in notebooks.shipped()}
        chapters = {f"course/{path.name}" for path in _resources.course().glob("*.ipynb")}
        assert chapters
        assert chapters <= shipped

    def test_every_lab_is_shipped_and_solutions_only_to_those_who_ask(self, tmp_path):
        root = _resources.labs().parent
        labs, solutions = (
            {path.relative_to(root).as_posix() for path in root.glob(f"{part}/*/*.ipynb")}
            for part in ("labs", "solutions")
        )
        notebooks.copy_to(tmp_path / "learner")
        notebooks.copy_to(tmp_path / "teacher", solutions=True)
        assert labs <= files(tmp_path / "learner").keys()
        more = files(tmp_path / "teacher").keys() - files(tmp_path / "learner").keys()
        assert solutions == {name for name in more if name.startswith("solutions/")}

    def test_what_a_teacher_shows_is_for_teachers(self, tmp_path):
        course = _resources.course()
        recordings = {f"course/demos/recordings/{path.name}" for path in course.glob("*/*/*.gz")}
        demos = {f"course/demos/{path.name}" for path in course.glob("demos/*.ipynb")}
        notebooks.copy_to(tmp_path / "learner")
        notebooks.copy_to(tmp_path / "teacher", solutions=True)
        more = files(tmp_path / "teacher").keys() - files(tmp_path / "learner").keys()
        cards = {f"course/{path.name}" for path in course.glob("cue-cards-*.md")}
        wanted = {"course/instructor-guide.md"} | cards | demos | recordings
        assert wanted == {name for name in more if name.startswith("course/")}
        assert demos
        assert recordings

    def test_an_untouched_notebook_is_updated(self, tmp_path, offer):
        offer((CHAPTER, b"first"))
        assert offer((CHAPTER, b"second")) == [f"{CHAPTER} is updated."]
        assert files(tmp_path) == {CHAPTER: b"second"}

    def test_an_edited_notebook_stays_and_the_new_version_comes_beside_it(self, tmp_path, offer):
        offer((CHAPTER, b"first"))
        (tmp_path / CHAPTER).write_bytes(b"my own")
        (said,) = offer((CHAPTER, b"second"))
        assert "course/01.new.ipynb" in said
        assert files(tmp_path) == {CHAPTER: b"my own", "course/01.new.ipynb": b"second"}

    def test_the_same_version_is_not_offered_twice(self, tmp_path, offer):
        offer((CHAPTER, b"first"))
        (tmp_path / CHAPTER).write_bytes(b"my own")
        assert offer((CHAPTER, b"first")) == []
        assert files(tmp_path) == {CHAPTER: b"my own"}

    def test_an_edited_new_version_stays_too(self, tmp_path, offer):
        offer((CHAPTER, b"first"))
        (tmp_path / CHAPTER).write_bytes(b"my own")
        offer((CHAPTER, b"second"))
        (tmp_path / "course/01.new.ipynb").write_bytes(b"my own, too")
        offer((CHAPTER, b"third"))
        assert files(tmp_path) == {
            CHAPTER: b"my own",
            "course/01.new.ipynb": b"my own, too",
            "course/01.new.new.ipynb": b"third",
        }

    def test_an_untouched_new_version_is_updated(self, tmp_path, offer):
        offer((CHAPTER, b"first"))
        (tmp_path / CHAPTER).write_bytes(b"my own")
        offer((CHAPTER, b"second"))
        offer((CHAPTER, b"third"))
        assert files(tmp_path) == {CHAPTER: b"my own", "course/01.new.ipynb": b"third"}

    def test_a_deleted_notebook_comes_back(self, tmp_path, offer):
        offer((CHAPTER, b"first"))
        (tmp_path / CHAPTER).unlink()
        offer((CHAPTER, b"first"))
        assert files(tmp_path) == {CHAPTER: b"first"}

    @pytest.mark.parametrize("manifest", ["", "{", "[]"])
    def test_without_a_manifest_nothing_is_overwritten(self, tmp_path, offer, manifest):
        (tmp_path / "course").mkdir()
        (tmp_path / CHAPTER).write_bytes(b"mine")
        (tmp_path / notebooks.MANIFEST).write_text(manifest)
        offer((CHAPTER, b"first"))
        assert files(tmp_path) == {CHAPTER: b"mine", "course/01.new.ipynb": b"first"}

    def test_a_folder_that_cannot_be_is_refused_in_one_sentence(self, tmp_path, capsys):
        (tmp_path / "file").touch()
        assert main(["open", str(tmp_path / "file" / "mine")]) == 1
        assert "Name a folder that you may write to" in capsys.readouterr().err


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """JupyterLab's address as `caddylab open` prints it on a machine without a screen."""
    folder = tmp_path_factory.mktemp("learner")
    command = [sys.executable, "-m", "caddylab", "open", "mine", f"--port={free_port()}"]
    bare = {name: os.environ[name] for name in os.environ if "DISPLAY" not in name}
    home = {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / ".jupyter")}
    with subprocess.Popen(
        command, cwd=folder, env=bare | home, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            yield first_match(ADDRESS, server.stderr)
        finally:
            server.terminate()
            server.stderr.read()


def first_match(pattern, lines):
    for line in lines:
        if found := pattern.search(line):
            return found.group()
    raise AssertionError("JupyterLab ended without an address")


class TestOpen:
    def test_it_answers_at_the_address_that_it_prints(self, address):
        first = min(path.name for path in _resources.course().glob("*.ipynb"))
        assert httpx.URL(address).path == f"/lab/tree/course/{first}"
        assert httpx.get(address, follow_redirects=True).status_code == 200

    def test_the_learners_copy_is_what_it_serves(self, address):
        token = httpx.URL(address).params["token"]
        listing = httpx.get(httpx.URL(address).join("/api/contents"), params={"token": token})
        assert {entry["name"] for entry in listing.json()["content"]} == {"course", "labs"}

    def test_a_learner_sees_nothing_of_the_teachers(self, address):
        token = httpx.URL(address).params["token"]
        page = httpx.get(address, follow_redirects=True).text
        (config,) = re.findall(r'id="jupyter-config-data"[^>]*>(.+?)</script>', page, re.DOTALL)
        assert "@jupyter/nbgrader" in json.loads(config)["disabledExtensions"]
        path = "/api/contents/course"
        listing = httpx.get(httpx.URL(address).join(path), params={"token": token}).json()
        names = [entry["name"] for entry in listing["content"]]
        assert all(name.endswith(".ipynb") for name in names), names

    def test_no_news_pops_up(self, address):
        token = httpx.URL(address).params["token"]
        path = "/lab/api/settings/@jupyterlab/apputils-extension:notification"
        settings = httpx.get(httpx.URL(address).join(path), params={"token": token}).json()
        properties = settings["schema"]["properties"]
        assert properties["fetchNews"]["default"] == "false"
        assert properties["checkForUpdates"]["default"] is False


class TestDoctor:
    def test_this_machine_can_run_a_lab(self, capsys):
        assert main(["doctor"]) == 0
        said = capsys.readouterr().out
        for name in ("Python", "Caddy", "Ports", "Temporary folder", "Widgets", "processes"):
            assert re.search(rf"^ok +{name}: \S", said, re.MULTILINE), said
        assert re.search(r"^(ok|-) +(optional )?Podman: \S", said, re.MULTILINE), said

    @pytest.mark.podman
    def test_podman_counts_when_a_lab_ran_in_it(self, capsys):
        assert main(["doctor"]) == 0
        said = capsys.readouterr().out
        assert "ok      Podman: a lab ran" in said
        assert said.endswith("Labs run here on processes and on Podman.\n")

    def test_a_machine_without_a_runtime_learns_how_to_mend_it(self, capsys, monkeypatch):
        def broken():
            raise OSError("no such program\nat all")

        checks = (
            Check("Ports", lambda: "free ones", "-"),
            Check("processes", broken, "Do it.", is_runtime=True),
            Check("Podman", broken, "Or do that.", is_runtime=True, optional=True),
        )
        monkeypatch.setattr(doctor, "CHECKS", checks)
        assert main(["doctor"]) == 1
        assert capsys.readouterr().out.splitlines()[:7] == [
            "ok      Ports: free ones",
            "NOT OK  processes: no such program",
            "        at all",
            "        → Do it.",
            "-       optional Podman: no such program",
            "        at all",
            "        → Or do that.",
        ]

    def test_a_notebook_shows_the_same_report(self, capsys, monkeypatch):
        monkeypatch.setattr(doctor, "CHECKS", (Check("processes", lambda: "a lab ran", "-", True),))
        main(["doctor"])
        said = capsys.readouterr().out
        assert caddylab.doctor() is None  # or the cell would show a number below it
        assert capsys.readouterr().out == said != ""

    def test_another_caddy_is_noticed(self, capsys, monkeypatch):
        monkeypatch.setattr(doctor, "CADDY_VERSION", "2.0.0")
        [caddy] = (check for check in doctor.CHECKS if check.name == "Caddy")
        with pytest.raises(doctor.Ailing, match=r"needs 2\.0\.0"):
            caddy.look()


class TestClean:
    def test_what_an_ended_program_left_goes_and_a_living_lab_stays(self):
        with tempfile.TemporaryDirectory() as short:  # a longer path is not used, but /tmp
            self.leave_and_clean(os.environ | {"TMPDIR": short})

    def leave_and_clean(self, environment):
        orphan, living = secrets.token_hex(4), secrets.token_hex(4)
        leave = "from caddylab._runtimes import folder; print(folder.create('{}'), flush=True)"
        run([sys.executable, "-c", leave.format(orphan)], environment)
        owner = subprocess.Popen(
            [sys.executable, "-c", leave.format(living) + "; input()"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with owner:
            lab = Path(owner.stdout.readline().strip())
            said = run([sys.executable, "-m", "caddylab", "clean"], environment)
            told = [line for line in said.splitlines() if "process" in line]  # of containers others
            assert told == [f"Removed the processes and files of lab {orphan}."]
            left = {path.name for path in lab.parent.iterdir()}
            assert left == {living}


def run(command, environment):
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def test_without_a_command_all_of_them_are_shown(capsys):
    assert main([]) == 2
    assert "say which failures the users of a site would feel" in capsys.readouterr().err


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert re.fullmatch(r"caddylab \d+\.\d+\.\d+, Caddy \d+\.\d+\.\d+ \(.+\)\n", said)


@pytest.mark.parametrize("port", ["-5", "0", "70000", "x", "1.5"])
def test_what_is_no_port_is_told(capsys, port):
    with pytest.raises(SystemExit) as end:
        main(["open", f"--port={port}"])
    assert end.value.code == 2
    assert "expected a number from 1 to 65535" in capsys.readouterr().err


def test_an_ascii_terminal_shows_what_it_can(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    said = run([sys.executable, "-m", "caddylab", "progress", str(tmp_path)], environment)
    assert "? 01.1" in said
