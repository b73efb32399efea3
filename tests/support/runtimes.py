"""Which runtime a test uses: both, or only the one that makes a difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest


def notebooks(
    paths: Sequence[Path], names: str, in_containers: Collection[str]
) -> pytest.MarkDecorator:
    """Parametrize a test by notebook and runtime: all as processes, some in containers, too.

    Args:
        paths: the notebooks.
        names: the names of both parameters, such as "demo, runtime".
        in_containers: the stems of the notebooks that run in containers as well.
    """

    def cases() -> Iterator[Any]:
        for path in paths:
            yield pytest.param(path, "process", id=f"{path.stem}-process")
            if path.stem in in_containers:
                yield pytest.param(
                    path, "podman", id=f"{path.stem}-podman", marks=pytest.mark.podman
                )

    return pytest.mark.parametrize(names, list(cases()))


def settings(runtime: str, *, pictures: bool = False) -> dict[str, str]:
    """Environment variables for the kernel of a notebook.

    Args:
        runtime: the runtime of its labs.
        pictures: whether each chart also becomes a PNG, which takes a JavaScript engine in every
            kernel. One chapter shows that this works; the others do without.
    """
    return {"CADDYLAB_RUNTIME": runtime} | ({} if pictures else {"CADDYLAB_PICTURES": "off"})
