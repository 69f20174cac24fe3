"""A tenant and its users, by path. Another tenant's path is refused before it is looked at."""

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter

from backend_api import audit
from backend_api.callers import ADMINS
from backend_api.database import every, one
from backend_api.errors import absent, forbidden
from backend_api.guard import Asker, House, guarded
from backend_api.schemas import Body, Email, NewPassword
from backend_api.tokens import hash_password

PREFIX = "/api/v1/tenants/{tenant_id}"
router = APIRouter(prefix=PREFIX, tags=["users"], route_class=guarded())
admin = APIRouter(prefix=PREFIX, tags=["users"], route_class=guarded(ADMINS))

SHOWN = "id, email, role, status, last_login_at, created_at"
TENANT = (
    "SELECT id, name, slug, settings, status, created_at, updated_at FROM tenants WHERE id = %s"
)
MAKE = f"""INSERT INTO users (email, password_hash, tenant_id, role)
           VALUES (%s, %s, %s, %s) RETURNING {SHOWN}"""


class NewUser(Body):
    email: Email
    password: NewPassword
    role: Literal["member", "tenant_admin"] = "member"


@router.get("")
async def tenant(tenant_id: UUID, house: House) -> dict[str, Any]:
    async with house.database.tenant(tenant_id) as session:
        row = await one(session, TENANT, tenant_id)
    if row is None:
        raise absent("tenant")
    return row


@router.get("/users")
async def listed(tenant_id: UUID, house: House) -> dict[str, Any]:
    async with house.database.tenant(tenant_id) as session:
        return {"users": await every(session, f"SELECT {SHOWN} FROM users ORDER BY email")}


@router.get("/users/{user_id}")
async def single(tenant_id: UUID, user_id: UUID, house: House) -> dict[str, Any]:
    async with house.database.tenant(tenant_id) as session:
        row = await one(session, f"SELECT {SHOWN} FROM users WHERE id = %s", user_id)
    if row is None:
        raise absent("user")
    return row


@admin.post("/users", status_code=201)
async def make(tenant_id: UUID, asked: NewUser, asker: Asker, house: House) -> dict[str, Any]:
    """Sign-up: an administrator of the tenant, or of the platform, lets someone in."""
    hashed = await hash_password(asked.password)
    async with house.database.tenant(tenant_id) as session:
        if await one(session, TENANT, tenant_id) is None:
            raise absent("tenant")
        row = await one(session, MAKE, asked.email, hashed, tenant_id, asked.role)
        assert row is not None
        details = {"email": asked.email, "role": asked.role}
        await audit.write(session, asker, "user.create", row["id"], tenant_id=tenant_id, **details)
    return row


@admin.delete("/users/{user_id}", status_code=204)
async def remove(tenant_id: UUID, user_id: UUID, asker: Asker, house: House) -> None:
    if user_id == asker.user_id:
        raise forbidden("Nobody removes themselves.")
    async with house.database.tenant(tenant_id) as session:
        gone = await one(session, "DELETE FROM users WHERE id = %s RETURNING email", user_id)
        if gone is None:
            raise absent("user")
        await audit.write(
            session, asker, "user.delete", user_id, tenant_id=tenant_id, email=gone["email"]
        )
    house.callers.forget()
