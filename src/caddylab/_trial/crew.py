"""Several labs in parallel: rows mostly wait, so several are tried at once."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from caddylab._errors import CaddyfileError, CaddylabError, LabClosed
from caddylab._machine.steady import in_thread
from caddylab._rig.rig import Rig
from caddylab._trial.rows import Mishap
from caddylab._trial.seen import Seen
from caddylab._trial.stage import Stage
from caddylab._trial.subject import Tested

LABS_A_CORE = 2
"""How many labs can run on one core without delaying each other."""
MOST_LABS = 6


def labs_here(runtime: str) -> int:
    """How many labs this machine can run at once; containers take longer to start."""
    cores = os.cpu_count() or 1
    return max(1, min(MOST_LABS, LABS_A_CORE * cores, 3 if runtime == "podman" else MOST_LABS))


class Crew:
    """Tries rows in labs of its own, one in each lab at a time.

    Args:
        open_lab: makes a lab with the backends that the subject needs.
        labs: the most labs to use.
    """

    def __init__(self, open_lab: Callable[[], Rig], labs: int) -> None:
        self._open_lab = open_lab
        self._free: queue.LifoQueue[Rig] = queue.LifoQueue()
        self._all: list[Rig] = []
        self._lock = threading.Lock()
        self._over = False
        self._pool = ThreadPoolExecutor(labs, "caddylab-trial")

    def first(self) -> Rig:
        """The lab in which to examine the Caddyfile; it works on rows afterwards."""
        rig = self._lab()
        self._free.put(rig)
        return rig

    def submit(
        self, row: Mishap, subject: Tested, text: str, patience: float, seed: int
    ) -> Future[Seen]:
        """Try a row as soon as a lab is free."""
        return self._pool.submit(self._try, row, subject, text, patience, seed)

    def close(self) -> None:
        """End all labs, whatever they are doing. Safe to call twice."""
        with self._lock:
            self._over = True
            labs = list(self._all)
        self._pool.shutdown(wait=False, cancel_futures=True)
        closing = [in_thread("caddylab-close", lab.close) for lab in labs]
        for thread in closing:
            thread.join()
        self._pool.shutdown(wait=True)
        for lab in self._all:
            lab.close()

    def _try(self, row: Mishap, subject: Tested, text: str, patience: float, seed: int) -> Seen:
        for last in (False, True):
            rig = self._lab()
            try:
                seen = tried(rig, row, subject, text, patience, seed)
            except CaddyfileError as error:
                self._free.put(rig)
                return Seen(row.name, trouble=error.reason)
            except CaddylabError as error:
                rig.close()
                if last or self._over:
                    return Seen(row.name, trouble=f"could not be tried: {error}")
            except BaseException:
                rig.close()
                raise
            else:
                self._free.put(rig)
                return seen
        raise AssertionError

    def _lab(self) -> Rig:
        """A free lab, or a new one."""
        try:
            return self._free.get_nowait()
        except queue.Empty:
            pass
        if self._over:
            raise LabClosed("The trials have been ended.")
        rig = self._open_lab()
        with self._lock:
            self._all.append(rig)
            over = self._over
        if over:
            rig.close()
            raise LabClosed("The trials have been ended.")
        return rig


def tried(
    rig: Rig, row: Mishap, subject: Tested, text: str, patience: float = 1.5, seed: int = 1
) -> Seen:
    """Try a row in a lab, and leave the lab well.

    Args:
        rig: the lab.
        row: what is to happen.
        subject: the site that it happens to.
        text: the Caddyfile, perhaps with additions.
        patience: seconds after which users give up.
        seed: decides what is left to chance.
    """
    stage = Stage(rig, subject, text, patience, seed)
    site = rig.stack.site
    rig.restore()
    # Taking a line out of the Caddyfile must not assign other backends to the rest.
    before, site.known = site.known, {**site.known, **rig.numbers}
    try:
        stage.look_who_works()
        began = time.monotonic()
        row.act(stage)
        stage.settle()
        return stage.seen(
            row.name, began, waits=row.waits, orders=row.orders, reloads=row.reloads
        )  # fmt: skip
    finally:
        site.known = before
        stage.clear()
