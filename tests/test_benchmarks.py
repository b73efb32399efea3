"""`make bench`: a row that cannot be measured says why, and old figures are not lost."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import __main__ as bench
from benchmarks import _page
from benchmarks._row import Row, tried

OLD = "| a start | 1 s | 2 s | 0.50 | ≤ 1 | ✓ |"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page of its own, with one old figure; measures with what is in `measure`."""
    monkeypatch.setattr(_page, "README", tmp_path / "README.md")
    monkeypatch.setattr(_page, "FIGURES", tmp_path / "figures.json")
    entry = {"date": "2020-01-01", "machine": "an old one", "rows": [OLD]}
    _page.FIGURES.write_text(json.dumps({"startup": entry}), "utf-8")
    _page.README.write_text(f"before\n{_page.BEGIN}\n{_page.END}\nthe attacks\n", "utf-8")
    measure = {"startup": lambda: [], "view": lambda: [Row("frames", "60/s", "60/s", 1.0, "≥ 0.9")]}
    modules = {f"benchmarks.{name}": name for name in measure}
    monkeypatch.setattr(
        bench.importlib, "import_module",
        lambda name: SimpleNamespace(run=lambda: measure[modules[name]]()),
    )  # fmt: skip
    return measure


def broken() -> list[Row]:
    raise OSError("setting the limit of open files is not permitted\nmore of it")


def test_a_row_that_cannot_be_measured_says_why_and_the_others_go_on(page, capsys):
    page["startup"] = broken
    bench.main(["--keep", "startup", "view"])
    told = capsys.readouterr().out
    assert "| startup | – | setting the limit of open files is not permitted |" in told
    assert "| frames | 60/s | 60/s | 1.00 | ≥ 0.9 | ✓ |" in told
    written = _page.README.read_text("utf-8")
    assert OLD in written
    assert "2020-01-01 (old: not measured anew since)" in written
    assert written.startswith("before\n")
    assert written.endswith("\nthe attacks\n")


def test_new_figures_replace_the_old_ones_of_the_same_benchmark(page, capsys):
    page["startup"] = lambda: [Row("a start", "3 s", "2 s", 1.5, "≤ 1", ok=False)]
    bench.main(["--keep", "startup"])
    written = _page.README.read_text("utf-8")
    assert OLD not in written
    assert "| a start | 3 s | 2 s | 1.50 | ≤ 1 | **falls short** |" in written
    assert "(old" not in written


def test_a_program_that_is_not_here_stops_nobody():
    [row] = tried("a rate", lambda: sys.exit("hey is not here"))
    assert row.line == "| a rate | – | hey is not here |  |  | not measured |"


def test_the_page_has_the_figures_on_record():
    assert _page.table(_page.kept()) in _page.README.read_text("utf-8")
