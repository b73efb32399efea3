"""`caddylab bundle`: write the course and all that it needs into one archive."""

from __future__ import annotations

import json
import tempfile
import time
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from caddylab._cli import notebooks
from caddylab._cli.bundle import images, lock, own_wheel, pages, wheels
from caddylab._cli.bundle.archive import START, Archive
from caddylab._cli.bundle.installer.files import FACTS, TOP
from caddylab._cli.bundle.installer.machine import this_platform
from caddylab._cli.bundle.target import Target, targets
from caddylab._errors import BundleError, CaddylabError
from caddylab._machine import shipped as _resources

HERE = Path(__file__).parent
VERSION = version("caddylab")
MORE = {
    "html/index.html": "    html               the course as pages, with what came of every cell\n",
    "images.tar": "    images.tar         the containers' images, as `podman load` takes them\n",
}
"""What the README says of what is not in every bundle."""


@dataclass(frozen=True)
class Wish:
    """What a bundle is to contain.

    Args:
        to: the archive, or a folder for it.
        platform: the kind of machine it is for; None for this one's.
        pythons: the Pythons it is for, such as ["3.11"]; empty for this one.
        wheels: a folder with wheels; what it lacks is downloaded to it.
        images: whether the container images are wanted.
        html: whether the pages are wanted.
        pages: a folder that has the pages already.
    """

    to: Path = Path()
    platform: str | None = None
    pythons: Sequence[str] = ()
    wheels: Path | None = None
    images: bool = True
    html: bool = True
    pages: Path | None = None


def make(wish: Wish) -> Path:
    """Write the bundle, say what is in it and what is not, and return where it is.

    Raises:
        BundleError: it cannot be made.
    """
    began = time.monotonic()
    wanted = targets(wish.platform, wish.pythons)
    if wish.pages:
        pages.check(wish.pages)
    path = _path(wish.to, wanted)
    draft = path.with_name(path.name + ".part")
    names = " and ".join(target.version for target in wanted)
    print(f"Break the Balancer {VERSION} for {wanted[0].platform}, Python {names}", flush=True)
    try:
        with Archive(draft) as archive:
            left_out = _Filling(archive, wish, wanted, path.name).all()
        draft.replace(path)
    except OSError as error:
        raise BundleError(
            f"The bundle could not be written: {error}. Name another place with --to FILE."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    _report(path, left_out, time.monotonic() - began)
    return path


def _path(to: Path, wanted: Sequence[Target]) -> Path:
    if not to.is_dir():
        return to
    pythons = "-".join(f"py{target.version}" for target in wanted)
    return to / f"break-the-balancer-{VERSION}-{wanted[0].platform}-{pythons}.zip"


def _report(path: Path, left_out: Sequence[str], seconds: float) -> None:
    for line in left_out:
        print(f"Left out: {line}")
    print(
        f"\n{path}: {path.stat().st_size / 1e6:.0f} MB, in {seconds:.0f} s\n"
        f"sha256 {wheels.digest(path)}\n\n"
        f"On a machine without internet, this installs it:\n\n    python3 {path.name}\n"
    )


@dataclass
class _Filling:
    """An archive while it is being filled."""

    archive: Archive
    wish: Wish
    targets: Sequence[Target]
    name: str
    left_out: list[str] = field(default_factory=list)
    installed: int = 0
    """How many bytes it will take when it is installed."""

    def all(self) -> list[str]:
        """Add everything; returns what was left out, and why."""
        with ExitStack() as stack:
            store = self.wish.wheels or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            own = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._add_wheels(store, own_wheel.make(own))
        self._add_notebooks()
        self._add_images()
        self._add_pages()
        self._add_installer()
        return self.left_out

    def _add_wheels(self, store: Path, own: Path) -> None:
        locked = _resources.lock()
        found = [own, *wheels.collect(lock.pins(locked), self.targets, store)]
        size = sum(self.archive.add_file(f"wheels/{w.name}", w, stored=True) for w in found)
        self.installed += sum(map(_unpacked, found))
        pin = f"caddylab=={VERSION} --hash=sha256:{self.archive.digest(f'wheels/{own.name}')}\n"
        self.archive.add_text("requirements.lock", locked.read_text("utf-8") + pin)
        _say("packages", len(found), size)

    def _add_notebooks(self) -> None:
        shipped = list(notebooks.shipped())
        size = sum(self.archive.add_file(f"notebooks/{name}", path) for name, path in shipped)
        self.installed += size
        _say("notebooks", len(shipped), size)

    def _add_images(self) -> None:
        processor = this_platform().partition("-")[2]
        if not self.wish.images:
            self.left_out.append("the container images, as you asked.")
        elif not self.targets[0].platform.endswith(processor):
            self.left_out.append(f"the container images: this machine has those for {processor}.")
        else:
            self._save_images()

    def _save_images(self) -> None:
        print("Saving the container images", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "images.tar")
            try:
                images.save(file)
            except (CaddylabError, OSError) as error:
                self.left_out.append(f"the container images: {error}")
                return
            size = self.archive.add_file(file.name, file)
        _say("images", len(images.names()), size)

    def _add_pages(self) -> None:
        if not self.wish.html:
            self.left_out.append("the pages, as you asked.")
            return
        try:
            folder = self.wish.pages or pages.folder()
        except BundleError as error:
            self.left_out.append(f"the pages: {error}.")
            return
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [f"html/{path.relative_to(folder).as_posix()}" for path in found]
        size = sum(map(self.archive.add_file, names, found))
        self.installed += size
        _say("page files", len(found), size)

    def _add_installer(self) -> None:
        self.archive.add_text("install.py", START)
        for path in sorted((HERE / "installer").glob("*.py")):
            self.archive.add_file(f"installer/{path.name}", path)
        self.archive.add_text("README.txt", self._readme())
        facts = {
            "version": VERSION,
            "platform": self.targets[0].platform,
            "pythons": [target.version for target in self.targets],
            "bytes_installed": self.installed,
            "bytes_unpacked": self.archive.size,
        }
        self.archive.add_text(FACTS, json.dumps(facts, indent=1) + "\n")

    def _readme(self) -> str:
        words = {
            "version": VERSION,
            "platform": self.targets[0].platform,
            "pythons": " or ".join(target.version for target in self.targets),
            "file": self.name,
            "top": TOP,
            "more": "".join(line for name, line in MORE.items() if self.archive.has(name)),
        }
        text = (HERE / "README.txt").read_text("utf-8")
        for name, value in words.items():
            text = text.replace("{{" + name + "}}", value)
        return text


def _unpacked(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        return sum(member.file_size for member in archive.infolist())


def _say(what: str, number: int, size: int) -> None:
    print(f"  {number:4} {what:10} {size / 1e6:6.1f} MB", flush=True)
