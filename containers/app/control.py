"""The control channel: a second listener, for the lab alone.

It never shares a port with the backend's own routes, so it cannot be reached through Caddy;
other containers can connect to it but do not know its secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.types import ASGIApp

from .answers import Answering, Answers
from .binding import bind
from .door import Door
from .faults import Faults, FaultSwitch
from .guard import Guard
from .journal import Journal
from .params import explained, whole_number
from .servers import Uvicorn
from .settings import Settings

router = APIRouter()


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Say that the backend is up."""
    return JSONResponse({"backend": request.app.state.backend_id})


@router.get("/faults")
async def get_faults(request: Request) -> Response:
    """Return the faults in force."""
    return JSONResponse(request.app.state.faults.faults.model_dump())


@router.put("/faults")
async def put_faults(request: Request) -> Response:
    """Put exactly these faults in force: one that is left out or null ends."""
    try:
        wanted = Faults.model_validate_json(await request.body())
    except ValidationError as error:
        raise explained(error) from None
    request.app.state.faults.set(wanted)
    return await get_faults(request)


@router.put("/answers")
async def put_answers(request: Request) -> Response:
    """Set the canned answers."""
    answering: Answering = request.app.state.answering
    try:
        answering.answers = Answers.model_validate_json(await request.body())
    except ValidationError as error:
        raise explained(error) from None
    return JSONResponse(answering.answers.model_dump())


@router.post("/listener")
async def listener(request: Request) -> Response:
    """Switch to the listener that the file now describes."""
    door: Door | None = request.app.state.door
    if door is None:
        return JSONResponse({"detail": "this backend has only one listener"}, 409)
    await door.renew()
    return JSONResponse({"listening": True})


@router.get("/requests")
async def requests(request: Request) -> Response:
    """Return the finished requests from number `since` on, and how many are still running."""
    since = whole_number("since", request.query_params.get("since", "0"), 0, sys.maxsize)
    journal: Journal = request.app.state.journal
    entries = [entry._asdict() for entry in journal.since(since)]
    return JSONResponse({"next": journal.next, "running": journal.running, "requests": entries})


class Control:
    """The control channel of one backend; without a port it is never opened."""

    def __init__(
        self, settings: Settings, faults: FaultSwitch, journal: Journal, door: Door | None = None
    ) -> None:
        self._settings = settings
        self._door = door
        self._faults = faults
        self._journal = journal
        self.answering: Answering | None = None

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Listen for as long as the backend runs."""
        if self._settings.control_port is None:
            yield
            return
        address = (self._settings.control_host, self._settings.control_port)
        with _listener(address) as listener:
            server = Uvicorn(_configure(self._app()))
            task = asyncio.create_task(server.serve(sockets=[listener]))
            while not (server.started or task.done()):
                await asyncio.sleep(0.001)
            try:
                yield
            finally:
                server.should_exit = server.force_exit = True
                await task

    def _app(self) -> ASGIApp:
        app = FastAPI(openapi_url=None)
        app.state.backend_id = self._settings.backend_id
        app.state.faults = self._faults
        app.state.journal = self._journal
        app.state.answering = self.answering
        app.state.door = self._door
        app.include_router(router)
        return Guard(app, self._settings.control_secret, self._settings.control_instance)


def _listener(address: tuple[str, int]) -> socket.socket:
    try:
        return bind(address)
    except OSError as error:
        raise OSError(error.errno, f"control channel at {address}: {error.strerror}") from error


def _configure(app: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(app, lifespan="off", log_config=None, proxy_headers=False, ws="none")
    # Passed as an argument, it would silence the main server's access log, too.
    config.access_log = False
    return config
