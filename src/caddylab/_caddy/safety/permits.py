"""What a configuration may read, write and serve in a lab; each decision is noted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caddylab._caddy.safety.decision import Decision, Verdict
from caddylab._caddy.safety.files import OUTSIDE, Files, line_with
from caddylab._caddy.safety.walk import Json
from caddylab._errors import CaddyfileError

ROOT = "{http.vars.root}"
NO_PAGES = "Its own pages are not in the lab."


class Permits:
    """Hands out what one configuration may touch.

    Args:
        files: what may be read.
        folder: the lab's folder as Caddy sees it, where logs and secrets go.
        stand_in: a folder of pages in the place of those that are not on this machine.
        lenient: whether pages that may not be read are replaced in the same way, and who would be
            asked on the network is left out; else a Caddyfile that wants that is refused.

    Attributes:
        decisions: what was changed, and why.
        roots: where a Caddyfile says which folder its pages are in.
        serves: whether anything serves such a folder.
    """

    def __init__(
        self, files: Files, folder: str, stand_in: Path | None = None, *, lenient: bool = False
    ) -> None:
        self.files, self.folder, self.stand_in, self.lenient = files, folder, stand_in, lenient
        self.decisions: list[Decision] = []
        self.roots: list[Json] = []
        self.serves = False

    def note(self, module: str, verdict: Verdict, stood: str, runs: str, why: str) -> None:
        """Record a decision, once."""
        decision = Decision(module, verdict, stood, runs, why)
        if decision not in self.decisions:
            self.decisions.append(decision)

    def refuse(self, word: str, reason: str, help: str) -> CaddyfileError:
        """The error for something that a lab does not do."""
        return CaddyfileError(reason, self.files.text, line_with(word, self.files.text), help)

    def read(self, holder: Any, key: Any) -> None:
        """Let a field that names files or folders be read, if it may."""
        value = holder.get(key) if isinstance(holder, dict) else holder[key]
        if isinstance(value, list):
            holder[key] = [self.files(each) for each in value]
        elif value:
            holder[key] = self.files(value)

    def serve(self, holder: Json, key: str) -> None:
        """The same for the root of a site, which is set by `root` or has a default."""
        self.serves = True
        if holder.get(key) not in (None, "", ROOT):
            self.read_root(holder, key)

    def read_root(self, holder: Json, key: str) -> None:
        """Let a folder of pages be read; where it is not there, others stand in for them."""
        if self.stand_in is None or not holder.get(key):
            self.read(holder, key)
            return
        stood = holder[key]
        try:
            there = self.files.find(stood).exists()
        except CaddyfileError:
            there = False
            if not self.lenient and self.files.exists(stood):
                raise
        if there:
            self.read(holder, key)
            return
        holder[key] = self.files.bring(self.stand_in)
        self.note("http.handlers.file_server", Verdict.REDIRECTED, f"root {stood}",
                  "a folder with a stand-in page",
                  OUTSIDE if self.files.exists(stood) else NO_PAGES)  # fmt: skip
