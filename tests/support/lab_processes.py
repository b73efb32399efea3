"""The processes of a lab, found by the mark in their environment."""

from __future__ import annotations

import psutil

from caddylab._runtimes.keeper import MARK


def processes_of(lab_id: str) -> list[psutil.Process]:
    """Its keeper and everything that the keeper started; ended processes have no mark any more."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == lab_id:
                found.append(process)
        except psutil.Error:
            continue
    return found
