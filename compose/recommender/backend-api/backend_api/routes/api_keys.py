"""API keys of a tenant. The key itself is shown once and never stored."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from backend_api import audit
from backend_api.callers import ADMINS
from backend_api.database import every, one
from backend_api.errors import absent
from backend_api.guard import Asker, House, guarded
from backend_api.schemas import Body, Name
from backend_api.tokens import key_hash, key_prefix, new_api_key

router = APIRouter(prefix="/api/v1/api-keys", tags=["api keys"], route_class=guarded(ADMINS))

SHOWN = "id, name, key_prefix, scopes, status, expires_at, last_used_at, created_at"
MAKE = f"""INSERT INTO api_keys (tenant_id, name, key_prefix, key_hash, scopes, expires_at)
           VALUES (%s, %s, %s, %s, %s, %s) RETURNING {SHOWN}"""


class NewKey(Body):
    name: Name
    scopes: list[Literal["recommendations", "usage"]] = Field(["recommendations"], min_length=1)
    expires_in_days: int | None = Field(None, ge=1, le=365)


@router.post("", status_code=201)
async def make(asked: NewKey, asker: Asker, house: House) -> dict[str, Any]:
    key = new_api_key()
    days = asked.expires_in_days
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    values = (asked.name, key_prefix(key), key_hash(key), sorted(set(asked.scopes)), expires)
    async with house.database.tenant(asker.tenant_id) as session:
        row = await one(session, MAKE, asker.tenant_id, *values)
        assert row is not None
        await audit.write(session, asker, "api_key.create", row["id"], name=asked.name)
    return {**row, "key": key}


@router.get("")
async def listed(asker: Asker, house: House) -> dict[str, Any]:
    async with house.database.tenant(asker.tenant_id) as session:
        rows = await every(session, f"SELECT {SHOWN} FROM api_keys ORDER BY created_at, name")
    return {"api_keys": rows}


@router.delete("/{key_id}", status_code=204)
async def remove(key_id: UUID, asker: Asker, house: House) -> Response:
    """The key stops at once; that it was there stays in the audit log."""
    async with house.database.tenant(asker.tenant_id) as session:
        gone = await one(session, "DELETE FROM api_keys WHERE id = %s RETURNING name", key_id)
        if gone is None:
            raise absent("API key")
        await audit.write(session, asker, "api_key.delete", key_id, name=gone["name"])
    house.callers.forget()
    return Response(status_code=204)
