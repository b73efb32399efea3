"""The article's crash test with its own options, requests and waits.

It says that the requests after the recovery go 1, 2, 1, 2. They do not: the second batch tries
the dead backend once more, and Caddy remembers that for another `fail_duration`.
"""

import time

import pytest
from ahead import ahead

from caddylab import Lab


def the_crash_test(runtime: str):
    with Lab(runtime) as lab:
        lab.load("happy-path")
        time.sleep(32)  # the article's wait "for the health checks"
        lab.backend(2).stop()
        crash = lab.fire(4)
        time.sleep(10)
        expired = lab.fire(4)
        lab.backend(2).start()
        time.sleep(2)
        return crash, expired, lab.fire(4)


runs = ahead("test_the_crash_test_of_the_article", the_crash_test)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
def test_the_crash_test_of_the_article(runtime, runs, request):
    crash, expired, recovered = runs[request.node.nodeid].result()
    assert [crash.errors, expired.errors, recovered.errors] == [0, 0, 0]
    assert crash.backends == [1, 1, 1, 1]
    assert expired.backends == [1, 1, 1, 1]
    assert recovered.backends == [1, 1, 1, 1]
    assert crash.retries == 1
