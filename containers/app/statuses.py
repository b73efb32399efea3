"""The statuses that a backend can be asked to answer with."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse, Response

LEAST, MOST = 200, 599
BODILESS = (204, 205, 304)


def answer(status: int, content: dict[str, Any]) -> Response:
    """An answer with this status, and with this body where HTTP allows it one."""
    return Response(status_code=status) if status in BODILESS else JSONResponse(content, status)
