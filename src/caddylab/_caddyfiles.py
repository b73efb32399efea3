"""The Caddyfiles that come with the course, and how a learner names one."""

from __future__ import annotations

import difflib
from pathlib import Path

from caddylab import _resources
from caddylab._errors import CaddyfileError

SUFFIX = ".caddyfile"


def names() -> list[str]:
    """The names that `lab.load` knows."""
    return sorted(path.name.removesuffix(SUFFIX) for path in _folder().glob(f"*{SUFFIX}"))


def read(caddyfile: str | Path) -> tuple[str, str]:
    """A name for it, and its text.

    Args:
        caddyfile: a name of `names()`, a path, or the text itself (it has a brace or more
            than one line).

    Raises:
        CaddyfileError: there is no such file.
    """
    if isinstance(caddyfile, str) and ("\n" in caddyfile or "{" in caddyfile):
        return "your Caddyfile", caddyfile
    if str(caddyfile) in names():
        return str(caddyfile), (_folder() / f"{caddyfile}{SUFFIX}").read_text()
    path = Path(caddyfile).expanduser()
    if not path.is_file():
        raise _unknown(str(caddyfile))
    return path.name, path.read_text()


def plain(backends: int) -> str:
    """The simplest Caddyfile for so many backends."""
    upstreams = " ".join(f"backend{number}:8080" for number in range(1, backends + 1))
    return f":80 {{\n\treverse_proxy {upstreams}\n}}\n"


def _folder() -> Path:
    return _resources.caddyfiles()


def _unknown(name: str) -> CaddyfileError:
    near = difflib.get_close_matches(name, names(), n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    return CaddyfileError(
        f"There is no Caddyfile called {name!r}, and no file of that name.{guess}",
        help=f"The course has {', '.join(names())}; or give the text itself.",
    )
