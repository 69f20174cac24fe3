"""What the environment says. Read once, at start; nothing else reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


class Misconfigured(SystemExit):
    """A setting is missing or unusable; says which, never its value."""


@dataclass(frozen=True, slots=True)
class Settings:
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    internal_token: str = field(repr=False)
    ml_engine_url: str
    data_pipeline_url: str
    airflow_url: str = ""
    airflow_password: str = field(default="", repr=False)
    cors_origins: tuple[str, ...] = ()
    rate_limit_per_minute: int = 600
    service_name: str = "backend-api"
    otlp_endpoint: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        missing = [name for name in REQUIRED if not environment.get(name)]
        if missing:
            raise Misconfigured(f"not set: {', '.join(missing)}")
        if len(environment["JWT_SECRET"].encode()) < 32:
            raise Misconfigured("JWT_SECRET is shorter than the 32 bytes HS256 needs (RFC 7518)")
        return cls(
            database_url=environment["DATABASE_URL"],
            redis_url=environment["REDIS_URL"],
            jwt_secret=environment["JWT_SECRET"],
            internal_token=environment["INTERNAL_TOKEN"],
            ml_engine_url=environment["ML_ENGINE_URL"].rstrip("/"),
            data_pipeline_url=environment["DATA_PIPELINE_URL"].rstrip("/"),
            airflow_url=environment.get("AIRFLOW_URL", "").rstrip("/"),
            airflow_password=environment.get("AIRFLOW_ADMIN_PASSWORD", ""),
            cors_origins=tuple(filter(None, environment.get("CORS_ORIGINS", "").split(","))),
            rate_limit_per_minute=whole(environment, "RATE_LIMIT_PER_MINUTE", 600),
            service_name=environment.get("SERVICE_NAME") or "backend-api",
            otlp_endpoint=environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        )


REQUIRED = (
    "DATABASE_URL",
    "REDIS_URL",
    "JWT_SECRET",
    "INTERNAL_TOKEN",
    "ML_ENGINE_URL",
    "DATA_PIPELINE_URL",
)


def whole(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isdecimal() or int(value) < 1:
        raise Misconfigured(f"{name} must be a positive whole number")
    return int(value)
