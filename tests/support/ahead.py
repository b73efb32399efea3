"""Work that waits most of the time, done side by side before the tests that judge it.

Notebooks and games mostly wait; run one after another, they would keep the others waiting, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from conftest import unavailable
from room import ROOM


def ahead(
    test: str,
    work: Callable[..., Any],
    at_a_time: int = 3,
    quiet: Callable[[str], bool] = lambda name: False,
) -> Any:
    """A fixture for one parametrized test: what `work` returns for each case, by its id.

    The test gets its own with `executed[request.node.nodeid].result()`.

    Args:
        test: the name of the test; work is done only for cases that will run.
        work: called with a case's parameters as keyword arguments.
        at_a_time: at most this many at once; fewer if the machine has no room for them.
        quiet: whether the case with this id measures something that other work would disturb.
    """

    @pytest.fixture(scope="module")
    def results(request) -> Iterator[dict[str, Future[Any]]]:
        cases = [item for item in request.session.items if _is_case(item, test, request.module)]
        with ThreadPoolExecutor(at_a_time) as pool:

            def begin(case) -> Future[Any]:
                do = ROOM.quiet if quiet(case.callspec.id) else ROOM.within
                return pool.submit(do, work, **case.callspec.params)

            yield {case.nodeid: begin(case) for case in cases}
            pool.shutdown(cancel_futures=True)

    return results


def _is_case(item, test: str, module) -> bool:
    return item.module is module and item.originalname == test and not unavailable(item)
