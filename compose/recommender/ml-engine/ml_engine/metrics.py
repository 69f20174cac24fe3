"""What Prometheus is told. The two HTTP names are the same in every service of this product."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # a second series per series, which nothing here asks for

FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25)
HTTP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30)
LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)

_requests = Counter("http_requests", "Requests answered", ("service", "method", "path", "status"))
_request_seconds = Histogram(
    "http_request_duration_seconds",
    "Seconds per request",
    ("service", "method", "path"),
    buckets=HTTP,
)
_search_seconds = Histogram("ml_index_search_seconds", "Seconds in the index", buckets=FAST)
_training_seconds = Histogram(
    "ml_training_seconds", "Seconds per training step", ("step",), buckets=LONG
)
_ndcg = Gauge("ml_ndcg_at_10", "NDCG@10 of the last evaluated model", ("tenant_id",))
_models = Gauge("ml_models", "Tenants with a published model")
_runs = Counter("ml_training_runs", "Trainings that ended", ("status",))
_answers = Counter("ml_recommendations", "Recommendation answers", ("fallback",))

for _value in ("true", "false"):  # a share needs both counters, before the first fallback too
    _answers.labels(_value)
for _value in ("succeeded", "failed"):
    _runs.labels(_value)


def request(service: str, method: str, path: str, status: int, seconds: float) -> None:
    _requests.labels(service, method, path, str(status)).inc()
    _request_seconds.labels(service, method, path).observe(seconds)


def index_search(seconds: float) -> None:
    _search_seconds.observe(seconds)


def training_step(step: str, seconds: float) -> None:
    _training_seconds.labels(step).observe(seconds)


def training_ended(status: str) -> None:
    _runs.labels(status).inc()


def evaluated(tenant: str, ndcg: float) -> None:
    _ndcg.labels(tenant).set(ndcg)


def models(count: int) -> None:
    _models.set(count)


def answered(fallback: bool) -> None:
    _answers.labels(str(fallback).lower()).inc()
