"""The failures of a survey, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caddylab._rig.backends.backend import Backend

SLOW = 0.65
"""A slow backend takes this share of its clients' patience."""
LOAD_PATH = "/delay/100"


@dataclass(frozen=True)
class Break:
    """How to break a pool of backends whose clients have a given patience.

    Args:
        make: breaks it.
        under_load: break it while requests are under way, and not before they come.
    """

    make: Callable[[Sequence[Backend], float], object]
    under_load: bool = False


def take_down(backends: Iterable[Backend]) -> None:
    """Kill them all."""
    for backend in backends:
        backend.kill()


FAULTS = {
    "killed under load": Break(lambda pool, _: pool[-1].kill(), under_load=True),
    "down": Break(lambda pool, _: take_down(pool[-1:])),
    "all down": Break(lambda pool, _: take_down(pool)),
    "answers 500": Break(lambda pool, _: pool[-1].failing()),
    "slow": Break(lambda pool, patience: pool[-1].slow(SLOW * patience)),
    "hung": Break(lambda pool, _: pool[-1].hung()),
    "partitioned": Break(lambda pool, _: pool[-1].partitioned()),
}
