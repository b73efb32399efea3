"""The verdicts of the chapters, measured again and held against those on record."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caddylab._claims.claims import MIME, Claim
from caddylab._errors import CaddylabError
from caddylab._machine import files, shipped
from caddylab._machine.environ import inherited

RECORD = Path(__file__).with_name("on_record.json")
RECORDINGS = "recordings"
CELL_TIMEOUT = 300
IOPUB_TIMEOUT = 60
"""Seconds to wait for a cell's output, which comes over another channel than its end."""


class ChapterFailed(CaddylabError):
    """A chapter did not run to its end."""


@dataclass(frozen=True)
class Comparison:
    """One claim: what was measured now, and what is on record; None where there is none."""

    text: str
    claim: Claim | None
    recorded: str | None

    @property
    def drifted(self) -> bool:
        """Whether this Caddy behaves differently from the one on record."""
        return self.claim is None or self.claim.verdict != self.recorded


def chapters(names: Sequence[str] = ()) -> list[Path]:
    """The chapters in their order, all or those whose names begin so ("02", "02-crash").

    Raises:
        CaddylabError: there is no such chapter.
    """
    found = sorted(shipped.course().glob("[0-9]*.ipynb"))
    unknown = [name for name in names if not any(path.stem.startswith(name) for path in found)]
    if unknown:
        known = ", ".join(path.stem for path in found)
        raise CaddylabError(f"There is no chapter {', '.join(unknown)}. There are: {known}.")
    return [path for path in found if not names or path.stem.startswith(tuple(names))]


def run(chapter: Path, settings: Mapping[str, str]) -> Any:
    """Execute a chapter from top to bottom, in a folder of its own.

    If recorded runs lie beside it (a demo has some), it finds a copy of them there.

    Args:
        chapter: the notebook.
        settings: environment variables for its kernel, besides those of this process.

    Returns:
        The executed notebook, as nbformat knows it.

    Raises:
        ChapterFailed: a cell failed; the message has the cell and its error.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    notebook = nbformat.read(chapter, as_version=4)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder:
        _take_along(chapter.with_name(RECORDINGS), Path(folder))
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            iopub_timeout=IOPUB_TIMEOUT,
            raise_on_iopub_timeout=True,
            resources={"metadata": {"path": folder}},
        )
        _keep_private(client, folder)
        try:
            _apart(client.async_execute(env=inherited() | dict(settings)))
        except (CellExecutionError, CellTimeoutError) as error:
            raise ChapterFailed(f"{chapter.stem} did not run to its end.\n{error}") from error
    return notebook


def _take_along(recordings: Path, folder: Path) -> None:
    if recordings.is_dir():
        shutil.copytree(recordings, folder / recordings.name)


def _apart(work: Coroutine[Any, Any, Any]) -> None:
    """Run it in a thread of its own: this one may have a running loop, as in a notebook."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def _keep_private(client: Any, folder: str) -> None:
    """Talk to the kernel through files that nobody else can reach, where there are such."""
    client.create_kernel_manager()
    if os.name == "posix":
        client.km.transport = "ipc"
        client.km.connection_file = f"{folder}/kernel.json"


def claims(executed: Any) -> list[Claim]:
    """The judged claims of an executed notebook, in their order."""
    shown = (
        output.get("data", {}) for cell in executed.cells for output in cell.get("outputs", [])
    )
    return [Claim(**claim) for data in shown for claim in data.get(MIME, [])]


def compare(chapter: Path, found: Sequence[Claim]) -> Iterator[Comparison]:
    """What was found, beside what is on record; then what is on record but was not found."""
    recorded = record()["chapters"].get(chapter.stem, {})
    for claim in found:
        yield Comparison(claim.text, claim, recorded.get(claim.text))
    for text in recorded.keys() - {claim.text for claim in found}:
        yield Comparison(text, None, recorded[text])


def record() -> dict[str, Any]:
    """The version of Caddy that was measured, and by chapter and claim the verdict."""
    recorded: dict[str, Any] = json.loads(RECORD.read_text("utf-8"))
    return recorded


def keep(caddy: str, verdicts: Mapping[str, Sequence[Claim]]) -> None:
    """Put new verdicts on record, for those who change a chapter."""
    kept = record()
    new = {chapter: {c.text: c.verdict for c in found} for chapter, found in verdicts.items()}
    new = {chapter: found for chapter, found in new.items() if found}
    kept |= {"caddy": caddy, "chapters": dict(sorted((kept["chapters"] | new).items()))}
    files.write(RECORD, f"{json.dumps(kept, ensure_ascii=False, indent=1)}\n".encode())
