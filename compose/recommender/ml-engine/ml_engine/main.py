"""The application uvicorn serves: ``ml_engine.main:app``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ml_engine import errors, logs
from ml_engine.api import routes
from ml_engine.engine import Engine
from ml_engine.front import Front
from ml_engine.settings import Settings

CODES = {404: "not_found", 405: "method_not_allowed"}


def make_app(settings: Settings) -> FastAPI:
    """Neither docs nor schema are served: the engine talks to its siblings only."""
    app = FastAPI(
        title=settings.service, docs_url=None, redoc_url=None, openapi_url=None, lifespan=_warming
    )
    app.state.engine = Engine(settings)
    app.include_router(routes)
    app.add_middleware(Front, settings=settings)
    app.add_exception_handler(errors.Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    return app


@asynccontextmanager
async def _warming(app: FastAPI) -> AsyncIterator[None]:
    app.state.engine.warm_up()
    yield


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.Refused)
    return JSONResponse(errors.body(error.code, error.message, error.details), error.status)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """What was sent is not repeated: it may be anything."""
    assert isinstance(error, RequestValidationError)
    fields = [{"field": _field(row["loc"]), "message": row["msg"]} for row in error.errors()]
    message = "; ".join(f"{row['field']}: {row['message']}" for row in fields)
    return JSONResponse(errors.body("validation_error", message, {"fields": fields}), 422)


def _field(place: tuple[str | int, ...]) -> str:
    """``body.filters.colour`` → ``filters.colour``; a position in broken JSON → ``body``."""
    inner = [str(part) for part in place[1:]]
    return ".".join(inner) if inner and not inner[0].isdigit() else "body"


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "bad_request")
    return JSONResponse(errors.body(code, str(error.detail)), error.status_code)


_settings = Settings.of(os.environ)
logs.configure(_settings.service)
app = make_app(_settings)
