"""What a comparison says; in a notebook, the text changes if the learner chooses afterwards."""

from __future__ import annotations

from typing import Any

from caddylab._look.progress_bar import in_notebook, say

MIME = "application/vnd.caddylab.compared+json"
"""What folds wait for: `chosen` (or null), `came_true` (or null) and `measured`, all texts."""


class Said:
    """One sentence below a cell, with what it is about for programs."""

    def __init__(self, text: str, about: dict[str, str | None]) -> None:
        self._handle: Any = None
        if not in_notebook():
            say(text)
            return
        from IPython.display import display

        self._handle = display(_bundle(text, about), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def change(self, text: str, about: dict[str, str | None]) -> None:
        """Replace the sentence, in the same place."""
        if self._handle is not None:
            self._handle.update(_bundle(text, about), raw=True)


def _bundle(text: str, about: dict[str, str | None]) -> dict[str, Any]:
    return {MIME: about, "text/plain": text}
