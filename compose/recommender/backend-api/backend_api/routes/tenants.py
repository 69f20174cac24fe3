"""Tenants, for the platform's administrators. The database itself asks who is acting."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from psycopg.types.json import Jsonb
from pydantic import Field, model_validator

from backend_api import audit
from backend_api.callers import PLATFORM
from backend_api.database import every, one
from backend_api.errors import ApiError, absent, forbidden
from backend_api.guard import Asker, House, guarded
from backend_api.schemas import Body, Name, Slug

router = APIRouter(prefix="/api/admin/tenants", tags=["tenants"], route_class=guarded(PLATFORM))

SHOWN = "id, name, slug, settings, status, created_at, updated_at"
LIST = f"""SELECT {SHOWN} FROM tenants WHERE coalesce(status = %s, true)
           AND (name ILIKE %s OR slug ILIKE %s) ORDER BY created_at, slug LIMIT %s OFFSET %s"""
LIMIT = """INSERT INTO rate_limits (tenant_id, limit_type, max_requests, window_seconds)
           VALUES (%s, 'requests_per_minute', %s, 60)"""
MAKE = f"SELECT {SHOWN} FROM create_tenant(%s, %s, %s, %s)"
CHANGE = f"SELECT {SHOWN} FROM change_tenant(%s, %s, %s, %s, %s)"


class NewTenant(Body):
    name: Name
    slug: Slug
    settings: dict[str, Any] = Field(default_factory=dict)
    requests_per_minute: int | None = Field(None, ge=1, le=1_000_000)


class Change(Body):
    name: Name | None = None
    status: Literal["active", "suspended"] | None = None
    settings: dict[str, Any] | None = None

    @model_validator(mode="after")
    def changes_something(self) -> "Change":
        if not self.model_fields_set:
            raise ValueError("nothing to change: say name, status or settings")
        return self


@router.post("", status_code=201)
async def make(asked: NewTenant, asker: Asker, house: House, response: Response) -> dict[str, Any]:
    values = (asker.user_id, asked.name, asked.slug, Jsonb(asked.settings))
    most = asked.requests_per_minute or house.settings.rate_limit_per_minute
    async with house.database.gate() as session:
        row = await one(session, MAKE, *values)
        assert row is not None
        await house.database.enter(session, row["id"])
        await session.execute(LIMIT, [row["id"], most])
        await audit.write(
            session, asker, "tenant.create", row["id"], tenant_id=row["id"], slug=asked.slug
        )
    response.headers["Location"] = f"{router.prefix}/{row['id']}"
    return row


@router.get("")
async def listed(
    house: House,
    status: Literal["active", "suspended"] | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    async with house.database.gate() as session:
        return {"tenants": await every(session, LIST, status, like, like, limit, offset)}


@router.get("/{tenant_id}")
async def single(tenant_id: UUID, house: House) -> dict[str, Any]:
    async with house.database.gate() as session:
        row = await one(session, f"SELECT {SHOWN} FROM tenants WHERE id = %s", tenant_id)
    if row is None:
        raise absent("tenant")
    return row


@router.patch("/{tenant_id}")
async def change(tenant_id: UUID, asked: Change, asker: Asker, house: House) -> dict[str, Any]:
    """Suspending ends the logins, tokens and API keys of the tenant at once."""
    if asked.status == "suspended" and tenant_id == asker.tenant_id:
        raise forbidden("Nobody suspends the tenant they log in from.")
    settings = None if asked.settings is None else Jsonb(asked.settings)
    async with house.database.tenant(tenant_id) as session:
        values = (asker.user_id, tenant_id, asked.name, asked.status, settings)
        row = await one(session, CHANGE, *values)
        if row is None:
            raise absent("tenant")
        changed = asked.model_dump(exclude_unset=True)
        await audit.write(
            session, asker, "tenant.change", tenant_id, tenant_id=tenant_id, changed=changed
        )
    house.callers.forget()
    return row


@router.delete("/{tenant_id}", status_code=204)
async def remove(tenant_id: UUID, asker: Asker, house: House) -> None:
    """Only a suspended tenant, and all it has; the platform's own audit log keeps the deed."""
    async with house.database.tenant(asker.tenant_id) as session:
        known = await one(session, "SELECT slug FROM tenants WHERE id = %s", tenant_id)
        if known is None:
            raise absent("tenant")
        query = "SELECT * FROM delete_tenant(%s, %s)"
        if await one(session, query, asker.user_id, tenant_id) is None:
            raise ApiError(409, "Suspend the tenant first.")
        await audit.write(session, asker, "tenant.delete", tenant_id, slug=known["slug"])
    house.callers.forget()
