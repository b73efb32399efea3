"""From the tables to the marks of a picture: answers, failed attempts, and the way between."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from caddylab._charts.parts import clock, lanes, theme, words
from caddylab._records import Answerer

STORY = ["request", "client", "asked", "outcome", "latency", "sent"]
"""The columns that describe a request in words, as a tooltip shows them."""
WHOLE = [*STORY, "tried"]
NO_FAILURE = ("ok", "cancelled", "pending")


def failed(requests: pd.DataFrame) -> pd.Series[bool]:
    """Whether each request failed; one that was cancelled or is pending did not."""
    return ~requests["outcome"].isin(NO_FAILURE)


def good(requests: pd.DataFrame) -> pd.Series[bool]:
    """Whether each request was answered well, and not by a page of Caddy's own."""
    return (requests["outcome"] == "ok") & (requests["answerer"] != Answerer.CADDY)


def unfinished(requests: pd.DataFrame) -> pd.Series[bool]:
    """Whether each request was cancelled or is pending."""
    return requests["outcome"].isin(NO_FAILURE[1:])


def given_up(attempts: pd.DataFrame, cancelled: Collection[int] = ()) -> pd.DataFrame:
    """The attempts that no client got an answer from: they failed, or another one followed.

    The last attempt of a request in `cancelled` is left out: its client left; the backend may be
    well.
    """
    last = attempts["attempt"] == attempts.groupby("n")["attempt"].transform("max")
    return attempts[~last | ~attempts["ok"] & ~attempts["n"].isin(cancelled)]


def cancelled(requests: pd.DataFrame) -> Collection[int]:
    """The numbers of the requests that were cut off when their run was stopped."""
    return set(requests.loc[requests["outcome"] == "cancelled", "n"])


def placed(requests: pd.DataFrame, attempts: pd.DataFrame, by: clock.By) -> pd.DataFrame:
    """The requests with their `lane` and their `x`.

    On the axis of time a backend's answer stands where its attempt began; what Caddy answered
    itself, or nobody did, stands where the request ended.
    """
    lane = lanes.answered(requests)
    if by == "n":
        return requests.assign(lane=lane, x=requests["n"])
    begun = requests["n"].map(attempts.groupby("n")["start"].last())
    sent = clock.sent(requests)
    ended = sent + requests["latency"].fillna(0)
    by_nobody = np.isin(lane, [*lanes.CADDYS, lanes.NO_ANSWER])
    return requests.assign(lane=lane, x=begun.fillna(sent).mask(by_nobody, ended))


def told(requests: pd.DataFrame) -> pd.DataFrame:
    """The requests with the columns of `STORY`."""
    return requests.assign(
        request=requests["n"],
        client=requests["client"].astype(str) + " · " + requests["address"],
        asked=requests["method"] + " " + requests["path"],
        latency=[words.seconds(value) for value in requests["latency"]],
        sent=[words.seconds(value) for value in requests["sent"]],
    )


def traced(requests: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """The requests with `tried`: all of Caddy's attempts for each in words."""
    tries = words.tries(attempts)
    return requests.assign(
        tried=[
            tries.get(n, "none") + ("" if complete else " … (trace not complete)")
            for n, complete in _columns(requests, "n complete")
        ]
    )


def steps(
    answers: pd.DataFrame, given_up: pd.DataFrame, attempts: pd.DataFrame, by: clock.By
) -> pd.DataFrame:
    """A row for each attempt given up, with `x2` and `lane2`: where the request went from there.

    `answers` are all requests, placed, traced and told.
    """
    following = _stands(attempts, by).assign(attempt=attempts["attempt"] - 1)
    following = following[["n", "attempt", "lane", "x"]]
    final = answers[["n", "lane", "x", *WHOLE]]
    rows = _stands(given_up, by)
    rows = rows.merge(following, how="left", on=["n", "attempt"], suffixes=("", "2"))
    rows = rows.merge(final, how="left", on="n", suffixes=("", "_final"))
    return rows.assign(
        lane2=rows["lane2"].fillna(rows["lane_final"]).astype(int),
        x2=rows["x2"].fillna(rows["x_final"]),
        attempt=[words.ended(*row) for row in _columns(rows, "attempt error status duration")],
    )


def _stands(attempts: pd.DataFrame, by: clock.By) -> pd.DataFrame:
    x = attempts["n"] if by == "n" else attempts["start"]
    return attempts.assign(lane=lanes.tried(attempts), x=x)


def _columns(rows: pd.DataFrame, names: str) -> zip[tuple]:  # type: ignore[type-arg]
    return zip(*(rows[name] for name in names.split()), strict=True)


def fill(lane: int, outcome: str) -> str:
    """The colour for an outcome: the answerer's own, vermilion for a failure.

    What Caddy answers for want of a backend stays grey: that it failed goes without saying.
    """
    if outcome in NO_FAILURE[1:]:
        return theme.CADDY
    return lanes.colour(lane) if outcome == "ok" or lane == lanes.CADDY else theme.ERROR
