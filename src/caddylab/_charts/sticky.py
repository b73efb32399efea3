"""The sticky matrix: for each client, which backend answered its requests one after another."""

from __future__ import annotations

import pandas as pd

from caddylab._border import border
from caddylab._charts.parts import journeys, lanes, sessions, theme, who_answered, words
from caddylab._charts.parts.matrix import Matrix
from caddylab._errors import TrafficError
from caddylab._look.counted import counted

CLIENTS, COLUMNS = 30, 90
"""The most clients, and the most requests of each, that are drawn."""


@border(TrafficError)
def sticky(requests: pd.DataFrame, attempts: pd.DataFrame) -> theme.Picture:
    """Draw a cell for each request: a row for its client, coloured by who answered.

    Args:
        requests: one row a request.
        attempts: one row for each of Caddy's attempts, for the story of a request.
    """
    if requests.empty:
        return theme.nothing()
    cells = requests.assign(
        lane=lanes.answered(requests),
        lost=sessions.lost(requests),
        k=requests.groupby("client").cumcount() + 1,
    )
    cells["failed"] = journeys.failed(cells) & ~cells["lost"]
    cells["moved"] = _moved(cells)
    drawn = _chosen(cells)
    few = attempts[attempts["n"].isin(drawn["n"])]
    told = journeys.told(journeys.traced(drawn, few)).assign(
        client_number=drawn["client"],
        who=drawn["lane"].map(lanes.name),
        session=drawn["lost"].map({True: "lost", False: "nothing known of a loss"}),
    )
    matrix = Matrix(sorted(set(drawn["client"])), (int(drawn["k"].min()), int(drawn["k"].max())))
    title = theme.title(who_answered.sticky(cells, sessions.known(requests)), *_hints(cells, drawn))
    picture = theme.picture(matrix.layers(told), title, matrix.height)
    return picture.properties(usermeta={"ownWidth": True})  # narrower than the room (fitting.js)


def _moved(cells: pd.DataFrame) -> pd.Series[bool]:
    """Whether another backend answered than the one before for this client."""
    answered = cells[cells["lane"] > 0]
    before = answered.groupby("client")["lane"].shift()
    return (before.notna() & (before != answered["lane"])).reindex(cells.index, fill_value=False)


def _chosen(cells: pd.DataFrame) -> pd.DataFrame:
    """Where there are too many: the clients that lost sessions or moved, from that moment on."""
    each = cells.groupby("client")[["lost", "failed", "moved"]].sum()
    clients = each.sort_values(["lost", "failed", "moved"], ascending=False, kind="stable").index
    some = cells[cells["client"].isin(clients[:CLIENTS])]
    if some["k"].max() <= COLUMNS:
        return some
    turns = some["k"][some["lost"] | some["failed"]]
    turns = turns if len(turns) else some["k"][some["moved"]]
    first = 1 if turns.empty else max(1, int(turns.min()) - COLUMNS // 4)
    first = min(first, int(some["k"].max()) - COLUMNS + 1)
    return some[some["k"].between(first, first + COLUMNS - 1)]


def _hints(cells: pd.DataFrame, drawn: pd.DataFrame) -> list[str]:
    """How to read the picture."""
    said = "Each row is a client, each cell one of its requests, in the colour of who answered."
    lost = "Cross: the backend did not know the client's session." * bool(drawn["lost"].any())
    return [line for line in (said, lost, _left_out(cells, drawn)) if line]


def _left_out(cells: pd.DataFrame, drawn: pd.DataFrame) -> str:
    if len(cells) == len(drawn):
        return ""
    shown, clients = drawn["client"].nunique(), cells["client"].nunique()
    who = f"{shown} of {counted(clients, 'client')} are drawn, those that most happened to"
    first, last, most = (int(k) for k in (drawn["k"].min(), drawn["k"].max(), cells["k"].max()))
    part = f"requests {first:,} to {last:,} of {most:,} each"
    said = [who] * (shown < clients) + [part] * (last - first + 1 < most)
    return words.capital("; ".join(said)) + "."
