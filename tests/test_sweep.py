"""A sweep of what a lab in containers has left goes on where Podman stumbles."""

from __future__ import annotations

import time
from typing import Any

import pytest

from caddylab._runtimes.podman import sweep

LAB = "00000000"


@pytest.fixture
def podman(monkeypatch):
    """A Podman that answers what it is told to, one answer a time, and nothing in the end."""
    answers: list[Any] = []

    def remove(service, lab_id):
        answer = answers.pop(0) if answers else False
        if isinstance(answer, OSError):
            raise answer
        time.sleep(answer)
        return bool(answer)

    monkeypatch.setattr(sweep, "remove", remove)
    monkeypatch.setattr(sweep, "CONFUSED", 0.2)
    monkeypatch.setattr(sweep, "SETTLED", 0.2)
    return answers


def test_an_error_after_a_long_removal_is_not_its_end(podman):
    podman += [0.4, OSError("no such container"), 0.1]
    sweep.remove_thoroughly(None, LAB)
    assert podman == []


def test_errors_that_come_one_at_a_time_are_not_its_end(podman):
    for _ in range(8):
        podman += [OSError("no such container"), 0.1]
    sweep.remove_thoroughly(None, LAB)
    assert podman == []


def test_a_podman_that_only_errs_cannot_be_asked(podman):
    podman += [OSError("connection refused")] * 1000
    with pytest.raises(OSError, match="refused"):
        sweep.remove_thoroughly(None, LAB)
