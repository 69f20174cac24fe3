"""Whose upload it is: a tenant's token, or another service that names the tenant."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from data_pipeline.errors import Refused
from data_pipeline.settings import Settings

SKEW = 5  # seconds two clocks, or one that is being set, may differ
REQUIRED = ["exp", "sub", "tenant_id", "email", "role", "type"]
PLATFORM = "platform_admin"  # may act for any tenant


@dataclass(frozen=True, slots=True)
class Caller:
    tenant: UUID
    who: str


def caller(request: Request, settings: Settings) -> Caller:
    """Raises 401 for nobody or a bad credential, 403 for another tenant, 422 for a tenant id that
    is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    named = _named_tenant(request)
    if token and scheme.lower() == "bearer":
        return _by_token(token.strip(), named, settings.jwt_secret)
    if given := request.headers.get("x-internal-token", ""):
        return _by_service(given, named, settings.internal_token)
    raise Refused(401, "A bearer token is needed.")


def _named_tenant(request: Request) -> UUID | None:
    named = request.headers.get("x-tenant-id", "")
    try:
        return UUID(named) if named else None
    except ValueError:
        raise Refused(422, "X-Tenant-ID is not a tenant's id.") from None


def _by_token(token: str, named: UUID | None, secret: str) -> Caller:
    import jwt

    try:
        claims = jwt.decode(
            token, secret, algorithms=["HS256"], leeway=SKEW, options={"require": REQUIRED}
        )
        tenant = UUID(claims["tenant_id"])
    except jwt.ExpiredSignatureError:
        raise Refused(401, "The token has expired.") from None
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise Refused(401, "The token is not valid.") from None
    if claims["type"] != "access":
        raise Refused(401, "This is not an access token.")
    if named not in (None, tenant) and claims["role"] != PLATFORM:
        raise Refused(403, "This belongs to another tenant.")
    return Caller(named or tenant, str(claims["sub"]))


def _by_service(given: str, named: UUID | None, wanted: str) -> Caller:
    """Nothing is open by accident: without a configured token, none is right."""
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Refused(401, "The internal token is not valid.")
    if named is None:
        raise Refused(422, "X-Tenant-ID must name the tenant.")
    return Caller(named, "internal")
