"""What the app of a backend is told so that it is slow, fails, or does worse."""

from __future__ import annotations

from typing import Any

from caddylab._errors import FaultError

MOST_SECONDS = 600
MOST_REQUESTS = 1_000_000
MOST_AT_ONCE = 10_000
LONGEST_QUEUE = 1_000_000
LEAST_STATUS, MOST_STATUS = 200, 599
"""What the app takes, too (`containers/app/statuses.py`)."""


def slow(seconds: float, path: str | None = None) -> dict[str, Any]:
    """The control message for a slow backend.

    Raises:
        FaultError: `seconds` is not a time, or `path` no path.
    """
    if not 0 < seconds <= MOST_SECONDS:
        raise FaultError(
            f"A backend can be slow by more than 0 and up to {MOST_SECONDS} s, not {seconds}."
        )
    return {"seconds": float(seconds), "path": _prefix(path)}


def failing(
    share: float, status: int, path: str | None = None, first: int | None = None
) -> dict[str, Any]:
    """The control message for a backend that answers some requests with an error.

    Raises:
        FaultError: `share` is not a share, `status` not an answer's status, `path` not a path, or
            `first` not a number.
    """
    if first is not None and (not 1 <= first <= MOST_REQUESTS or first != int(first)):
        raise FaultError(f"The first 1 to {MOST_REQUESTS:,} requests can fail, not {first}.")
    if not 0 < share <= 1:
        raise FaultError(f"The share of failing requests lies between 0 and 1, not at {share}.")
    need_status(status)
    return {
        "share": float(share), "status": int(status), "path": _prefix(path),
        "first": None if first is None else int(first),
    }  # fmt: skip


def need_status(status: int) -> None:
    """Check the status of an answer.

    Raises:
        FaultError: it is not one.
    """
    if not LEAST_STATUS <= status <= MOST_STATUS or status != int(status):
        raise FaultError(
            f"An answer's status is a whole number from {LEAST_STATUS} to {MOST_STATUS}, "
            f"not {status}."
        )


def truncated(path: str | None = None) -> dict[str, Any]:
    """The control message for a backend whose answers are shorter than they announce.

    Raises:
        FaultError: `path` is no path.
    """
    return {"path": _prefix(path)}


def closing(seconds: float) -> dict[str, Any]:
    """The control message for a backend that closes idle connections when the next request comes.

    Raises:
        FaultError: `seconds` is not a time.
    """
    if not 0 < seconds <= MOST_SECONDS:
        raise FaultError(
            f"A connection can be idle for more than 0 and up to {MOST_SECONDS} s, not {seconds}."
        )
    return {"seconds": float(seconds), "path": None}


def unready(seconds: float | None = None) -> dict[str, Any]:
    """The control message for a backend that lives, and is not ready to serve.

    Raises:
        FaultError: `seconds` is not a time.
    """
    if seconds is not None and not 0 < seconds <= MOST_SECONDS:
        raise FaultError(
            f"A backend can become ready after more than 0 and up to {MOST_SECONDS} s, "
            f"not {seconds}."
        )
    return {"seconds": None if seconds is None else float(seconds), "path": None}


def limited(at_once: int, takes: float = 0.0, queue: int | None = None) -> dict[str, Any]:
    """The control message for a backend that works on few requests at a time.

    Raises:
        FaultError: `at_once` or `queue` is not a valid number, or `takes` is not a time.
    """
    if not 1 <= at_once <= MOST_AT_ONCE or at_once != int(at_once):
        raise FaultError(
            f"A backend can work on 1 to {MOST_AT_ONCE} requests at a time, not on {at_once}."
        )
    if not 0 <= takes <= MOST_SECONDS:
        raise FaultError(f"A request can take 0 to {MOST_SECONDS} s, not {takes}.")
    if queue is not None and (not 0 <= queue <= LONGEST_QUEUE or queue != int(queue)):
        raise FaultError(
            f"From 0 to {LONGEST_QUEUE:,} requests can wait (None: all of them), not {queue}."
        )
    waiting = None if queue is None else int(queue)
    return {"at_once": int(at_once), "takes": float(takes), "queue": waiting, "path": None}


def told(limited: dict[str, Any]) -> str:
    """A limit in words: "2 at once, 0.1 s each, 4 may wait"."""
    takes, queue = limited["takes"], limited["queue"]
    parts = [f"{limited['at_once']} at once"]
    parts += [f"{takes:g} s each"] if takes else []
    parts += [] if queue is None else [f"{queue} may wait"]
    return ", ".join(parts)


def _prefix(path: str | None) -> str | None:
    if path is not None and not path.startswith("/"):
        raise FaultError(
            f"A path begins with a slash: {'/' + path!r}, not {path!r}. Leave it out for all paths."
        )
    return path
