"""A number with its noun."""

import pytest

from caddylab._look.counted import counted


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (2000, ("request",), "2,000 requests"),
        (1, ("try", "tries"), "1 try"),
        (2, ("try", "tries"), "2 tries"),
    ],
)
def test_one_is_one(number, nouns, said):
    assert counted(number, *nouns) == said
