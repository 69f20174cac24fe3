"""The audit log: who did what to what. Written in the transaction of the deed itself."""

from psycopg.types.json import Jsonb

from backend_api.callers import Caller
from backend_api.database import Session
from backend_api.logs import request_id

INSERT = """INSERT INTO audit_logs
    (tenant_id, actor_id, actor_email, impersonated_by, action, target, details, request_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""


async def write(
    session: Session,
    actor: Caller,
    action: str,
    target: object = "",
    *,
    tenant_id: object = None,
    **details: object,
) -> None:
    """``tenant_id`` is the tenant the session works for, where that is not the actor's own."""
    who = str(actor.user_id or actor.api_key_id)
    where = tenant_id or actor.tenant_id
    by = actor.impersonated_by or None
    told = (where, who, actor.email, by, action, str(target), Jsonb(details), request_id.get())
    await session.execute(INSERT, told)
