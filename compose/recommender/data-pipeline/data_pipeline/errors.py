"""What a caller may be told, in the error body all services share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
    500: "internal_error",
    503: "service_unavailable",
}
MESSAGES = {404: "There is nothing at this address.", 405: "This method is not allowed here."}


class Refused(Exception):  # noqa: N818 (an answer, not a fault of ours)
    """``message`` is a sentence for the caller and holds no secret."""

    def __init__(self, status: int, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status, self.message, self.details = status, message, details


def answer(status: int, message: str, details: Any = None) -> JSONResponse:
    error = {
        "code": CODES.get(status, "error"),
        "message": message,
        "details": {} if details is None else details,
    }
    body = {"error": error, "timestamp": datetime.now(UTC).isoformat()}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status_code=status, headers=headers)


def register(app: FastAPI) -> None:
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return answer(error.status, error.message, error.details)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer(error.status_code, MESSAGES.get(error.status_code, str(error.detail)))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """What was sent is not repeated: it may be anything."""
    assert isinstance(error, RequestValidationError)
    fields = [_field(wrong) for wrong in error.errors()]
    message = "; ".join(f"{one['field']}: {one['message']}" for one in fields)
    return answer(422, message, {"fields": fields})


def _field(wrong: Mapping[str, Any]) -> dict[str, str]:
    where = ".".join(str(part) for part in wrong["loc"][1:])
    return {"field": where or "body", "message": str(wrong["msg"])}
