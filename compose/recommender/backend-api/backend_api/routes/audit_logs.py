"""The audit log: search it, take it away as CSV."""

import csv
import io
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints

from backend_api.callers import ADMINS, Caller
from backend_api.database import Row, every
from backend_api.guard import Asker, House, guarded
from backend_api.schemas import Period, Span

router = APIRouter(prefix="/api/admin/audit-logs", tags=["audit"], route_class=guarded(ADMINS))

COLUMNS = (
    "id",
    "timestamp",
    "tenant_id",
    "actor_email",
    "actor_id",
    "impersonated_by",
    "action",
    "target",
    "details",
    "request_id",
)
QUERY = """SELECT {columns}, count(*) OVER () AS found FROM {source} a
    WHERE a."timestamp" >= %(since)s AND a."timestamp" < %(until)s
      AND (%(action)s::text IS NULL OR a.action = %(action)s)
      AND (%(actor)s::text IS NULL OR a.actor_email = lower(%(actor)s))
      AND (%(q)s::text IS NULL OR strpos(lower(concat_ws(' ', a.actor_email, a.action, a.target,
           a.details)), lower(%(q)s)) > 0)
    ORDER BY a.id DESC LIMIT %(limit)s OFFSET %(offset)s"""
OWN, EVERYONES = "audit_logs", "every_audit_log(%(actor_id)s, %(tenant_id)s, %(since)s, %(until)s)"

Text = Annotated[str | None, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class Search(BaseModel):
    action: Text = None
    actor: Text = None
    q: Text = None
    tenant_id: UUID | None = None
    limit: int = Field(100, ge=1, le=10_000)
    offset: int = Field(0, ge=0, le=1_000_000)
    format: Literal["json", "csv"] = "json"


@router.get("")
async def found(
    asker: Asker, house: House, span: Span, wanted: Annotated[Search, Query()]
) -> Response:
    """Newest first. A tenant's administrator sees the tenant's; the platform's everyone's."""
    tenant_id = asker.tenant(wanted.tenant_id)
    query, values = question(asker, span, wanted)
    async with house.database.tenant(tenant_id) as session:
        rows = await every(session, query, **values)
    if wanted.format == "csv":
        name = {"Content-Disposition": 'attachment; filename="audit-logs.csv"'}
        return Response(as_csv(rows), media_type="text/csv; charset=utf-8", headers=name)
    total = rows[0]["found"] if rows else 0
    logs = [{column: row[column] for column in COLUMNS} for row in rows]
    return JSONResponse(jsonable_encoder({"audit_logs": logs, "total": total}))


def question(asker: Caller, span: Period, wanted: Search) -> tuple[str, dict[str, Any]]:
    source = EVERYONES if asker.is_platform else OWN
    columns = ", ".join(f'a."{column}"' for column in COLUMNS)
    values = {**wanted.model_dump(), **span.model_dump(), "actor_id": asker.user_id}
    return QUERY.format(columns=columns, source=source), values


def as_csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([cell(row[column]) for column in COLUMNS] for row in rows)
    return text.getvalue()


def cell(value: object) -> str:
    """A spreadsheet must not take what a stranger wrote for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
