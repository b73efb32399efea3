"""Canned answers, for a backend that stands in for somebody's own service."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from .statuses import BODILESS, LEAST, MOST

Path = Annotated[str, Field(pattern="^/", max_length=2000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(_Strict):
    """The answer for one path; a path that ends in `*` covers everything it is a prefix of."""

    path: Path
    status: int = Field(200, ge=LEAST, le=MOST)
    body: str = Field("", max_length=1_000_000)
    headers: dict[str, str] = Field(default_factory=dict)

    def fits(self, path: str) -> bool:
        """Whether this answer is for the path."""
        begun = self.path.removesuffix("*")
        return path.startswith(begun) if begun != self.path else path == self.path


class Answers(_Strict):
    """All canned answers; with `any`, every other path and method also gets a 200."""

    any: bool = False
    told: tuple[Answer, ...] = ()


NONE = Answers()


class Answering:
    """Wraps the app: gives the canned answers and leaves everything else to the app.

    Attributes:
        answers: the canned answers.
    """

    def __init__(self, app: FastAPI, backend_id: str) -> None:
        self._app, self._backend_id = app, backend_id
        self.answers = NONE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give a canned answer, or let the app answer."""
        if scope["type"] != "http" or self.answers is NONE:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        told = next((answer for answer in self.answers.told if answer.fits(path)), None)
        if told:
            await _told(told)(scope, receive, send)
        elif self.answers.any and not self._knows(scope):
            page = JSONResponse(
                {"backend": self._backend_id, "method": scope["method"], "path": path}
            )
            await page(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._app.router.routes)


def _told(answer: Answer) -> Response:
    body = None if answer.status in BODILESS else answer.body
    return Response(body, answer.status, answer.headers)
