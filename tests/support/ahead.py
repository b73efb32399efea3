"""Work that waits most of the time, done side by side before the tests that judge it.

A notebook or a game mostly waits; run one after another they would keep everybody waiting, too.
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
    """A fixture for one parametrized test: by the id of each case what `work` makes of it.

    The test says `executed[request.node.nodeid].result()`.

    Args:
        test: the name of the test; only those of its cases that will run are worked on.
        work: called with the parameters by their names.
        at_a_time: how many at once, at most; fewer where the machine has no room for them.
        quiet: whether a case, by its id, measures what other work would change.
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
