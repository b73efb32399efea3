"""Every error that caddylab raises.

A message says what happened, what was expected and what to do next.

CaddylabError
├── LabError                 the lab cannot do this now
│   ├── LabClosed            the lab has been closed
│   ├── CaddyGone            Caddy has ended, or does not answer
│   └── WaitTimeout          a condition did not come true in time
├── RuntimeUnavailable       this machine cannot run that runtime
├── StartFailed              Caddy, a backend or a container did not become ready
├── CaddyfileError           Caddy, or the lab, refuses a Caddyfile
├── TrafficError             a plan that cannot be fired
├── FaultError               a fault that cannot be made or undone
├── BundleError              a bundle cannot be made or installed
├── ArgumentError            a function was given what it cannot take
└── NotYet                   an exercise is not passed yet
"""

from __future__ import annotations


class Stopped(KeyboardInterrupt):
    """Stop was pressed (Ctrl-C); the message says what had been done by then.

    It is not a `CaddylabError`: nothing is wrong, and whoever catches KeyboardInterrupt gets it.
    """

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message, without the library's insides."""
        return [str(self)]


class CaddylabError(Exception):
    """Base of every error of this library."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message, without the library's insides."""
        return [f"{type(self).__name__}: {self}"]


class LabError(CaddylabError):
    """The lab cannot do this now."""


class LabClosed(LabError):
    """The lab has been closed; make a new one with `Lab()`."""


class CaddyGone(LabError):
    """Caddy has ended, or does not answer any more; `lab.reset()` starts it again."""


class WaitTimeout(LabError):
    """A condition did not come true in the time given."""


class RuntimeUnavailable(CaddylabError):
    """This machine cannot run the runtime that was asked for."""


class StartFailed(CaddylabError):
    """Caddy, a backend or a container did not become ready."""


class TrafficError(CaddylabError):
    """A plan that cannot be fired."""


class FaultError(CaddylabError):
    """A fault that cannot be made or undone."""


class BundleError(CaddylabError):
    """A bundle of the course cannot be made, or not installed here."""


class ArgumentError(CaddylabError, ValueError):
    """A function was given what it cannot take."""


class NotYet(CaddylabError):
    """An exercise is not passed yet."""


class CaddyfileError(CaddylabError):
    """Caddy, or the lab, refuses a Caddyfile.

    Args:
        reason: what is wrong, in Caddy's own words where Caddy refuses it.
        text: the whole Caddyfile.
        line: the line (1-based) that `reason` is about, if known.
        help: one sentence on what to look at next.
    """

    def __init__(
        self, reason: str, text: str = "", line: int | None = None, help: str = ""
    ) -> None:
        self.reason, self.text, self.line, self.help = reason, text, line, help
        super().__init__(self._message())

    def _message(self) -> str:
        parts = [self.reason, *self._excerpt()]
        return "\n".join([*parts, f"→ {self.help}"] if self.help else parts)

    def _excerpt(self) -> list[str]:
        lines = self.text.splitlines()
        if self.line is None or not 1 <= self.line <= len(lines):
            return []
        source = lines[self.line - 1].expandtabs(4)
        indent = len(source) - len(source.lstrip())
        caret = " " * indent + "^" * max(1, len(source.strip()))
        return ["", f"{self.line:>4} │ {source}", f"     │ {caret}", ""]
