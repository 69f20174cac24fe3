"""A whole engine in this process, with S3 as moto plays it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ml_engine.main import make_app
from ml_engine.settings import Settings
from moto import mock_aws
from starlette.testclient import TestClient

from tests.sample import Sample, tenant

TOKEN = "token-of-this-test"
BUCKETS = ("models", "data", "user-data", "item-data")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("MOTO_S3_CUSTOM_ENDPOINTS", "http://s3.test:9000")
    with mock_aws():
        client = boto3.client("s3", endpoint_url="http://s3.test:9000", region_name="us-east-1")
        for name in BUCKETS:
            client.create_bucket(Bucket=f"embeddings-{name}")
        yield client


@pytest.fixture
def settings() -> Settings:
    return Settings(
        internal_token=TOKEN,
        s3_endpoint="http://s3.test:9000",
        s3_access_key="key",
        s3_secret_key="secret-of-s3",
    )


def engine(settings: Settings) -> TestClient:
    """Each call is an engine just started. No lifespan: nothing warms up behind a test's back."""
    return TestClient(make_app(settings), headers={"X-Internal-Token": TOKEN})


@pytest.fixture
def client(s3: Any, settings: Settings) -> TestClient:
    return engine(settings)


def put(s3: Any, name: str, sample: Sample) -> None:
    where = "embeddings-data"
    s3.put_object(Bucket=where, Key=f"items/tenant={name}/part-00000.parquet", Body=sample.items)
    key = f"interactions/tenant={name}/part-00000.parquet"
    s3.put_object(Bucket=where, Key=key, Body=sample.interactions)


@pytest.fixture
def demo(s3: Any) -> str:
    put(s3, "demo", tenant())
    return "demo"


def trained(client: TestClient, name: str, **more: Any) -> dict[str, Any]:
    """The run after it ended, whichever way."""
    run = client.post("/api/v1/train", json={"tenant_id": name, **more}).json()
    deadline = time.monotonic() + 30  # only a guard against a hanging test
    while run["status"] in ("pending", "running") and time.monotonic() < deadline:
        time.sleep(0.01)
        run = client.get(f"/api/v1/training/{run['run_id']}").json()
    return run
