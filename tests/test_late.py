"""Stop while the first picture's libraries are imported: the next picture is there all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

from caddylab._machine import shipped

SCRIPT = """
import _thread, sys, threading
from caddylab import Traffic

run = Traffic.load(sys.argv[1])
stop = threading.Timer(float(sys.argv[2]), _thread.interrupt_main)
stop.start()
try:
    {first}
    stop.join()
    print("not stopped")
except KeyboardInterrupt:
    print("stopped")
{first}
print("drawn", len(run.table()))
"""

FIRST = ["run.chart()", "run.table()"]


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("delay", [0.1, 0.3])
def test_a_picture_after_stop_in_the_first_one(first, delay):
    recording = shipped.course() / "demos/recordings/02-gone.json.gz"
    command = [sys.executable, "-c", SCRIPT.format(first=first), recording, str(delay)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "drawn 8"
    assert "Traceback" not in done.stderr
