"""Redis, which we can live without: when it is away, everything works uncached."""

import json
import logging
import time
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

PATIENCE = 0.3  # seconds for one exchange: an answer without cache must still be quick
SULK = 1.0  # seconds we do not ask again after a refusal


class CacheAway(Exception):  # noqa: N818 (a state of the world, not our error)
    """Redis did not answer, or we asked it less than SULK seconds ago and it did not."""


class Cache:
    def __init__(self, url: str) -> None:
        self.redis: Any = Redis.from_url(  # redis-py leaves what we call untyped
            url,
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self.away_until = 0.0

    async def close(self) -> None:
        await self.redis.aclose()

    async def run(self, command: str, *parts: object) -> Any:
        """One command. Raises CacheAway."""
        if time.monotonic() < self.away_until:
            raise CacheAway
        try:
            return await self.redis.execute_command(command, *parts)
        except (RedisError, OSError, TimeoutError) as error:
            self.away_until = time.monotonic() + SULK
            log.warning("redis refused", extra={"fields": {"error": type(error).__name__}})
            raise CacheAway from None

    async def get(self, key: str) -> Any | None:
        """None for what is not there and for a Redis that is not there."""
        try:
            found = await self.run("GET", key)
        except CacheAway:
            return None
        return None if found is None else json.loads(found)

    async def put(self, key: str, value: object, seconds: int) -> None:
        try:
            await self.run("SET", key, json.dumps(value), "EX", seconds)
        except CacheAway:
            return

    async def drop(self, pattern: str) -> None:
        """Forget every key of this pattern; what is cached meanwhile stays."""
        cursor = "0"
        try:
            while True:
                cursor, keys = await self.run("SCAN", cursor, "MATCH", pattern, "COUNT", 500)
                if keys:
                    await self.run("UNLINK", *keys)
                if str(cursor) == "0":
                    return
        except CacheAway:
            return

    async def answers(self) -> None:
        """Raises RedisError or OSError; asks even while sulking."""
        await self.redis.execute_command("PING")
        self.away_until = 0.0
