"""The Caddyfile to start from survives what `caddylab test` does to it."""

from __future__ import annotations

import nbformat
import pytest

from caddylab import rehearse
from caddylab._machine import shipped

pytestmark = pytest.mark.alone  # other work lets its timeouts of half a second bite

ROWS = (
    "down",
    "restart of one",
    "reload with WebSockets and streams open",
    "backends close idle connections",
)
"""What costs nobody an answer with this Caddyfile, and chapters 2 and 9 are about."""
ROLLING = "rolling restart"


def start() -> str:
    """The Caddyfile of the summary."""
    cells = nbformat.read(shipped.course() / "99-summary.ipynb", as_version=4).cells
    return next(c.source.partition("\n")[2] for c in cells if c.source.startswith("%%caddyfile"))


@pytest.fixture(scope="module")
def tried():
    return rehearse(start(), (*ROWS, ROLLING), runtime="process", advice=False)


@pytest.mark.parametrize("row", ROWS)
def test_the_caddyfile_to_start_from_spares_everybody(tried, row):
    assert tried.rows[row].bad == 0, tried


def test_its_memory_outlasts_the_steps_of_a_rolling_restart(tried):
    assert tried.rows[ROLLING].bad > 0, tried
