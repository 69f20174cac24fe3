"""The one error body, for every error: `{"error": {code, message, details}, "timestamp"}`."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
    429: "rate_limited",
    500: "internal_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "timeout",
}


class ApiError(Exception):
    """What the caller shall hear. ``message`` is a sentence and holds no secret."""

    def __init__(
        self,
        status: int,
        message: str,
        details: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.details, self.headers = details, dict(headers or {})


def unauthorized(message: str) -> ApiError:
    return ApiError(401, message, headers={"WWW-Authenticate": "Bearer"})


def forbidden(message: str) -> ApiError:
    return ApiError(403, message)


def absent(what: str) -> ApiError:
    return ApiError(404, f"There is no such {what}.")


def answer(
    status: int, message: str, details: object = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    error = {
        "code": CODES.get(status, "error"),
        "message": message,
        "details": {} if details is None else details,
    }
    body = {"error": error, "timestamp": datetime.now(UTC).isoformat()}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def problem(error: Mapping[str, Any]) -> dict[str, str]:
    """Never the input itself: it may be a password."""
    where = ".".join(str(part) for part in error["loc"] if part != "body")
    return {"field": where or "body", "problem": str(error["msg"])}


def not_json(error: Mapping[str, Any]) -> JSONResponse:
    why, where = error.get("ctx", {}).get("error", "JSON decode error"), error["loc"][-1]
    message = f"The body is not valid JSON: {why} at character {where}."
    return answer(400, message, [{"field": "body", "problem": str(why)}])


async def api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return answer(error.status, error.message, error.details, error.headers)


async def http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    messages = {404: "There is nothing at this address.", 405: "This method is not allowed here."}
    message = messages.get(error.status_code, str(error.detail))
    return answer(error.status_code, message, headers=error.headers)


async def invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    for each in error.errors():
        if each["type"] == "json_invalid":
            return not_json(each)
    problems = [problem(each) for each in error.errors()]
    said = "; ".join(f"{each['field']}: {each['problem']}" for each in problems[:5])
    return answer(422, f"The request is not valid: {said}", problems)


async def database_away(_request: Request, error: Exception) -> JSONResponse:
    log.warning("the database did not answer", extra={"fields": {"error": type(error).__name__}})
    return answer(503, "The database does not answer. Try again.", headers={"Retry-After": "2"})


async def taken(_request: Request, error: Exception) -> JSONResponse:
    return answer(409, "There is already one with this name, slug or e-mail.")


def install(app: FastAPI) -> None:
    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(psycopg.errors.UniqueViolation, taken)
    for error in (psycopg.OperationalError, PoolTimeout, TimeoutError):
        app.add_exception_handler(error, database_away)
