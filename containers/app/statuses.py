"""The statuses that a backend can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse, Response

LEAST, MOST = 200, 599
BODILESS = (204, 205, 304)


def answer(
    status: int, content: dict[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with this status, and with this body where HTTP allows one."""
    if status in BODILESS:
        return Response(status_code=status, headers=headers)
    return JSONResponse(content, status, headers)
