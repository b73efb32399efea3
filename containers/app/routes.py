"""What a backend answers.

`async def` where nothing blocks. The two that do block do it on purpose: `/slow-api` in
FastAPI's thread pool, `/slow-block` on the event loop, where everybody has to wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Body, Cookie, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

SLOW_BACKEND = "2"
SLOW_SECONDS = 5.0
CHUNK_SECONDS = 0.1

router = APIRouter()

UserName = Annotated[str, Field(min_length=1, max_length=64)]


class Credentials(BaseModel):
    """Who wants to log in; this lab asks for no password."""

    user: UserName


def _id(request: Request) -> str:
    return str(request.app.state.backend_id)


@router.get("/")
async def health(request: Request) -> Response:
    """Say that this backend is well: what the health checks ask for."""
    return JSONResponse({"status": "ok", "backend": _id(request)})


@router.api_route("/test-api", methods=["GET", "POST"])
async def greet(request: Request) -> Response:
    """Answer at once."""
    return JSONResponse({"message": f"Hello, I'm BACKEND_{_id(request)}"})


@router.api_route("/slow-api", methods=["GET", "POST"])
def slow_in_thread(request: Request) -> Response:
    """Keep a thread busy on the slow backend; other requests are still served."""
    return _answer_slowly(_id(request))


@router.api_route("/slow-block", methods=["GET", "POST"])
async def slow_on_loop(request: Request) -> Response:
    """Keep the slow backend's event loop busy: nothing else is served meanwhile."""
    return _answer_slowly(_id(request))


def _answer_slowly(backend_id: str) -> Response:
    if backend_id != SLOW_BACKEND:
        return JSONResponse({"message": f"Normal response from BACKEND_{backend_id}"})
    time.sleep(SLOW_SECONDS)
    return JSONResponse({"message": f"Slow response from BACKEND_{backend_id}"})


@router.api_route("/delay/{ms}", methods=["GET", "POST"])
async def delay(request: Request, ms: Annotated[int, Path(ge=0, le=60_000)]) -> Response:
    """Answer after `ms` milliseconds, on any backend and without blocking it."""
    await asyncio.sleep(ms / 1000)
    return JSONResponse({"message": f"BACKEND_{_id(request)} waited {ms} ms"})


@router.api_route("/status/{code}", methods=["GET", "POST"])
async def status(request: Request, code: Annotated[int, Path(ge=200, le=599)]) -> Response:
    """Answer with the status that is asked for."""
    if code in (204, 205, 304):
        return Response(status_code=code)
    return JSONResponse({"status": code, "backend": _id(request)}, code)


@router.get("/stream/{chunks}")
async def stream(request: Request, chunks: Annotated[int, Path(ge=1, le=600)]) -> Response:
    """Send one line every 100 ms, so that an answer can be cut in its middle."""
    return StreamingResponse(_lines(_id(request), chunks), media_type="text/plain")


async def _lines(backend_id: str, chunks: int) -> AsyncIterator[str]:
    for n in range(1, chunks + 1):
        if n > 1:
            await asyncio.sleep(CHUNK_SECONDS)
        yield f"BACKEND_{backend_id}: line {n} of {chunks}\n"


@router.api_route("/echo", methods=["GET", "POST"])
async def echo(request: Request) -> Response:
    """Tell what this backend sees of a request."""
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
async def login(
    request: Request,
    body: Annotated[Credentials | None, Body()] = None,
    user: Annotated[UserName | None, Query()] = None,
) -> Response:
    """Log in as the `user` of the JSON body or of the query."""
    name = body.user if body else user
    if name is None:
        raise HTTPException(422, 'say who you are: {"user": "ann"} as JSON, or /login?user=ann')
    answer = JSONResponse({"user": name, "backend": _id(request)})
    answer.set_cookie("session", request.app.state.sessions.open(name), httponly=True)
    return answer


@router.get("/me")
async def me(request: Request, session: Annotated[str, Cookie()] = "") -> Response:
    """Tell who is logged in and count the view."""
    backend_id = _id(request)
    known = request.app.state.sessions.view(session)
    if known is None:
        raise HTTPException(401, f"BACKEND_{backend_id} does not know this session: log in again")
    return JSONResponse({"user": known.user, "views": known.views, "backend": backend_id})
