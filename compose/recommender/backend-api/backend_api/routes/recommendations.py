"""What a tenant's shop asks for: items for a user."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from backend_api.guard import Asker, House, guarded
from backend_api.schemas import Body, Category, UserId

router = APIRouter(
    prefix="/api/v1", tags=["recommendations"], route_class=guarded(scope="recommendations")
)


class Filters(Body):
    category: Category | None = None


class Ask(Body):
    user_id: UserId
    count: int = Field(10, ge=1, le=100)
    filters: Filters = Filters()
    tenant_id: UUID | None = None


@router.post("/recommendations")
async def recommendations(ask: Ask, asker: Asker, house: House) -> dict[str, Any]:
    """Best first. `fallback` marks popular items that stand in for a model's answer."""
    tenant_id = asker.tenant(ask.tenant_id)
    return await house.recommender.recommend(
        tenant_id, ask.user_id, ask.count, ask.filters.category
    )
