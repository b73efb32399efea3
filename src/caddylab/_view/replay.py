"""A finished run as a moving picture that needs neither a kernel nor the internet."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from caddylab._border import border
from caddylab._errors import TrafficError
from caddylab._look import png
from caddylab._machine import files
from caddylab._view.scene import scene
from caddylab._view.script import SCRIPT
from caddylab._view.still import still
from caddylab._view.tape import Event
from caddylab._view.view import STYLE

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>:root {{ color-scheme: light dark }}
body {{ max-width: 72rem; margin: 1rem auto; padding: 0 1rem; font-family: sans-serif }}</style>
</head><body><main>{body}</main></body></html>
"""
BODY = """<div id="{name}">{still}</div>
<style>{style}</style>
<script>(() => {{
{script}
view.replay(document.getElementById("{name}"), {scene}, {events});
}})()</script>
"""


@border(TrafficError)
class Replay:
    """What `t.replay()` shows: one piece of HTML that holds the records and their player.

    Args:
        events: the tape.
        backends: how many there are.
        text: the run in words.
        projector: large, to be read from the back of a room.
        speed: how fast to play.

    Attributes:
        events: the tape.
    """

    def __init__(
        self,
        events: Sequence[Event],
        backends: int,
        text: str,
        *,
        projector: bool = False,
        speed: float = 1.0,
    ) -> None:
        self.events, self._backends, self._text = events, backends, text
        self._scene = scene(backends, projector=projector, speed=speed, live=False)

    def save(self, path: str | Path) -> Path:
        """Write a page that any browser can open, also without internet.

        Raises:
            TrafficError: the file cannot be written.
        """
        title = escape(self._text.partition("\n")[0])
        page = PAGE.format(title=title, body=self.html())
        try:
            files.write(Path(path), page.encode(errors="replace"))
        except (OSError, ValueError) as error:
            why = files.reason(error)
            raise TrafficError(f"The replay could not be saved as {path}: {why}.") from error
        return Path(path)

    def html(self) -> str:
        """The piece of HTML."""
        return BODY.format(
            name=f"caddylab-{secrets.token_hex(4)}",
            still=still(self.events, self._backends),
            style=STYLE,
            script=SCRIPT,
            scene=_json(self._scene),
            events=_json(self.events),
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), **png.beside(self._drawn), "text/plain": repr(self)}

    def _drawn(self) -> bytes:
        import vl_convert  # a whole JavaScript engine

        return vl_convert.svg_to_png(still(self.events, self._backends), scale=2)

    def __repr__(self) -> str:
        return f"<replay of {self._text}>"


def _json(value: object) -> str:
    """JSON that can stand in a script: nothing in it begins or ends a tag or a comment."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
