"""The kinds of fault: the words for each and its look, in every place that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from caddylab._look.palette import CADDY, ERROR


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault.

    Args:
        now: the verb while it lasts: "hangs".
        then: the verb afterwards: "hung".
        state: the same as a state, as a lab puts it: "is hung".
        down: whether there is no process any more; it is drawn in grey then.
        going_on: the word while the fault is being made: "freezing".
        button: the label of the panel's button that makes it; empty where there is none.
        does: what that button does.
    """

    now: str
    then: str
    state: str
    down: bool = False
    going_on: str = ""
    button: str = ""
    does: str = ""

    @property
    def colour(self) -> str:
        """The colour of the hatching over a backend with this fault."""
        return CADDY if self.down else ERROR


KINDS = {
    "stopped": FaultKind("is stopped", "was stopped", "is stopped", True, "stopping"),
    "killed": FaultKind(
        "was killed", "was killed", "is killed", True,
        "killing", "Kill", "kills it: what it had begun is lost",
    ),
    "died": FaultKind("has died", "died", "has died", down=True),
    "hung": FaultKind(
        "hangs", "hung", "is hung", False,
        "freezing", "Hang", "it accepts connections and never answers",
    ),
    "partitioned": FaultKind(
        "is cut off", "was cut off", "is partitioned", False,
        "cutting it off", "Partition", "cuts it off: connections get no answer",
    ),
    "slow": FaultKind(
        "is slow", "was slow", "is slow", False,
        "slowing it down", "Slow", "delays every answer",
    ),
    "truncated": FaultKind("cuts its answers short", "cut its answers short", "is truncated"),
    "closing": FaultKind("closes idle connections", "closed idle connections", "is closing"),
    "limited": FaultKind("takes few at a time", "took few at a time", "is limited"),
    "unready": FaultKind("is not ready", "was not ready", "is not ready"),
    "failing": FaultKind(
        "fails", "was failing", "is failing", False,
        "letting it fail", "Failing", "answers a share of the requests with an error",
    ),
    "moved": FaultKind("has moved", "had moved", "has moved"),
    "unlisted": FaultKind("has no record", "had no record", "is unlisted"),
    "silent": FaultKind("is silent", "was silent", "is silent"),
}  # fmt: skip
"""Every value that `Span.kind` of a fault can have."""

DOWN = frozenset(name for name, kind in KINDS.items() if kind.down)
"""Faults after which a backend's process is gone, until it is started again."""


def scene() -> dict[str, dict[str, object]]:
    """The same words and colours for the browser."""
    return {
        name: {"now": kind.now, "down": kind.down, "colour": kind.colour}
        for name, kind in KINDS.items()
    }
