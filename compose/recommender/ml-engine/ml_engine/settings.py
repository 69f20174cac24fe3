"""What the environment says, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MINIMUM_NDCG = 0.30  # the product's promise for a model worth serving


@dataclass(frozen=True)
class Settings:
    """Credentials stay out of ``repr`` so that no log line can carry them."""

    service: str = "ml-engine"
    internal_token: str = field(default="", repr=False)
    s3_endpoint: str = "http://127.0.0.1:9000"
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    kafka: str = ""
    otlp_endpoint: str = ""
    minimum_ndcg: float = MINIMUM_NDCG

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        get = environment.get
        return cls(
            service=get("SERVICE_NAME", cls.service),
            internal_token=get("INTERNAL_TOKEN", ""),
            s3_endpoint=get("S3_ENDPOINT_URL", cls.s3_endpoint),
            s3_access_key=get("S3_ACCESS_KEY", ""),
            s3_secret_key=get("S3_SECRET_KEY", ""),
            kafka=get("KAFKA_BOOTSTRAP_SERVERS", ""),
            otlp_endpoint=get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
            minimum_ndcg=float(get("MINIMUM_NDCG") or MINIMUM_NDCG),
        )
