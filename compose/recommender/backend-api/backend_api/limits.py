"""Rate limits per tenant: the numbers from the table, the counting in Redis.

Sliding window from two counters: the previous window counts with the part of it that the sliding
window still covers. One script, one round trip, the server's own clock, so that several copies of
this service agree. A refused request is not counted.
"""

import math
import time
from dataclasses import dataclass
from uuid import UUID

from backend_api import metrics
from backend_api.cache import Cache, CacheAway
from backend_api.database import Database, every
from backend_api.errors import ApiError

REMEMBERED = 3.0  # seconds the table's numbers are believed

COUNT = """
local now = redis.call('TIME')
local t = now[1] + now[2] / 1e6
local least = -1
for i, key in ipairs(KEYS) do
  local most, span = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local window = math.floor(t / span)
  local into = t / span - window
  local before = tonumber(redis.call('GET', key .. ':' .. (window - 1)) or 0)
  local within = tonumber(redis.call('GET', key .. ':' .. window) or 0)
  local left = most - within - before * (1 - into)
  if left < 1 then
    local wait = 1 - into
    if within + 1 <= most and before > 0 then
      wait = 1 - (most - within - 1) / before - into
    elseif within > 0 then
      wait = wait + math.max(0, 1 - (most - 1) / within)
    end
    return {i, 0, tostring(wait * span)}
  end
  if least < 0 or left - 1 < least then least = left - 1 end
end
for i, key in ipairs(KEYS) do
  local span = tonumber(ARGV[2 * i])
  local current = key .. ':' .. math.floor(t / span)
  redis.call('INCR', current)
  redis.call('EXPIRE', current, math.ceil(span * 2) + 1)
end
return {0, math.floor(least), '0'}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    most: int
    seconds: int


class Limits:
    def __init__(self, database: Database, cache: Cache, per_minute: int) -> None:
        self.database, self.cache = database, cache
        self.default = (Limit("requests_per_minute", per_minute, 60),)
        self.known: dict[UUID, tuple[float, tuple[Limit, ...]]] = {}

    async def of(self, tenant_id: UUID) -> tuple[Limit, ...]:
        until, limits = self.known.get(tenant_id, (0.0, ()))
        if time.monotonic() < until:
            return limits
        query = "SELECT limit_type, max_requests, window_seconds FROM rate_limits ORDER BY 1"
        async with self.database.tenant(tenant_id) as session:
            rows = await every(session, query)
        limits = tuple(Limit(*row.values()) for row in rows) or self.default
        self.known[tenant_id] = (time.monotonic() + REMEMBERED, limits)
        return limits

    async def admit(self, tenant_id: UUID) -> dict[str, str]:
        """Headers for the answer. Raises 429; lets everyone through while Redis is away."""
        limits = await self.of(tenant_id)
        try:
            over, left, wait = await self.count(tenant_id, limits)
        except CacheAway:
            metrics.LIMIT_OPEN.inc()
            return {}
        if over:
            metrics.LIMITED.inc()
            raise refusal(limits[over - 1], float(wait))
        tightest = min(limits, key=lambda limit: limit.most)
        return {"X-RateLimit-Limit": str(tightest.most), "X-RateLimit-Remaining": str(left)}

    async def count(self, tenant_id: UUID, limits: tuple[Limit, ...]) -> tuple[int, int, str]:
        # the braces keep all keys of a tenant on one node of a cluster
        keys = [f"limit:{{{tenant_id}}}:{limit.name}" for limit in limits]
        numbers = [number for limit in limits for number in (limit.most, limit.seconds)]
        over, left, wait = await self.cache.run("EVAL", COUNT, len(keys), *keys, *numbers)
        return int(over), int(left), str(wait)


def refusal(limit: Limit, wait: float) -> ApiError:
    seconds = max(1, math.ceil(wait))
    return ApiError(
        429,
        f"Over the limit of {limit.most} requests in {limit.seconds} s. Wait {seconds} s.",
        {"limit": limit.name, "max_requests": limit.most, "window_seconds": limit.seconds},
        {
            "Retry-After": str(seconds),
            "X-RateLimit-Limit": str(limit.most),
            "X-RateLimit-Remaining": "0",
        },
    )
