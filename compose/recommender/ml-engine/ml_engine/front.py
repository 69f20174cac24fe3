"""Around every request: the token, a request id, a span, metrics, one log line, no stack trace."""

from __future__ import annotations

import hmac
import logging
import re
import time
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ml_engine import errors, metrics
from ml_engine.settings import Settings
from ml_engine.tracing import spans

OPEN = {"/health", "/metrics"}
QUIET = OPEN  # asked every second; only their failures are worth a line
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
log = logging.getLogger("ml_engine.requests")


class Front:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._span = spans(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        request = _Request(scope, headers, send)
        with self._span(scope["method"], headers) as span:
            await self._answer(request, receive)
            if span is not None:
                span.update_name(f"{scope['method']} {request.route}")
                span.set_attribute("http.response.status_code", request.status)
        request.report(self._settings.service)

    async def _answer(self, request: _Request, receive: Receive) -> None:
        scope, send = request.scope, request.send
        if scope["path"] not in OPEN and not self._is_trusted(request.headers):
            body = errors.body("unauthorized", "X-Internal-Token is missing or wrong")
            await JSONResponse(body, 401)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception:  # the edge: the caller learns that, our log learns why
            log.exception("request broke", extra={"fields": {"request_id": request.id}})
            if not request.status:
                body = errors.body("internal_error", "the engine broke; its log says why")
                await JSONResponse(body, 500)(scope, receive, send)

    def _is_trusted(self, headers: dict[str, str]) -> bool:
        """False as well when no token is configured: nothing is open by accident."""
        wanted, given = self._settings.internal_token, headers.get("x-internal-token", "")
        return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


class _Request:
    """One request on its way; ``status`` is 0 until an answer began."""

    def __init__(self, scope: Scope, headers: dict[str, str], send: Send) -> None:
        self.scope, self.headers, self._send = scope, headers, send
        given = headers.get("x-request-id", "")
        self.id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        self.status = 0
        self._started = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.id.encode())]
        await self._send(message)

    def report(self, service: str) -> None:
        seconds = time.perf_counter() - self._started
        method, path = self.scope["method"], self.route
        metrics.request(service, method, path, self.status, seconds)
        if path in QUIET and self.status < 400:
            return
        fields: dict[str, Any] = {
            "request_id": self.id,
            "method": method,
            "path": path,
            "status": self.status,
            "seconds": round(seconds, 4),
        }
        log.info("request", extra={"fields": fields})

    @property
    def route(self) -> str:
        """The route's template: paths with ids in them would each become a metric of their own."""
        route = self.scope.get("route")
        return getattr(route, "path", None) or "unmatched"
