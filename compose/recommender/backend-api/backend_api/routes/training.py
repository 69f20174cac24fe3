"""Training of a tenant's model: start it, follow it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query

from backend_api import audit
from backend_api.callers import ADMINS
from backend_api.database import one
from backend_api.errors import ApiError, absent
from backend_api.guard import Asker, House, guarded
from backend_api.neighbours import NeighbourAway, NeighbourRefused
from backend_api.schemas import Body

router = APIRouter(prefix="/api/admin/train", tags=["training"], route_class=guarded(ADMINS))

STARTED = """SELECT details->>'through' AS through FROM audit_logs
             WHERE action = 'training.start' AND target = %s"""
RunId = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]


class Ask(Body):
    tenant_id: UUID | None = None


@router.post("", status_code=202)
async def start(asker: Asker, house: House, ask: Ask | None = None) -> dict[str, Any]:
    """Through Airflow's DAG; where Airflow does not answer, by ml-engine itself, and it says so."""
    tenant_id = asker.tenant(ask.tenant_id if ask else None)
    run = await house.training.start(tenant_id)
    async with house.database.tenant(tenant_id) as session:
        await audit.write(
            session,
            asker,
            "training.start",
            run["run_id"],
            tenant_id=tenant_id,
            through=run["through"],
        )
    return {"tenant_id": tenant_id, **run}


@router.get("/{run_id}")
async def follow(
    run_id: RunId, asker: Asker, house: House, tenant_id: Annotated[UUID | None, Query()] = None
) -> dict[str, Any]:
    """Only runs the tenant itself started: the audit log knows them."""
    async with house.database.tenant(asker.tenant(tenant_id)) as session:
        started = await one(session, STARTED, run_id)
    if started is None:
        raise absent("training run")
    try:
        state = await house.training.state(run_id, started["through"])
    except (NeighbourAway, NeighbourRefused):
        raise ApiError(503, f"{started['through']} does not say how the run goes.") from None
    return {"run_id": run_id, **started, **state}
