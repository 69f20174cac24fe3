"""The routes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from data_pipeline import metrics
from data_pipeline.callers import Caller, caller
from data_pipeline.errors import Refused
from data_pipeline.files import file_format
from data_pipeline.pipeline import Pipeline
from data_pipeline.rows import KINDS
from data_pipeline.tenants import demand_active

routes = APIRouter()


@routes.get("/health")
async def health(request: Request) -> JSONResponse:
    said = await _pipeline(request).health.look()
    return JSONResponse(said, 200 if said["status"] == "healthy" else 503)


@routes.get("/metrics")
def prometheus(request: Request) -> Response:
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    metrics.OUTBOX.set(_pipeline(request).outbox.depth())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@routes.post("/api/v1/uploads/{kind}", status_code=202)
async def upload(kind: str, request: Request) -> dict[str, Any]:
    """The body is read only for a caller who may upload."""
    pipeline = _pipeline(request)
    who = caller(request, pipeline.settings)
    if kind not in KINDS:
        raise Refused(404, f"Upload {' or '.join(KINDS)}.")
    _demand_modest(request, pipeline.settings.most_bytes)
    await run_in_threadpool(demand_active, pipeline.settings.database_url, who.tenant)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refused(415, "Send the file as multipart/form-data.")
    async with request.form(max_files=1, max_fields=10) as form:
        file = next((part for part in form.values() if isinstance(part, UploadFile)), None)
        if file is None:
            raise Refused(422, "The form holds no file.")
        form_of_file = file_format(file.filename or "", file.content_type or "")
        taken = await run_in_threadpool(
            pipeline.intake.take, who.tenant, KINDS[kind], file.file, form_of_file
        )
    pipeline.delivery.wake()
    return taken.said()


@routes.get("/api/v1/uploads/{upload_id}")
async def status(upload_id: str, request: Request) -> dict[str, Any]:
    """Another tenant's upload is as absent as one that never was."""
    who: Caller = caller(request, _pipeline(request).settings)
    try:
        known = str(UUID(upload_id))
    except ValueError:
        raise Refused(404, "There is no such upload.") from None
    found = await run_in_threadpool(_pipeline(request).outbox.upload, known, str(who.tenant))
    if found is None:
        raise Refused(404, "There is no such upload.")
    return found.said()


def _demand_modest(request: Request, most: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise Refused(413, f"The upload is larger than {most} bytes.")


def _pipeline(request: Request) -> Pipeline:
    found: Pipeline = request.app.state.pipeline
    return found
