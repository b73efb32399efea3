"""A rule about what stands behind `log`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caddylab._caddy.adapted.flow import Json
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject

_STREAMS = ("stdout", "stderr")
_FILE = re.compile(r"[./~].*|.*/.*|.*\.(?:log|txt|json)", re.DOTALL)
_ACCESS = "http.log.access."


@rule(
    "log-name-like-a-file",
    "A name for a log that was meant as its file",
    write="Say where it is to be written: `log { ⏎ output file /var/log/site.log ⏎ }`.",
)
def name_like_file(subject: Subject) -> Findings:
    """What stands behind `log` is the logger's name, not its file, as it was in Caddy 1: nothing is
    written there, and the log goes where Caddy's own goes.
    """
    apart = set(_with_an_output(subject.config))
    for name in dict.fromkeys(_names(subject)):
        if name not in apart and (name in _STREAMS or _FILE.fullmatch(name)):
            line = next((s.line for s in subject.statements("log") if name in s.words[1:]), None)
            output = name if name in _STREAMS else f"file {name}"
            message = f"`{name}` is only the name of this logger: nothing is written there."
            yield Remark(line, message, f"Write `log {{ ⏎ output {output} ⏎ }}`.")


def _names(subject: Subject) -> Iterator[str]:
    """The names of the sites' loggers."""
    for server in subject.servers:
        logs = server.get("logs") or {}
        yield from [logs["default_logger_name"]] if "default_logger_name" in logs else []
        for named in (logs.get("logger_names") or {}).values():
            yield from [named] if isinstance(named, str) else named or []


def _with_an_output(config: Json) -> Iterator[str]:
    """The names of the loggers whose output is configured."""
    logs = (config.get("logging") or {}).get("logs") or {}
    for name, log in logs.items():
        if "writer" not in log:
            continue
        yield name
        for included in log.get("include") or []:
            yield str(included).removeprefix(_ACCESS)
