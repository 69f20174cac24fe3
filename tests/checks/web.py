"""A small web server that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from envcheck.model.check import Identity
from envcheck.model.target import Connection, Endpoint, Target
from tests.fakes.scene import FakeScene


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Said:
    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Said | Callable[[Asked], Said]


class Web:
    """``routes`` by ``GET /path``; what is not there answers 404."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.routes = dict(routes)
        self.asked: list[Asked] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("content-length", 0))
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, path, query, headers, self.rfile.read(length))
                web.asked.append(asked)
                self._say(web.said(asked))

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):  # any method is answered
                    return self._answer
                raise AttributeError(name)

            def _say(self, said: Said) -> None:
                text = isinstance(said.body, str)
                body = said.body.encode() if text else json.dumps(said.body).encode()
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if self.command != "HEAD" else b"")

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def said(self, asked: Asked) -> Said:
        route = self.routes.get(f"{asked.method} {asked.path}")
        if route is None:
            return Said({"error": {"code": "not_found"}}, 404)
        return route(asked) if callable(route) else route

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.server.server_address[1])

    def target(self, service: str = "api", family: str = "web") -> Target:
        return Target(service, {80: self.endpoint}, Connection(family, 80))

    def scene(self, *others: Target, **identities: Identity) -> FakeScene:
        known = {name.replace("_", "-"): who for name, who in identities.items()}
        return FakeScene(self.target(), *others, identities=known)


@contextmanager
def web(routes: Mapping[str, Route]) -> Iterator[Web]:
    running = Web(routes)
    thread = threading.Thread(target=running.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.server.shutdown()
        running.server.server_close()
        thread.join(5)


def scene_at(endpoint: Endpoint, service: str = "api", port: int = 80) -> FakeScene:
    return FakeScene(Target(service, {port: endpoint}, Connection("web", port)))


def bearer(name: str, token: str, **values: str) -> Identity:
    return Identity(name, {"Authorization": f"Bearer {token}"}, values={**values, "token": token})
