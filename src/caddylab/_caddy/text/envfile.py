"""Files of environment variables, `.env`, read as Caddy's `--envfile` reads them."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"""(?P<quote>["'`])(?P<value>.*?)(?P=quote)""", re.DOTALL)


def read(text: str) -> dict[str, str]:
    """The variables of an environment file: `NAME=value` on a line, `export` and comments aside.

    Raises:
        ValueError: a line is none of these; the message says which.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip():
            raise ValueError(f"line {number} is no `NAME=value`: {line}")
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> str:
    quoted = _QUOTED.match(text)
    if quoted:
        value = quoted["value"]
        return value.replace(r"\n", "\n").replace(r"\"", '"') if quoted["quote"] == '"' else value
    return re.split(r"\s#", text, maxsplit=1)[0].strip()
