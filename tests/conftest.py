"""Where everything must run (see .ci/run), a test that is skipped has failed."""

import os

import pytest

MUST_RUN = {"podman": "CADDYLAB_REQUIRE_PODMAN", "browser": "CADDYLAB_REQUIRE_BROWSER"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    for marker, variable in MUST_RUN.items():
        if report.skipped and item.get_closest_marker(marker) and os.environ.get(variable):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{variable} is set, so this must run, but: {reason}"
    return report
