"""Files damaged by a broken disk or forged by a stranger, and everything that reads them."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Iterator
from typing import Any

from caddylab import CaddylabError, Traffic
from caddylab._charts import PICTURES

ODD = [
    None, True, False, 0, -1, 1e308, -1e308, 2**63, 10**30, 0.5, "", "x", "\0", "a\x1bb\x7f",
    "<!--<script>", "</script><script>alert(1)</script>", "\u2028", [], [[]], {}, {"x": 1},
    "1" * 5000, -0.0, 1e-320, 17, 65536, "NaN",
]  # fmt: skip


def flipped(content: bytes, chance: random.Random) -> bytes:
    """The content with one bit flipped."""
    place = chance.randrange(len(content))
    return (
        content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
    )


def changed(content: bytes, chance: random.Random) -> bytes:
    """The content with one value replaced, removed or duplicated."""
    tree = json.loads(gzip.decompress(content))
    holder, key = chance.choice(list(_places(tree)))
    deed = chance.randrange(4)
    if deed == 0:
        del holder[key]
    elif deed == 1 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[key] = chance.choice(ODD)
    return gzip.compress(json.dumps(tree).encode(), mtime=0)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Places in the tree; a few rows of each list are enough."""
    keys = list(tree) if isinstance(tree, dict) else range(min(len(tree), 4))
    for key in keys:
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from _places(tree[key])


def look_at_all(run: Traffic, *, pictures: bool) -> None:
    """Use everything that a run offers."""
    str(run)
    run.table(), run.attempts(), run.spans()
    _ = run.outcomes, run.errors, run.shares, run.backends, run.retries, run.lateness
    run.replay().html()
    for kind in PICTURES:
        chart = run.chart(kind)
        if pictures:
            chart._repr_mimebundle_()
        else:
            chart.to_dict()


def result_of(content: bytes, path: Any, *, pictures: bool = False) -> str:
    """What becomes of the file: "refused" with an error of ours, or "shown"."""
    path.write_bytes(content)
    try:
        run = Traffic.load(path)
    except CaddylabError:
        return "refused"
    look_at_all(run, pictures=pictures)
    return "shown"
