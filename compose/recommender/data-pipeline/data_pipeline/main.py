"""The application uvicorn serves: ``data_pipeline.main:app``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from data_pipeline import errors, logs
from data_pipeline.api import routes
from data_pipeline.front import Front
from data_pipeline.pipeline import Pipeline
from data_pipeline.settings import Settings


def make_app(settings: Settings) -> FastAPI:
    app = FastAPI(title=settings.service, lifespan=_alive)
    app.state.settings = settings
    app.include_router(routes)
    app.add_middleware(Front, settings=settings)
    errors.register(app)
    return app


@asynccontextmanager
async def _alive(app: FastAPI) -> AsyncIterator[None]:
    app.state.pipeline = Pipeline(app.state.settings)
    app.state.pipeline.start()
    try:
        yield
    finally:
        app.state.pipeline.stop()


_settings = Settings.of(os.environ)
logs.configure(_settings.service)
app = make_app(_settings)
