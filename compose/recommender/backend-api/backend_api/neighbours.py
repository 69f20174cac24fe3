"""The services we call, and how they are allowed to fail."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from backend_api.tracing import Tracer


class NeighbourAway(Exception):  # noqa: N818 (a state of the world, not our error)
    """No answer, or one that says the neighbour itself is broken (5xx)."""


class NeighbourRefused(Exception):  # noqa: N818 (an answer, not our error)
    """An answer that says the request is wrong (4xx)."""

    def __init__(self, status: int, said: object) -> None:
        super().__init__(f"status {status}")
        self.status, self.said = status, said


class Session:
    """One connection pool for all neighbours, and the tracer their calls go through."""

    def __init__(self, tracer: Tracer) -> None:
        self.client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))
        self.tracer = tracer


def new_session(tracer: Tracer) -> Session:
    return Session(tracer)


class Neighbour:
    def __init__(self, name: str, url: str, headers: Mapping[str, str]) -> None:
        self.name, self.url, self.headers = name, url, dict(headers)
        self.session: Session | None = None

    async def close(self) -> None:
        if self.session is not None:
            await self.session.client.close()

    async def call(
        self, method: str, path: str, *, json: object = None, timeout: float = 1.5
    ) -> Any:
        """The JSON it answers. Raises NeighbourAway, NeighbourRefused."""
        if not self.url or self.session is None:
            raise NeighbourAway(f"{self.name} has no address")
        headers = dict(self.headers)
        with self.session.tracer.call(f"{self.name} {method}", headers):
            try:
                return await self.exchange(method, path, headers, json, timeout)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                raise NeighbourAway(f"{self.name}: {type(error).__name__}") from None

    async def exchange(
        self, method: str, path: str, headers: Mapping[str, str], json: object, seconds: float
    ) -> Any:
        assert self.session is not None
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(0.5, seconds))
        request = self.session.client.request(
            method,
            self.url + path,
            json=json,
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        )
        async with request as answer:
            if answer.status >= 500:
                raise NeighbourAway(f"{self.name}: status {answer.status}")
            said = await answer.json(content_type=None)
            if answer.status >= 300:
                raise NeighbourRefused(answer.status, said)
            return said


class Airflow(Neighbour):
    """Airflow's REST API; logs in by itself and keeps the token until it is refused."""

    def __init__(self, name: str, url: str, password: str) -> None:
        super().__init__(name, url, {})
        self.password = password
        self.token_until = 0.0
        self.login = asyncio.Lock()

    async def call(
        self, method: str, path: str, *, json: object = None, timeout: float = 2.0
    ) -> Any:
        await self.ensure_token(timeout)
        try:
            return await super().call(method, path, json=json, timeout=timeout)
        except NeighbourRefused as refusal:
            if refusal.status == 401:
                self.token_until = 0.0
            raise

    async def ensure_token(self, timeout: float) -> None:
        async with self.login:
            if time.monotonic() < self.token_until:
                return
            self.headers.clear()
            credentials = {"username": "admin", "password": self.password}
            said = await super().call("POST", "/auth/token", json=credentials, timeout=timeout)
            self.headers["Authorization"] = f"Bearer {said['access_token']}"
            self.token_until = time.monotonic() + 600
