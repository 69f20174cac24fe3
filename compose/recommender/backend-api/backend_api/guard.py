"""Every route but the public ones is guarded, before its body is even read.

The order: who are you (401) → is it your tenant (403) → not too often (429) → may you (403).
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from backend_api.callers import EVERYONE, Caller
from backend_api.errors import forbidden
from backend_api.services import Services

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


def caller(request: Request) -> Caller:
    found = request.state.caller
    assert isinstance(found, Caller)
    return found


House = Annotated[Services, Depends(services)]
Asker = Annotated[Caller, Depends(caller)]


def guarded(roles: frozenset[str] = EVERYONE, scope: str = "") -> type[APIRoute]:
    """A route class for users in one of ``roles`` and, if ``scope`` is named, keys that have it."""

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def handle_guarded(request: Request) -> Response:
                headers = await admit(request, roles, scope)
                response = await handle(request)
                response.headers.update(headers)
                return response

            return handle_guarded

    return GuardedRoute


async def admit(request: Request, roles: frozenset[str], scope: str) -> dict[str, str]:
    house = services(request)
    asker = await house.callers.of(request)
    request.state.caller = asker
    for asked in (request.headers.get("x-tenant-id"), request.path_params.get("tenant_id")):
        demand_own_tenant(asker, asked)
    headers = await house.limits.admit(asker.tenant_id)
    demand_right(asker, roles, scope)
    return headers


def demand_own_tenant(asker: Caller, asked: str | None) -> None:
    """What is no UUID is left to validation, or is nobody's tenant."""
    if asked is None:
        return
    try:
        asker.tenant(UUID(asked))
    except ValueError:
        raise forbidden("This is not your tenant.") from None


def demand_right(asker: Caller, roles: frozenset[str], scope: str) -> None:
    if asker.api_key_id is not None:
        if not scope or scope not in asker.scopes:
            raise forbidden("This API key may not do this.")
    elif asker.role not in roles:
        raise forbidden(f"This takes one of the roles {', '.join(sorted(roles))}.")
