"""What a backend writes down about the requests it has executed, read as it grows."""

from __future__ import annotations

from typing import Any, Protocol


class Keeps(Protocol):
    """A backend, as far as it keeps a diary."""

    def diary(self, since: int) -> dict[str, Any]:
        """What it has executed from number `since` on, and the "next" number."""


class Diary:
    """A backend's diary, for those who look into it again and again: each entry comes once.

    Args:
        backend: whose.
    """

    def __init__(self, backend: Keeps) -> None:
        self._backend, self._next = backend, 0
        self._entries: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        """Every entry so far, in order; a restarted process begins an empty diary."""
        told = self._backend.diary(self._next)
        if told["next"] < self._next:
            told, self._entries = self._backend.diary(0), []
        self._next = told["next"]
        self._entries += told["requests"]
        return self._entries
