"""The application: `uvicorn backend_api.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from backend_api import errors, logs, services
from backend_api.observed import Observed
from backend_api.routes import ROUTERS
from backend_api.settings import Settings

ALLOWED_HEADERS = ["Authorization", "Content-Type", "X-API-Key", "X-Tenant-ID", "X-Request-ID"]
ALLOWED_METHODS = ["GET", "POST", "PATCH", "DELETE"]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    house = app.state.services
    await house.open()
    yield
    await house.close()


def create_app(settings: Settings) -> FastAPI:
    app = FastAPI(title="Embedding recommender", version="1.0.0", lifespan=lifespan)
    app.state.services = services.build(settings)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Observed, services=app.state.services)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=ALLOWED_METHODS,
        allow_headers=ALLOWED_HEADERS,
        expose_headers=["Retry-After", "X-Request-ID", "X-RateLimit-Remaining"],
    )
    return app


def start() -> FastAPI:
    settings = Settings.read()
    logs.configure(settings.service_name)
    return create_app(settings)


app = start()
