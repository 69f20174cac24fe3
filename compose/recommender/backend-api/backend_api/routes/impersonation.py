"""Support sees what a user sees, for five minutes, and it is written down twice."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints

from backend_api import audit
from backend_api.callers import PLATFORM
from backend_api.database import Row, one
from backend_api.errors import absent, forbidden
from backend_api.guard import Asker, House, guarded
from backend_api.schemas import PRINTABLE, Body, Email
from backend_api.tokens import IMPERSONATION, Claims

router = APIRouter(
    prefix="/api/admin/impersonate", tags=["impersonation"], route_class=guarded(PLATFORM)
)


class Ask(Body):
    email: Email
    reason: Annotated[str, StringConstraints(min_length=3, max_length=500, pattern=PRINTABLE)]


@router.post("")
async def impersonate(ask: Ask, asker: Asker, house: House) -> dict[str, Any]:
    """An access token of the user's, without refresh. Each deed with it names who was behind."""
    async with house.database.tenant(asker.tenant_id) as session:
        user = demand_user(await one(session, "SELECT * FROM login_lookup(%s)", ask.email))
        details = {"email": ask.email, "reason": ask.reason}
        await audit.write(session, asker, "impersonation.start", user["user_id"], **details)
        await house.database.enter(session, user["tenant_id"])
        await audit.write(
            session,
            asker,
            "impersonation.start",
            user["user_id"],
            tenant_id=user["tenant_id"],
            **details,
        )
    by = str(asker.user_id)
    who = Claims(user["user_id"], user["tenant_id"], user["email"], user["role"], by)
    token = house.tokens.issue(who, "access", IMPERSONATION)
    return {"access_token": token, "token_type": "bearer", "expires_in": IMPERSONATION}


def demand_user(user: Row | None) -> Row:
    if user is None or user["status"] != "active" or user["tenant_status"] != "active":
        raise absent("active user")
    if user["role"] in PLATFORM:
        raise forbidden("Nobody impersonates an administrator of the platform.")
    return user
