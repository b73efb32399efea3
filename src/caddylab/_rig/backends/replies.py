"""What a backend answers in the place of somebody's own service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caddylab._errors import FaultError
from caddylab._rig.backends import spoiling

Tell = Callable[[dict[str, Any]], None]


class Replies:
    """Keeps what a backend is to answer, and tells its app.

    Args:
        tell: has the app answer this from now on.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._own: dict[str, dict[str, Any]] = {}
        self._expected: Sequence[dict[str, Any]] = ()
        self._any = False

    def expect(self, answers: Sequence[dict[str, Any]], *, any: bool) -> None:
        """Answer what a Caddyfile expects; with `any`, everything else with 200, too."""
        self._expected, self._any = answers, any
        self._renew()

    def set(self, path: str, status: int, body: str, headers: Mapping[str, str]) -> None:
        """Give this answer at that path, whatever a Caddyfile expects."""
        if not path.startswith("/"):
            raise FaultError(f"A path begins with a slash, and {path!r} does not.")
        spoiling.need_status(status)
        answer = {"path": path, "status": status, "body": body, "headers": dict(headers)}
        before = dict(self._own)
        self._own[path] = answer
        try:
            self._renew()
        except BaseException:
            self._own = before
            raise

    def forget(self) -> None:
        """Forget the answers that were set."""
        self._own.clear()
        self._renew()

    def _renew(self) -> None:
        own = sorted(self._own.values(), key=lambda answer: -len(answer["path"]))
        told = [{"headers": {}, **answer} for answer in (*own, *self._expected)]
        self._tell({"any": self._any, "told": told} if told or self._any else {})
