"""Models: which versions a tenant has, and which share of its traffic one gets."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from backend_api import audit
from backend_api.callers import ADMINS, Caller
from backend_api.database import every
from backend_api.errors import ApiError, absent
from backend_api.guard import Asker, House, guarded
from backend_api.neighbours import NeighbourAway, NeighbourRefused
from backend_api.schemas import Body, Name
from backend_api.services import Services

router = APIRouter(prefix="/api/admin/models", tags=["models"], route_class=guarded(ADMINS))

ACTIVE = "SELECT id FROM tenants WHERE status = 'active' ORDER BY created_at LIMIT 200"


class Deployment(Body):
    version: Name
    traffic_percent: int = Field(100, ge=0, le=100)
    tenant_id: UUID | None = None


async def ask(house: Services, method: str, path: str, body: object = None) -> Any:
    """ml-engine's answer. Raises 503 while it is away, and what it refused as it refused it."""
    try:
        return await house.ml_engine.call(method, f"/api/v1/models/{path}", json=body)
    except NeighbourAway:
        raise ApiError(503, "ml-engine does not answer. Try again.") from None
    except NeighbourRefused as refusal:
        if refusal.status == 404:
            raise absent("model") from None
        raise ApiError(422, "ml-engine refused this deployment.") from None


@router.get("")
async def listed(
    asker: Asker, house: House, tenant_id: Annotated[UUID | None, Query()] = None
) -> dict[str, Any]:
    """One tenant's; for the platform, of every active tenant unless one is named."""
    wanted = await tenants(asker, house, tenant_id)
    found = await asyncio.gather(*(ask(house, "GET", str(each)) for each in wanted))
    return {"models": found}


async def tenants(asker: Caller, house: Services, asked: UUID | None) -> list[UUID]:
    if asked is not None or not asker.is_platform:
        return [asker.tenant(asked)]
    async with house.database.gate() as session:
        return [row["id"] for row in await every(session, ACTIVE)]


@router.post("/deploy")
async def deploy(asked: Deployment, asker: Asker, house: House) -> Any:
    tenant_id = asker.tenant(asked.tenant_id)
    share = {"version": asked.version, "traffic_percent": asked.traffic_percent}
    said = await ask(house, "POST", f"{tenant_id}/deploy", share)
    await house.recommender.forget(tenant_id)
    async with house.database.tenant(tenant_id) as session:
        await audit.write(
            session, asker, "model.deploy", asked.version, tenant_id=tenant_id, **share
        )
    return said
