"""The kinds of fault: what is said of a backend that has one, and how it looks, in every place."""

from __future__ import annotations

from dataclasses import dataclass

from caddylab._look.palette import CADDY, ERROR


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault.

    Args:
        now: what is so while it lasts, in a sentence: "hangs".
        then: what was so, afterwards: "hung".
        state: the same as a lab says it: "is hung".
        down: whether there is no process any more; it is drawn in grey then.
        going_on: what is said while it is being made: "freezing".
        button: the panel's word for making it; empty where nobody can.
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
        """What hatches a backend that has it."""
        return CADDY if self.down else ERROR


KINDS = {
    "stopped": FaultKind("is stopped", "was stopped", "is stopped", down=True),
    "crashed": FaultKind("has crashed", "crashed", "is crashed", down=True),
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
"""What `Span.kind` of a fault can be."""

DOWN = frozenset(name for name, kind in KINDS.items() if kind.down)
"""After these a backend is no more, until it is started again."""


def scene() -> dict[str, dict[str, object]]:
    """The same for the browser."""
    return {
        name: {"now": kind.now, "down": kind.down, "colour": kind.colour}
        for name, kind in KINDS.items()
    }
