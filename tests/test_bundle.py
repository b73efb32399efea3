"""The course in one file: for whom it is made, and what is refused, and why."""

import hashlib
import os
import re
import subprocess
import sys
import zipfile

import pytest
from bundle_support import BASE, VERSION, rewritten, tiny

from caddylab import CaddylabError
from caddylab._cli import notebooks
from caddylab._cli.bundle import lock
from caddylab._cli.bundle.installer import install
from caddylab._cli.bundle.installer.files import SUMS, TOP
from caddylab._cli.bundle.installer.refused import Refused
from caddylab._cli.bundle.target import Target, targets
from caddylab._machine import shipped
from caddylab.cli import main

ONE = f"{TOP}/wheels/one.whl"
LIST = f"{TOP}/{SUMS}"


class TestTarget:
    def wanted(self, platform, python):
        target = Target(platform, python)
        pins = lock.pins(shipped.lock())
        return {(pin.name, pin.version) for pin in pins if target.wants(pin.marker)}

    def test_a_lock_is_read_to_its_last_line(self):
        text = shipped.lock().read_text()
        pins = lock.pins(shipped.lock())
        assert len(pins) == len(re.findall(r"^\w\S+==", text, re.MULTILINE)) > 100
        assert sum(len(pin.digests) for pin in pins) == text.count("--hash=sha256:")

    def test_every_patch_of_a_python_is_served(self):
        """The lock may have one version for 3.11.4 and another for 3.11.5."""
        wanted = [name for name, _ in self.wanted("linux-x86_64", (3, 11))]
        assert wanted.count("soupsieve") == 2

    def test_a_system_gets_what_it_needs(self):
        linux, windows, macos = (
            {name for name, _ in self.wanted(f"{system}-x86_64", (3, 12))}
            for system in ("linux", "windows", "macos")
        )
        assert "pywinpty" in windows - linux
        assert "ptyprocess" in linux - windows
        assert "appnope" in macos - linux

    def test_wheels_for_older_systems_are_preferred(self):
        tags = [str(tag) for tag in Target("linux-x86_64", (3, 11)).tags]
        ranks = [
            tags.index(tag)
            for tag in (
                "cp311-cp311-manylinux_2_17_x86_64",
                "cp311-cp311-manylinux_2_34_x86_64",
                "cp39-abi3-manylinux_2_17_x86_64",
                "py3-none-any",
            )
        ]
        assert ranks == sorted(ranks)

    @pytest.mark.parametrize("python", ["2.7", "3.10", "3.x", "3"])
    def test_a_python_that_the_course_does_not_run_on_is_refused(self, python):
        with pytest.raises(CaddylabError, match=f"--python {python}: name a version"):
            targets(None, [python])

    def test_a_machine_that_the_course_does_not_run_on_is_refused(self):
        with pytest.raises(CaddylabError, match=r"no bundle for amiga-m68k. There are: linux"):
            targets("amiga-m68k", [])


class TestRefused:
    """Whatever is wrong is said in words, and the folder is as it was."""

    @pytest.fixture
    def refuse(self, tmp_path):
        def refuse(bundle, folder=tmp_path / "mine"):
            before = sorted(tmp_path.rglob("*"))
            with pytest.raises(Refused) as caught:
                install(bundle, folder)
            assert sorted(tmp_path.rglob("*")) == before
            return str(caught.value)

        return refuse

    @pytest.fixture
    def small(self, tmp_path):
        return tiny(tmp_path / "bundle.zip")

    def test_another_platform(self, refuse, tmp_path):
        said = refuse(tiny(tmp_path / "bundle.zip", platform="amiga-m68k"))
        assert "this bundle is for amiga-m68k" in said

    def test_another_python(self, refuse, tmp_path):
        said = refuse(tiny(tmp_path / "bundle.zip", pythons=["3.99"]))
        assert f"for Python 3.99, and you have started it with CPython {VERSION}" in said
        assert "Install Python 3.99" in said

    def test_another_python_that_is_there(self, refuse, tmp_path, monkeypatch):
        (tmp_path / "python3.99").touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setattr(sys, "argv", ["bundle.zip", "mine"])
        said = refuse(tiny(tmp_path / "bundle.zip", pythons=["3.99"]))
        assert "Say: python3.99 bundle.zip mine" in said

    def test_a_file_that_is_none(self, refuse, tmp_path):
        (tmp_path / "letter.txt").write_text("Dear all")
        assert "is no bundle of this course" in refuse(tmp_path / "letter.txt")
        assert "is no bundle of this course" in refuse(tmp_path / "missing.zip")

    def test_a_copy_that_broke_off(self, refuse, small):
        small.write_bytes(small.read_bytes()[:-100])
        assert "damaged" in refuse(small)

    def test_a_flipped_bit(self, refuse, small):
        content = bytearray(small.read_bytes())
        content[content.index(b"wheels/one.whl") + len("wheels/one.whl") + 25] ^= 1
        small.write_bytes(content)
        assert "damaged" in refuse(small)

    def test_another_content_than_on_the_list(self, refuse, small):
        assert "wheels/one.whl is not what it was" in refuse(rewritten(small, {ONE: b"bad"}))

    def test_a_file_that_is_missing(self, refuse, small):
        assert "damaged" in refuse(rewritten(small, {ONE: None}))

    def test_an_unpacked_file_that_is_missing_or_changed(self, refuse, small, tmp_path):
        with zipfile.ZipFile(small) as archive:
            archive.extractall(tmp_path / "unpacked")
        kit = tmp_path / "unpacked" / TOP
        (kit / "wheels/one.whl").write_text("other")
        assert "wheels/one.whl is not what it was" in refuse(kit)
        (kit / "wheels/one.whl").unlink()
        assert "damaged" in refuse(kit)

    def test_a_file_that_nobody_knows_of(self, refuse, small):
        assert "not on its own list" in refuse(rewritten(small, {f"{TOP}/extra": b""}))

    @pytest.mark.parametrize("name", ["../evil", "wheels/../../evil", "/evil", "C:/evil", "a\\b"])
    def test_a_name_that_leads_out(self, refuse, small, name):
        with zipfile.ZipFile(small) as archive:
            sums = archive.read(LIST) + f"{hashlib.sha256().hexdigest()}  {name}\n".encode()
        said = refuse(rewritten(small, {LIST: sums, f"{TOP}/{name}": b""}))
        assert "no name of a file in it" in said

    def test_a_link(self, refuse, small):
        with zipfile.ZipFile(small) as archive:
            sums = archive.read(LIST) + f"{hashlib.sha256(b'/etc').hexdigest()}  link\n".encode()
        rewritten(small, {LIST: sums})
        link = zipfile.ZipInfo(f"{TOP}/link")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(small, "a") as archive:
            archive.writestr(link, "/etc")
        assert "not on its own list" in refuse(small)

    def test_a_folder_of_something_else(self, refuse, small, tmp_path):
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "cat.jpg").touch()
        assert "holds something else, such as cat.jpg" in refuse(small, tmp_path / "photos")
        assert "is a file" in refuse(small, tmp_path / "photos" / "cat.jpg")

    def test_a_disk_that_is_too_small(self, refuse, tmp_path):
        said = refuse(tiny(tmp_path / "bundle.zip", bytes_installed=10**18))
        assert "1000000000000 MB are needed" in said

    def test_what_breaks_in_the_middle_leaves_the_course_that_is_there(self, refuse, tmp_path):
        uv = tmp_path / "uv-0-py3-none-any.whl"
        with zipfile.ZipFile(uv, "w") as wheel:
            wheel.writestr("uv-0.data/scripts/uv", "#!/bin/sh\necho no luck\nexit 1\n")
        bundle = tiny(tmp_path / "bundle.zip", {f"wheels/{uv.name}": uv.read_bytes()})
        assert "as it was" in refuse(bundle)  # also where no folder was
        (tmp_path / "mine" / ".venv").mkdir(parents=True)
        (tmp_path / "mine" / notebooks.MANIFEST).write_text("{}")
        assert "as it was" in refuse(bundle)

    def test_the_archive_itself_says_so(self, tmp_path):
        bundle = tiny(tmp_path / "bundle.zip", pythons=["3.99"])
        command = [BASE, bundle]
        done = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("\nNot installed: this bundle is for Python 3.99")

    def test_the_command_says_so(self, tmp_path, capsys):
        assert main(["install-bundle", str(tmp_path / "missing.zip")]) == 1
        assert "is no bundle of this course" in capsys.readouterr().err

    def test_no_pages_where_some_were_named(self, tmp_path, capsys):
        assert main(["bundle", "--html", str(tmp_path), "--to", str(tmp_path / "x.zip")]) == 1
        assert "has no index.html" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []
