"""The outermost skin: request id, size, deadline, log line, metrics, usage, and the last resort.

Also keeps the promise that nothing hangs: whatever a dependency does, an answer goes out within
DEADLINE seconds, and what was being tried is abandoned, not awaited.
"""

import asyncio
import logging
import re
import time
from datetime import UTC, datetime
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend_api import metrics
from backend_api.callers import Caller
from backend_api.errors import answer
from backend_api.logs import request_id
from backend_api.services import Services
from backend_api.usage import Call

SERVICE = "backend-api"
log = logging.getLogger("backend_api.access")

DEADLINE = 2.8  # seconds
MOST_BYTES = 1_000_000  # of a request's body
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
QUIET = {"/health", "/metrics"}  # asked every few seconds by machines


class Exchange:
    """One request and its answer, as they pass."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.raw_receive, self.raw_send = scope, receive, send
        self.started = time.perf_counter()
        self.status = 0
        self.request_bytes = self.response_bytes = 0
        self.closed = False

    async def receive(self) -> Message:
        message = await self.raw_receive()
        self.request_bytes += len(message.get("body", b""))
        if self.request_bytes > MOST_BYTES:
            # FastAPI makes a 400 of anything else that is raised while it reads a body
            raise HTTPException(413, f"The body is larger than {MOST_BYTES} bytes.")
        return message

    async def send(self, message: Message) -> None:
        if self.closed:  # somebody abandoned is still talking
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", request_id.get().encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"cache-control", b"no-store"),
            ]
        self.response_bytes += len(message.get("body", b""))
        await self.raw_send(message)

    async def instead(self, response: Response) -> None:
        """Answer in the place of an application that did not; once it began, it cannot be."""
        if not self.status:
            await response(self.scope, self.receive, self.send)
        self.closed = True

    @property
    def route(self) -> str:
        return str(getattr(self.scope.get("route"), "path", "unmatched"))

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started


class Observed:
    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app, self.services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Request(scope).headers.get("x-request-id", "")
        request_id.set(asked if REQUEST_ID.fullmatch(asked) else uuid4().hex)
        scope.setdefault("state", {})
        exchange = Exchange(scope, receive, send)
        with self.services.tracer.request(scope) as span:
            await self.within_deadline(exchange)
            if span is not None:
                span.update_name(f"{scope['method']} {exchange.route}")
                span.set_attribute("http.response.status_code", exchange.status)
        self.note(exchange)

    async def within_deadline(self, exchange: Exchange) -> None:
        task = asyncio.ensure_future(self.app(exchange.scope, exchange.receive, exchange.send))
        try:
            done, _ = await asyncio.wait({task}, timeout=DEADLINE)
        finally:
            task.cancel()
        if not done:
            await exchange.instead(answer(504, "This took too long. Try again."))
        elif (error := task.exception()) is not None:
            await exchange.instead(last_resort(error))

    def note(self, exchange: Exchange) -> None:
        scope, seconds = exchange.scope, exchange.seconds
        method = scope["method"] if exchange.route != "unmatched" else "any"
        metrics.REQUESTS.labels(SERVICE, method, exchange.route, exchange.status).inc()
        metrics.SECONDS.labels(SERVICE, method, exchange.route).observe(seconds)
        caller = scope["state"].get("caller")
        if caller is not None:
            self.services.usage.note(call(exchange, caller))
        if exchange.route not in QUIET:
            log.info("%s %s", scope["method"], exchange.route, extra={"fields": fields(exchange)})


def last_resort(error: BaseException) -> Response:
    log.error("unexpected", exc_info=error)
    return answer(500, "Something went wrong on our side.")


def fields(exchange: Exchange) -> dict[str, object]:
    caller = exchange.scope["state"].get("caller")
    return {
        "status": exchange.status,
        "ms": round(exchange.seconds * 1000, 1),
        "tenant_id": getattr(caller, "tenant_id", None),
    }


def call(exchange: Exchange, caller: Caller) -> Call:
    return Call(
        tenant_id=caller.tenant_id,
        api_key_id=caller.api_key_id,
        endpoint=exchange.route,
        method=exchange.scope["method"],
        status=exchange.status,
        latency_ms=round(exchange.seconds * 1000, 3),
        request_bytes=exchange.request_bytes,
        response_bytes=exchange.response_bytes,
        at=datetime.now(UTC),
    )
