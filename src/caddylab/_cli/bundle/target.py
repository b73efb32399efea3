"""What a bundle is made for: an operating system, a kind of processor, a version of Python."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging import tags
from packaging.markers import Marker

from caddylab._cli.bundle.installer.machine import this_platform
from caddylab._errors import BundleError

OLDEST_GLIBC, NEWEST_GLIBC = 5, 36
"""glibc 2.5 to 2.36, the version in Debian 12. Older ones are preferred where there is a choice."""
OLDEST_MACOS, NEWEST_MACOS = 10, 14
LAST_PATCH = 99
SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "macos": ("posix", "darwin", "Darwin"),
    "windows": ("nt", "win32", "Windows"),
}
"""What Python calls each: os.name, sys.platform, platform.system()."""
PLATFORMS = ("linux-x86_64", "linux-arm64", "macos-arm64", "macos-x86_64", "windows-x86_64")


@dataclass(frozen=True)
class Target:
    """A machine to install on, with CPython in any patch of one version.

    Args:
        platform: one of `PLATFORMS`.
        python: such as (3, 11).
    """

    platform: str
    python: tuple[int, int]

    @property
    def version(self) -> str:
        """Its Python, such as "3.11"."""
        return "{}.{}".format(*self.python)

    @cached_property
    def platforms(self) -> list[str]:
        """The platform tags of the wheels that run there; those for older systems first."""
        system, machine = self.platform.split("-")
        if system == "linux":
            return list(_manylinux({"arm64": "aarch64"}.get(machine, machine)))
        if system == "macos":
            return [
                tag
                for major in range(OLDEST_MACOS, NEWEST_MACOS + 1)
                for tag in reversed(list(tags.mac_platforms((major, 16), machine)))
            ]
        return ["win_amd64"]

    @cached_property
    def tags(self) -> list[tags.Tag]:
        """The tags of the wheels that run there; the better ones first."""
        interpreter = "cp{}{}".format(*self.python)
        native = tags.cpython_tags(self.python, [interpreter], self.platforms)
        return [*native, *tags.compatible_tags(self.python, interpreter, self.platforms)]

    def wants(self, marker: str | None) -> bool:
        """Whether a locked line with this marker is for some patch of the target's Python."""
        if marker is None:
            return True
        parsed = Marker(marker)
        return any(parsed.evaluate(self._environment(patch)) for patch in (0, LAST_PATCH))

    def _environment(self, patch: int) -> dict[str, str]:
        system, machine = self.platform.split("-")
        name, sys_platform, platform_system = SYSTEMS[system]
        full = f"{self.version}.{patch}"
        return {
            "implementation_name": "cpython", "platform_python_implementation": "CPython",
            "implementation_version": full, "python_full_version": full,
            "python_version": self.version, "os_name": name, "sys_platform": sys_platform,
            "platform_system": platform_system, "platform_machine": machine,
            "platform_release": "", "platform_version": "", "extra": "",
        }  # fmt: skip


def targets(platform: str | None, pythons: Sequence[str]) -> list[Target]:
    """The targets that were asked for; by default this machine with this Python.

    Raises:
        BundleError: there is no such target.
    """
    platform = platform or this_platform()
    if platform not in PLATFORMS:
        raise BundleError(
            f"The course has no bundle for {platform}. There are: {', '.join(PLATFORMS)}. "
            "Name another machine's with --platform."
        )
    versions = [_parsed(python) for python in pythons] or [sys.version_info[:2]]
    return [Target(platform, version) for version in dict.fromkeys(versions)]


def _parsed(python: str) -> tuple[int, int]:
    major, _, minor = python.partition(".")
    if major != "3" or not minor.isdecimal() or int(minor) < 11:
        raise BundleError(f"--python {python}: name a version such as 3.11, the oldest, or newer.")
    return 3, int(minor)


def _manylinux(machine: str) -> Iterator[str]:
    named = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
    for glibc in range(OLDEST_GLIBC, NEWEST_GLIBC + 1):
        yield f"manylinux_2_{glibc}_{machine}"
        if glibc in named:
            yield f"{named[glibc]}_{machine}"
