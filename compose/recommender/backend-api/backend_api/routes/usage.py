"""What a tenant used, computed from usage_logs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from backend_api.database import Session, every, one
from backend_api.guard import Asker, House, guarded
from backend_api.schemas import Period, Span

router = APIRouter(prefix="/api/v1", tags=["usage"], route_class=guarded(scope="usage"))

WITHIN = """FROM usage_logs WHERE "timestamp" >= %s AND "timestamp" < %s"""
FIGURES = """count(*) AS requests, count(*) FILTER (WHERE status_code >= 400) AS errors,
    coalesce(avg(latency_ms), 0) AS mean_ms,
    coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms), 0) AS p95_ms"""
BYTES = """coalesce(sum(request_size_bytes), 0)::bigint AS request_bytes,
    coalesce(sum(response_size_bytes), 0)::bigint AS response_bytes"""
MONTH = """SELECT count(*) FILTER (WHERE "timestamp" >= date_trunc('day', now())) AS today,
    count(*) AS this_month FROM usage_logs WHERE "timestamp" >= date_trunc('month', now())"""
LIMITS = "SELECT limit_type, max_requests, window_seconds FROM rate_limits ORDER BY limit_type"
KEYS = """SELECT k.id, k.name, count(u.id) AS requests FROM api_keys k
    LEFT JOIN usage_logs u ON u.api_key_id = k.id AND u."timestamp" >= date_trunc('month', now())
    GROUP BY k.id, k.name ORDER BY requests DESC, k.name LIMIT 100"""

Tenant = Annotated[UUID | None, Query()]


@router.get("/usage")
async def usage(asker: Asker, house: House, tenant_id: Tenant = None) -> dict[str, Any]:
    """This month, and what is allowed."""
    await house.usage.flush()
    async with house.database.tenant(asker.tenant(tenant_id)) as session:
        return {
            "requests": await one(session, MONTH),
            "limits": await every(session, LIMITS),
            "by_api_key": await every(session, KEYS),
        }


@router.get("/analytics")
async def analytics(
    asker: Asker, house: House, span: Span, tenant_id: Tenant = None
) -> dict[str, Any]:
    """Calls of a period (`from`, `to`: days, both included): in all, by day, endpoint, status."""
    await house.usage.flush()
    async with house.database.tenant(asker.tenant(tenant_id)) as session:
        return {
            "from": span.since,
            "to": span.until,
            "total": await one(
                session, f"SELECT {FIGURES}, {BYTES} {WITHIN}", span.since, span.until
            ),
            "by_day": await grouped(
                session, span, "(\"timestamp\" AT TIME ZONE 'UTC')::date", "day"
            ),
            "by_endpoint": await grouped(session, span, "method || ' ' || endpoint", "endpoint"),
            "by_status": await grouped(session, span, "status_code", "status"),
        }


async def grouped(session: Session, span: Period, what: str, name: str) -> list[dict[str, Any]]:
    query = f"SELECT {what} AS {name}, {FIGURES} {WITHIN} GROUP BY 1 ORDER BY 1 LIMIT 400"
    return await every(session, query, span.since, span.until)
