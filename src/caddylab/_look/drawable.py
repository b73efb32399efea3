"""Text that can be drawn: without characters that make drawing fail.

XML allows no control characters, and vl-convert crashes the kernel when it meets one.
"""

from __future__ import annotations

import re
from typing import Any

_UNDRAWABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PICTURES = 0x2400
"""Unicode's visible signs for control characters begin here."""


def text(value: str) -> str:
    """The same text, with a sign for each character that cannot be drawn."""
    return _UNDRAWABLE.sub(_sign, value)


def spec(value: Any) -> Any:
    """The same chart specification, with texts that can be drawn."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {spec(key): spec(item) for key, item in value.items()}
    return [spec(item) for item in value] if isinstance(value, list) else value


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(_PICTURES + code) if code < 0x20 else "\ufffd"
