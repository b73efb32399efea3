"""Where the notebooks, the app and the Caddyfiles are on this machine.

A wheel carries them in `caddylab/_shipped`; an editable install reads the checkout itself.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

from caddylab._errors import CaddylabError

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = _PACKAGE / "_shipped"
_CHECKOUT = _PACKAGE.parents[1]
LOCK = "requirements.lock"


def containers() -> Path:
    """The folder with the app, the Containerfiles and the Caddyfiles."""
    return _folder("containers")


def app() -> Path:
    """The folder of the backend's package (`app`) and its Containerfile."""
    return containers() / "app"


def caddyfiles() -> Path:
    """The folder of the course's Caddyfiles."""
    return containers() / "caddyfiles"


def course() -> Path:
    """The chapters."""
    return _folder("course")


def labs() -> Path:
    """The exercises."""
    return _folder("labs")


def solutions() -> Path:
    """The exercises, solved."""
    return _folder("solutions")


def lock() -> Path:
    """The lock: every package that the course needs, in one version, with its digests."""
    root = checkout()
    if root is not None:
        return root / LOCK
    carried = (f for f in distribution("caddylab").files or [] if f.name == LOCK)
    return next((Path(str(file.locate())) for file in carried), _SHIPPED / LOCK)


def checkout() -> Path | None:
    """The root of the repository that this package runs from; None for an installed wheel."""
    is_checkout = not _SHIPPED.is_dir() and (_CHECKOUT / "pyproject.toml").is_file()
    return _CHECKOUT if is_checkout else None


def _folder(name: str) -> Path:
    for place in (_SHIPPED, _CHECKOUT):
        if (place / name).is_dir():
            return place / name
    raise CaddylabError(
        f"The folder {name!r} of the course is missing: it is neither in {_SHIPPED} (an installed "
        f"wheel) nor in {_CHECKOUT} (a checkout). Install caddylab again, or run it from a "
        "complete checkout."
    )
