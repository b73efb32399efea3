"""Work that is done in steps, several of them in parallel: each waits for trials of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, closing
from typing import TypeVar

from caddylab._trial.seen import Seen

Chosen = TypeVar("Chosen")
Choosing = Generator[Sequence[Future[Seen]], None, Chosen]
"""Work that resumes when the trials that it asked for are done."""
Chain = Choosing[None]
GLANCE = 0.1
"""Seconds between two looks at what is done."""


def drive(chains: Iterable[Chain], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Run all of them to their end, in parallel.

    Args:
        chains: what is to be done.
        meanwhile: called again and again while they wait.
    """
    with ExitStack() as left:
        every = [left.enter_context(closing(chain)) for chain in chains]
        waiting = {chain: asked for chain in every if (asked := next(chain, None)) is not None}
        while waiting:
            meanwhile()
            wait([trial for asked in waiting.values() for trial in asked], GLANCE, FIRST_COMPLETED)
            waiting = _moved_on(waiting)


def _moved_on(waiting: dict[Chain, Sequence[Future[Seen]]]) -> dict[Chain, Sequence[Future[Seen]]]:
    """The chains that still wait, each where it could go."""
    found = {}
    for chain, asked in waiting.items():
        now = next(chain, None) if all(trial.done() for trial in asked) else asked
        if now is not None:
            found[chain] = now
    return found


def done(seen: Seen) -> Future[Seen]:
    """A trial that has been made already."""
    trial = Future[Seen]()
    trial.set_result(seen)
    return trial
