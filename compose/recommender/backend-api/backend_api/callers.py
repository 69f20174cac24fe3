"""Who asks: a user with a token, or a program with an API key."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from backend_api.database import Database, Row, one
from backend_api.errors import forbidden, unauthorized
from backend_api.tokens import Claims, Tokens, key_hash

PLATFORM = frozenset({"platform_admin"})
ADMINS = frozenset({"tenant_admin", "platform_admin"})
EVERYONE = frozenset({"member", "tenant_admin", "platform_admin"})
REMEMBERED = 3.0  # seconds a standing is believed; what this process changes is forgotten at once


@dataclass(frozen=True, slots=True)
class Caller:
    tenant_id: UUID
    role: str
    email: str
    user_id: UUID | None = None
    api_key_id: UUID | None = None
    scopes: tuple[str, ...] = ()
    impersonated_by: str = ""

    @property
    def is_platform(self) -> bool:
        return self.role in PLATFORM

    def tenant(self, asked: UUID | None) -> UUID:
        """The tenant to work on. Raises 403 for another one than the caller's own."""
        if asked is None or asked == self.tenant_id or self.is_platform:
            return asked or self.tenant_id
        raise forbidden("This belongs to another tenant.")


class Callers:
    """Standing (is the tenant active, the user, the key?) is asked of the database, and believed
    for a moment: a suspended tenant's tokens end with the suspension, not with their expiry."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self.database, self.tokens = database, tokens
        self.known: dict[object, tuple[float, Row | None]] = {}

    def forget(self) -> None:
        self.known.clear()

    async def of(self, request: Request) -> Caller:
        """Raises 401 for nobody or a bad credential, 403 for a suspended tenant."""
        key = request.headers.get("x-api-key")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if token and scheme.lower() == "bearer":
            return await self.by_claims(self.tokens.read(token.strip(), "access"))
        if key:
            return await self.by_key(key)
        raise unauthorized("A bearer token or an API key is needed.")

    async def by_claims(self, claims: Claims) -> Caller:
        """Also what a refresh asks. The role is the database's, not the token's."""
        who = (claims.tenant_id, claims.user_id)  # of another tenant, it is nobody
        row = await self.remembered(who, lambda: self.user(claims))
        if row is None or row["status"] != "active":
            raise unauthorized("This user is not active.")
        demand_active(row)
        return Caller(
            tenant_id=claims.tenant_id,
            role=row["role"],
            email=row["email"],
            user_id=claims.user_id,
            impersonated_by=claims.impersonated_by,
        )

    async def by_key(self, key: str) -> Caller:
        hashed = key_hash(key)
        row = await self.remembered(hashed, lambda: self.key(hashed))
        if row is None or not row["usable"]:
            raise unauthorized("The API key is not valid.")
        demand_active(row)
        return Caller(
            tenant_id=row["tenant_id"],
            role="api_key",
            email=f"api-key:{row['name']}",
            api_key_id=row["api_key_id"],
            scopes=tuple(row["scopes"]),
        )

    async def remembered(self, key: object, ask: Callable[[], Awaitable[Row | None]]) -> Row | None:
        until, row = self.known.get(key, (0.0, None))
        if time.monotonic() < until:
            return row
        if len(self.known) > 10_000:  # keys come from outside: never grow without end
            self.known.clear()
        row = await ask()
        self.known[key] = (time.monotonic() + REMEMBERED, row)
        return row

    async def user(self, claims: Claims) -> Row | None:
        query = """SELECT u.email, u.role, u.status, t.status AS tenant_status
                   FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE u.id = %s"""
        async with self.database.tenant(claims.tenant_id) as session:
            return await one(session, query, claims.user_id)

    async def key(self, hashed: str) -> Row | None:
        async with self.database.gate() as session:
            return await one(session, "SELECT * FROM api_key_lookup(%s)", hashed)


def demand_active(row: Row) -> None:
    if row["tenant_status"] != "active":
        raise forbidden("This tenant is suspended.")
