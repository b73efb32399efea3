"""Every chapter runs from top to bottom, alone, on both runtimes, with these verdicts."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from caddylab import _resources

CHAPTERS = sorted(_resources.course().glob("*.ipynb"))
VERDICTS = {"01-happy-path": "✓✓✗✗", "02-crash": "✓✓✗✓✗", "03-slow-service": "✓✗✗✗✓"}


def text_of(notebook: nbformat.NotebookNode) -> str:
    """All that the cells have printed or shown as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours
@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(chapter: Path, runtime: str, monkeypatch, tmp_path):
    monkeypatch.setenv("CADDYLAB_RUNTIME", runtime)
    notebook = nbformat.read(chapter, as_version=4)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": tmp_path}}).execute()
    text = text_of(notebook)
    assert f"CADDYLAB_RUNTIME asks for {runtime}" in text
    verdicts = "".join(line[0] for line in text.splitlines() if line[:2] in ("✓ ", "✗ "))
    assert verdicts == VERDICTS[chapter.stem]
