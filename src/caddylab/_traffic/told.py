"""What Caddy reports about itself, as data frames: metrics, counts and the lines of its log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from caddylab._caddy.running.admin import Upstream
from caddylab._caddy.running.exposition import Metric
from caddylab._caddy.running.log import ACCESS, ACTIVE, ERRORS, parsed
from caddylab._machine.late import ensure

if TYPE_CHECKING:
    import pandas as pd

LOGGERS = {"access": ACCESS, "error": ERRORS, "health": ACTIVE}
"""The kinds of lines, and the logger of each."""
Names = Callable[[str], str]

LINE = {
    "access": ("at", "method", "host", "path", "status", "duration", "size"),
    "error": ("at", "method", "host", "path", "status", "duration", "message"),
    "health": ("at", "upstream", "message", "error"),
}
"""The columns that exist even without a line."""
USUAL = {
    "level", "ts", "logger", "msg", "request", "bytes_read", "user_id", "duration", "size",
    "status", "resp_headers", "err_id", "err_trace",
}  # fmt: skip
"""What every line has; the rest was added by the Caddyfile's `log_append`."""
MARKS = "caddylab_"


def metrics(found: Iterable[Metric], names: Names, *, short: bool) -> pd.DataFrame:
    """One row a line of `/metrics`.

    Args:
        found: the lines.
        names: what the Caddyfile calls a dial address.
        short: one column for all labels; else one for each.
    """
    ensure("pandas")
    import pandas as pd

    named = [sample._replace(labels=_renamed(sample.labels, names)) for sample in found]
    if short:
        rows = [(sample.name, sample.said, sample.value) for sample in named]
        return pd.DataFrame(rows, columns=["name", "labels", "value"])
    several = len({sample.name for sample in named}) > 1
    return pd.DataFrame(
        [
            {**({"name": sample.name} if several else {}), **sample.labels, "value": sample.value}
            for sample in named
        ]
    )


def upstreams(found: Mapping[str, Upstream], names: Names) -> pd.DataFrame:
    """One row an upstream, as `GET /reverse_proxy/upstreams` has them."""
    ensure("pandas")
    import pandas as pd

    rows = sorted((names(dial), count.num_requests, count.fails) for dial, count in found.items())
    return pd.DataFrame(rows, columns=["address", "num_requests", "fails"])


def log(kind: str, text: bytes, since: float, names: Names) -> pd.DataFrame:
    """One row a line of that kind.

    Args:
        kind: one of `LOGGERS`.
        text: the log.
        since: the Unix time that `at` counts from.
        names: what the Caddyfile calls a dial address.
    """
    ensure("pandas")
    import pandas as pd

    logger = LOGGERS[kind].encode()
    entries = (parsed(line) for line in text.splitlines() if logger in line)
    mine = (found for found in entries if found["logger"].startswith(LOGGERS[kind]))
    read = _health if kind == "health" else _request
    rows = [{"at": found["ts"] - since, **read(found, names)} for found in mine]
    extra = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame(rows, columns=[*dict.fromkeys([*LINE[kind], *extra])])


def _request(found: Mapping[str, Any], names: Names) -> dict[str, Any]:
    request, error = found["request"], found["logger"].startswith(ERRORS)
    added = {k: v for k, v in found.items() if k not in USUAL and not k.startswith(MARKS)}
    return {
        "method": request["method"], "host": request["host"], "path": request["uri"],
        "status": found["status"], "duration": found["duration"],
        **({"message": found["msg"]} if error else {"size": found["size"]}),
        **_renamed(added, names),
    }  # fmt: skip


def _health(found: Mapping[str, Any], names: Names) -> dict[str, Any]:
    error = found.get("error") or found.get("status_code") or ""
    return {"upstream": names(found["host"]), "message": found["msg"], "error": str(error)}


def _renamed(labels: Mapping[str, Any], names: Names) -> dict[str, Any]:
    return {k: names(v) if k == "upstream" and v else v for k, v in labels.items()}
