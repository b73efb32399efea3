"""A little Python is what the course asks of a learner: what a lesson needs has a name."""

from __future__ import annotations

import ast

import nbformat
import pytest

from caddylab import Lab, LabError, WaitTimeout
from caddylab._machine import shipped

KNOWN = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "99")
NOTEBOOKS = sorted(
    path
    for path in [*shipped.course().glob("*.ipynb"), *shipped.labs().glob("*/*.ipynb")]
    if path.stem.startswith(KNOWN)
)


def parsed(path):
    code = [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    return [
        node for cell in code if not cell.startswith("%%") for node in ast.walk(ast.parse(cell))
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name + path.stem)
def test_no_cell_says_how_to_wait(path):
    assert not [ast.unparse(node) for node in parsed(path) if isinstance(node, ast.Lambda)]


def test_the_waits_have_names():
    with Lab("process") as lab:
        lab.load("happy-path", warn=False)
        assert lab.wait_for_check(2)["path"] == "/"
        lab.backend(1).stop()
        lab.load("happy-path", warn=False)
        lab.wait_until_unhealthy(1)
        lab.wait_until_healthy(2)
        lab.restore()
        lab.load(":80 {\n\treverse_proxy backend1:8080\n}", warn=False)
        run = lab.fire(1, path="/delay/600", background=True)
        lab.wait_for_work(1)
        lab.wait_for_requests(run, 10)  # there are no more: it ends with the run
        assert run.done
        lab.wait_for_record(1, f"{run.run.id}-1")
        with pytest.raises(WaitTimeout, match="backend 1"):
            lab.wait_until_unhealthy(1, timeout=0.1)
        with pytest.raises(LabError):
            lab.wait_for_requests("run", 10)
