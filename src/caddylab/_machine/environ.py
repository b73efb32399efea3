"""The environment that a program we start inherits."""

from __future__ import annotations

import os


def inherited() -> dict[str, str]:
    """A copy of this process's environment variables, while other threads may change them.

    `dict(os.environ)` raises KeyError when a name that it has not reached yet is removed;
    this leaves it out.
    """
    found = ((name, os.environ.get(name)) for name in os.environ)
    return {name: value for name, value in found if value is not None}
