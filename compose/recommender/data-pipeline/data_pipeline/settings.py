"""What the environment says, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """Credentials stay out of ``repr`` so that no log line can carry them."""

    service: str = "data-pipeline"
    database_url: str = field(default="", repr=False)
    jwt_secret: str = field(default="", repr=False)
    internal_token: str = field(default="", repr=False)
    s3_endpoint: str = "http://127.0.0.1:9000"
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    kafka: str = "127.0.0.1:9092"
    queue: Path = Path("queue.db")
    otlp_endpoint: str = ""
    most_bytes: int = 64 * MEGABYTE
    most_rows: int = 500_000

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        get = environment.get
        return cls(
            service=get("SERVICE_NAME", cls.service),
            database_url=get("DATABASE_URL", ""),
            jwt_secret=get("JWT_SECRET", ""),
            internal_token=get("INTERNAL_TOKEN", ""),
            s3_endpoint=get("S3_ENDPOINT_URL", cls.s3_endpoint),
            s3_access_key=get("S3_ACCESS_KEY", ""),
            s3_secret_key=get("S3_SECRET_KEY", ""),
            kafka=get("KAFKA_BOOTSTRAP_SERVERS", cls.kafka),
            queue=Path(get("QUEUE_PATH", "queue.db")),
            otlp_endpoint=get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
            most_bytes=int(get("MAX_UPLOAD_BYTES") or cls.most_bytes),
        )
