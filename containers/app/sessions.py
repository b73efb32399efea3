"""Logins, kept only in this process's memory, so that losing the backend loses them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

KEPT = 50_000
"""How many sessions are remembered; the oldest are forgotten first."""


@dataclass(slots=True)
class Session:
    """One login."""

    user: str
    views: int = 0


class Sessions:
    """The sessions of one backend, by token."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def open(self, user: str) -> str:
        """Log `user` in and return the new session's token."""
        if len(self._sessions) >= KEPT:
            del self._sessions[next(iter(self._sessions))]
        token = secrets.token_urlsafe(16)
        self._sessions[token] = Session(user)
        return token

    def view(self, token: str) -> Session | None:
        """Count one more view; None if this backend does not know the session."""
        session = self._sessions.get(token)
        if session:
            session.views += 1
        return session
