"""The wheels of a bundle: found in a folder, and downloaded to it where they are missing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from caddylab._cli.bundle import pip
from caddylab._cli.bundle.installer.files import copy
from caddylab._cli.bundle.lock import Pin
from caddylab._cli.bundle.target import LAST_PATCH, Target
from caddylab._errors import BundleError
from caddylab._look.progress_bar import Bar

INSTALLER = Pin("uv")
"""What installs the bundle: five times faster than pip, and it needs no pip on the machine."""


def collect(locked: Sequence[Pin], places: Sequence[Target], store: Path) -> list[Path]:
    """The wheels of every pin for all places; what `store` lacks is downloaded to it.

    Raises:
        BundleError: one cannot be obtained.
    """
    found: dict[Path, None] = {}
    for target in places:
        wanted = [pin for pin in (*locked, INSTALLER) if target.wants(pin.marker)]
        if missing := Store(store).lacks(wanted, target):
            _download(missing, target, store)
        if missing := Store(store).lacks(wanted, target):
            raise BundleError(
                f"For {target.platform} and Python {target.version} there is no wheel of "
                f"{', '.join(pin.requirement().partition(' ')[0] for pin in missing)}."
            )
        found |= dict.fromkeys(Store(store).wheels(wanted, target))
    return sorted(found)


class Store:
    """A folder with wheels, of any kind; only those whose content a pin allows are taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lacks(self, pins: Iterable[Pin], target: Target) -> list[Pin]:
        """The pins for which it has no wheel for the target."""
        return [pin for pin in pins if self._best(pin, target) is None]

    def wheels(self, pins: Iterable[Pin], target: Target) -> Iterator[Path]:
        """The best wheel that it has for each pin."""
        yield from filter(None, (self._best(pin, target) for pin in pins))

    def _best(self, pin: Pin, target: Target) -> Path | None:
        candidates = [
            (version, -rank, path)
            for version, rank, path in self._fitting(pin, target)
            if not pin.digests or digest(path) in pin.digests
        ]
        return max(candidates)[2] if candidates else None

    def _fitting(self, pin: Pin, target: Target) -> Iterator[tuple[object, int, Path]]:
        ranks = {tag: rank for rank, tag in enumerate(target.tags)}
        for path in self._named.get(canonicalize_name(pin.name), []):
            _, version, _, tags = parse_wheel_filename(path.name)
            fitting = [ranks[tag] for tag in tags if tag in ranks]
            if fitting and pin.version in (None, str(version)):
                yield version, min(fitting), path

    @cached_property
    def _named(self) -> dict[str, list[Path]]:
        named: dict[str, list[Path]] = {}
        for path in self._folder.glob("*.whl"):
            named.setdefault(parse_wheel_filename(path.name)[0], []).append(path)
        return named


def digest(path: Path) -> str:
    """The file's SHA-256."""
    with path.open("rb") as file:
        return copy(file)


def _download(pins: Sequence[Pin], target: Target, store: Path) -> None:
    """Let pip download them, with its own settings of indexes, certificates and proxies."""
    print(f"Downloading {len(pins)} packages for Python {target.version}", flush=True)
    store.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        program = stack.enter_context(pip.at_hand())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bar = stack.enter_context(Bar())
        for number, batch in enumerate(_batches(pins)):
            lines = folder / f"{number}.txt"
            lines.write_text("".join(f"{pin.requirement()}\n" for pin in batch))
            command = [*program, "download", *_flags(target), "-r", str(lines), "-d", str(store)]
            pip.run(
                command,
                _Counter(bar, len(batch)),
                "The packages could not be downloaded. Connect to the internet, or name a folder "
                "that has them with --wheels. pip says:",
            )


def _batches(pins: Sequence[Pin]) -> Iterator[list[Pin]]:
    """In lists that pip takes at once: no name twice, and either all with digests or none."""
    rest = list(pins)
    while rest:
        alike = [pin for pin in rest if bool(pin.digests) == bool(rest[0].digests)]
        batch = list({pin.name: pin for pin in alike}.values())
        yield batch
        rest = [pin for pin in rest if pin not in batch]


def _flags(target: Target) -> list[str]:
    flags = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--no-deps"]
    flags += ["--only-binary", ":all:", "--implementation", "cp"]
    # The last patch: some packages want not just 3.11, but 3.11.5.
    flags += ["--python-version", f"{target.version}.{LAST_PATCH}"]
    return [*flags, *(word for tag in target.platforms for word in ("--platform", tag))]


class _Counter:
    """Turns what pip says into progress: `Collecting altair==6.3.0`."""

    def __init__(self, bar: Bar, total: int) -> None:
        self._bar, self._total, self._begun = bar, total, 0

    def __call__(self, line: str) -> None:
        if line.startswith("Collecting"):
            self._begun += 1
            self._bar.show(self._begun / self._total, line.split()[1])
