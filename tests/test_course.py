"""Every chapter runs from top to bottom, alone, on both runtimes, with the verdicts on record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ahead import ahead

from caddylab._claims import verify
from caddylab._machine import shipped

NOTEBOOKS = sorted(shipped.course().glob("*.ipynb"))
JUDGED = re.compile(r"\b(judge|verdicts)\(")

pytestmark = pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours


def text_of(notebook) -> str:
    """All that the cells have printed or shown as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


executed = ahead(
    "test_notebook", lambda notebook, runtime: verify.run(notebook, {"CADDYLAB_RUNTIME": runtime})
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(notebook: Path, runtime: str, executed, request):
    executed = executed[request.node.nodeid].result()
    if "Lab(" in notebook.read_text("utf-8"):
        assert f"CADDYLAB_RUNTIME asks for {runtime}" in text_of(executed)
    findings = list(verify.compare(notebook, verify.claims(executed)))
    assert [finding for finding in findings if finding.drifted] == []


def test_what_is_on_record_was_measured_with_the_caddy_of_the_course():
    from caddylab._caddy.running.version import CADDY_VERSION

    assert verify.record()["caddy"] == CADDY_VERSION


def test_every_chapter_has_claims_on_record():
    chapters = [path.stem for path in NOTEBOOKS if JUDGED.search(path.read_text("utf-8"))]
    assert sorted(verify.record()["chapters"]) == chapters
    assert len(chapters) >= 8
