"""A lab's Caddy takes no more memory than a lab grants it."""

from __future__ import annotations

import pytest

from caddylab import CaddylabError, Lab
from caddylab._caddy.safety import memory
from caddylab._machine.waiting import poll

RUNTIMES = ["process", pytest.param("podman", marks=pytest.mark.podman)]
GREEDY = ":80 {\n\trequest_body {\n\t\tmax_size 2GB\n\t}\n\treverse_proxy backend1:8080 {\n\t\t\
request_buffers 2GB\n\t}\n}\n"


# While Caddy writes down why it ends, httpx forgets to close Unix sockets that do not answer.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_caddy_that_takes_too_much_ends_and_the_lab_says_why(runtime, monkeypatch):
    monkeypatch.setattr(memory, "LIMIT", f"ulimit -d {160 * 1024}; ")
    with Lab(runtime=runtime) as lab:
        lab.load(GREEDY)
        lab.fire(40, concurrency=40, method="POST", body=b"x" * 8_000_000, timeout=60)
        assert poll(lambda: not lab.stack.runtime.caddy_runs(), 30)
        with pytest.raises(CaddylabError, match=r"more than .* of memory .*lab\.reset\(\)"):
            lab.load(GREEDY)
        lab.reset()
        assert lab.get("/").status_code == 200


def test_the_bounds_reach_caddy(lab):
    """Both, in both runtimes; `/proc` tells of the hard one."""
    limits = caddy_file(lab, "limits")
    [line] = [line for line in limits.splitlines() if line.startswith("Max data size")]
    assert line.split()[3] == str(memory.HARD)
    assert f"GOMEMLIMIT={memory.SOFT}" in caddy_file(lab, "environ").split("\0")


def caddy_file(lab: Lab, name: str) -> str:
    with open(f"/proc/{lab.stack.runtime.caddy_pid()}/{name}") as file:
        return file.read()
