"""The Caddyfiles that come with the course, and how a learner names one."""

from __future__ import annotations

import difflib
from pathlib import Path

from caddylab._errors import CaddyfileError
from caddylab._machine import files, shipped

SUFFIX = ".caddyfile"


def names() -> list[str]:
    """The names that `lab.load` knows."""
    return sorted(path.name.removesuffix(SUFFIX) for path in _folder().glob(f"*{SUFFIX}"))


def read(caddyfile: str | Path) -> tuple[str, str]:
    """A Caddyfile's name and text.

    Args:
        caddyfile: a name of `names()`, a path, or the text itself (it has a brace or more
            than one line).

    Raises:
        CaddyfileError: there is no such file, or it holds no text.
    """
    if _is_text(caddyfile):
        return "your Caddyfile", str(caddyfile)
    if is_lesson(caddyfile):
        return str(caddyfile), (_folder() / f"{caddyfile}{SUFFIX}").read_text("utf-8")
    path = Path(caddyfile)
    return path.name, _text(path)


def is_lesson(caddyfile: str | Path) -> bool:
    """Whether this names one of the course's Caddyfiles."""
    return not _is_text(caddyfile) and str(caddyfile) in names()


def folder(caddyfile: str | Path) -> Path | None:
    """The folder of a learner's own file; None for the course's Caddyfiles and for a text."""
    if _is_text(caddyfile) or is_lesson(caddyfile):
        return None
    return Path(caddyfile).expanduser().absolute().parent


def _is_text(caddyfile: str | Path) -> bool:
    return isinstance(caddyfile, str) and ("\n" in caddyfile or "{" in caddyfile)


def plain(backends: int) -> str:
    """The simplest Caddyfile for so many backends."""
    upstreams = " ".join(f"backend{number}:8080" for number in range(1, backends + 1))
    return f":80 {{\n\treverse_proxy {upstreams}\n}}\n"


def _folder() -> Path:
    return shipped.caddyfiles()


def _text(path: Path) -> str:
    try:
        data = files.read(path.expanduser())
    except PermissionError:
        raise CaddyfileError(f"You may not read {path}.", help="Look at its rights.") from None
    except IsADirectoryError:
        raise CaddyfileError(f"{path} is a folder.", help="Name the file inside it.") from None
    except (OSError, ValueError, RuntimeError):  # no such file, a folder, or not a file name at all
        raise _unknown(str(path)) from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _no_text(path, data, error.start) from None


def _no_text(path: Path, data: bytes, place: int) -> CaddyfileError:
    kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "perhaps Latin-1"
    line = data.count(b"\n", 0, place) + 1
    return CaddyfileError(
        f"{path} is not in UTF-8 ({kind}): Caddy cannot read its line {line}.",
        data.decode("latin-1") if kind != "UTF-16" else "",
        line,
        help="Save it as UTF-8 in your editor, then load it again.",
    )


def _unknown(name: str) -> CaddyfileError:
    name = name if len(name) <= 80 else f"{name[:80]}…"
    near = difflib.get_close_matches(name, names(), n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    return CaddyfileError(
        f"There is no Caddyfile called {name!r}, and no file of that name.{guess}",
        help=f"The course has {', '.join(names())}; or give the text itself.",
    )
