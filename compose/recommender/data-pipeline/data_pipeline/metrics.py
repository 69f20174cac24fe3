"""What Prometheus is told. The two HTTP names are the same in every service of this product."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30)

_requests = Counter("http_requests", "Requests answered", ("service", "method", "path", "status"))
_seconds = Histogram(
    "http_request_duration_seconds",
    "Seconds per request",
    ("service", "method", "path"),
    buckets=BUCKETS,
)
_rows = Counter("upload_rows", "Rows uploaded", ("kind", "result"))
_delivered = Counter("upload_events_delivered", "Events Kafka acknowledged", ("topic",))
OUTBOX = Gauge("outbox_depth", "Events accepted and not yet acknowledged by Kafka")


def request(service: str, method: str, path: str, status: int, seconds: float) -> None:
    _requests.labels(service, method, path, str(status)).inc()
    _seconds.labels(service, method, path).observe(seconds)


def uploaded(kind: str, accepted: int, rejected: int) -> None:
    _rows.labels(kind, "accepted").inc(accepted)
    _rows.labels(kind, "rejected").inc(rejected)


def delivered(topic: str, count: int) -> None:
    _delivered.labels(topic).inc(count)
