"""What nobody needs a token for. Everything else is guarded."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from backend_api import health
from backend_api.guard import House

router = APIRouter(tags=["public"])


@router.get("/health")
async def how_are_you(house: House) -> JSONResponse:
    """503 only when nothing can be served: when the database is away."""
    found = await health.look(house)
    status = health.overall(found)
    body = {
        "status": status,
        "service": house.settings.service_name,
        "checks": {name: finding.body() for name, finding in found.items()},
        "timestamp": datetime.now(UTC).isoformat(),
    }
    return JSONResponse(body, status_code=503 if status == "unhealthy" else 200)


@router.get("/metrics", include_in_schema=False)
async def numbers() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
