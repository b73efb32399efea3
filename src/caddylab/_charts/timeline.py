"""The attempt timeline: each client request as a bar, Caddy's attempts for it inside."""

from __future__ import annotations

import numpy as np
import pandas as pd

from caddylab._border import border
from caddylab._charts.parts import bands, clock, gantt, journeys, theme, titles
from caddylab._errors import TrafficError
from caddylab._look.counted import counted

ROWS = 200
"""Up to this many requests have a row each; of more, the most interesting ones are drawn."""


@border(TrafficError)
def timeline(
    requests: pd.DataFrame,
    attempts: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    between: tuple[float, float] | None = None,
) -> theme.Picture:
    """Draw when each request waited, and at which backend.

    Args:
        requests: one row a request; those never sent are left out.
        attempts: one row for each of Caddy's attempts.
        spans: faults and Caddy's opinions of the backends, as bands above.
        between: two times in seconds since the run began; nothing else is drawn.
    """
    sent = requests[requests["sent"].notna()]
    if between is not None:
        low, high = between
        if low >= high:
            raise TrafficError(f"between={between}: expected an earlier time and a later one.")
        sent = sent[(sent["sent"] <= high) & (sent["sent"] + sent["latency"] >= low)]
    if sent.empty:
        return theme.nothing()
    ends = between or clock.extent(sent)
    attempts = attempts[attempts["n"].isin(sent["n"])]
    given_up, spans = journeys.given_up(attempts), clock.cut(spans, ends)
    chosen = choose(sent, given_up)
    height = gantt.Rows(list(chosen["n"]), ends).height
    shades, top = bands.above(spans, ends, height)
    bars = gantt.layers(chosen, attempts[attempts["n"].isin(chosen["n"])], ends, top)
    title = theme.title(titles.timeline(sent, given_up, spans), *_hints(sent, chosen, given_up))
    return theme.picture([*shades, *bars], title, height + top)


def choose(requests: pd.DataFrame, given_up: pd.DataFrame, most: int = ROWS) -> pd.DataFrame:
    """The most interesting requests in their order: failed, retried and slow ones.

    Each of the three kinds gets a third of the rows; what one does not need goes to the others,
    in this order. Of very many failed or retried ones, a selection spread over the run is drawn.
    """
    if len(requests) <= most:
        return requests
    retried = requests["n"].isin(given_up["n"])
    rank = np.select([journeys.failed(requests), retried], [0, 1], 2)
    spread = np.arange(len(requests)) * theme.GOLDEN % 1
    ranked = pd.DataFrame(
        {"rank": rank, "key": np.where(rank < 2, spread, -requests["latency"])},
        index=requests.index,
    ).sort_values(["rank", "key"])
    ranked["beyond"] = ranked.groupby("rank").cumcount() >= most // 3
    first = ranked.sort_values(["beyond", "rank", "key"]).index[:most]
    return requests.loc[first.sort_values()]


def _hints(requests: pd.DataFrame, chosen: pd.DataFrame, given_up: pd.DataFrame) -> list[str]:
    """How to read the picture."""
    said = "Each row is a request: grey while its client waits, in colour while a backend has it."
    attempt = "Pale with a small cross: a failed attempt. " * bool(len(given_up))
    failure = "Large cross: a failed request." * bool(journeys.failed(chosen).any())
    return [line for line in (said, attempt + failure, _left_out(requests, chosen)) if line]


def _left_out(requests: pd.DataFrame, chosen: pd.DataFrame) -> str:
    if len(chosen) == len(requests):
        return ""
    total = counted(len(requests), "request")
    return (
        f"Of {total}, {len(chosen)} are drawn: those that failed, were retried or took longest. "
        "For a part of the run: between=(0, 0.5)."
    )
