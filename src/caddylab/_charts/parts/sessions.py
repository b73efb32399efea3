"""Logins that were lost: an answer that shows that its backend does not know the client's.

The backends of the lab keep logins in their memory, and `/me` tells of the client's own: its
answer counts the views, or is a 401 where that backend knows no such login.
"""

from __future__ import annotations

import pandas as pd

ME = "/me"


def lost(requests: pd.DataFrame) -> pd.Series[bool]:
    """Whether each request found its client's session lost.

    It did if `/me` answered 401, or counted no more views than an answer that the same client
    had before it sent this request.
    """
    asked = _asked(requests)
    return asked & ((requests["status"] == 401).fillna(False) | _back(requests[asked], requests))


def known(requests: pd.DataFrame) -> bool:
    """Whether the answers tell anything about sessions."""
    return bool(_asked(requests).any())


def _asked(requests: pd.DataFrame) -> pd.Series[bool]:
    paths = requests["path"].unique()
    return requests["path"].isin([path for path in paths if path.partition("?")[0] == ME])


def _back(asked: pd.DataFrame, requests: pd.DataFrame) -> pd.Series[bool]:
    """Where the counter of views went back, over all requests."""
    found = asked.assign(views=_views(asked), end=asked["sent"] + asked["latency"])
    found = found[found["views"].notna() & found["sent"].notna()]
    before = found.sort_values("end")[["client", "end", "views"]]
    before["most"] = before.groupby("client")["views"].cummax()
    now = found.sort_values("sent")[["n", "client", "sent", "views"]]
    pairs = pd.merge_asof(now, before.drop(columns="views"), by="client",
                          left_on="sent", right_on="end")  # fmt: skip
    return requests["n"].isin(pairs["n"][pairs["views"] <= pairs["most"]])


def _views(asked: pd.DataFrame) -> pd.Series[float]:
    """What the answers' bodies, such as {"user": "ann", "views": 3}, count."""
    if "body" not in asked:
        return pd.Series(float("nan"), index=asked.index)
    return asked["body"].str.extract(r'"views":\s*(\d+)', expand=False).astype(float)
