"""The repository itself: what no other test sees, and what must agree."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import caddylab
from caddylab._machine import shipped

ROOT = Path(__file__).parents[1]
BINARY = {".png", ".gif", ".gz"}
LOCKS = {
    "requirements.lock": (),
    "requirements-hub.lock": ("hub",),
    "requirements-dev.lock": ("dev", "bench", "html", "hub"),
}
MOST_LINES = 12
LOCKED = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; [^\\\n]+)? \\\n(?P<hashes>[^#]+)")

# Not so the places that JupyterHub's own images and installers have everywhere.
PRIVATE = (
    r"/(work|root|opt|home|Users)/(?!jovyan\b|tljh/)|pyenv"
    r"|(pypi|pythonhosted|npmjs|debian)\.(org|com)"
)


def tracked():
    """What the repository holds, and what would be added to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in filter(None, listing.stdout.split("\0"))]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def notebooks():
    return [path for path in tracked() if path.suffix == ".ipynb"]


def code_cells(path):
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def wanted(*extras):
    """The dependencies of pyproject.toml: normal name → specifier."""
    optional = [line for extra in extras for line in project()["optional-dependencies"][extra]]
    return requirements(project()["dependencies"] + optional)


def requirements(lines):
    parsed = map(Requirement, lines)
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in parsed}


def locked(name):
    """What a lock pins: name → versions (a universal lock may pin one per platform)."""
    found = {}
    for entry in LOCKED.finditer((ROOT / name).read_text()):
        found.setdefault(entry["name"], set()).add(entry["version"])
    return found


class TestFiles:
    def test_lines_end_as_on_unix(self):
        bad = [path for path in tracked() if b"\r" in path.read_bytes()]
        assert bad == []

    def test_every_file_ends_with_a_newline(self):
        contents = {path: path.read_bytes() for path in tracked()}
        assert [path for path, text in contents.items() if text and text[-1:] != b"\n"] == []

    def test_no_file_knows_a_machine_or_a_registry(self):
        found = [
            f"{path.relative_to(ROOT)}: {match.group()}"
            for path in tracked()
            if path != Path(__file__)
            for match in re.finditer(PRIVATE, path.read_text("utf-8"))
        ]
        assert found == []


class TestNotebooks:
    def test_they_have_neither_outputs_nor_counts(self):
        for path in notebooks():
            for cell in code_cells(path):
                assert (cell["outputs"], cell["execution_count"]) == ([], None), path.name

    def test_their_cells_can_be_taken_in_at_a_glance(self):
        for path in notebooks():
            for cell in code_cells(path):
                source = "".join(cell["source"])
                answer = cell["metadata"].get("nbgrader", {}).get("solution")
                if not (answer or source.startswith("%%")):  # a Caddyfile is as long as it is
                    assert len(source.splitlines()) <= MOST_LINES, f"{path.name}: {source}"

    def test_they_run_on_any_python(self):
        for path in notebooks():
            metadata = json.loads(path.read_text())["metadata"]
            assert metadata["kernelspec"]["name"] == "python3", path.name
            assert "version" not in metadata.get("language_info", {}), path.name


class TestEnvironment:
    @pytest.fixture
    def lines(self):
        return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]

    def test_conda_gets_what_pip_gets(self, lines):
        *conda, last = lines
        plain = [line for line in conda + last["pip"] if line != "--editable ."]
        found = requirements(plain)
        assert found.pop("python") == project()["requires-python"]
        assert found.pop("pip") == ""
        assert found == wanted()

    def test_every_line_says_why_it_is_there(self):
        text = (ROOT / "environment.yml").read_text().partition("dependencies:")[2]
        lines = [line for line in text.splitlines() if line.strip() not in ("", "- pip:")]
        assert [line for line in lines if " # " not in line] == []


class TestLocks:
    @pytest.mark.parametrize("name", LOCKS)
    def test_it_pins_every_dependency_to_a_version_that_is_allowed(self, name):
        pins = locked(name)
        for package, specifier in wanted(*LOCKS[name]).items():
            assert package in pins, "run: make lock"
            assert all(version in specifier for version in pins[package]), package

    @pytest.mark.parametrize("name", LOCKS)
    def test_it_asks_for_nothing_that_is_no_longer_wanted(self, name):
        entries = re.split(r"^(?=\w)", (ROOT / name).read_text(), flags=re.MULTILINE)
        direct = {entry.partition("==")[0] for entry in entries if "caddylab (pyproject" in entry}
        assert direct == set(wanted(*LOCKS[name])), "run: make lock"

    @pytest.mark.parametrize("name", LOCKS)
    def test_every_pin_has_hashes(self, name):
        text = (ROOT / name).read_text()
        entries = list(LOCKED.finditer(text))
        assert len(entries) == len(re.findall(r"^\w\S+==", text, re.MULTILINE)) > 0
        assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry["hashes"]) for entry in entries)

    @pytest.mark.parametrize("name", LOCKS)
    def test_it_names_no_index(self, name):
        assert not re.search(r"https?:|--(extra-)?index|--find-links", (ROOT / name).read_text())

    def test_classes_and_developers_have_the_learners_versions(self):
        learner, classroom, developer = (locked(name) for name in LOCKS)
        assert learner.items() <= classroom.items() <= developer.items()


class TestLibrary:
    def test_its_public_names_are_those_it_lists(self):
        public = [name for name in dir(caddylab) if not name.startswith("_")]
        assert sorted(public) == sorted(caddylab.__all__)
        assert all(getattr(caddylab, name).__doc__ for name in public)

    def test_only_the_command_is_a_public_module(self):
        package = Path(caddylab.__file__).parent
        names = {path.stem for path in package.iterdir() if path.suffix in ("", ".py")}
        assert {name for name in names if not name.startswith("_")} <= {"cli", "py"}

    def test_it_reads_the_checkout_that_it_is_tested_in(self):
        assert shipped.checkout() == ROOT
        assert shipped.course() == ROOT / "course"
