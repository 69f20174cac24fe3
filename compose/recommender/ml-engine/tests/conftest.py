"""A whole engine in this process, with S3 as moto plays it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ml_engine.main import make_app
from ml_engine.settings import Settings
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from starlette.testclient import TestClient

from tests.sample import Sample, tenant

ENDPOINT = "http://s3.test:9000"
TOKEN = "token-of-this-test"
BUCKETS = ("models", "data", "user-data", "item-data")


os.environ["MOTO_S3_CUSTOM_ENDPOINTS"] = ENDPOINT


@pytest.fixture(scope="session")
def account() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("s3", endpoint_url=ENDPOINT, region_name="us-east-1")


@pytest.fixture
def s3(account: Any) -> Any:
    """Empty buckets, and nothing else."""
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()
    for name in BUCKETS:
        account.create_bucket(Bucket=f"embeddings-{name}")
    return account


@pytest.fixture
def settings() -> Settings:
    return Settings(
        internal_token=TOKEN,
        s3_endpoint=ENDPOINT,
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
