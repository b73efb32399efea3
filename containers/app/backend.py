"""One backend: a small FastAPI app that says who answered, and fails when told to."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from .answers import Answering, Answers
from .control import Control
from .door import Door
from .faults import FaultSwitch
from .journal import Journal
from .observer import Observer
from .routes import router
from .servers import BACKLOG
from .sessions import Sessions
from .settings import Settings

# Nobody collects it here, and looking for a collector would be part of every latency.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def run(bound: socket.socket) -> None:
    """Be a backend until SIGTERM, at a socket that is bound to its address."""
    door = Door(bound, os.environ.get("LISTENER_FILE", ""))
    # uvicorn takes X-Forwarded-For from some peers for the client's address and from others not,
    # unless told not to. Caddy's log already has a line for each request.
    config = uvicorn.Config(
        create_app(door), log_level="warning", backlog=BACKLOG, proxy_headers=False, ws="wsproto"
    )
    door.run(uvicorn.Server(config))


def create_app(door: Door | None = None) -> ASGIApp:
    """Make one backend's app; with a `door` it can be told to listen to something else.

    Environment: `BACKEND_ID`; `CONTROL_PORT`, `CONTROL_SECRET`, `CONTROL_HOST` and
    `CONTROL_INSTANCE` for the control channel, which is off without the first two.

    Raises:
        ValueError: a variable is unusable; the message names it and says what it takes.
    """
    settings = Settings.from_environment(os.environ)
    faults, journal = FaultSwitch(door is not None and door.born.unready), Journal()
    control = Control(settings, faults, journal, door)

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        if door:
            await door.begin(observer)
        async with control.lifespan(app):
            yield
            if door:
                await door.close()

    app = FastAPI(openapi_url=None, lifespan=life, telemetry=_NO_TELEMETRY)
    app.state.backend_id = settings.backend_id
    app.state.sessions = Sessions()
    app.include_router(router)
    control.answering = answering = Answering(app, settings.backend_id)
    if door and door.born.answers:
        answering.answers = Answers.model_validate_json(door.born.answers)
    observer = Observer(answering, settings.backend_id, faults, journal, door)
    return observer
