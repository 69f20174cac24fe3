"""What Prometheus reads from /metrics."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "http_requests_total", "Requests answered", ["service", "method", "path", "status"]
)
SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time to answer",
    ["service", "method", "path"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3),
)
CACHE = Counter("recommendation_cache_total", "Cache lookups", ["result"])
FALLBACKS = Counter("recommendation_fallback_total", "Answers made of popular items", ["reason"])
LIMITED = Counter("rate_limited_total", "Requests over their tenant's limit")
LIMIT_OPEN = Counter("rate_limit_fail_open_total", "Requests let through uncounted: no Redis")
LOGINS = Counter("logins_total", "Login attempts", ["result"])
USAGE_LOST = Counter("usage_log_lost_total", "Usage rows dropped: the database was away too long")
DEPENDENCY = Gauge("dependency_up", "1 where the last health check found it healthy", ["name"])
