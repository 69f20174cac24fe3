"""The routes. Handlers are plain functions: FastAPI runs them in threads, S3 and NumPy block."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from ml_engine import metrics
from ml_engine.engine import Engine
from ml_engine.errors import StorageAway
from ml_engine.questions import Deploy, Recommend, TenantId, Train
from ml_engine.releases import Releases
from ml_engine.run import Run

routes = APIRouter()
RunId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


def _engine(request: Request) -> Engine:
    return request.app.state.engine


@routes.get("/health")
def health(request: Request) -> JSONResponse:
    """200 only when S3 answers; without a model it says so and is healthy all the same."""
    try:
        models = len(_engine(request).shelf.tenants())
    except StorageAway as away:
        checks = {"s3": {"status": "unhealthy", "reason": away.message}}
        return JSONResponse({"status": "unhealthy", "checks": checks}, 503)
    metrics.models(models)
    model = "ready" if models else "no model yet"
    checks = {"s3": {"status": "healthy"}}
    return JSONResponse({"status": "healthy", "model": model, "models": models, "checks": checks})


@routes.get("/metrics")
def prometheus() -> Response:
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@routes.post("/api/v1/recommend")
def recommend(request: Request, asked: Recommend) -> JSONResponse:
    recommender = _engine(request).recommender
    answer = recommender.recommend(asked.tenant_id, asked.user_id, asked.count, asked.category)
    return JSONResponse(
        {
            "tenant_id": asked.tenant_id,
            "user_id": asked.user_id,
            "recommendations": [asdict(row) for row in answer.recommendations],
            "fallback": answer.fallback,
            "model_version": answer.version,
        }
    )


@routes.post("/api/v1/train")
def train(request: Request, asked: Train) -> JSONResponse:
    run = _engine(request).trainer.start(asked.tenant_id, asked.minimum_ndcg)
    return JSONResponse(run.document, 202)


@routes.post("/api/v1/training")
def read(request: Request, asked: Train) -> JSONResponse:
    run = _engine(request).trainer.read(asked.tenant_id, asked.minimum_ndcg)
    return JSONResponse(run.document, 201)


@routes.get("/api/v1/training/{run_id}")
def training(request: Request, run_id: RunId) -> dict[str, Any]:
    return _engine(request).trainer.run(run_id).document


@routes.post("/api/v1/training/{run_id}/train")
def train_step(request: Request, run_id: RunId) -> dict[str, Any]:
    return _stepped(request, run_id, "train")


@routes.post("/api/v1/training/{run_id}/evaluate")
def evaluate_step(request: Request, run_id: RunId) -> dict[str, Any]:
    return _stepped(request, run_id, "evaluate")


@routes.post("/api/v1/training/{run_id}/publish")
def publish_step(request: Request, run_id: RunId) -> dict[str, Any]:
    return _stepped(request, run_id, "publish")


def _stepped(request: Request, run_id: str, step: str) -> dict[str, Any]:
    trainer = _engine(request).trainer
    run: Run = trainer.run(run_id)
    getattr(trainer, step)(run)
    return run.document


@routes.get("/api/v1/data/{tenant_id}/quality")
def data_quality(request: Request, tenant_id: Annotated[TenantId, Path()]) -> dict[str, Any]:
    from ml_engine import quality

    return quality.report(_engine(request).storage, tenant_id)


@routes.get("/api/v1/models/{tenant_id}")
def models(request: Request, tenant_id: Annotated[TenantId, Path()]) -> dict[str, Any]:
    return _described(_engine(request).shelf.releases(tenant_id, fresh=True))


@routes.post("/api/v1/models/{tenant_id}/deploy")
def deploy(
    request: Request, tenant_id: Annotated[TenantId, Path()], asked: Deploy
) -> dict[str, Any]:
    shelf = _engine(request).shelf
    return _described(shelf.deploy(tenant_id, asked.version, asked.traffic_percent))


def _described(releases: Releases) -> dict[str, Any]:
    current = releases.current if releases.versions else None
    return {
        "tenant_id": releases.tenant_id,
        "status": "ready" if current else "none",
        "version": current.version if current else None,
        "ndcg_at_10": current.ndcg_at_10 if current else None,
        "versions": [asdict(release) for release in reversed(releases.versions)],
    }
