"""What a backend answers.

Routes that do not block are `async def`. The two that do, block on purpose: `/slow-api` in
FastAPI's thread pool, `/slow-block` on the event loop, where everybody else has to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field, ValidationError

from .params import whole_number
from .statuses import LEAST, MOST, answer

SLOW_BACKEND = "2"
SLOW_SECONDS = 5.0
CHUNK_SECONDS = 0.1

router = APIRouter()


class Credentials(BaseModel):
    """Who wants to log in; this lab asks for no password."""

    user: str = Field(min_length=1, max_length=64)


def _id(request: Request) -> str:
    return str(request.app.state.backend_id)


def _number(request: Request, name: str, low: int, high: int) -> int:
    return whole_number(name, request.path_params[name], low, high)


@router.get("/")
async def health(request: Request) -> Response:
    """Say that this backend is well: what the health checks ask for."""
    return JSONResponse({"status": "ok", "backend": _id(request)})


@router.get("/live")
async def live(request: Request) -> Response:
    """Say that the process runs: liveness, which does not promise to serve anybody."""
    return JSONResponse({"live": True, "backend": _id(request)})


@router.get("/ready")
async def is_ready(request: Request) -> Response:
    """Say that this backend can serve: readiness."""
    return JSONResponse({"ready": True, "backend": _id(request)})


@router.api_route("/test-api", methods=["GET", "POST"])
async def greet(request: Request) -> Response:
    """Answer at once."""
    return JSONResponse({"message": f"Hello, I'm BACKEND_{_id(request)}"})


@router.api_route("/slow-api", methods=["GET", "POST"])
def slow_in_thread(request: Request) -> Response:
    """Keep a thread busy on the slow backend; other requests are still served."""
    return _answer_slowly(request)


@router.api_route("/slow-block", methods=["GET", "POST"])
async def slow_on_loop(request: Request) -> Response:
    """Keep the slow backend's event loop busy; nothing else is served meanwhile."""
    return _answer_slowly(request)


def _answer_slowly(request: Request) -> Response:
    """Answer like the article's slow backend; `?ms=800` sets another time."""
    backend_id, ms = _id(request), request.query_params.get("ms")
    seconds = SLOW_SECONDS if ms is None else whole_number("ms", ms, 0, 60_000) / 1000
    if backend_id != SLOW_BACKEND:
        return JSONResponse({"message": f"Normal response from BACKEND_{backend_id}"})
    time.sleep(seconds)
    return JSONResponse({"message": f"Slow response from BACKEND_{backend_id}"})


@router.api_route("/delay/{ms}", methods=["GET", "POST"])
async def delay(request: Request) -> Response:
    """Answer after `ms` milliseconds, on any backend and without blocking it."""
    ms = _number(request, "ms", 0, 60_000)
    await asyncio.sleep(ms / 1000)
    return JSONResponse({"message": f"BACKEND_{_id(request)} waited {ms} ms"})


@router.api_route("/status/{code}", methods=["GET", "POST"])
async def status(request: Request) -> Response:
    """Answer with the requested status."""
    code = _number(request, "code", LEAST, MOST)
    return answer(code, {"status": code, "backend": _id(request)})


@router.get("/stream/{chunks}")
async def stream(request: Request) -> Response:
    """Send one line every 100 ms, so that an answer can be cut off midway."""
    chunks = _number(request, "chunks", 1, 600)
    return StreamingResponse(_lines(_id(request), chunks), media_type="text/plain")


@router.websocket("/ws")
@router.websocket("/{path:path}")  # where somebody's own service has them
async def ticks(socket: WebSocket) -> None:
    """Send one message every 100 ms for as long as the other side stays."""
    await socket.accept(headers=[(b"x-backend", str(socket.app.state.backend_id).encode())])
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
        for n in itertools.count(1):
            await socket.send_text(f"BACKEND_{socket.app.state.backend_id}: tick {n}")
            await asyncio.sleep(CHUNK_SECONDS)


async def _lines(backend_id: str, chunks: int) -> AsyncIterator[str]:
    for n in range(1, chunks + 1):
        if n > 1:
            await asyncio.sleep(CHUNK_SECONDS)
        yield f"BACKEND_{backend_id}: line {n} of {chunks}\n"


@router.api_route("/echo", methods=["GET", "POST"])
async def echo(request: Request) -> Response:
    """Return what this backend sees of a request."""
    return JSONResponse(
        {
            "backend": _id(request),
            "method": request.method,
            "url": str(request.url),
            "client": request.client.host if request.client else None,
            "x_forwarded_for": request.headers.get("x-forwarded-for"),
            "headers": dict(request.headers),
        }
    )


@router.post("/login")
async def login(request: Request) -> Response:
    """Log in as the `user` in the query or the JSON body."""
    user = (await _credentials(request)).user
    answer = JSONResponse({"user": user, "backend": _id(request)})
    answer.set_cookie("session", request.app.state.sessions.open(user), httponly=True)
    return answer


async def _credentials(request: Request) -> Credentials:
    query = request.query_params
    try:
        if "user" in query:
            return Credentials(user=query["user"])
        return Credentials.model_validate_json(await request.body())
    except ValidationError:
        raise HTTPException(
            422,
            "say who you are, in 1 to 64 characters: "
            'POST {"user": "ann"} as JSON, or POST to /login?user=ann',
        ) from None


@router.get("/me")
async def me(request: Request) -> Response:
    """Return who is logged in, and count the view."""
    backend_id = _id(request)
    session = request.app.state.sessions.view(request.cookies.get("session", ""))
    if session is None:
        raise HTTPException(401, f"BACKEND_{backend_id} does not know this session: log in again")
    return JSONResponse({"user": session.user, "views": session.views, "backend": backend_id})
