"""The processes of a lab, found by the mark that each of them carries."""

from __future__ import annotations

import psutil

from caddylab._runtimes.keeper import MARK


def processes_of(lab_id: str) -> list[psutil.Process]:
    """Its keeper and all that this has started; one that has ended carries no mark any more."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == lab_id:
                found.append(process)
        except psutil.Error:
            continue
    return found
