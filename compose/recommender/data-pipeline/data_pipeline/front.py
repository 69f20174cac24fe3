"""Around every request: size, request id, span, metrics, one log line, no stack trace."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data_pipeline import metrics
from data_pipeline.errors import Refused, answer
from data_pipeline.settings import Settings
from data_pipeline.tracing import spans

QUIET = {"/health", "/metrics"}  # asked every second; only their failures are worth a line
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
METHODS = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
log = logging.getLogger("data_pipeline.requests")


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
        exchange = _Exchange(scope, headers, receive, send, self._settings.most_bytes)
        with self._span(f"{scope['method']} {scope['path']}", headers):
            await self._answer(exchange)
        exchange.report(self._settings.service)

    async def _answer(self, exchange: _Exchange) -> None:
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception:  # the edge: the caller learns that, our log learns why
            log.exception("request broke", extra={"fields": {"request_id": exchange.id}})
            if not exchange.status:
                broken = answer(500, "Something went wrong on our side.")
                await broken(exchange.scope, exchange.receive, exchange.send)


class _Exchange:
    """One request on its way; ``status`` is 0 until an answer began."""

    def __init__(
        self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send, most: int
    ) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        given = headers.get("x-request-id", "")
        self.id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        self.status = 0
        self._most, self._received = most, 0
        self._started = time.perf_counter()

    async def receive(self) -> Message:
        """Raises 413 as soon as more came than is allowed, whatever Content-Length promised."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._most:
            raise Refused(413, f"The upload is larger than {self._most} bytes.")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.id.encode())]
        await self._send(message)

    def report(self, service: str) -> None:
        seconds = time.perf_counter() - self._started
        method = self.scope["method"] if self.scope["method"] in METHODS else "other"
        path = self._route()
        metrics.request(service, method, path, self.status, seconds)
        if path in QUIET and self.status < 400:
            return
        fields = {
            "request_id": self.id,
            "method": method,
            "path": path,
            "status": self.status,
            "seconds": round(seconds, 4),
        }
        log.info("request", extra={"fields": fields})

    def _route(self) -> str:
        """The route's template: paths with ids in them would each become a metric of their own."""
        route = self.scope.get("route")
        return getattr(route, "path", None) or "unmatched"
