"""Log in, and stay logged in."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from backend_api import audit, metrics
from backend_api.callers import Caller, demand_active
from backend_api.database import Row, one
from backend_api.errors import unauthorized
from backend_api.guard import House
from backend_api.schemas import Body
from backend_api.services import Services
from backend_api.tokens import Claims, password_matches

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

Text = Annotated[str, StringConstraints(min_length=1, max_length=254, pattern=r"^[^\x00]*$")]


class Login(Body):
    email: Text
    password: Text


class Refresh(Body):
    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=4096)]


@router.post("/login")
async def login(asked: Login, house: House) -> dict[str, object]:
    """An access token for 15 minutes, a refresh token for 7 days."""
    async with house.database.gate() as session:
        user = await one(session, "SELECT * FROM login_lookup(%s)", asked.email)
    right = await password_matches(asked.password, user["password_hash"] if user else None)
    if user is None:
        metrics.LOGINS.labels("unknown").inc()
        raise unauthorized("E-mail or password is wrong.")
    who = Claims(user["user_id"], user["tenant_id"], user["email"], user["role"])
    if not right or user["status"] != "active":
        await record(house, who, "login.failed")
        raise unauthorized("E-mail or password is wrong.")
    demand_active(user)
    await record(house, who, "login.succeeded")
    return {**house.tokens.pair(who), "user": shown(user)}


@router.post("/refresh")
async def refresh(asked: Refresh, house: House) -> dict[str, object]:
    claims = house.tokens.read(asked.refresh_token, "refresh")
    caller = await house.callers.by_claims(claims)
    now = Claims(claims.user_id, claims.tenant_id, caller.email, caller.role)
    return house.tokens.pair(now)


async def record(house: Services, who: Claims, action: str) -> None:
    metrics.LOGINS.labels(action).inc()
    actor = Caller(who.tenant_id, who.role, who.email, who.user_id)
    async with house.database.tenant(who.tenant_id) as session:
        await audit.write(session, actor, action)
        if action == "login.succeeded":
            update = "UPDATE users SET last_login_at = now() WHERE id = %s"
            await session.execute(update, [who.user_id])


def shown(user: Row) -> dict[str, object]:
    fields = ("user_id", "email", "tenant_id", "role")
    return {field: user[field] for field in fields}
