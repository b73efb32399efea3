"""docs/versions.md and docs/findings.md: made of what was measured, and still true."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from caddylab import Lab
from caddylab._caddy.running.version import CADDY_VERSION
from caddylab._claims import verify

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import findings_page
import version_runs
import versions_page
from finding_runs import BACKENDS, CHANGES, FINDINGS
from version_runs import Kept, Thing, different

REFERENCE = Kept(versions_page.kept(CADDY_VERSION)).content
AGAIN = "make versions ONLY=--pages, or make versions"


@pytest.fixture(scope="module")
def lab():
    with Lab(runtime="process", backends=BACKENDS) as lab:
        yield lab


def test_the_pages_are_made_of_what_was_measured():
    assert versions_page.PAGE.read_text("utf-8") == versions_page.page(), AGAIN
    assert findings_page.PAGE.read_text("utf-8") == findings_page.page(), AGAIN


def test_every_version_was_measured():
    for version in versions_page.VERSIONS:
        assert Kept(versions_page.kept(version)).content["caddy"] == version


def test_the_verdicts_of_the_courses_version_are_those_on_record():
    for chapter, measured in REFERENCE["verdicts"].items():
        recorded, [found, *_] = verify.record()["chapters"][chapter], measured["rounds"]
        for claim in recorded.keys() & found.keys():
            assert found[claim].startswith(f"{recorded[claim]}: "), claim


def test_the_lints_runs_are_those_of_its_page():
    page = (versions_page.DOCS / "lint.md").read_text("utf-8")
    for rule in version_runs.rules(None):
        for values in Kept(versions_page.kept(CADDY_VERSION)).rounds(rule):
            for value in values.values():
                assert f"Measured: **{value}**" in page, rule.name


@pytest.mark.parametrize("name", [*FINDINGS, *CHANGES])
def test_a_finding_comes_out_as_the_page_says(lab, name):
    found = (FINDINGS | CHANGES)[name]
    [values, *_] = REFERENCE["findings"][name]["rounds"]
    assert found.judge(found.measured(lab)) == found.judge(values[""])


def test_what_a_version_lacks_is_said_in_one_line(lab):
    said = version_runs.said(
        lab, lambda: lab.load(":80 {\n\treverse_proxy b {\n\t\tnew 1\n\t}\n}\n")
    )
    assert said.startswith("not run: ")
    assert "new" in said
    assert "\n" not in said


CLAIM = Thing("verdicts", "07-random", "", dict)


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [([{"It holds.": "holds: 7"}], [{"It holds.": "holds: 8"}], []),
     ([{"It holds.": "holds: 7"}], [{"It holds.": "does not hold: 8"}], ["It holds."]),
     ([{"It holds.": "holds: 7"}, {"It holds.": "does not hold: 1"}],
      [{"It holds.": "does not hold: 8"}], []),
     ([{"": "unrecognized option"}], [{"It holds.": "holds: 8"}], [""]),
     ([{"survey: slow | nothing": "◐ 4 of 8: 4 × 502"}],
      [{"survey: slow | nothing": "◐ 5 of 8: 3 × 502"}], []),
     ([{"survey: slow | nothing": "◐ 4 of 8: 4 × 502"}],
      [{"survey: slow | nothing": "✓ 8 of 8"}], ["survey: slow | nothing"])],
)  # fmt: skip
def test_a_difference_is_what_never_came_out_the_same(then, now, told):
    assert list(different(CLAIM, now, then)) == told


def test_a_lab_asks_as_older_caddys_want_it(lab):
    """Before 2.10 they answer no other name on a unix socket, and their log knows no mode."""
    assert lab.stack.runtime.admin().base_url.host == "127.0.0.1"
    assert "mode" not in lab.stack.runtime.log_writer()
